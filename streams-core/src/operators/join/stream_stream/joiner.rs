//! What a user's closure makes of two records, or of one without a partner.

/// Makes results. `None` for a record without partner: its side is not an outer one.
pub(crate) trait Joiner<K, V1, V2, R>: Send + Sync {
    fn both(&self, key: &K, left: &V1, right: &V2) -> R;

    fn left_alone(&self, _key: &K, _left: &V1) -> Option<R> {
        None
    }

    fn right_alone(&self, _key: &K, _right: &V2) -> Option<R> {
        None
    }
}

/// Of an inner join.
pub(crate) struct Inner<F>(pub(crate) F);

impl<K, V1, V2, R, F> Joiner<K, V1, V2, R> for Inner<F>
where
    F: Fn(&K, &V1, &V2) -> R + Send + Sync,
{
    #[inline]
    fn both(&self, key: &K, left: &V1, right: &V2) -> R {
        (self.0)(key, left, right)
    }
}

/// Of a left join.
pub(crate) struct Left<F>(pub(crate) F);

impl<K, V1, V2, R, F> Joiner<K, V1, V2, R> for Left<F>
where
    F: Fn(&K, &V1, Option<&V2>) -> R + Send + Sync,
{
    #[inline]
    fn both(&self, key: &K, left: &V1, right: &V2) -> R {
        (self.0)(key, left, Some(right))
    }

    fn left_alone(&self, key: &K, left: &V1) -> Option<R> {
        Some((self.0)(key, left, None))
    }
}

/// Of an outer join.
pub(crate) struct Outer<F>(pub(crate) F);

impl<K, V1, V2, R, F> Joiner<K, V1, V2, R> for Outer<F>
where
    F: Fn(&K, Option<&V1>, Option<&V2>) -> R + Send + Sync,
{
    #[inline]
    fn both(&self, key: &K, left: &V1, right: &V2) -> R {
        (self.0)(key, Some(left), Some(right))
    }

    fn left_alone(&self, key: &K, left: &V1) -> Option<R> {
        Some((self.0)(key, Some(left), None))
    }

    fn right_alone(&self, key: &K, right: &V2) -> Option<R> {
        Some((self.0)(key, None, Some(right)))
    }
}
