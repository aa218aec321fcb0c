//! The files of a shop: `product_cd`, `product_name` and three levels of categories in one, one line of a receipt a row
//! in the other, as CSV with a header, plain or gzip. Further columns are ignored.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use streams_core::{Error, ErrorKind, Result};

use crate::input::Input;
use crate::model::Order;

/// One line of a receipt.
#[derive(Deserialize)]
struct Line {
    product_cd: String,
    qty: i64,
    /// Total of the line.
    mount: i64,
    /// `YYYY-MM-DD HH:MM:SS`, taken as UTC.
    tr_datetime: String,
}

/// Reads both files. Errs at the first row that cannot be read, naming file and line.
pub fn read(products: &Path, transactions: &Path) -> Result<Input> {
    let mut input = Input { products: rows(products)?, shelves: rows(products)?, ..Input::default() };
    for (number, line) in (1..).zip(rows::<Line>(transactions)?) {
        let time = millis(&line.tr_datetime).ok_or_else(|| {
            let message = format!(
                "{}, row {number}: `{}` is no time such as 2015-01-31 23:59:00",
                transactions.display(),
                line.tr_datetime
            );
            Error::new(ErrorKind::InvalidRecord, message)
        })?;
        input.orders.push(Order {
            order_id: number,
            customer_id: None,
            product_id: line.product_cd,
            quantity: line.qty,
            amount: line.mount,
            time,
        });
    }
    Ok(input)
}

fn rows<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let open = || -> std::io::Result<Box<dyn Read>> {
        let file = BufReader::new(File::open(path)?);
        let packed = path.extension().is_some_and(|extension| extension == "gz");
        Ok(if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
    };
    let unreadable = |e: &dyn std::fmt::Display| {
        Error::new(ErrorKind::InvalidRecord, format!("{} cannot be read: {e}", path.display()))
    };
    let file = open().map_err(|e| unreadable(&e))?;
    csv::Reader::from_reader(file).deserialize().map(|row| row.map_err(|e| unreadable(&e))).collect()
}

/// Milliseconds since the epoch; the days of a date are counted from March, so that a leap day ends its year.
fn millis(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(' ')?;
    let three = |text: &str, between| -> Option<[i64; 3]> {
        let numbers: Option<Vec<i64>> = text.split(between).map(|part| part.parse().ok()).collect();
        numbers?.try_into().ok()
    };
    let ([year, month, day], [hour, minute, second]) = (three(date, '-')?, three(time, ':')?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = days + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_milliseconds_since_the_epoch() {
        assert_eq!(millis("1970-01-01 00:00:00"), Some(0));
        assert_eq!(millis("2015-01-01 00:01:16"), Some(1_420_070_476_000));
        assert_eq!(millis("2024-02-29 12:34:56"), Some(1_709_210_096_000));
        for text in ["", "2015-01-01", "2015-13-01 00:00:00", "2015-01-01 24:00:00", "2015-01 00:00:00"] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}
