//! Tables of the latest message about each customer and product, and queries on them.

use streams_core::{Grouped, Materialized};

use crate::model::{Contact, KeyedProduct};
use crate::queries::{CUSTOMER, PRODUCT, Query, build};
use crate::results::latest;
use crate::row;
use crate::rows::Rows;
use crate::topics;

const CONTACT: [&str; 4] = ["customer_id", "first_name", "last_name", "email"];
const PRODUCT_COLUMNS: [&str; 5] = ["product_id", "brand", "name", "sale_price", "rating"];

/// The table of customers.
pub(super) const CUSTOMERS: Query = Query {
    name: "customers-keyed",
    file: "10_customers_keyed.csv",
    about: "The table of customers: name and email of each as they are now.",
    needs: &[],
    topology: || {
        build(|builder| {
            let customers = builder.table(&topics::CUSTOMERS);
            customers.map_values(Contact::from).to_stream().to(&topics::CUSTOMERS_KEYED);
        })
    },
    rows: |log| Ok(Rows::new(&CONTACT, latest(log, &topics::CUSTOMERS_KEYED)?.into_iter().map(contact))),
};

/// How many rows the table of customers has.
pub(super) const CUSTOMER_COUNT: Query = Query {
    name: "customers-keyed-count",
    file: "10_customers_keyed_count.csv",
    about: "How many customers the table has: a change of a customer is not counted again.",
    needs: &[&CUSTOMERS],
    topology: || {
        build(|builder| {
            builder
                .table(&topics::CUSTOMERS_KEYED)
                .group_by_with(|id, _| ((), id.clone()), Grouped::new().named("all-customers"))
                .count_with(Materialized::named("customers"))
                .to_stream()
                .to(&topics::CUSTOMER_COUNT);
        })
    },
    rows: |log| {
        let counts = latest(log, &topics::CUSTOMER_COUNT)?;
        Ok(Rows::new(&["num_customers"], counts.into_values().map(|count| row![count])))
    },
};

/// One row of the table of customers.
pub(super) const ONE_CUSTOMER: Query = Query {
    name: "customer",
    file: "10_customer_b523f7f3.csv",
    about: "The customer b523f7f3-... in the table of customers: one row, as it is now.",
    needs: &[&CUSTOMERS],
    topology: || {
        build(|builder| {
            let customers = builder.table(&topics::CUSTOMERS_KEYED);
            customers.filter(|id, _| id == CUSTOMER).to_stream().to(&topics::ONE_CUSTOMER);
        })
    },
    rows: |log| Ok(Rows::new(&CONTACT, latest(log, &topics::ONE_CUSTOMER)?.into_iter().map(contact))),
};

/// The table of products.
pub(super) const PRODUCTS: Query = Query {
    name: "products-keyed",
    file: "10_products_keyed.csv",
    about: "The table of products: brand, name, price and rating of each as they are now.",
    needs: &[],
    topology: || {
        build(|builder| {
            let products = builder.table(&topics::PRODUCTS);
            products.map_values(KeyedProduct::from).to_stream().to(&topics::PRODUCTS_KEYED);
        })
    },
    rows: |log| {
        Ok(Rows::new(&PRODUCT_COLUMNS, latest(log, &topics::PRODUCTS_KEYED)?.into_iter().map(product)))
    },
};

/// One row of the table of products.
pub(super) const ONE_PRODUCT: Query = Query {
    name: "product",
    file: "10_product_0fd15be0.csv",
    about: "The product 0fd15be0-... in the table of products: one row, or none if it never came.",
    needs: &[&PRODUCTS],
    topology: || {
        build(|builder| {
            let products = builder.table(&topics::PRODUCTS_KEYED);
            products.filter(|id, _| id == PRODUCT).to_stream().to(&topics::ONE_PRODUCT);
        })
    },
    rows: |log| Ok(Rows::new(&PRODUCT_COLUMNS, latest(log, &topics::ONE_PRODUCT)?.into_iter().map(product))),
};

fn contact((id, contact): (String, Contact)) -> Vec<String> {
    row![id, contact.first_name, contact.last_name, contact.email]
}

fn product((id, product): (String, KeyedProduct)) -> Vec<String> {
    // With a decimal also where it is 0, as in the input.
    row![id, product.brand, product.name, product.sale_price, format!("{:?}", product.rating)]
}
