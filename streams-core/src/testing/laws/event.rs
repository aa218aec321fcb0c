//! Events: the records that a law pipes into a topology, as the types they were made of and as bytes.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use crate::serde::{SerdeRef, to_bytes};
use crate::time::Timestamp;
use crate::topic::Topic;

/// A record that was piped into a topic: what references compute their results from.
///
/// Events come in the order they were piped. [`record`](Event::record) and [`row`](Event::row) give the typed key and
/// value to those who ask with the constant of the event's topic, and `None` to those who ask with another.
#[derive(Clone)]
pub struct Event {
    pub(super) draft: Rc<Draft>,
    pub(super) partition: u32,
    pub(super) time: Timestamp,
}

impl Event {
    /// Name of the topic.
    pub fn topic(&self) -> &str {
        self.draft.topic
    }

    /// The partition it is piped into: that of its key, or any if the key is null.
    pub fn partition(&self) -> u32 {
        self.partition
    }

    /// Its timestamp, in milliseconds since the epoch.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// Key and value, if this is a record of `topic` with both of them. A `Topic<Option<K>, V>` has null keys as
    /// `None`.
    pub fn record<K: 'static, V: 'static>(&self, topic: &Topic<K, V>) -> Option<(&K, &V)> {
        let (key, value) = self.row(topic)?;
        Some((key?, value?))
    }

    /// Key and value, if this is a record of `topic`; `None` for a null that the topic's type does not have, such as
    /// a tombstone in the topic of a table.
    pub fn row<K: 'static, V: 'static>(&self, topic: &Topic<K, V>) -> Option<(Option<&K>, Option<&V>)> {
        if topic.name() != self.draft.topic {
            return None;
        }
        let typed: &dyn Any = &*self.draft.typed;
        let pair = typed.downcast_ref::<Pair<K, V>>()?;
        Some((pair.key.as_ref(), pair.value.as_ref()))
    }
}

/// An event without time and partition.
pub(super) struct Draft {
    pub(super) topic: &'static str,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    /// Why there are no bytes, if the serde refused the value.
    pub(super) refused: Option<String>,
    typed: Box<dyn Typed>,
}

impl Draft {
    pub(super) fn new<K, V>(
        topic: &Topic<K, V>,
        serdes: &(SerdeRef<K>, SerdeRef<V>),
        key: Option<K>,
        value: Option<V>,
    ) -> Draft
    where
        K: fmt::Debug + 'static,
        V: fmt::Debug + 'static,
    {
        let mut refused = None;
        let mut buffer = Vec::new();
        let mut written = |bytes: crate::error::Result<Option<&[u8]>>| match bytes {
            Ok(bytes) => bytes.map(<[u8]>::to_vec),
            Err(error) => {
                refused = Some(error.to_string());
                None
            }
        };
        let key_bytes = key.as_ref().and_then(|key| written(to_bytes(&*serdes.0, key, &mut buffer)));
        let value_bytes = value.as_ref().and_then(|value| written(to_bytes(&*serdes.1, value, &mut buffer)));
        Draft {
            topic: topic.name(),
            key: key_bytes,
            value: value_bytes,
            refused,
            typed: Box::new(Pair { key, value }),
        }
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed.text())
    }
}

/// The event as one line of a report, without its number.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}  {:?}  @{}", self.draft.topic, self.partition, self.draft, self.time)
    }
}

trait Typed: Any {
    fn text(&self) -> String;
}

struct Pair<K, V> {
    key: Option<K>,
    value: Option<V>,
}

impl<K: fmt::Debug + 'static, V: fmt::Debug + 'static> Typed for Pair<K, V> {
    fn text(&self) -> String {
        format!("{} => {}", or_null(self.key.as_ref()), or_null(self.value.as_ref()))
    }
}

pub(super) fn or_null(value: Option<&impl fmt::Debug>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| format!("{value:?}"))
}
