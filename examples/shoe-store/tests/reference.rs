//! Every query over the real data against the answer that a plain program gave: byte for byte.

mod common;

use common::{assert_same, query, real_data, text_of};
use shoe_store::queries;
use shoe_store::run::Store;

/// Queries without a reference answer, and what theirs must be.
const OTHERS: &[&str] = &["orders", "customers-keyed-count", "customer", "product"];

fn answers_are_the_expected_ones(threads: usize) {
    let Some(data) = real_data() else { return };
    let mut store = Store::open(&data, threads).expect("loads");
    for query in queries::ALL {
        let answer = store.answer(query).expect("runs");
        let csv = String::from_utf8(answer.to_csv().expect("is text")).expect("is text");
        let plain = data.join(format!("expected_{}", query.file));
        let packed = data.join(format!("expected_{}.gz", query.file));
        match text_of(&plain).or_else(|| text_of(&packed)) {
            Some(expected) => assert_same(&csv, &expected, query.name),
            None => assert!(OTHERS.contains(&query.name), "{} has no reference answer", query.name),
        }
    }
}

#[test]
fn every_answer_on_one_thread_is_the_expected_one() {
    answers_are_the_expected_ones(1);
}

#[test]
fn every_answer_on_three_threads_is_the_expected_one() {
    answers_are_the_expected_ones(3);
}

#[test]
fn answers_about_one_customer_or_product_agree_with_the_tables() {
    let Some(data) = real_data() else { return };
    let mut store = Store::open(&data, 1).expect("loads");
    let mut rows = |name| store.answer(query(name)).expect("runs").rows;
    assert_eq!(rows("orders").len(), 127);
    for (one, table, id) in
        [("customer", "customers-keyed", queries::CUSTOMER), ("product", "products-keyed", queries::PRODUCT)]
    {
        let of_table: Vec<_> = rows(table).into_iter().filter(|row| row[0] == id).collect();
        assert_eq!(rows(one), of_table);
    }
    assert_eq!(rows("customer")[0][2], "Letford-Moved");
}
