//! The program on a log in memory: made-up orders against a plain loop, and a shop's real products.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

mod common;

use std::path::Path;

use common::{expected, files, read, run};
use enrich_orders::made_up::made_up;

#[test]
fn orders_are_enriched_as_a_loop_does_it_whatever_the_threads_and_partitions() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let results = expected(&made_up(7, 3000));
    assert!(results.failures.len() > 30 && results.sales.contains_key("unsorted"), "all cases are there");
    results.write(&dir.path().join("expected")).expect("writes");
    let expected = read(&dir.path().join("expected"));
    for (partitions, threads) in [("1", "1"), ("4", "3")] {
        let folder = dir.path().join(partitions);
        let arguments = ["--seed", "7", "--orders", "3000", "--partitions", partitions, "--threads", threads];
        assert!(files(&folder, &arguments) == expected, "{partitions} partitions, {threads} threads");
    }
}

#[test]
fn a_shop_s_sales_by_category_are_those_of_the_reference() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/retail_store");
    if !data.exists() {
        eprintln!("skipped: the data is not at hand (../shared/data/retail_store beside the repository)");
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| data.join(name).to_str().expect("has a plain name").to_owned();
    let (products, transactions) = (file("products.csv"), file("transactions_synthetic.csv.gz"));
    let [_, sales, failures] = files(dir.path(), &["--products", &products, "--transactions", &transactions]);
    assert_eq!(failures, "reason\n");
    let rows = |text: &str, levels: usize| {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for row in csv::Reader::from_reader(text.as_bytes()).records() {
            let row = row.expect("is CSV");
            let place = row.iter().take(levels).collect::<Vec<_>>().join("/");
            rows.push([place].into_iter().chain(row.iter().skip(levels).map(str::to_owned)).collect());
        }
        rows.sort();
        rows
    };
    let expected = std::fs::read_to_string(data.join("expected_category.csv")).expect("can be read");
    assert_eq!(rows(&sales, 1), rows(&expected, 3));
}

#[test]
fn rows_that_cannot_be_read_are_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| dir.path().join(name).to_str().expect("has a plain name").to_owned();
    let products = "product_cd,product_name,division_name,maincategory_name,subcategory_name\n1,tea,a,b,c\n";
    std::fs::write(path("products.csv"), products).expect("writes");
    for (rows, named) in
        [("1,two,3,2015-01-01 00:00:00", "line: 3"), ("1,2,3,yesterday", "row 2: `yesterday`")]
    {
        let text = format!("product_cd,qty,mount,tr_datetime\n1,1,1,2015-01-01 00:00:00\n{rows}\n");
        std::fs::write(path("lines.csv"), text).expect("writes");
        let output = run(&["--products", &path("products.csv"), "--transactions", &path("lines.csv")]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{said}");
        assert!(said.contains("lines.csv") && said.contains(named), "{said}");
    }
}
