//! Names: which are valid in Avro, how they are spelled by a rule, and which one was probably meant.

/// Whether Avro takes it as a name: letters, digits and `_`, not beginning with a digit.
pub(crate) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether Avro takes it as a name with a namespace, or a namespace: names with dots between.
pub(crate) fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(is_name)
}

/// A rule for names that are not given one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    Camel,
    Pascal,
    Snake,
    ScreamingSnake,
    Upper,
    Lower,
}

impl Spelling {
    pub(crate) const KNOWN: [&'static str; 6] =
        ["camelCase", "PascalCase", "snake_case", "SCREAMING_SNAKE_CASE", "UPPERCASE", "lowercase"];

    pub(crate) fn of(text: &str) -> Option<Self> {
        use Spelling::{Camel, Lower, Pascal, ScreamingSnake, Snake, Upper};
        let all = [Camel, Pascal, Snake, ScreamingSnake, Upper, Lower];
        Self::KNOWN.iter().position(|known| *known == text).and_then(|index| all.get(index).copied())
    }

    /// The name of a field or variant by this rule.
    pub(crate) fn apply(self, name: &str) -> String {
        let words = words(name);
        let capital = |word: &String| {
            let mut characters = word.chars();
            characters
                .next()
                .map_or(String::new(), |first| first.to_ascii_uppercase().to_string() + characters.as_str())
        };
        match self {
            Spelling::Camel => {
                let (first, rest) = words.split_at(1.min(words.len()));
                first.concat() + &rest.iter().map(capital).collect::<String>()
            }
            Spelling::Pascal => words.iter().map(capital).collect(),
            Spelling::Snake => words.join("_"),
            Spelling::ScreamingSnake => words.join("_").to_ascii_uppercase(),
            Spelling::Upper => words.concat().to_ascii_uppercase(),
            Spelling::Lower => words.concat(),
        }
    }
}

/// The words of a name in snake case or camel case, in small letters.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for c in name.chars() {
        let begins = c == '_' || (c.is_ascii_uppercase() && !before.is_ascii_uppercase());
        if begins && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut()
            && c != '_'
        {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The known name that `name` is probably a slip of.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|known| (distance(name, known), *known)).min()?;
    (near.0 <= name.len().max(near.1.len()).div_ceil(3)).then_some(near.1)
}

/// Letters to insert, delete or replace.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_by_the_rule() {
        let spelled = |name: &str| Spelling::KNOWN.map(|rule| Spelling::of(rule).unwrap().apply(name));
        let expected = ["orderId", "OrderId", "order_id", "ORDER_ID", "ORDERID", "orderid"];
        assert_eq!(spelled("order_id"), expected);
        assert_eq!(spelled("OrderId"), expected);
        assert_eq!(Spelling::Camel.apply("_a__b2"), "aB2");
    }

    #[test]
    fn a_slip_finds_the_name_that_was_meant() {
        assert_eq!(nearest("nmae", &["name", "namespace"]), Some("name"));
        assert_eq!(nearest("time_stamp", &["key", "timestamp"]), Some("timestamp"));
        assert_eq!(nearest("colour", &["key", "timestamp"]), None);
    }
}
