//! The topology as a Mermaid flowchart.

use crate::topology::Topology;
use crate::topology::texts::drawing::{Drawing, EdgeKind, Shape, ShapeKind};

impl Topology {
    /// The topology as a flowchart for Mermaid, which code hosts draw in Markdown: a box per sub-topology, stores as
    /// cylinders, topics outside (those that the application makes as hexagons).
    ///
    /// ```
    /// use streams_core::{Materialized, StreamsBuilder, Topic};
    ///
    /// const VISITS: Topic<String, String> = Topic::new("visits");
    ///
    /// let builder = StreamsBuilder::new();
    /// let visits = builder.stream(&VISITS).named("visits-in");
    /// let _ = visits.group_by_key().count_with(Materialized::named("counts")).named("count");
    /// assert_eq!(
    ///     builder.build()?.to_mermaid(),
    ///     r#"flowchart TD
    ///   t0(["visits"])
    ///   t1{{"counts-changelog"}}
    ///   subgraph s0["Sub-topology 0"]
    ///     n0["visits-in"]
    ///     n1["count"]
    ///     d0[("counts")]
    ///   end
    ///   t0 --> n0
    ///   n0 --> n1
    ///   n1 --- d0
    ///   d0 -.-> t1
    /// "#
    /// );
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn to_mermaid(&self) -> String {
        let drawing = Drawing::of(self);
        let mut text = "flowchart TD\n".to_owned();
        drawing.topics.iter().for_each(|topic| text.push_str(&format!("  {}\n", shape(topic))));
        for (number, shapes) in drawing.subs.iter().enumerate() {
            text.push_str(&format!("  subgraph s{number}[\"Sub-topology {number}\"]\n"));
            shapes.iter().for_each(|one| text.push_str(&format!("    {}\n", shape(one))));
            text.push_str("  end\n");
        }
        for edge in &drawing.edges {
            let arrow = match edge.kind {
                EdgeKind::Records => "-->",
                EdgeKind::Uses => "---",
                EdgeKind::Changes => "-.->",
            };
            text.push_str(&format!("  {} {arrow} {}\n", edge.from, edge.to));
        }
        text
    }
}

fn shape(Shape { id, label, kind }: &Shape) -> String {
    let label = escaped(label);
    match kind {
        ShapeKind::Node => format!("{id}[\"{label}\"]"),
        ShapeKind::Store => format!("{id}[(\"{label}\")]"),
        ShapeKind::Topic => format!("{id}([\"{label}\"])"),
        ShapeKind::InternalTopic => format!("{id}{{{{\"{label}\"}}}}"),
    }
}

/// Mermaid takes any character by its number; those that it could read as markup are written so.
fn escaped(label: &str) -> String {
    let mut text = String::with_capacity(label.len());
    for c in label.chars() {
        match c {
            c if c.is_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-') => text.push(c),
            c => text.push_str(&format!("#{};", u32::from(c))),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_could_be_markup_is_written_as_numbers() {
        assert_eq!(escaped("a-1_b.c"), "a-1_b.c");
        assert_eq!(escaped("\"[x]\"#<b>"), "#34;#91;x#93;#34;#35;#60;b#62;");
    }
}
