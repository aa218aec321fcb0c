//! The text exposition format of Prometheus, version 0.0.4: families of samples, each with help and type.

use std::fmt::Write;

/// What kind of value a family has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only grows, and begins anew with the process or the task.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A metric of things of one type.
pub(super) struct Family<T> {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
    /// Its value for one of them; `None` if it has none now.
    pub(super) value: fn(&T) -> Option<f64>,
}

/// Text under construction.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// Writes every family over all `things`, which come with their labels.
    pub(super) fn families<T>(&mut self, families: &[Family<T>], things: &[(Labels, &T)]) {
        for Family { name, kind, help, value } in families {
            let samples = things.iter().filter_map(|(labels, thing)| Some((labels, value(thing)?)));
            self.family(name, *kind, help, samples);
        }
    }

    /// Writes one family; nothing if it has no samples.
    pub(super) fn family<'a>(
        &mut self,
        name: &str,
        kind: Kind,
        help: &str,
        samples: impl Iterator<Item = (&'a Labels, f64)>,
    ) {
        let mut samples = samples.peekable();
        if samples.peek().is_none() {
            return;
        }
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        // Writing to a string does not fail, here and below.
        let _ = writeln!(self.0, "# HELP {name} {}", help.replace('\\', "\\\\").replace('\n', "\\n"));
        let _ = writeln!(self.0, "# TYPE {name} {kind}");
        for (Labels(labels), value) in samples {
            let _ = writeln!(self.0, "{name}{{{labels}}} {}", number(value));
        }
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// Labels of a sample, as they are written between the braces.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels(String);

impl Labels {
    /// These and one more.
    pub(super) fn with(&self, name: &str, value: &str) -> Labels {
        let mut labels = self.0.clone();
        let comma = if labels.is_empty() { "" } else { "," };
        let _ = write!(labels, "{comma}{name}=\"{}\"", escaped(value));
        Labels(labels)
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_help_are_escaped_and_odd_numbers_have_their_names() {
        let labels = Labels::default().with("topic", "a\"b\\c\nd").with("task", "0_1");
        let mut page = Page::default();
        let values = [1.0, 0.25, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e18];
        page.family("m", Kind::Gauge, "one\ntwo \\", values.iter().map(|v| (&labels, *v)));
        let labels = r#"m{topic="a\"b\\c\nd",task="0_1"}"#;
        let samples =
            ["1", "0.25", "NaN", "+Inf", "-Inf", "1000000000000000000"].map(|n| format!("{labels} {n}\n"));
        let head = "# HELP m one\\ntwo \\\\\n# TYPE m gauge\n";
        assert_eq!(page.into_text(), format!("{head}{}", samples.concat()));
    }

    #[test]
    fn a_family_without_samples_is_not_written() {
        let mut page = Page::default();
        page.family("m", Kind::Counter, "none", std::iter::empty());
        assert_eq!(page.into_text(), "");
    }
}
