//! "`T`, or `Option<T>`": what may stand where Kafka allows a null.

/// A `T` or an `Option<T>`.
///
/// Aggregators may return either (Kafka's null result deletes), and a stream of either may go to a topic of `T`
/// (Kafka's tombstones).
#[diagnostic::on_unimplemented(
    message = "expected `{T}` or `Option<{T}>`, found `{Self}`",
    label = "neither `{T}` nor `Option<{T}>`"
)]
pub trait MaybeNull<T>: 'static {
    /// The value, `None` for null.
    fn into_option(self) -> Option<T>;
    /// The value by reference, `None` for null.
    fn as_option(&self) -> Option<&T>;
}

impl<T: 'static> MaybeNull<T> for T {
    #[inline]
    fn into_option(self) -> Option<T> {
        Some(self)
    }

    #[inline]
    fn as_option(&self) -> Option<&T> {
        Some(self)
    }
}

impl<T: 'static> MaybeNull<T> for Option<T> {
    #[inline]
    fn into_option(self) -> Option<T> {
        self
    }

    #[inline]
    fn as_option(&self) -> Option<&T> {
        self.as_ref()
    }
}
