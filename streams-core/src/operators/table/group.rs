//! Regrouping a table: what of a change goes to which group (rules ).

use crate::error::Result;
use crate::operators::stage::Stage;
use crate::operators::{Change, Port, TaskContext};
use crate::record::Record;
use crate::serde::{MaybeNull, SerdeRef};
use std::marker::PhantomData;

/// Maps both sides of each change to a group; a side that goes to none is left out.
pub(crate) struct GroupChanges<F, G, K2: 'static, V2: 'static> {
    pub(crate) mapper: F,
    /// Tell which keys and values are null: those go to no group.
    pub(crate) key: SerdeRef<K2>,
    pub(crate) value: SerdeRef<V2>,
    /// Whether a change within one group is one record with both sides, or two.
    pub(crate) together: bool,
    pub(crate) group: PhantomData<fn() -> G>,
}

impl<K, V, K2, V2, F, G> Stage<K, Change<V>, K2, Change<V2>> for GroupChanges<F, G, K2, V2>
where
    F: Fn(&K, V) -> G + Send + Sync,
    G: MaybeNull<(K2, V2)>,
    K2: PartialEq,
{
    fn apply(
        &self,
        ctx: &mut TaskContext,
        record: Record<K, Change<V>>,
        next: &mut dyn Port<K2, Change<V2>>,
    ) -> Result<()> {
        let Record { key, value: Change { new, old }, timestamp, headers } = record;
        let map = |value: Option<V>| {
            let (to, value) = (self.mapper)(&key, value?).into_option()?;
            (!self.key.is_null(&to) && !self.value.is_null(&value)).then_some((to, value))
        };
        match (map(new), map(old)) {
            (Some((key, new)), Some((from, old))) if self.together && key == from => {
                let value = Change { new: Some(new), old: Some(old) };
                next.push(ctx, Record { key, value, timestamp, headers })
            }
            (new, old) => {
                if let Some((key, old)) = old {
                    let value = Change { new: None, old: Some(old) };
                    next.push(ctx, Record { key, value, timestamp, headers: headers.clone() })?;
                }
                let Some((key, new)) = new else { return Ok(()) };
                let value = Change { new: Some(new), old: None };
                next.push(ctx, Record { key, value, timestamp, headers })
            }
        }
    }
}
