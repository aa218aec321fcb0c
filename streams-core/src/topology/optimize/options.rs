//! Which optimizations are applied.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};

/// Which changes `build` may make to a topology so that it needs fewer topics and stores (Kafka's
/// `topology.optimization`). Given to [`StreamsBuilder::optimize`](crate::StreamsBuilder::optimize); none by default.
///
/// Switching one on or off changes which internal topics and stores an application has, and what they are called:
/// one that has run before has to be reset first.
///
/// ```
/// use streams_core::Optimization;
///
/// let all: Optimization = "all".parse()?;
/// assert_eq!(all, Optimization::ALL);
/// let one: Optimization = "reuse.ktable.source.topics".parse()?;
/// assert_eq!(one, Optimization { reuse_source_topics: true, ..Optimization::NONE });
/// assert!("merge.topics".parse::<Optimization>().unwrap_err().to_string().contains("`merge.topics`"));
/// # Ok::<(), streams_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Optimization {
    /// The topic of a table is the changelog of the table's store (`reuse.ktable.source.topics`): nothing is written for
    /// the store, and a restore reads the topic again, up to the committed position, as it was read the first time. So
    /// the topic has to keep the last record of each key: let it be compacted. Tables of streams (`to_table`), stores
    /// without a changelog and stores that let keys go (`max_keys`) stay as they are.
    pub reuse_source_topics: bool,
    /// Repartitions below one change of key share a topic, which is called after the first of them
    /// (`merge.repartition.topics`). Filters, peeks and splits between the change of key and a repartition run behind
    /// the shared one, with all that follows them. A verb that changes values in between keeps a repartition of its
    /// own, and so do other serdes and `repartition`.
    pub merge_repartition_topics: bool,
    /// A stream joined with itself is kept in one store instead of two (`single.store.self.join`).
    pub single_store_self_join: bool,
}

const REUSE: &str = "reuse.ktable.source.topics";
const MERGE: &str = "merge.repartition.topics";
const SELF_JOIN: &str = "single.store.self.join";

impl Optimization {
    /// None of them.
    pub const NONE: Optimization = Optimization {
        reuse_source_topics: false,
        merge_repartition_topics: false,
        single_store_self_join: false,
    };

    /// All of them.
    pub const ALL: Optimization = Optimization {
        reuse_source_topics: true,
        merge_repartition_topics: true,
        single_store_self_join: true,
    };
}

impl FromStr for Optimization {
    type Err = Error;

    /// Reads Kafka's words: `none`, `all`, or some of the others with commas between. Errs on any other word, naming
    /// it, and on `none` or `all` beside others.
    fn from_str(text: &str) -> Result<Self> {
        let mut found = Optimization::NONE;
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        for &word in &words {
            match word {
                "none" | "all" if words.len() > 1 => {
                    return Err(Error::new(
                        ErrorKind::Config,
                        format!("`topology.optimization` is `{text}`: `{word}` stands alone or not at all"),
                    ));
                }
                "none" => {}
                "all" => found = Optimization::ALL,
                REUSE => found.reuse_source_topics = true,
                MERGE => found.merge_repartition_topics = true,
                SELF_JOIN => found.single_store_self_join = true,
                unknown => {
                    return Err(Error::new(
                        ErrorKind::Config,
                        format!(
                            "`{unknown}` is no value of `topology.optimization`: write `none`, `all`, or some of \
                             `{REUSE}`, `{MERGE}` and `{SELF_JOIN}` with commas between"
                        ),
                    ));
                }
            }
        }
        Ok(found)
    }
}

impl fmt::Display for Optimization {
    /// Kafka's words, as they can be read again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Optimization::NONE => f.write_str("none"),
            Optimization::ALL => f.write_str("all"),
            some => {
                let words = [
                    (some.reuse_source_topics, REUSE),
                    (some.merge_repartition_topics, MERGE),
                    (some.single_store_self_join, SELF_JOIN),
                ];
                let words: Vec<&str> = words.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
                f.write_str(&words.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_read_again() {
        for bits in 0..8 {
            let some = Optimization {
                reuse_source_topics: bits & 1 != 0,
                merge_repartition_topics: bits & 2 != 0,
                single_store_self_join: bits & 4 != 0,
            };
            assert_eq!(some.to_string().parse::<Optimization>().unwrap(), some);
        }
    }

    #[test]
    fn words_that_mean_nothing_are_named() {
        for (text, word) in [("", "``"), ("all,merge.repartition.topics", "`all`"), ("ALL", "`ALL`")] {
            let error = text.parse::<Optimization>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
