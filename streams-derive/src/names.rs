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

    /// The name of a field, which is in snake case, by this rule; as serde does it.
    pub(crate) fn of_field(self, name: &str) -> String {
        match self {
            Spelling::Lower | Spelling::Snake => name.to_owned(),
            Spelling::Upper | Spelling::ScreamingSnake => name.to_ascii_uppercase(),
            Spelling::Pascal => {
                name.split('_').map(|word| with_first(word, char::to_ascii_uppercase)).collect()
            }
            Spelling::Camel => with_first(&Spelling::Pascal.of_field(name), char::to_ascii_lowercase),
        }
    }

    /// The name of a variant, which is in Pascal case, by this rule; as serde does it.
    pub(crate) fn of_variant(self, name: &str) -> String {
        match self {
            Spelling::Pascal => name.to_owned(),
            Spelling::Lower => name.to_ascii_lowercase(),
            Spelling::Upper => name.to_ascii_uppercase(),
            Spelling::Camel => with_first(name, char::to_ascii_lowercase),
            Spelling::Snake => {
                let mut snake = String::new();
                for (index, c) in name.char_indices() {
                    if index > 0 && c.is_ascii_uppercase() {
                        snake.push('_');
                    }
                    snake.push(c.to_ascii_lowercase());
                }
                snake
            }
            Spelling::ScreamingSnake => Spelling::Snake.of_variant(name).to_ascii_uppercase(),
        }
    }
}

/// The word with another first letter.
fn with_first(word: &str, change: impl Fn(&char) -> char) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| change(&first).to_string() + letters.as_str())
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
        let rules = Spelling::KNOWN.map(|rule| Spelling::of(rule).unwrap());
        assert_eq!(
            rules.map(|rule| rule.of_field("order_id")),
            ["orderId", "OrderId", "order_id", "ORDER_ID", "ORDER_ID", "order_id"]
        );
        assert_eq!(
            rules.map(|rule| rule.of_variant("DarkBlue")),
            ["darkBlue", "DarkBlue", "dark_blue", "DARK_BLUE", "DARKBLUE", "darkblue"]
        );
    }

    #[test]
    fn a_slip_finds_the_name_that_was_meant() {
        assert_eq!(nearest("nmae", &["name", "namespace"]), Some("name"));
        assert_eq!(nearest("time_stamp", &["key", "timestamp"]), Some("timestamp"));
        assert_eq!(nearest("colour", &["key", "timestamp"]), None);
    }
}
