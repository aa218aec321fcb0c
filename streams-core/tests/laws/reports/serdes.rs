//! Serdes that are broken, each in its own way.

use std::sync::Arc;

use proptest::prelude::*;
use streams_core::serde::{DefaultSerde, Serde, SerdeRef};
use streams_core::testing::laws::serdes::{keeps_order, round_trip, survives_any_bytes};
use streams_core::{Error, ErrorKind, Result};

use crate::reports::broken::broken;

/// Writes the lower half of a number only.
struct Half;

impl Serde<i64> for Half {
    fn serialize(&self, value: &i64, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&(*value as i32).to_be_bytes());
        Ok(())
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<i64> {
        assert!(bytes.len() <= 4, "too many bytes");
        let mut all = [0; 4];
        all[4 - bytes.len()..].copy_from_slice(bytes);
        Ok(i64::from(i32::from_be_bytes(all)))
    }
}

/// Takes zero for null, and cannot read it.
struct ZeroIsNull;

impl Serde<i64> for ZeroIsNull {
    fn serialize(&self, value: &i64, out: &mut Vec<u8>) -> Result<()> {
        i64::serde().serialize(value, out)
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<i64> {
        match i64::serde().deserialize(bytes)? {
            12 => Err(Error::new(ErrorKind::Serde, "no twelves")),
            value => Ok(value),
        }
    }

    fn is_null(&self, value: &i64) -> bool {
        *value == 0
    }
}

#[test]
fn the_laws_of_serdes_find_the_simplest_value_that_breaks_them() {
    let half: SerdeRef<i64> = Arc::new(Half);
    let seen =
        broken(round_trip(&half, 0..i64::MAX), "round trip", 1, &["does not hold for ", "STREAMS_SEED="]);
    assert!(seen.to_string().contains("for 2147483648: its bytes"), "{seen}");
    broken(
        survives_any_bytes(&half),
        "reading any bytes",
        1,
        &["[0, 0, 0, 0, 0]: reading them ends in a panic at ", "too many bytes"],
    );
    broken(keeps_order(&i64::serde(), any::<i64>()), "order of bytes", 1, &["-1"]);

    let zero: SerdeRef<i64> = Arc::new(ZeroIsNull);
    broken(round_trip(&zero, Just(0i64)), "round trip", 1, &["its bytes null cannot be read"]);
    broken(round_trip(&zero, Just(12i64)), "round trip", 1, &["no twelves"]);
}
