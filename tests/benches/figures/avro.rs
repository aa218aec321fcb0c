//! A click to and from Avro against `apache-avro`, once by way of its values and once by its serde without them.
//!
//! Both sides have their schema ready. A click is some 60 bytes: two strings, three numbers, two options, a boolean.

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{from_value, to_value};
use streams_core::Record;
use streams_core::schema::Schema;
use streams_core::serde::avro;

use crate::harness::{Outcome, Settings, mix, timed};
use crate::table::Figure;

const TARGET: f64 = 4.0;

#[derive(Record, Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[record(namespace = "com.example", format = "avro")]
struct Click {
    user: String,
    ad: i64,
    at: i64,
    price: f64,
    referrer: Option<String>,
    position: Option<i32>,
    clicked: bool,
}

fn click(number: u64) -> Click {
    let random = mix(number);
    Click {
        user: format!("user-{random:016x}"),
        ad: (random % 100_000) as i64,
        at: 1_700_000_000_000 + number as i64,
        price: (random % 1000) as f64 / 100.0,
        referrer: random.is_multiple_of(4).then(|| "https://example.com/".to_owned()),
        position: Some((random % 10) as i32),
        clicked: random.is_multiple_of(7),
    }
}

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Figure>> {
    let records = settings.size(200_000);
    let clicks: Vec<Click> = (0..records as u64).map(click).collect();
    let ours = avro::<Click>();
    let schema = apache_avro::Schema::parse_str(Schema::of::<Click>().json())?;
    let reader = GenericDatumReader::builder(&schema).build()?;
    let writer = GenericDatumWriter::builder(&schema).build()?;
    let mut written = Vec::with_capacity(records);
    for click in &clicks {
        let mut bytes = Vec::new();
        ours.serialize(click, &mut bytes)?;
        let theirs: Click = from_value(&reader.read_value(&mut &bytes[..])?)?;
        if theirs != *click || writer.write_value_to_vec(to_value(click)?)? != bytes {
            return Err("the two sides do not agree".into());
        }
        written.push(bytes);
    }

    // One click is dropped before the next one is read, as in a topology.
    let decode = || {
        timed(|| {
            for bytes in &written {
                std::hint::black_box(ours.deserialize(bytes)?);
            }
            Ok(())
        })
    };
    let encode = || {
        timed(|| {
            let mut out = Vec::new();
            for click in &clicks {
                out.clear();
                ours.serialize(click, &mut out)?;
                std::hint::black_box(&out);
            }
            Ok(())
        })
    };
    let decode_values = settings.pairs(decode, || {
        timed(|| {
            for bytes in &written {
                std::hint::black_box(from_value::<Click>(&reader.read_value(&mut &bytes[..])?)?);
            }
            Ok(())
        })
    })?;
    let encode_values = settings.pairs(encode, || {
        timed(|| {
            let mut out = Vec::new();
            for click in &clicks {
                out.clear();
                writer.write_value(&mut out, to_value(click)?)?;
                std::hint::black_box(&out);
            }
            Ok(())
        })
    })?;
    let decode_serde = settings.pairs(decode, || {
        timed(|| {
            for bytes in &written {
                std::hint::black_box(reader.read_deser::<Click>(&mut &bytes[..])?);
            }
            Ok(())
        })
    })?;
    let encode_serde = settings.pairs(encode, || {
        timed(|| {
            let mut out = Vec::new();
            for click in &clicks {
                out.clear();
                writer.write_ser(&mut out, click)?;
                std::hint::black_box(&out);
            }
            Ok(())
        })
    })?;
    let figure = |name: &str, pairs, target| Figure::per_operation(name, records, pairs, target);
    Ok(vec![
        figure("Avro decode of a click; bare: `apache-avro`", &decode_values, Some(TARGET)),
        figure("Avro encode of a click; bare: `apache-avro`", &encode_values, Some(TARGET)),
        figure("Avro decode of a click; bare: `apache-avro`, its serde", &decode_serde, None),
        figure("Avro encode of a click; bare: `apache-avro`, its serde", &encode_serde, None),
    ])
}
