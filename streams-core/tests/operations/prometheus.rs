//! The text that Prometheus reads, by a strict parser.

use std::collections::BTreeMap;

/// One sample: its labels in order, and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: f64,
}

impl Sample {
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A metric with all its samples.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Family {
    pub(crate) help: String,
    pub(crate) kind: String,
    pub(crate) samples: Vec<Sample>,
}

/// Reads the text exposition format, version 0.0.4. Errs on anything that is not of it, on a sample without help and
/// type before it, on a family that is not in one piece, and on two samples of the same labels.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<String, Family>, String> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    if !text.ends_with('\n') {
        return Err("the last line does not end".to_owned());
    }
    for line in text.lines() {
        let wrong = |what: &str| Err(format!("{what}: {line}"));
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let Some((name, help)) = rest.split_once(' ') else { return wrong("no help") };
            if families.contains_key(name) {
                return wrong("a second family of the name");
            }
            let family = Family { help: help.to_owned(), kind: String::new(), samples: Vec::new() };
            families.insert(name.to_owned(), family);
            current = name.to_owned();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let Some((name, kind)) = rest.split_once(' ') else { return wrong("no type") };
            let known = ["counter", "gauge", "histogram", "summary", "untyped"].contains(&kind);
            match families.get_mut(name) {
                Some(family) if name == current && family.kind.is_empty() && known => {
                    family.kind = kind.to_owned();
                }
                _ => return wrong("a type that does not belong here"),
            }
        } else {
            let (name, sample) = sample(line)?;
            match families.get_mut(&name) {
                Some(family) if name == current && !family.kind.is_empty() => {
                    if family.samples.iter().any(|known| known.labels == sample.labels) {
                        return wrong("the same labels twice");
                    }
                    family.samples.push(sample);
                }
                _ => return wrong("a sample outside of its family"),
            }
        }
    }
    Ok(families)
}

/// `name{label="value",...} number`.
fn sample(line: &str) -> Result<(String, Sample), String> {
    let wrong = |what: &str| format!("{what}: {line}");
    let (name, mut rest) = line.split_once('{').ok_or_else(|| wrong("no labels"))?;
    if !is_name(name, ":") {
        return Err(wrong("not a name"));
    }
    let mut labels: Vec<(String, String)> = Vec::new();
    loop {
        let (label, after) = rest.split_once("=\"").ok_or_else(|| wrong("no label"))?;
        if !is_name(label, "") || labels.iter().any(|(known, _)| known == label) {
            return Err(wrong("not a label"));
        }
        let (value, after) = quoted(after).ok_or_else(|| wrong("not a quoted value"))?;
        labels.push((label.to_owned(), value));
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None => {
                rest = after.strip_prefix("} ").ok_or_else(|| wrong("labels do not end"))?;
                break;
            }
        }
    }
    let value = match rest {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        "NaN" => f64::NAN,
        number if number.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            number.parse().map_err(|_| wrong("not a number"))?
        }
        _ => return Err(wrong("not a number")),
    };
    Ok((name.to_owned(), Sample { labels, value }))
}

fn is_name(name: &str, more: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_' || more.contains(c);
    name.starts_with(starts) && name.chars().all(|c| starts(c) || c.is_ascii_digit())
}

/// A value up to its quotation mark, and what comes behind that.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                other @ ('\\' | '"') => other,
                _ => return None,
            }),
            other => value.push(other),
        }
    }
    None
}

#[test]
fn the_parser_refuses_what_is_not_of_the_format() {
    let head = "# HELP m h\n# TYPE m gauge\n";
    let read = |samples: &str| parse(&format!("{head}{samples}"));
    assert_eq!(read("m{a=\"x\\\"y\\\\\\n\"} 1.5\n").unwrap()["m"].samples[0].label("a"), Some("x\"y\\\n"));
    for bad in [
        "m{a=\"x\"} 1",
        "m{a=\"x\"} one\n",
        "m{a=\"x\",a=\"y\"} 1\n",
        "m{a=\"x} 1\n",
        "m{a=\"x\\t\"} 1\n",
        "m{a-b=\"x\"} 1\n",
        "n{a=\"x\"} 1\n",
        "m{a=\"x\"} 1\nm{a=\"x\"} 2\n",
        "# HELP m again\n",
        "# TYPE m gauge\n",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
