//! The bytes of Kafka's primitive serdes.

use proptest::prelude::*;
use streams_core::serde::DefaultSerde;

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

fn comes_back<T: DefaultSerde + PartialEq + std::fmt::Debug>(value: &T) {
    assert_eq!(&T::serde().deserialize(&bytes_of(value)).expect("its own bytes"), value);
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        long: i64, int: i32, short: i16, flag: bool, text in ".*", bytes: Vec<u8>,
        double in prop::num::f64::ANY.prop_filter("NaN is not equal to itself", |d| !d.is_nan()),
    ) {
        comes_back(&long);
        comes_back(&int);
        comes_back(&short);
        comes_back(&flag);
        comes_back(&text);
        comes_back(&bytes);
        comes_back(&double);
        comes_back(&Some(text));
    }
}
