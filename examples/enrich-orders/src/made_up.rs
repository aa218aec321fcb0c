//! A small shop of made-up data: a function of a seed.

use crate::input::Input;
use crate::model::{Customer, Order, Product, Shelf};

/// 2025-01-15 00:00:00 UTC.
const START: i64 = 1_736_899_200_000;
const NAMES: [&str; 6] = ["Ada", "Bela", "Chen", "Dilip", "Edith", "Fatima"];
const COUNTRIES: [&str; 4] = ["DE", "IN", "KR", "NO"];
const PLACES: [(&str, &str, [&str; 2]); 3] = [
    ("food", "fresh", ["fruit", "bread"]),
    ("food", "drinks", ["tea", "juice"]),
    ("house", "paper", ["books", "pens"]),
];
const CUSTOMERS: u64 = 40;
const PRODUCTS: u64 = 60;

/// So many orders, one a second. Some are of customers or products that nobody knows, some of nobody in particular.
pub fn made_up(seed: u64, orders: u64) -> Input {
    let mut dice = Dice(seed);
    let mut input = Input::default();
    for number in 0..CUSTOMERS {
        let name = format!("{} {number}", NAMES[dice.below(6) as usize]);
        let country = COUNTRIES[dice.below(4) as usize].to_owned();
        input.customers.push(Customer { id: format!("c{number}"), name, country });
    }
    for number in 0..PRODUCTS {
        let id = format!("p{number}");
        let (division, category, subcategories) = PLACES[dice.below(3) as usize];
        let subcategory = subcategories[dice.below(2) as usize];
        input.products.push(Product { id: id.clone(), name: format!("{subcategory} {number}") });
        // One in ten has no place.
        if dice.below(10) > 0 {
            let [division, category, subcategory] = [division, category, subcategory].map(str::to_owned);
            input.shelves.push(Shelf { product_id: id, division, category, subcategory });
        }
    }
    for number in 0..orders {
        let quantity = 1 + dice.below(5) as i64;
        input.orders.push(Order {
            order_id: 1000 + number as i64,
            customer_id: (dice.below(5) > 0).then(|| format!("c{}", dice.below(CUSTOMERS + 3))),
            product_id: format!("p{}", dice.below(PRODUCTS + 2)),
            quantity,
            amount: quantity * (100 + dice.below(900) as i64),
            time: START + number as i64 * 1000,
        });
    }
    input
}

/// SplitMix64: small, and good enough for made-up data.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * u128::from(end)) >> 64) as u64
    }
}
