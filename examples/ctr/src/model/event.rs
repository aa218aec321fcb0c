//! The ad event as it comes in: a JSON object of 24 fields and the event time.
//!
//! Fields it does not know are ignored; one that is missing or of another type makes the line a bad record. The text
//! fields are eight hex digits in the real data, which fit into the struct, so that reading one allocates nothing.

use std::sync::Arc;

use compact_str::CompactString;
use serde::de::{Deserialize, Deserializer, Error as _};
use streams_core::serde::{DefaultSerde, Serde, SerdeRef};
use streams_core::{Error, ErrorKind, Result};

/// One ad that was shown (`click` 0) or clicked (`click` 1).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs, reason = "the data set names these columns and says no more of them")]
pub struct AdEvent {
    /// Number of the event. The source keeps it as a double and has lost its last digits.
    pub id: f64,
    /// 0: the ad was shown; 1: it was clicked.
    #[serde(deserialize_with = "zero_or_one")]
    pub click: u8,
    /// `YYMMDDHH`, UTC.
    pub hour: i32,
    pub banner_pos: i32,
    pub site_id: CompactString,
    pub site_domain: CompactString,
    pub site_category: CompactString,
    pub app_id: CompactString,
    pub app_domain: CompactString,
    pub app_category: CompactString,
    pub device_id: CompactString,
    pub device_ip: CompactString,
    pub device_model: CompactString,
    pub device_type: i32,
    pub device_conn_type: i32,
    #[serde(rename = "C1")]
    pub c1: i32,
    #[serde(rename = "C14")]
    pub c14: i32,
    #[serde(rename = "C15")]
    pub c15: i32,
    #[serde(rename = "C16")]
    pub c16: i32,
    #[serde(rename = "C17")]
    pub c17: i32,
    #[serde(rename = "C18")]
    pub c18: i32,
    #[serde(rename = "C19")]
    pub c19: i32,
    #[serde(rename = "C20")]
    pub c20: i32,
    #[serde(rename = "C21")]
    pub c21: i32,
    /// When it happened, in milliseconds since the epoch: the event time of the record.
    pub event_time_ms: i64,
}

fn zero_or_one<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<u8, D::Error> {
    match u8::deserialize(deserializer)? {
        click @ (0 | 1) => Ok(click),
        other => Err(D::Error::custom(format!("click is 0 or 1, not {other}"))),
    }
}

/// JSON whose errors begin with the reason that bad records are counted under.
struct AdEventJson;

impl Serde<AdEvent> for AdEventJson {
    fn serialize(&self, value: &AdEvent, out: &mut Vec<u8>) -> Result<()> {
        serde_json::to_writer(out, value)
            .map_err(|e| Error::new(ErrorKind::Serde, "an ad event cannot be written as JSON").caused_by(e))
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<AdEvent> {
        serde_json::from_slice(bytes).map_err(|error| {
            let text = error.to_string();
            let reason = match error.classify() {
                serde_json::error::Category::Data if text.starts_with("missing field") => "missing field",
                serde_json::error::Category::Data => "wrong value",
                serde_json::error::Category::Eof => "cut short",
                _ => "not JSON",
            };
            Error::new(ErrorKind::Serde, format!("{reason}: {text}"))
        })
    }
}

impl DefaultSerde for AdEvent {
    fn serde() -> SerdeRef<Self> {
        Arc::new(AdEventJson)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"id":3.708344296069982e+18,"click":0,"hour":14102100,"banner_pos":0,"site_id":"1fbe01fe","site_domain":"f3845767","site_category":"28905ebd","app_id":"ecad2386","app_domain":"7801e8d9","app_category":"07d7df22","device_id":"a99f214a","device_ip":"0cb6ed15","device_model":"7fdd04d2","device_type":1,"device_conn_type":0,"C1":1005,"C14":15708,"C15":320,"C16":50,"C17":1722,"C18":0,"C19":35,"C20":-1,"C21":79,"event_time_ms":1413849600000}"#;

    fn reason(line: &str) -> String {
        let error = AdEvent::serde().deserialize(line.as_bytes()).expect_err(line);
        error.to_string().split(':').next().unwrap_or_default().to_owned()
    }

    #[test]
    fn an_event_survives_being_written_and_read() {
        let event = AdEvent::serde().deserialize(LINE.as_bytes()).expect("a good line");
        assert_eq!((event.click, event.c20, event.event_time_ms), (0, -1, 1_413_849_600_000));
        assert_eq!(event.site_category, "28905ebd");
        let mut bytes = Vec::new();
        AdEvent::serde().serialize(&event, &mut bytes).expect("can be written");
        assert_eq!(AdEvent::serde().deserialize(&bytes).expect("can be read"), event);
    }

    #[test]
    fn fields_of_others_are_ignored_and_whole_numbers_are_taken_as_ids() {
        let more = LINE.replace("\"click\"", "\"from\":{\"a\":[1]},\"click\"");
        assert!(AdEvent::serde().deserialize(more.as_bytes()).is_ok());
        let whole = LINE.replace("3.708344296069982e+18", "1000009418151094273");
        let event = AdEvent::serde().deserialize(whole.as_bytes()).expect("a good line");
        assert_eq!(event.id.to_bits(), 1_000_009_418_151_094_273_f64.to_bits());
    }

    #[test]
    fn a_bad_line_says_why() {
        assert_eq!(reason("hello"), "not JSON");
        assert_eq!(reason(&LINE[..LINE.len() - 20]), "cut short");
        assert_eq!(reason(&LINE.replace("\"C17\"", "\"D17\"")), "missing field");
        assert_eq!(reason(&LINE.replace("\"click\":0", "\"click\":2")), "wrong value");
        assert_eq!(reason(&LINE.replace("\"click\":0", "\"click\":\"0\"")), "wrong value");
        assert_eq!(reason(&LINE.replace("1413849600000", "null")), "wrong value");
    }
}
