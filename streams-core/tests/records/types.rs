//! Records of every type that the derive supports.

use std::collections::{BTreeMap, HashMap};

use proptest::collection::{btree_map, hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use streams_core::Record;

/// A click, as small records are.
#[derive(Record, Debug, Clone, PartialEq)]
#[record(namespace = "com.example", format = "avro")]
pub(crate) struct Click {
    #[record(key)]
    pub(crate) user: String,
    pub(crate) ad: i64,
    #[record(timestamp, logical = "timestamp-millis")]
    pub(crate) at: i64,
    pub(crate) price: f64,
    pub(crate) referrer: Option<String>,
    pub(crate) position: Option<i32>,
    pub(crate) clicked: bool,
}

/// A colour.
#[derive(Record, Debug, Clone, Copy, PartialEq, Eq)]
#[record(rename_all = "SCREAMING_SNAKE_CASE", key_type)]
pub(crate) enum Colour {
    Red,
    #[record(default)]
    Unknown,
    #[record(name = "navy")]
    DarkBlue,
}

/// A record in a record.
#[derive(Record, Debug, Clone, PartialEq, Default)]
#[record(key_type)]
pub(crate) struct Place {
    pub(crate) street: String,
    /// Number of the house.
    pub(crate) number: u16,
}

/// One field of each type.
#[derive(Record, Debug, Clone, PartialEq)]
#[record(namespace = "com.example.all", aliases = ["Everything", "com.old.Everything"], rename_all = "camelCase")]
pub(crate) struct All {
    pub(crate) a_bool: bool,
    pub(crate) an_i8: i8,
    pub(crate) an_i16: i16,
    pub(crate) an_i32: i32,
    pub(crate) an_i64: i64,
    pub(crate) a_u8: u8,
    pub(crate) a_u16: u16,
    pub(crate) a_u32: u32,
    pub(crate) an_f32: f32,
    pub(crate) an_f64: f64,
    #[record(name = "words", aliases = ["text", "txt"])]
    pub(crate) a_string: String,
    pub(crate) some_bytes: Vec<u8>,
    pub(crate) sixteen: [u8; 16],
    #[record(fixed = "Md5")]
    pub(crate) digest: [u8; 16],
    pub(crate) maybe: Option<i32>,
    pub(crate) maybe_bytes: Option<Vec<u8>>,
    pub(crate) colour: Colour,
    pub(crate) place: Place,
    pub(crate) maybe_place: Option<Place>,
    pub(crate) places: Vec<Place>,
    pub(crate) places_by_name: BTreeMap<String, Place>,
    pub(crate) numbers: Vec<i64>,
    pub(crate) nested: Vec<Vec<f64>>,
    pub(crate) counts: HashMap<String, i64>,
    pub(crate) maybe_list: Vec<Option<String>>,
    pub(crate) boxed: Box<Place>,
    #[record(logical = "timestamp-millis")]
    pub(crate) ts_millis: i64,
    #[record(logical = "timestamp-micros")]
    pub(crate) ts_micros: Option<i64>,
    #[record(logical = "date")]
    pub(crate) date: i32,
    #[record(logical = "time-millis")]
    pub(crate) time_millis: i32,
    #[record(logical = "time-micros")]
    pub(crate) time_micros: Vec<i64>,
    #[record(logical = "decimal", precision = 38, scale = 10)]
    pub(crate) amount: i128,
    #[record(logical = "decimal", precision = 4, scale = 2)]
    pub(crate) maybe_amount: Option<i128>,
    #[record(logical = "uuid")]
    pub(crate) id: String,
    #[record(default = 7)]
    pub(crate) seven: i32,
    #[record(default = "EUR")]
    pub(crate) currency: String,
    #[record(default = -0.5)]
    pub(crate) half: Option<f64>,
    #[record(default = Colour::DarkBlue)]
    pub(crate) paint: Colour,
    #[record(default)]
    pub(crate) home: Place,
    #[record(default = vec![1, 2])]
    pub(crate) list: Vec<i32>,
    #[record(default = b"\x00\xff")]
    pub(crate) raw: Vec<u8>,
    #[record(default = 255, logical = "decimal", precision = 5, scale = 1)]
    pub(crate) fee: i128,
    #[record(skip)]
    pub(crate) not_written: u64,
}

/// A record that contains itself.
#[derive(Record, Debug, Clone, PartialEq)]
#[record(namespace = "com.example")]
pub(crate) struct Tree {
    pub(crate) value: i32,
    pub(crate) left: Option<Box<Tree>>,
    pub(crate) others: Vec<Tree>,
}

pub(crate) fn click() -> impl Strategy<Value = Click> {
    (".*", any::<i64>(), any::<i64>(), any::<f64>(), option::of(".*"), any::<Option<i32>>(), any::<bool>())
        .prop_map(|(user, ad, at, price, referrer, position, clicked)| Click {
            user,
            ad,
            at,
            price,
            referrer,
            position,
            clicked,
        })
}

pub(crate) fn colour() -> impl Strategy<Value = Colour> {
    prop_oneof![Just(Colour::Red), Just(Colour::Unknown), Just(Colour::DarkBlue)]
}

pub(crate) fn place() -> impl Strategy<Value = Place> {
    (".*", any::<u16>()).prop_map(|(street, number)| Place { street, number })
}

/// Numbers of up to so many digits.
fn digits(count: u32) -> impl Strategy<Value = i128> {
    let limit = 10_i128.pow(count);
    prop_oneof![-200_i128..200, any::<i128>().prop_map(move |n| n % limit), Just(limit - 1), Just(1 - limit)]
}

prop_compose! {
    fn uuid()(bits in any::<u128>()) -> String {
        let hex = format!("{bits:032x}");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }
}

prop_compose! {
    fn numbers()(
        a_bool in any::<bool>(), an_i8 in any::<i8>(), an_i16 in any::<i16>(), an_i32 in any::<i32>(),
        an_i64 in any::<i64>(), a_u8 in any::<u8>(), a_u16 in any::<u16>(), a_u32 in any::<u32>(),
        an_f32 in any::<f32>(), an_f64 in any::<f64>(),
    ) -> (bool, i8, i16, i32, i64, u8, u16, u32, f32, f64) {
        (a_bool, an_i8, an_i16, an_i32, an_i64, a_u8, a_u16, a_u32, an_f32, an_f64)
    }
}

prop_compose! {
    fn containers()(
        maybe_place in option::of(place()), places in vec(place(), 0..3),
        places_by_name in btree_map(".*", place(), 0..3), numbers in vec(any::<i64>(), 0..4),
        nested in vec(vec(any::<f64>(), 0..3), 0..3), counts in hash_map(".*", any::<i64>(), 0..3),
        maybe_list in vec(option::of(".*"), 0..3), boxed in place(),
    ) -> (Option<Place>, Vec<Place>, BTreeMap<String, Place>, Vec<i64>, Vec<Vec<f64>>, HashMap<String, i64>,
          Vec<Option<String>>, Box<Place>) {
        (maybe_place, places, places_by_name, numbers, nested, counts, maybe_list, Box::new(boxed))
    }
}

prop_compose! {
    fn logical()(
        ts_millis in any::<i64>(), ts_micros in any::<Option<i64>>(), date in any::<i32>(),
        time_millis in any::<i32>(), time_micros in vec(any::<i64>(), 0..3), amount in digits(38),
        maybe_amount in option::of(digits(4)), id in uuid(), fee in digits(5),
    ) -> (i64, Option<i64>, i32, i32, Vec<i64>, i128, Option<i128>, String, i128) {
        (ts_millis, ts_micros, date, time_millis, time_micros, amount, maybe_amount, id, fee)
    }
}

prop_compose! {
    pub(crate) fn all()(
        (a_bool, an_i8, an_i16, an_i32, an_i64, a_u8, a_u16, a_u32, an_f32, an_f64) in numbers(),
        (maybe_place, places, places_by_name, numbers, nested, counts, maybe_list, boxed) in containers(),
        (ts_millis, ts_micros, date, time_millis, time_micros, amount, maybe_amount, id, fee) in logical(),
        (a_string, some_bytes, sixteen, digest) in (".*", any::<Vec<u8>>(), any::<[u8; 16]>(), any::<[u8; 16]>()),
        (maybe, maybe_bytes, colour, place) in (any::<Option<i32>>(), any::<Option<Vec<u8>>>(), colour(), place()),
        (seven, currency, half, paint) in (any::<i32>(), ".*", option::of(any::<f64>()), colour()),
        (home, list, raw) in (place(), vec(any::<i32>(), 0..3), any::<Vec<u8>>()),
    ) -> All {
        All {
            a_bool, an_i8, an_i16, an_i32, an_i64, a_u8, a_u16, a_u32, an_f32, an_f64, a_string, some_bytes,
            sixteen, digest, maybe, maybe_bytes, colour, place, maybe_place, places, places_by_name, numbers,
            nested, counts, maybe_list, boxed, ts_millis, ts_micros, date, time_millis, time_micros, amount,
            maybe_amount, id, seven, currency, half, paint, home, list, raw, fee, not_written: 0,
        }
    }
}

pub(crate) fn tree() -> impl Strategy<Value = Tree> {
    let leaf = any::<i32>().prop_map(|value| Tree { value, left: None, others: Vec::new() });
    leaf.prop_recursive(5, 20, 3, |inner| {
        (any::<i32>(), option::of(inner.clone().prop_map(Box::new)), vec(inner, 0..3))
            .prop_map(|(value, left, others)| Tree { value, left, others })
    })
}
