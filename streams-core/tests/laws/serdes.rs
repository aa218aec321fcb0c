//! The bytes of Kafka's primitive serdes.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use proptest::prelude::*;
use streams_core::serde::{DefaultSerde, json, time_windowed};
use streams_core::testing::laws::Violation;
use streams_core::testing::laws::serdes::{keeps_order, round_trip, survives_any_bytes};
use streams_core::windows::{Window, Windowed};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of<T: DefaultSerde>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    T::serde().serialize(value, &mut bytes).expect("primitives can always be written");
    bytes
}

fn text(bytes: &[u8]) -> String {
    String::serde().deserialize(bytes).expect("any bytes are a string")
}

#[test]
fn primitives_have_the_bytes_of_kafka() {
    assert_eq!(hex(&bytes_of(&"héllo€😀".to_owned())), "68c3a96c6c6fe282acf09f9880");
    assert_eq!(hex(&bytes_of(&String::new())), "");
    assert_eq!(hex(&bytes_of(&1i64)), "0000000000000001");
    assert_eq!(hex(&bytes_of(&-1i64)), "ffffffffffffffff");
    assert_eq!(hex(&bytes_of(&1_700_000_000_000i64)), "0000018bcfe56800");
    assert_eq!(hex(&bytes_of(&-2i32)), "fffffffe");
    assert_eq!(hex(&bytes_of(&-300i16)), "fed4");
    assert_eq!(hex(&bytes_of(&1.5f64)), "3ff8000000000000");
    assert_eq!(hex(&bytes_of(&-0.0f64)), "8000000000000000");
    assert_eq!(hex(&bytes_of(&f32::from_bits(0x4048_f5c3))), "4048f5c3");
    assert_eq!(hex(&bytes_of(&true)), "01");
    assert_eq!(hex(&bytes_of(&false)), "00");
    assert_eq!(hex(&bytes_of(&vec![1u8, 2])), "0102");
}

#[test]
fn every_nan_of_64_bits_is_the_canonical_one_and_those_of_32_bits_are_kept() {
    assert_eq!(hex(&bytes_of(&f64::from_bits(0xfff8_0000_0000_0001))), "7ff8000000000000");
    assert_eq!(hex(&bytes_of(&f32::from_bits(0xffc0_0001))), "ffc00001");
}

#[test]
fn invalid_text_is_replaced_and_never_an_error() {
    let replacements: [(&[u8], &str); 5] = [
        (&[0xff], "\u{fffd}"),
        (&[0xc3, 0x28], "\u{fffd}("),
        (&[0xe2, 0x82], "\u{fffd}"),
        (&[0xc0, 0x80], "\u{fffd}\u{fffd}"),
        (&[0xf4, 0x90, 0x80, 0x80], "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
    ];
    for (bytes, expected) in replacements {
        assert_eq!(text(bytes), expected, "{bytes:02x?}");
    }
    // An encoded surrogate is one replacement in Java and three here.
    assert_eq!(text(&[0xed, 0xa0, 0x80]), "\u{fffd}\u{fffd}\u{fffd}");
}

#[test]
fn bytes_of_another_length_are_an_error_that_says_what_was_expected() {
    let message = |error: streams_core::Error| error.to_string();
    let long = i64::serde().deserialize(&[1, 2]).map_err(message);
    assert_eq!(long, Err("a 64-bit integer is 8 bytes, not 2".to_owned()));
    assert!(bool::serde().deserialize(&[2]).is_err() && bool::serde().deserialize(&[0, 0]).is_err());
}

#[test]
fn what_is_written_is_read_again_and_no_bytes_make_a_serde_panic() -> Result<(), Violation> {
    fn check<T: DefaultSerde + PartialEq + Debug>(values: impl Strategy<Value = T>) -> Result<(), Violation> {
        round_trip(&T::serde(), values)?;
        survives_any_bytes(&T::serde())
    }
    check(any::<i64>())?;
    check(any::<i32>())?;
    check(any::<i16>())?;
    check(any::<bool>())?;
    check(any::<()>())?;
    check(".*")?;
    check(any::<Vec<u8>>())?;
    check(any::<f64>())?;
    check(any::<f32>())?;
    check(any::<Option<i64>>())?;
    check(proptest::option::of(".*"))
}

#[test]
fn json_and_windowed_keys_are_read_again() -> Result<(), Violation> {
    let maps = json::<BTreeMap<String, Option<Vec<i32>>>>();
    let lists = proptest::option::of(proptest::collection::vec(any::<i32>(), 0..4));
    round_trip(&maps, proptest::collection::btree_map(".{0,4}", lists, 0..4))?;
    survives_any_bytes(&maps)?;
    let windowed = time_windowed(String::serde(), Duration::from_millis(10));
    let window = |start: i64| Window { start, end: start + 10 };
    round_trip(
        &windowed,
        (".*", 0..i64::MAX - 10).prop_map(move |(key, s)| Windowed { key, window: window(s) }),
    )?;
    survives_any_bytes(&windowed)
}

#[test]
fn bytes_are_in_the_order_of_texts_and_of_numbers_that_are_not_negative() -> Result<(), Violation> {
    keeps_order(&String::serde(), "[a-z]{0,4}|.*")?;
    keeps_order(&Vec::<u8>::serde(), any::<Vec<u8>>())?;
    keeps_order(&i64::serde(), 0..i64::MAX)?;
    keeps_order(&i32::serde(), 0..i32::MAX)
}
