//! The answers by plain loops over all messages: slow, obvious, and nothing of the library in them.

use std::collections::{BTreeMap, BTreeSet};

use shoe_store::queries::{CUSTOMER, PRODUCT};
use shoe_store::time::utc;

use super::made_up::MadeUp;

type Rows = Vec<Vec<String>>;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

macro_rules! row {
    ($($field:expr),* $(,)?) => { vec![$($field.to_string()),*] };
}

/// The rows of the query of this name.
pub(crate) fn answer(name: &str, data: &MadeUp) -> Rows {
    match name {
        "texas-b" => customers(data, |c| c.state == "Texas" && c.last_name.starts_with('B')),
        "change-history" => customers(data, |c| c.id == CUSTOMER),
        "first-orders" => {
            let row = |(time, o): &(i64, shoe_store::model::Order)| {
                row![o.order_id, o.product_id, o.customer_id, time]
            };
            data.orders.iter().filter(|(_, o)| o.customer_id == CUSTOMER).take(10).map(row).collect()
        }
        "orders" => {
            let of_one = data.orders.iter().filter(|(_, o)| o.customer_id == CUSTOMER);
            of_one.map(|(time, o)| row![o.order_id, o.customer_id, time]).collect()
        }
        "counts" => {
            let ids: BTreeSet<_> = data.customers.iter().map(|(_, c)| &c.id).collect();
            let orders = data.orders.iter().filter(|(_, o)| o.customer_id == CUSTOMER).count();
            vec![row![data.customers.len(), ids.len(), orders]]
        }
        "brands" => brands(data),
        "orders-per-minute" => {
            windows(data, MINUTE, MINUTE).into_iter().map(|(start, n)| row![utc(start + MINUTE), n]).collect()
        }
        "orders-per-10-minutes" => {
            let size = 10 * MINUTE;
            let row = |(start, n): (i64, usize)| row![utc(start), utc(start + size), n];
            windows(data, size, 5 * MINUTE).into_iter().map(row).collect()
        }
        "customers-keyed" => contacts(data, |_| true),
        "customer" => contacts(data, |id| id == CUSTOMER),
        "products-keyed" => products(data, |_| true),
        "product" => products(data, |id| id == PRODUCT),
        _ => joined(name, data),
    }
}

fn customers(data: &MadeUp, keep: impl Fn(&shoe_store::model::Customer) -> bool) -> Rows {
    let row = |(time, c): &(i64, shoe_store::model::Customer)| {
        row![
            time,
            c.id,
            c.first_name,
            c.last_name,
            c.email,
            c.phone,
            c.street_address,
            c.state,
            c.zip_code,
            c.country,
            c.country_code
        ]
    };
    data.customers.iter().filter(|(_, c)| keep(c)).map(row).collect()
}

fn brands(data: &MadeUp) -> Rows {
    let mut brands: BTreeMap<&str, (BTreeSet<&str>, Vec<f64>, i64)> = BTreeMap::new();
    for (_, p) in &data.products {
        let (names, ratings, price) = brands.entry(&p.brand).or_default();
        names.insert(&p.name);
        ratings.push(p.rating);
        *price = p.sale_price.max(*price);
    }
    let average = |ratings: &[f64]| {
        let mean = ratings.iter().sum::<f64>() / ratings.len() as f64;
        // Half up: what lies half way is meant to, and is at most a hair's breadth below.
        format!("{:.2}", (mean * 100.0 + 0.5 + 1e-6).floor() / 100.0)
    };
    let row = |(brand, (names, ratings, price)): (&str, (BTreeSet<&str>, Vec<f64>, i64))| {
        row![brand, names.len(), average(&ratings), price]
    };
    brands.into_iter().map(row).collect()
}

fn windows(data: &MadeUp, size: i64, advance: i64) -> BTreeMap<i64, usize> {
    let mut windows: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for (time, order) in &data.orders {
        let last = time / advance * advance;
        for start in (0..size / advance).map(|n| last - n * advance) {
            windows.entry(start).or_default().insert(order.order_id);
        }
    }
    windows.into_iter().map(|(start, orders)| (start, orders.len())).collect()
}

fn contacts(data: &MadeUp, keep: impl Fn(&str) -> bool) -> Rows {
    let latest: BTreeMap<_, _> = data.customers.iter().map(|(_, c)| (&c.id, c)).collect();
    let row = |(id, c): (&String, &shoe_store::model::Customer)| row![id, c.first_name, c.last_name, c.email];
    latest.into_iter().filter(|(id, _)| keep(id)).map(row).collect()
}

