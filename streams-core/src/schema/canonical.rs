//! Avro's Parsing Canonical Form and the fingerprint of it.

use serde_json::{Map, Value};

/// The canonical form of a schema in JSON.
pub(super) fn canonical(schema: &Value) -> String {
    let mut out = String::new();
    write(schema, None, &mut out);
    out
}

/// Full name of a named type.
pub(super) fn full_name(schema: &Value) -> Option<String> {
    let object = schema.as_object()?;
    let named = matches!(object.get("type")?.as_str()?, "record" | "error" | "enum" | "fixed");
    named.then(|| name_of(object, None).0)
}

/// CRC-64-AVRO.
pub(super) fn crc64(bytes: &[u8]) -> u64 {
    const EMPTY: u64 = 0xc15d_213a_a4d7_a795;
    bytes.iter().fold(EMPTY, |sum, byte| {
        let low = (sum ^ u64::from(*byte)) & 0xff;
        let mixed = (0..8).fold(low, |f, _| (f >> 1) ^ (EMPTY & (f & 1).wrapping_neg()));
        (sum >> 8) ^ mixed
    })
}

fn write(schema: &Value, namespace: Option<&str>, out: &mut String) {
    match schema {
        Value::String(name) if is_primitive(name) || name.contains('.') => out.push_str(&text(name)),
        Value::String(name) => out.push_str(&text(&join(namespace, name))),
        Value::Array(branches) => {
            list(branches, out, |branch, out| write(branch, namespace, out));
        }
        Value::Object(object) => write_object(object, namespace, out),
        _ => {}
    }
}

fn write_object(object: &Map<String, Value>, namespace: Option<&str>, out: &mut String) {
    let Some(kind) = object.get("type") else { return };
    let Some(kind) = kind.as_str() else { return write(kind, namespace, out) };
    match kind {
        "array" | "map" => {
            let part = if kind == "array" { "items" } else { "values" };
            out.push_str(&format!("{{\"type\":\"{kind}\",\"{part}\":"));
            write(object.get(part).unwrap_or(&Value::Null), namespace, out);
            out.push('}');
        }
        "record" | "error" | "enum" | "fixed" => {
            let (name, inner) = name_of(object, namespace);
            out.push_str(&format!("{{\"name\":{},\"type\":\"{kind}\"", text(&name)));
            let empty = Vec::new();
            let items = |key: &str| object.get(key).and_then(Value::as_array).unwrap_or(&empty);
            match kind {
                "enum" => {
                    out.push_str(",\"symbols\":");
                    list(items("symbols"), out, |symbol, out| out.push_str(&symbol.to_string()));
                }
                "fixed" => out.push_str(&format!(",\"size\":{}", size_of_fixed(object))),
                _ => {
                    out.push_str(",\"fields\":");
                    list(items("fields"), out, |field, out| write_field(field, inner.as_deref(), out));
                }
            }
            out.push('}');
        }
        // A primitive with attributes, or a name: what it carries besides does not decide the bytes.
        other => write(&Value::from(other), namespace, out),
    }
}

fn write_field(field: &Value, namespace: Option<&str>, out: &mut String) {
    let name = field.get("name").and_then(Value::as_str).unwrap_or_default();
    out.push_str(&format!("{{\"name\":{},\"type\":", text(name)));
    write(field.get("type").unwrap_or(&Value::Null), namespace, out);
    out.push('}');
}

/// Full name, and the namespace for what is inside.
fn name_of(object: &Map<String, Value>, enclosing: Option<&str>) -> (String, Option<String>) {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let name = text("name").unwrap_or_default();
    if let Some((namespace, _)) = name.rsplit_once('.') {
        return (name.to_owned(), Some(namespace.to_owned()));
    }
    let namespace = text("namespace").or(enclosing).filter(|namespace| !namespace.is_empty());
    (join(namespace, name), namespace.map(str::to_owned))
}

fn join(namespace: Option<&str>, name: &str) -> String {
    namespace.map_or(name.to_owned(), |namespace| format!("{namespace}.{name}"))
}

/// The size, which some writers put between quotes.
fn size_of_fixed(object: &Map<String, Value>) -> u64 {
    let size = object.get("size");
    let quoted = || size.and_then(Value::as_str).and_then(|text| text.parse().ok());
    size.and_then(Value::as_u64).or_else(quoted).unwrap_or_default()
}

fn list(items: &[Value], out: &mut String, mut each: impl FnMut(&Value, &mut String)) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        each(item, out);
    }
    out.push(']');
}

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

pub(super) fn is_primitive(name: &str) -> bool {
    matches!(name, "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(schema: &str) -> (String, u64) {
        let canonical = canonical(&serde_json::from_str(schema).unwrap());
        let sum = crc64(canonical.as_bytes());
        (canonical, sum)
    }

    #[test]
    fn fingerprints_are_those_of_other_implementations() {
        assert_eq!(fingerprint("\"null\"").1, 0x63dd_24e7_cc25_8f8a);
        assert_eq!(fingerprint("{\"type\":\"int\"}").1, 0x7275_d51a_3f39_5c8f);
        assert_eq!(fingerprint("\"string\"").1, 0x8f01_4872_6345_03c7);
        let foo = r#"{"type":"record","doc":"d","name":"foo","fields":[{"type":{"type":"int"},"name":"x","default":1}]}"#;
        assert_eq!(fingerprint(foo).1, 0xb61b_9203_ee8d_919d);
        let order = r#"{"type":"record","namespace":"com.acme","name":"Order","fields":[
            {"name":"id","type":{"type":"long","logicalType":"timestamp-millis"}},
            {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}}]}"#;
        assert_eq!(fingerprint(order).1, 0xf215_8973_264a_b864);
    }

    #[test]
    fn names_inherit_the_namespace_around_them() {
        let tree = r#"{"type":"record","name":"a.b.Tree","fields":[
            {"name":"left","type":["null","Tree"]},{"name":"id","type":{"type":"fixed","name":"Id","size":"4"}}]}"#;
        assert_eq!(
            fingerprint(tree).0,
            concat!(
                r#"{"name":"a.b.Tree","type":"record","fields":[{"name":"left","type":["null","a.b.Tree"]},"#,
                r#"{"name":"id","type":{"name":"a.b.Id","type":"fixed","size":4}}]}"#
            )
        );
    }
}
