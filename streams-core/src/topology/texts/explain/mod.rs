//! The topology explained to people: what runs together, why records move, and what state costs.
//!
//! Every sentence follows from the graph; what depends on the data (numbers of keys, lengths of keys and values) is
//! left as a quantity in a formula.

mod parts;
mod repartitions;
mod stores;
mod windows;

use crate::ids::NodeId;
use crate::topology::Topology;

impl Topology {
    /// The topology in words, for people who have to run it: what runs together and why it is divided, why each
    /// repartition exists, which state grows without bound and when the rest expires, what each store costs per key,
    /// and which topics the application makes.
    ///
    /// ```
    /// use streams_core::{Materialized, StreamsBuilder, Topic};
    ///
    /// const VISITS: Topic<String, String> = Topic::new("visits");
    ///
    /// let builder = StreamsBuilder::new();
    /// let visits = builder.stream(&VISITS).group_by(|_, page| page.clone());
    /// let _ = visits.count_with(Materialized::named("counts"));
    /// let text = builder.build()?.explain();
    /// assert!(text.contains("`KSTREAM-KEY-SELECT-0000000001` ("), "who changed the key: {text}");
    /// assert!(text.contains("grows without bound"), "{text}");
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn explain(&self) -> String {
        let mut text = Text::default();
        self.explain_summary(&mut text);
        self.subs().for_each(|sub| self.explain_sub(sub, &mut text));
        self.explain_repartitions(&mut text);
        self.explain_stores(&mut text);
        self.explain_storeless_tables(&mut text);
        self.explain_topics(&mut text);
        text.0
    }

    fn node_text(&self, id: NodeId) -> String {
        self.node(id).describe()
    }

    fn node_texts(&self, ids: &[NodeId]) -> String {
        listed(&ids.iter().map(|&id| self.node_text(id)).collect::<Vec<_>>())
    }
}

/// A text of headed paragraphs.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: impl AsRef<str>) {
        self.0.push_str(line.as_ref());
        self.0.push('\n');
    }

    /// Begins a paragraph.
    fn head(&mut self, line: impl AsRef<str>) {
        self.0.push('\n');
        self.line(line);
    }

    /// A point of the paragraph: `  name: text`.
    fn point(&mut self, name: &str, text: impl AsRef<str>) {
        self.line(format!("  {name}: {}", text.as_ref()));
    }
}

fn listed(items: &[String]) -> String {
    match items {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn quoted<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    listed(&names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>())
}

/// `1 node`, `2 nodes`.
fn counted(count: usize, noun: &str) -> String {
    let plural = noun.strip_suffix("logy").map_or(format!("{noun}s"), |stem| format!("{stem}logies"));
    if count == 1 { format!("1 {noun}") } else { format!("{count} {plural}") }
}
