//! A small store of made-up data: everything that the real data has, and customers and products that change often,
//! come late or never come.

use std::fmt::Write;
use std::path::Path;

use shoe_store::model::{Customer, Order, Product};
use shoe_store::queries::{CUSTOMER, PRODUCT};

/// 2025-01-15 00:00:00 UTC.
const START: i64 = 1_736_899_200_000;
const BRANDS: [&str; 5] = ["Jones-Stokes", "Braun-Bruen", "Will Inc", "Berge, Sons \"& Co\"", "Grady Group"];
const STATES: [&str; 3] = ["Texas", "Ohio", "texas"];
const LAST_NAMES: [&str; 4] = ["Baker", "baker", "Bo,nd", "Adams"];

/// All messages with their times, by time.
pub(crate) struct MadeUp {
    pub(crate) customers: Vec<(i64, Customer)>,
    pub(crate) products: Vec<(i64, Product)>,
    pub(crate) orders: Vec<(i64, Order)>,
}

impl MadeUp {
    /// The store of this seed: so many orders over about three hours, a third as many messages of each other kind.
    pub(crate) fn new(seed: u64, orders: usize) -> Self {
        let mut random = Random(seed);
        let mut made = MadeUp { customers: Vec::new(), products: Vec::new(), orders: Vec::new() };
        let step = 3 * 3_600_000 / orders.max(1) as i64;
        for number in 0..orders {
            let time = START + number as i64 * step;
            if random.below(3) == 0 {
                // The last customer of each kind only orders, and is never made known.
                let (who, change) = (random.below(19), random.below(4));
                made.customers.push((time + random.below(step as u64) as i64, customer(who, change)));
            }
            if random.below(3) == 0 {
                let (what, change) = (random.below(29), random.below(4));
                made.products.push((time + random.below(step as u64) as i64, product(what, change)));
            }
            // A few customers order most of it.
            let who = random.below(20).min(random.below(20)).min(random.below(20));
            let order = Order {
                order_id: 1000 + number as i64,
                product_id: product_id(random.below(30)),
                customer_id: customer_id(who),
                ts: 0,
            };
            made.orders.push((time, order));
        }
        made.customers.sort_by_key(|(time, _)| *time);
        made.products.sort_by_key(|(time, _)| *time);
        // Times are unique, as in the real data: which of two messages at one time is newer would be left open.
        made.customers.dedup_by_key(|(time, _)| *time);
        made.products.dedup_by_key(|(time, _)| *time);
        made
    }

    /// Writes the three input files.
    pub(crate) fn write(&self, folder: &Path) {
        let file =
            |name: &str, text: String| std::fs::write(folder.join(name), text).expect("can be written");
        let mut text = String::from(
            "rowtime_ms,id,first_name,last_name,email,phone,street_address,state,zip_code,country,country_code\n",
        );
        for (time, c) in &self.customers {
            let fields = [
                &c.id,
                &c.first_name,
                &c.last_name,
                &c.email,
                &c.phone,
                &c.street_address,
                &c.state,
                &c.zip_code,
                &c.country,
                &c.country_code,
            ];
            line(&mut text, *time, &fields);
        }
        file("shoe_customers_stream.csv", text);
        let mut text = String::from("rowtime_ms,id,brand,name,sale_price,rating\n");
        for (time, p) in &self.products {
            let (price, rating) = (p.sale_price.to_string(), format!("{:?}", p.rating));
            line(&mut text, *time, &[&p.id, &p.brand, &p.name, &price, &rating]);
        }
        file("shoe_products_stream.csv", text);
        let mut text = String::from("rowtime_ms,order_id,product_id,customer_id,ts\n");
        for (time, o) in &self.orders {
            line(
                &mut text,
                *time,
                &[&o.order_id.to_string(), &o.product_id, &o.customer_id, &o.ts.to_string()],
            );
        }
        file("shoe_orders_stream.csv", text);
    }
}

fn line(text: &mut String, time: i64, fields: &[&String]) {
    let _ = write!(text, "{time}");
    for field in fields {
        let _ = write!(text, ",\"{}\"", field.replace('"', "\"\""));
    }
    text.push('\n');
}

fn customer_id(number: u64) -> String {
    if number == 0 { CUSTOMER.to_owned() } else { format!("customer-{number:02}") }
}

fn product_id(number: u64) -> String {
    if number == 0 { PRODUCT.to_owned() } else { format!("product-{number:02}") }
}

fn customer(number: u64, change: u64) -> Customer {
    let email =
        if change == 3 { format!("new{number}@example.com") } else { format!("{number}@example.com") };
    let last_name = LAST_NAMES[(number % 4) as usize];
    Customer {
        id: customer_id(number),
        first_name: format!("First {number}"),
        last_name: if change == 2 { format!("{last_name}-New") } else { last_name.to_owned() },
        email,
        phone: "555-0100".to_owned(),
        street_address: "1, Main \"Street\"".to_owned(),
        state: STATES[(number % 3) as usize].to_owned(),
        zip_code: "01234".to_owned(),
        country: "United States".to_owned(),
        country_code: "US".to_owned(),
    }
}

fn product(number: u64, change: u64) -> Product {
    Product {
        id: product_id(number),
        // The first product even changes its brand.
        brand: BRANDS[if number == 0 { change as usize % 3 } else { number as usize % 5 }].to_owned(),
        name: format!("Model {}", number / 2),
        sale_price: 5_000 + 700 * number as i64 + 500 * change as i64,
        rating: ((number * 7 + change) % 51) as f64 / 10.0,
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}
