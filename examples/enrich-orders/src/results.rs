//! What came out, read from the topics.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use streams_core::log::Log;
use streams_core::runtime::{Start, Subscription};
use streams_core::serde::{DefaultSerde, optional};
use streams_core::{Error, ErrorKind, Result, Topic};

use crate::model::{EnrichedOrder, Sales};
use crate::topics::{DEAD_LETTERS, ENRICHED, SALES};

/// Header with what the error said, as the library writes it.
const MESSAGE: &str = "__streams.errors.message";

/// Everything that came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results {
    /// By order.
    pub enriched: BTreeMap<i64, EnrichedOrder>,
    /// By place in the assortment.
    pub sales: BTreeMap<String, Sales>,
    /// Why orders were not enriched, sorted.
    pub failures: Vec<String>,
}

impl Results {
    /// Reads the topics to their ends.
    pub fn read(log: &Arc<dyn Log>) -> Result<Self> {
        let (mut enriched, mut sales) = (BTreeMap::new(), BTreeMap::new());
        for order in Subscription::open(log, &ENRICHED, Start::Earliest)?.read_to_end(&**log)? {
            enriched.insert(order.record.key, order.record.value);
        }
        for sold in Subscription::open(log, &SALES, Start::Earliest)?.read_to_end(&**log)? {
            sales.insert(sold.record.key, sold.record.value);
        }
        let letters: Topic<Option<Vec<u8>>, Option<Vec<u8>>> = Topic::new(DEAD_LETTERS);
        let bytes = || optional(<Vec<u8>>::serde());
        let mut letters = Subscription::open_with(log, &letters, Start::Earliest, bytes(), bytes())?;
        let mut failures: Vec<String> = Vec::new();
        for letter in letters.read_to_end(&**log)? {
            let message = letter.record.headers.last(MESSAGE).unwrap_or_default();
            let message = String::from_utf8_lossy(message);
            failures.push(message.strip_prefix("user code failed: ").unwrap_or(&message).to_owned());
        }
        failures.sort();
        Ok(Results { enriched, sales, failures })
    }

    /// Writes `enriched_orders.csv`, `sales_by_place.csv` and `orders_not_enriched.csv` into `dir`, which is made if it
    /// does not exist.
    pub fn write(&self, dir: &Path) -> Result<()> {
        let write = || -> std::result::Result<(), csv::Error> {
            fs::create_dir_all(dir)?;
            let mut out = csv::Writer::from_path(dir.join("enriched_orders.csv"))?;
            out.write_record(["order_id", "customer", "country", "product", "place", "quantity", "amount"])?;
            for order in self.enriched.values() {
                let EnrichedOrder { order_id, customer, country, product, place, quantity, amount } = order;
                let [order_id, quantity, amount] = [order_id, quantity, amount].map(i64::to_string);
                let [customer, country] = [customer, country].map(|text| text.as_deref().unwrap_or_default());
                out.write_record([&order_id, customer, country, product, place, &quantity, &amount])?;
            }
            out.flush()?;
            let mut out = csv::Writer::from_path(dir.join("sales_by_place.csv"))?;
            out.write_record(["place", "orders", "amount"])?;
            for (place, sales) in self.by_amount() {
                out.write_record([place, &sales.orders.to_string(), &sales.amount.to_string()])?;
            }
            out.flush()?;
            let mut out = csv::Writer::from_path(dir.join("orders_not_enriched.csv"))?;
            out.write_record(["reason"])?;
            self.failures.iter().try_for_each(|reason| out.write_record([reason]))?;
            Ok(out.flush()?)
        };
        write().map_err(|e| {
            Error::new(ErrorKind::Io, format!("the results cannot be written to {}", dir.display()))
                .caused_by(e)
        })
    }

    /// Sales, the largest first.
    pub fn by_amount(&self) -> Vec<(&str, Sales)> {
        let mut rows: Vec<_> = self.sales.iter().map(|(place, sales)| (place.as_str(), *sales)).collect();
        rows.sort_by_key(|(place, sales)| (std::cmp::Reverse(sales.amount), *place));
        rows
    }
}
