//! Pieces of a schema as they are put together: each is the JSON text of one Avro type.
//!
//! A named type is written out where it comes first and named where it comes again, as Avro wants it. Two Rust types
//! under one Avro name are noted as a mistake, which [`Schema::check`](super::Schema::check) reports.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

/// The JSON text of one Avro type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node(String);

/// One field of a record.
#[derive(Debug)]
pub struct FieldNode {
    /// Its name in Avro.
    pub name: &'static str,
    /// Its documentation; empty if there is none.
    pub doc: &'static str,
    /// Names it had before.
    pub aliases: &'static [&'static str],
    /// Its type.
    pub node: Node,
    /// Its default, as Avro writes defaults in JSON.
    pub default: Option<Value>,
}

/// What named types have in common.
#[derive(Debug, Clone, Copy, Default)]
pub struct TypeName<'a> {
    /// The name, without namespace.
    pub name: &'a str,
    /// The namespace; that of the enclosing type if `None`, none at all if empty.
    pub namespace: Option<&'a str>,
    /// Its documentation; empty if there is none.
    pub doc: &'a str,
    /// Names it had before.
    pub aliases: &'a [&'a str],
    /// What tells it from other types of this name: the Rust type.
    pub identity: &'a str,
}

/// The named types of a schema that is being put together.
#[derive(Debug, Default)]
pub struct Names {
    /// Full name and identity of the types that were begun.
    known: BTreeMap<String, String>,
    namespace: Option<String>,
    pub(super) mistakes: Vec<String>,
}

impl Node {
    /// A primitive type: `"long"`.
    pub fn primitive(name: &str) -> Node {
        Node(quoted(name))
    }

    /// A logical type over a primitive one.
    pub fn logical(base: &str, logical: &str) -> Node {
        Node(format!("{{\"type\":{},\"logicalType\":{}}}", quoted(base), quoted(logical)))
    }

    /// A decimal over bytes.
    pub fn decimal(precision: u32, scale: u32) -> Node {
        Node(format!(
            "{{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":{precision},\"scale\":{scale}}}"
        ))
    }

    /// An array of `items`.
    pub fn array(items: &Node) -> Node {
        Node(format!("{{\"type\":\"array\",\"items\":{}}}", items.0))
    }

    /// A map from strings to `values`.
    pub fn map(values: &Node) -> Node {
        Node(format!("{{\"type\":\"map\",\"values\":{}}}", values.0))
    }

    /// A union of these types.
    pub fn union(branches: &[&Node]) -> Node {
        let texts: Vec<&str> = branches.iter().map(|node| node.0.as_str()).collect();
        Node(format!("[{}]", texts.join(",")))
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl Names {
    /// A record: its definition where it comes first, its name after that.
    pub fn record(&mut self, name: TypeName<'_>, fields: impl FnOnce(&mut Names) -> Vec<FieldNode>) -> Node {
        self.define(name, "record", |names| {
            let fields: Vec<String> = fields(names).into_iter().map(FieldNode::into_text).collect();
            format!(",\"fields\":[{}]", fields.join(","))
        })
    }

    /// An enum of these symbols, with the one that stands for symbols of newer writers.
    pub fn enumeration(&mut self, name: TypeName<'_>, symbols: &[&str], default: Option<&str>) -> Node {
        self.define(name, "enum", |_| {
            let mut text = format!(",\"symbols\":{}", list(symbols));
            if let Some(default) = default {
                let _ = write!(text, ",\"default\":{}", quoted(default));
            }
            text
        })
    }

    /// Bytes of this length.
    pub fn fixed(&mut self, name: TypeName<'_>, size: usize) -> Node {
        self.define(name, "fixed", |_| format!(",\"size\":{size}"))
    }

    fn define(&mut self, name: TypeName<'_>, kind: &str, rest: impl FnOnce(&mut Names) -> String) -> Node {
        let namespace = name.namespace.map_or_else(|| self.namespace.clone(), |own| Some(own.to_owned()));
        let namespace = namespace.filter(|namespace| !namespace.is_empty());
        let full =
            namespace.as_ref().map_or(name.name.to_owned(), |namespace| format!("{namespace}.{}", name.name));
        if let Some(known) = self.known.get(&full) {
            if known != name.identity {
                self.mistakes.push(format!("`{known}` and `{}` both have the name `{full}`", name.identity));
            }
            return Node(quoted(&full));
        }
        let mut text = format!("{{\"type\":\"{kind}\",\"name\":{}", quoted(name.name));
        if let Some(namespace) = &namespace {
            let _ = write!(text, ",\"namespace\":{}", quoted(namespace));
        }
        if !name.doc.is_empty() {
            let _ = write!(text, ",\"doc\":{}", quoted(name.doc));
        }
        if !name.aliases.is_empty() {
            let _ = write!(text, ",\"aliases\":{}", list(name.aliases));
        }
        self.known.insert(full, name.identity.to_owned());
        let outer = std::mem::replace(&mut self.namespace, namespace);
        text.push_str(&rest(self));
        self.namespace = outer;
        text.push('}');
        Node(text)
    }
}

impl FieldNode {
    fn into_text(self) -> String {
        let mut text = format!("{{\"name\":{}", quoted(self.name));
        if !self.doc.is_empty() {
            let _ = write!(text, ",\"doc\":{}", quoted(self.doc));
        }
        if !self.aliases.is_empty() {
            let _ = write!(text, ",\"aliases\":{}", list(self.aliases));
        }
        let _ = write!(text, ",\"type\":{}", self.node.0);
        if let Some(default) = self.default {
            let _ = write!(text, ",\"default\":{default}");
        }
        text.push('}');
        text
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn list(texts: &[&str]) -> String {
    Value::from(texts.to_vec()).to_string()
}
