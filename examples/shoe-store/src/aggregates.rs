//! What aggregations keep. All of them give the same result in whatever order records come.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use streams_core::Record;
use streams_core::serde::{DefaultSerde, SerdeRef, json};

use crate::model::Product;
use crate::stamp::PlacedOrder;

/// Makes types JSON records: those that are sets and maps, and no structs with fields of their own.
macro_rules! json_records {
    ($($type:ty),*) => {
        $(impl DefaultSerde for $type {
            fn serde() -> SerdeRef<Self> {
                json()
            }
        })*
    };
}
json_records!(FirstOrders, BrandStatistics, Multiset);

/// A set of what was seen, for counting it without repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Ord + Deserialize<'de>"))]
pub struct Distinct<T: Ord>(BTreeSet<T>);

impl<T> DefaultSerde for Distinct<T>
where
    T: Ord + Serialize + serde::de::DeserializeOwned + 'static,
{
    fn serde() -> SerdeRef<Self> {
        json()
    }
}

impl<T: Ord> Distinct<T> {
    /// Nothing was seen.
    pub fn nothing() -> Self {
        Distinct(BTreeSet::new())
    }

    /// `item` was seen too.
    #[must_use]
    pub fn with(mut self, item: T) -> Self {
        self.0.insert(item);
        self
    }

    /// How many different ones were seen.
    pub fn count(&self) -> i64 {
        self.0.len() as i64
    }
}

/// The ten orders that were placed first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstOrders(pub Vec<PlacedOrder>);

impl FirstOrders {
    /// How many are kept.
    pub const KEPT: usize = 10;

    /// With one more order, without the last one if there are too many.
    #[must_use]
    pub fn with(mut self, order: PlacedOrder) -> Self {
        let place =
            self.0.partition_point(|known| (known.time, known.order_id) < (order.time, order.order_id));
        self.0.insert(place, order);
        self.0.truncate(Self::KEPT);
        self
    }
}

/// Orders that belong together, with something known of each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrdersOf<T>(BTreeMap<i64, T>);

impl<T: Serialize + serde::de::DeserializeOwned + 'static> DefaultSerde for OrdersOf<T> {
    fn serde() -> SerdeRef<Self> {
        json()
    }
}

impl<T> OrdersOf<T> {
    /// No orders.
    pub fn nothing() -> Self {
        OrdersOf(BTreeMap::new())
    }

    /// With one more order, or with something else known of one.
    #[must_use]
    pub fn with(mut self, order_id: i64, known: T) -> Self {
        self.0.insert(order_id, known);
        self
    }

    /// The orders by number.
    pub fn into_rows(self) -> impl Iterator<Item = (i64, T)> {
        self.0.into_iter()
    }
}

/// What the messages about the products of a brand come to. Repeated messages count again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrandStatistics {
    models: BTreeSet<String>,
    /// Ratings have one decimal: as whole tenths their sum has no rounding.
    rating_tenths: i64,
    messages: i64,
    /// The highest price in cents.
    pub max_price: i64,
}

impl BrandStatistics {
    /// With one more message.
    #[must_use]
    pub fn with(mut self, product: Product) -> Self {
        self.rating_tenths += (product.rating * 10.0).round() as i64;
        self.messages += 1;
        self.max_price = self.max_price.max(product.sale_price);
        self.models.insert(product.name);
        self
    }

    /// Number of different models.
    pub fn models(&self) -> usize {
        self.models.len()
    }

    /// The mean rating with two decimals, half up.
    pub fn average_rating(&self) -> String {
        let hundredths = (20 * self.rating_tenths + self.messages) / (2 * self.messages).max(1);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

/// A sum that knows of how many values it is, so that the sum of none can be told from a sum of zero.
#[derive(Record, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// The sum.
    pub total: i64,
    values: i64,
}

impl Sum {
    /// With one more value.
    #[must_use]
    pub fn plus(self, value: i64) -> Self {
        Sum { total: self.total + value, values: self.values + 1 }
    }

    /// Without one of its values; `None` if no other is left.
    pub fn minus(self, value: i64) -> Option<Self> {
        let rest = Sum { total: self.total - value, values: self.values - 1 };
        (rest.values > 0).then_some(rest)
    }
}

/// Words with how often they are in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Multiset(BTreeMap<String, i64>);

impl Multiset {
    /// With `word` once more.
    #[must_use]
    pub fn plus(mut self, word: String) -> Self {
        *self.0.entry(word).or_default() += 1;
        self
    }

    /// With `word` once less; `None` if nothing is left.
    pub fn minus(mut self, word: &str) -> Option<Self> {
        if let Some(times) = self.0.get_mut(word) {
            *times -= 1;
            if *times < 1 {
                self.0.remove(word);
            }
        }
        (!self.0.is_empty()).then_some(self)
    }

    /// How many different words there are.
    pub fn distinct(&self) -> usize {
        self.0.len()
    }

    /// How many words there are in all.
    pub fn total(&self) -> i64 {
        self.0.values().sum()
    }

    /// As JSON, by word, with a space behind each `:` and `,`.
    pub fn to_text(&self) -> String {
        let quoted = |word: &String| serde_json::Value::from(word.as_str()).to_string();
        let words: Vec<String> =
            self.0.iter().map(|(word, times)| format!("{}: {times}", quoted(word))).collect();
        format!("{{{}}}", words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(ratings: &[f64]) -> String {
        let product = |&rating| Product {
            id: String::new(),
            brand: String::new(),
            name: String::new(),
            sale_price: 1,
            rating,
        };
        ratings.iter().map(product).fold(BrandStatistics::default(), BrandStatistics::with).average_rating()
    }

    #[test]
    fn the_average_is_rounded_half_up() {
        assert_eq!(rated(&[4.9]), "4.90");
        assert_eq!(rated(&[0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), "0.01");
        assert_eq!(rated(&[0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), "0.01");
        assert_eq!(rated(&[0.2, 0.1, 0.1, 0.1]), "0.13");
    }

    #[test]
    fn what_is_taken_away_again_leaves_nothing() {
        let bag = Multiset::default().plus("a".to_owned()).plus("b\"".to_owned()).plus("a".to_owned());
        assert_eq!(bag.to_text(), r#"{"a": 2, "b\"": 1}"#);
        let rest = bag.minus("a").and_then(|rest| rest.minus("b\""));
        assert_eq!(rest.as_ref().map(Multiset::distinct), Some(1));
        assert_eq!(rest.and_then(|rest| rest.minus("a")), None);
        assert_eq!(Sum::default().plus(3).plus(-3).minus(3).map(|sum| sum.total), Some(-3));
        assert_eq!(Sum::default().plus(0).minus(0), None);
    }

    #[test]
    fn the_first_ten_are_the_first_ten_in_whatever_order_they_come() {
        let order = |n: i64| PlacedOrder {
            order_id: n,
            product_id: String::new(),
            customer_id: String::new(),
            time: n * 7 % 20,
        };
        let first = (0..20).map(order).fold(FirstOrders::default(), FirstOrders::with);
        let times: Vec<i64> = first.0.iter().map(|order| order.time).collect();
        assert_eq!(times, (0..10).collect::<Vec<_>>());
    }
}
