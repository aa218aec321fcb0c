//! What the suites share: the real data where it is at hand, and comparing answers.
#![allow(dead_code, reason = "each suite uses a part of it")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]
#![allow(clippy::panic, reason = "a query without a plain answer fails its test")]

pub(crate) mod made_up;
pub(crate) mod plain;

use std::io::Read;
use std::path::{Path, PathBuf};

use shoe_store::queries::{self, Query};

/// The folder of the real data, or `None` with a note where it is not at hand.
pub(crate) fn real_data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/shoe_store");
    let folder = folder.canonicalize().ok();
    if folder.is_none() {
        eprintln!(
            "skipped: the data of the store is not at hand (../shared/data/shoe_store beside the repository)"
        );
    }
    folder
}

/// The query of this name.
pub(crate) fn query(name: &str) -> &'static Query {
    queries::ALL.iter().find(|query| query.name == name).expect("there is such a query")
}

/// The text of a file, unpacked if it is gzip.
pub(crate) fn text_of(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("unpacks");
        return Some(text);
    }
    String::from_utf8(bytes).ok()
}

/// Asserts that two texts are the same, naming the first line that differs.
#[track_caller]
pub(crate) fn assert_same(found: &str, expected: &str, what: &str) {
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "{what}, line {}", number + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{what}: number of lines");
}
