//! Input that is not as it must be: the run ends with a message that names the place, and nothing is written.

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::made_up::MadeUp;

fn shoe_store(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shoe-store")).args(arguments).output().expect("runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of this test is text")
}

/// What is said of data in which `change` changed a file.
fn refused(file: &str, change: impl Fn(&str) -> Vec<u8>) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    MadeUp::new(1, 50).write(folder.path());
    let path = folder.path().join(file);
    let changed = change(&std::fs::read_to_string(&path).expect("reads"));
    std::fs::write(&path, changed).expect("writes");
    let output = shoe_store(&["texas-b", "--data", text(folder.path())]);
    assert!(!output.status.success() && output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).expect("is text");
    assert!(said.contains(&format!("{file}, line ")), "{said}");
    said
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = shoe_store(&["counts", "--data", text(folder.path())]);
    let said = String::from_utf8(output.stderr).expect("is text");
    assert!(!output.status.success());
    assert!(said.contains("neither shoe_customers_stream.csv nor shoe_customers_stream.csv.gz"), "{said}");
}

#[test]
fn a_wrong_header_is_shown_beside_the_expected_one() {
    let said = refused("shoe_products_stream.csv", |text| text.replacen("sale_price", "price", 1).into());
    assert!(
        said.contains("line 1: the columns are rowtime_ms,id,brand,name,price,rating, expected "),
        "{said}"
    );
    let said = refused("shoe_orders_stream.csv", |_| Vec::new());
    assert!(said.contains("line 1: the file is empty"), "{said}");
}

#[test]
fn a_row_that_cannot_be_read_is_named_by_file_line_and_column() {
    let after = |row: &'static str| move |text: &str| format!("{text}{row}\n").into_bytes();
    let said = refused("shoe_orders_stream.csv", after("1736899200000,12,p,c"));
    assert!(said.contains("line 52: 4 fields, expected 5: rowtime_ms,order_id,"), "{said}");
    let said = refused("shoe_orders_stream.csv", after("1736899200000,twelve,p,c,0"));
    assert!(said.contains("line 52: column order_id: `twelve`: invalid digit"), "{said}");
    let said = refused("shoe_orders_stream.csv", after("yesterday,12,p,c,0"));
    assert!(said.contains("line 52: column rowtime_ms: `yesterday` is no time"), "{said}");
    let said =
        refused("shoe_orders_stream.csv", |text| [text.as_bytes(), b"1736899200000,12,\xff,c,0\n"].concat());
    assert!(said.contains("line 52: cannot be read"), "{said}");
}

#[test]
fn a_packed_file_that_was_cut_short_is_no_file_that_ends() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    MadeUp::new(1, 500).write(folder.path());
    let plain = folder.path().join("shoe_orders_stream.csv");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, &std::fs::read(&plain).expect("reads")).expect("packs");
    let packed = packed.finish().expect("packs");
    std::fs::remove_file(&plain).expect("is there");
    std::fs::write(folder.path().join("shoe_orders_stream.csv.gz"), &packed[..packed.len() / 2])
        .expect("writes");
    let output = shoe_store(&["texas-b", "--data", text(folder.path())]);
    let said = String::from_utf8(output.stderr).expect("is text");
    assert!(!output.status.success());
    assert!(said.contains("shoe_orders_stream.csv.gz, line ") && said.contains("cannot be read"), "{said}");
}

#[test]
fn every_query_has_its_help_and_the_files_are_written_under_their_names() {
    let help = String::from_utf8(shoe_store(&["--help"]).stdout).expect("is text");
    for query in shoe_store::queries::ALL {
        assert!(help.contains(query.name), "{help}");
        let own = String::from_utf8(shoe_store(&[query.name, "--help"]).stdout).expect("is text");
        assert!(own.contains(query.file), "{own}");
    }
    let (folder, out) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    MadeUp::new(1, 50).write(folder.path());
    let out = out.path().join("new");
    let output = shoe_store(&["all", "--data", text(folder.path()), "--output-dir", text(&out)]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for query in shoe_store::queries::ALL {
        let written = std::fs::read(out.join(query.file)).expect("was written");
        let printed = shoe_store(&[query.name, "--data", text(folder.path()), "--threads", "2"]).stdout;
        assert!(written == printed, "{}", query.name);
    }
}