fn products(data: &MadeUp, keep: impl Fn(&str) -> bool) -> Rows {
    let latest: BTreeMap<_, _> = data.products.iter().map(|(_, p)| (&p.id, p)).collect();
    let row = |(id, p): (&String, &shoe_store::model::Product)| {
        row![id, p.brand, p.name, p.sale_price, format!("{:?}", p.rating)]
    };
    latest.into_iter().filter(|(id, _)| keep(id)).map(row).collect()
}

/// Queries on orders with their customers and products.
fn joined(name: &str, data: &MadeUp) -> Rows {
    let latest_customers: BTreeMap<_, _> = data.customers.iter().map(|(_, c)| (&c.id, c)).collect();
    let latest_products: BTreeMap<_, _> = data.products.iter().map(|(_, p)| (&p.id, p)).collect();
    let of_one = data.orders.iter().filter(|(_, o)| o.customer_id == CUSTOMER);
    let versions: Vec<_> = data.customers.iter().filter(|(_, c)| c.id == CUSTOMER).collect();
    let pair = |order: i64, at: i64, (since, c): &(i64, shoe_store::model::Customer)| {
        row![order, at, since, c.first_name, c.last_name]
    };
    let mut enriched: Vec<_> = data
        .orders
        .iter()
        .filter_map(|(_, o)| {
            Some((o.order_id, latest_customers.get(&o.customer_id)?, latest_products.get(&o.product_id)?))
        })
        .collect();
    enriched.sort_by_key(|(id, ..)| *id);
    let by_email = |brands: &[&str]| {
        let mut emails: BTreeMap<&str, Vec<&shoe_store::model::Product>> = BTreeMap::new();
        for (_, c, p) in &enriched {
            if brands.is_empty() || brands.contains(&p.brand.as_str()) {
                emails.entry(&c.email).or_default().push(p);
            }
        }
        emails
    };
    let bundles = || {
        let brands = by_email(&["Braun-Bruen", "Will Inc"]);
        brands.into_iter().filter_map(|(email, products)| {
            let of = |brand: &str| products.iter().filter(|p| p.brand == brand).count();
            let (a, b) = (of("Braun-Bruen"), of("Will Inc"));
            let text = format!("{{\"Braun-Bruen\": {a}, \"Will Inc\": {b}}}");
            (a > 0 && b > 0 && a + b > 10).then(|| (email.to_owned(), text))
        })
    };
    match name {
        "join-regular" => of_one
            .flat_map(|(at, o)| versions.iter().map(|v| pair(o.order_id, *at, v)).collect::<Vec<_>>())
            .collect(),
        "join-interval" => of_one
            .flat_map(|(at, o)| {
                let near = versions.iter().filter(|(since, _)| (at - HOUR..=*at).contains(since));
                near.map(|v| pair(o.order_id, *at, v)).collect::<Vec<_>>()
            })
            .collect(),
        "join-temporal" => of_one
            .filter_map(|(at, o)| {
                let version = versions.iter().rfind(|(since, _)| since <= at)?;
                Some(pair(o.order_id, *at, version))
            })
            .collect(),
        "join-keyed" => of_one
            .filter_map(|(at, o)| {
                let c = latest_customers.get(&o.customer_id)?;
                Some(row![o.order_id, at, c.first_name, c.last_name])
            })
            .collect(),
        "enriched" => enriched
            .iter()
            .map(|(id, c, p)| {
                let rating = format!("{:?}", p.rating);
                row![id, c.first_name, c.last_name, c.email, p.brand, p.name, p.sale_price, rating]
            })
            .collect(),
        "customers-keyed-count" => vec![row![latest_customers.len()]],
        "loyalty" => by_email(&[])
            .into_iter()
            .map(|(email, products)| {
                let total: i64 = products.iter().map(|p| p.sale_price).sum();
                let level = match total {
                    t if t > 700_000 => "GOLD",
                    t if t > 70_000 => "SILVER",
                    t if t > 7_000 => "BRONZE",
                    _ => "CLIMBING",
                };
                row![email, total, level]
            })
            .collect(),
        "jones-stokes" => by_email(&["Jones-Stokes"])
            .into_iter()
            .map(|(email, p)| row![email, p.len(), p.len() % 10, p.len() % 10 == 0])
            .collect(),
        "bundle" => bundles().map(|(email, text)| row![email, text, "bundle_offer"]).collect(),
        "promotions" => {
            let tenth = by_email(&["Jones-Stokes"]).into_iter().filter(|(_, p)| p.len() % 10 == 0);
            let free: Rows = tenth.map(|(email, _)| row![email, "next_free"]).collect();
            free.into_iter().chain(bundles().map(|(email, _)| row![email, "bundle_offer"])).collect()
        }
        other => panic!("no plain answer to {other}"),
    }
}
