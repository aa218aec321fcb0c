//! The topology in Graphviz' language.

use crate::topology::Topology;
use crate::topology::texts::drawing::{Drawing, EdgeKind, Shape, ShapeKind};

impl Topology {
    /// The topology in Graphviz' language, for `dot -Tsvg`: a cluster per sub-topology, stores as cylinders, topics
    /// outside (those that the application makes dashed).
    ///
    /// ```
    /// use streams_core::{StreamsBuilder, Topic};
    ///
    /// const IN: Topic<String, String> = Topic::new("in");
    /// const OUT: Topic<String, String> = Topic::new("out");
    ///
    /// let builder = StreamsBuilder::new();
    /// builder.stream(&IN).to(&OUT);
    /// let text = builder.build()?.to_dot();
    /// assert!(text.starts_with("digraph topology {\n"));
    /// assert!(text.contains("n0 [label=\"KSTREAM-SOURCE-0000000000\", shape=box];"));
    /// assert!(text.contains("t0 -> n0;"));
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn to_dot(&self) -> String {
        let drawing = Drawing::of(self);
        let mut text = "digraph topology {\n".to_owned();
        drawing.topics.iter().for_each(|topic| text.push_str(&format!("  {};\n", shape(topic))));
        for (number, shapes) in drawing.subs.iter().enumerate() {
            text.push_str(&format!("  subgraph cluster_{number} {{\n    label=\"Sub-topology {number}\";\n"));
            shapes.iter().for_each(|one| text.push_str(&format!("    {};\n", shape(one))));
            text.push_str("  }\n");
        }
        for edge in &drawing.edges {
            let style = match edge.kind {
                EdgeKind::Records => "",
                EdgeKind::Uses => " [dir=none]",
                EdgeKind::Changes => " [style=dashed]",
            };
            text.push_str(&format!("  {} -> {}{style};\n", edge.from, edge.to));
        }
        text.push_str("}\n");
        text
    }
}

fn shape(Shape { id, label, kind }: &Shape) -> String {
    let look = match kind {
        ShapeKind::Node => "shape=box",
        ShapeKind::Store => "shape=cylinder",
        ShapeKind::Topic => "shape=ellipse",
        ShapeKind::InternalTopic => "shape=ellipse, style=dashed",
    };
    format!("{id} [label=\"{}\", {look}]", escaped(label))
}

/// A text between quotes: backslashes would begin one of Graphviz' own escapes.
fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn quotes_and_backslashes_stay_inside_of_the_label() {
        assert_eq!(escaped(r#"a\.b"c"#), r#"a\\.b\"c"#);
    }
}
