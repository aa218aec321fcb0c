//! What the suites share: the program as a process, and a plain loop that does the same job.
#![allow(dead_code, reason = "each suite uses a part of it")]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use enrich_orders::input::Input;
use enrich_orders::model::{EnrichedOrder, Offer, Purchase, Sales};
use enrich_orders::results::Results;

/// Runs the program.
pub(crate) fn run(arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_enrich-orders"));
    program.args(arguments).output().expect("the program can be started")
}

/// Runs the program, which must end well; the files that it writes.
#[track_caller]
pub(crate) fn files(folder: &Path, arguments: &[&str]) -> [String; 3] {
    let path = folder.to_str().expect("temporary folders have plain names");
    let output = run(&[arguments, &["--output-dir", path]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    read(folder)
}

/// The files in a folder of results.
pub(crate) fn read(folder: &Path) -> [String; 3] {
    ["enriched_orders.csv", "sales_by_place.csv", "orders_not_enriched.csv"]
        .map(|file| fs::read_to_string(folder.join(file)).expect("was written"))
}

/// What has to come of the input: tables are complete before the first order.
pub(crate) fn expected(input: &Input) -> Results {
    let customers: HashMap<_, _> = input.customers.iter().map(|row| (row.id.clone(), row)).collect();
    let shelves: HashMap<_, _> = input.shelves.iter().map(|row| (row.product_id.clone(), row)).collect();
    let products: HashMap<_, _> = input.products.iter().map(|row| (row.id.clone(), row)).collect();
    let (mut enriched, mut failures) = (BTreeMap::new(), Vec::new());
    let mut sales: BTreeMap<String, Sales> = BTreeMap::new();
    for order in &input.orders {
        let Some(product) = products.get(&order.product_id) else {
            failures.push(format!("order {}: product {} is not known", order.order_id, order.product_id));
            continue;
        };
        let shelf = shelves.get(&order.product_id).map(|shelf| (*shelf).clone());
        let customer = order.customer_id.as_ref().and_then(|id| customers.get(id)).map(|row| (*row).clone());
        let offer = Offer { name: product.name.clone(), shelf };
        let order = EnrichedOrder::new(Purchase { order: order.clone(), customer }, &offer);
        let sold = sales.entry(order.place.clone()).or_default();
        *sold = sold.plus(&order);
        enriched.insert(order.order_id, order);
    }
    failures.sort();
    Results { enriched, sales, failures }
}
