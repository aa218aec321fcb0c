//! Generated names, with the JVM's numbers (reference section 19).

use std::collections::BTreeSet;

/// What Kafka allows in names of topics, stores and nodes.
pub(crate) fn mistake_in_name(name: &str) -> Option<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > 249 || name == "." || name == ".." || !name.chars().all(legal) {
        return Some(format!(
            "`{name}` is not a legal name: 1 to 249 of a-z, A-Z, 0-9, `.`, `_` and `-`, not `.` or `..`"
        ));
    }
    None
}

/// The one counter of a builder, and the names it gave.
#[derive(Debug, Default, Clone)]
pub(crate) struct Names {
    next: u32,
    given: BTreeSet<String>,
}

impl Names {
    /// The next name of this prefix; a given name would still have taken the number.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        let name = format!("{prefix}{:010}", self.next);
        self.next += 1;
        self.given.insert(name.clone());
        name
    }

    /// Whether this name of a store, or of what a repartition topic is called after, was generated here: as it is, or
    /// as the first part of a join's store.
    pub(crate) fn is_generated(&self, name: &str) -> bool {
        let part = name.strip_suffix("-store").unwrap_or(name);
        // The store that both sides of an outer join share has the number of one of them.
        self.given.contains(name)
            || self.given.contains(part)
            || (part.starts_with("KSTREAM-OUTERSHARED-") && is_generated(part))
    }

    /// Frees the number of a processor that is given a name instead, if it was the last one taken: the JVM generates
    /// names of processors only where none is given, unlike those of all other nodes.
    pub(crate) fn give_back(&mut self, generated: &str) {
        let prefixes = ["KSTREAM-PROCESSOR-", "KSTREAM-PROCESSVALUES-"];
        let number = prefixes.iter().find_map(|prefix| generated.strip_prefix(prefix)?.parse::<u32>().ok());
        if number.is_some_and(|number| number + 1 == self.next) {
            self.next -= 1;
        }
    }

    /// Takes a number that nothing is named by.
    pub(crate) fn burn(&mut self) {
        self.next += 1;
    }
}

/// Whether a repartition topic's base name was generated: its nodes then have generated names too.
pub(crate) fn is_generated(base: &str) -> bool {
    base.starts_with("KSTREAM")
        && base.rsplit_once('-').is_some_and(|(_, n)| n.len() == 10 && n.bytes().all(|b| b.is_ascii_digit()))
}
