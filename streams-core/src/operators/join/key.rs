//! Keys of joins that can do without one.

use crate::serde::SerdeRef;

/// A key, or an `Option` of one: the keys of streams in left and outer joins.
///
/// A record without a key on an outer side of a join has no partner: it is put out at once, joined with nothing. So
/// these joins take streams whose keys may be null, and their results then have keys that may be null. There is
/// nothing to implement: every [`Key`](crate::Key) is one, and every `Option` of a `Key`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a left or outer join",
    label = "neither a `Key` nor an `Option` of one",
    note = "for a type of your own write `impl streams_core::Key for {Self} {{}}`"
)]
pub trait JoinKey: Clone + Send + 'static {
    /// The key that is never null.
    type Key: Clone + Send + 'static;

    /// The key by reference, if there is one.
    fn key(&self) -> Option<&Self::Key>;

    /// The key, if there is one.
    fn into_key(self) -> Option<Self::Key>;

    /// From a key that is there.
    fn from_key(key: Self::Key) -> Self;

    /// What stands for no key; `None` if nothing does.
    fn null() -> Option<Self>;

    /// The serde of this, from that of the key. Its name is not that of `DefaultSerde`'s method: a type has both.
    fn join_serde(key: SerdeRef<Self::Key>) -> SerdeRef<Self>;
}
