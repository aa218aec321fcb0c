//! Laws of serdes: what is written is read again, null is kept apart, bytes keep the order where that is promised, and
//! no bytes make a serde panic.

use std::fmt;

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::serde::{Serde, SerdeRef, from_bytes, to_bytes};
use crate::testing::laws::Violation;
use crate::testing::laws::compare::raw_text;
use crate::testing::laws::panics::caught;
use crate::testing::laws::search::{runner, seeds};

const CASES: u32 = 256;

/// What is written is read again as the same value, and written to the same bytes; null is null again, and only null
/// is.
///
/// ```
/// use streams_core::serde::{DefaultSerde, json};
/// use streams_core::testing::laws::{proptest::prelude::*, serdes};
///
/// serdes::round_trip(&String::serde(), ".*")?;
/// serdes::round_trip(&Option::<i64>::serde(), any::<Option<i64>>())?;
/// serdes::round_trip(&json::<Vec<u16>>(), any::<Vec<u16>>())?;
/// # Ok::<(), streams_core::testing::laws::Violation>(())
/// ```
pub fn round_trip<T>(serde: &SerdeRef<T>, values: impl Strategy<Value = T>) -> Result<(), Violation>
where
    T: PartialEq + fmt::Debug + 'static,
{
    check("round trip", &values, |value| {
        let mut buffer = Vec::new();
        let bytes = match to_bytes(&**serde, value, &mut buffer) {
            Ok(bytes) => bytes.map(<[u8]>::to_vec),
            Err(error) => return Err(format!("it cannot be written: {error}")),
        };
        let text = raw_text(bytes.as_deref());
        let back = from_bytes(&**serde, bytes.as_deref())
            .map_err(|error| format!("its bytes {text} cannot be read: {error}"))?;
        if back != *value {
            return Err(format!("its bytes {text} are read as {back:?}"));
        }
        let again = to_bytes(&**serde, &back, &mut buffer).map_err(|error| error.to_string())?;
        if again != bytes.as_deref() {
            return Err(format!("its bytes are {text}, and then {}", raw_text(again)));
        }
        Ok(())
    })
}

/// The bytes of values are in the order of the values, as range reads in stores need it. Not for values that are
/// null.
pub fn keeps_order<T>(serde: &SerdeRef<T>, values: impl Strategy<Value = T>) -> Result<(), Violation>
where
    T: Ord + fmt::Debug + 'static,
{
    let pairs = proptest::collection::vec(values, 2);
    check("order of bytes", &pairs, |pair| {
        let [one, other] = [0, 1].map(|at| {
            let mut bytes = Vec::new();
            serde.serialize(&pair[at], &mut bytes).map(|()| bytes)
        });
        let (one, other) = (one.map_err(|e| e.to_string())?, other.map_err(|e| e.to_string())?);
        if one.cmp(&other) == pair[0].cmp(&pair[1]) {
            return Ok(());
        }
        Err(format!("their bytes are {} and {}", raw_text(Some(&one)), raw_text(Some(&other))))
    })
}

/// Reading gives a value or an error for all bytes, and never panics. What it reads it can write.
pub fn survives_any_bytes<T: 'static>(serde: &SerdeRef<T>) -> Result<(), Violation> {
    check("reading any bytes", &proptest::collection::vec(any::<u8>(), 0..64), |bytes| {
        let read = || match serde.deserialize(bytes) {
            Ok(value) => Serde::serialize(&**serde, &value, &mut Vec::new())
                .map_err(|error| format!("they can be read, but not written again: {error}")),
            Err(_) => Ok(()),
        };
        caught(read).unwrap_or_else(|panic| Err(format!("reading them ends in {panic}")))
    })
}

fn check<S: Strategy>(
    law: &str,
    values: &S,
    holds: impl Fn(&S::Value) -> Result<(), String>,
) -> Result<(), Violation> {
    let unchecked = |why: &str| Violation::unchecked(law, 0, why);
    for seed in seeds(CASES, None).map_err(|why| unchecked(&why))? {
        let tree = values.new_tree(&mut runner(seed));
        let mut tree =
            tree.map_err(|reason| unchecked(&format!("the strategy gives no values: {reason}")))?;
        let Err(mut why) = holds(&tree.current()) else { continue };
        let mut least = tree.current();
        let mut more = tree.simplify();
        while more {
            more = match holds(&tree.current()) {
                Err(simpler) => {
                    (why, least) = (simpler, tree.current());
                    tree.simplify()
                }
                Ok(()) => tree.complicate(),
            };
        }
        return Err(Violation::of_value(law, seed, &format!("{least:?}"), &why));
    }
    Ok(())
}
