//! The three input files: CSV, plain or gzip. Every row becomes a record, or the run ends with the place of the row
//! that cannot; nothing is skipped.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use csv::StringRecord;
use flate2::bufread::MultiGzDecoder;
use serde::de::DeserializeOwned;
use streams_core::log::Log;
use streams_core::runtime::TopicProducer;
use streams_core::schema::Keyed;
use streams_core::serde::DefaultSerde;
use streams_core::{Error, ErrorKind, Result, Topic};

use crate::topics::{CUSTOMERS, ORDERS, PRODUCTS};

const TIME: &str = "rowtime_ms";
const CUSTOMER_COLUMNS: &[&str] = &[
    "id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "street_address",
    "state",
    "zip_code",
    "country",
    "country_code",
];
const PRODUCT_COLUMNS: &[&str] = &["id", "brand", "name", "sale_price", "rating"];
const ORDER_COLUMNS: &[&str] = &["order_id", "product_id", "customer_id", "ts"];

/// Puts the files of a folder into the topics; the number of records.
///
/// Errs with `NotFound` if one of the files is missing, and with `InvalidRecord` at the first row that is not as it
/// must be, naming file and line.
pub fn load(folder: &Path, log: &dyn Log) -> Result<u64> {
    let customers = fill(folder, "shoe_customers_stream", CUSTOMER_COLUMNS, log, &CUSTOMERS)?;
    let products = fill(folder, "shoe_products_stream", PRODUCT_COLUMNS, log, &PRODUCTS)?;
    let orders = fill(folder, "shoe_orders_stream", ORDER_COLUMNS, log, &ORDERS)?;
    Ok(customers + products + orders)
}

fn fill<K: DefaultSerde, V: DefaultSerde + DeserializeOwned + Keyed<Key = K>>(
    folder: &Path,
    name: &str,
    columns: &[&str],
    log: &dyn Log,
    topic: &Topic<K, V>,
) -> Result<u64> {
    let mut producer = TopicProducer::open(log, topic)?;
    let mut count = 0;
    read(&find(folder, name)?, columns, |time, value: V| {
        count += 1;
        producer.send(&value.key(), &value, time)
    })?;
    producer.flush()?;
    Ok(count)
}

/// The file of this name, plain or gzip.
fn find(folder: &Path, name: &str) -> Result<PathBuf> {
    let candidates = [folder.join(format!("{name}.csv")), folder.join(format!("{name}.csv.gz"))];
    candidates.iter().find(|path| path.exists()).cloned().ok_or_else(|| {
        let message = format!(
            "there is neither {name}.csv nor {name}.csv.gz in {}; say with --data where the files are",
            folder.display()
        );
        Error::new(ErrorKind::NotFound, message)
    })
}

/// Shows each row of a file to `take`, with its time.
pub fn read<T: DeserializeOwned>(
    path: &Path,
    columns: &[&str],
    mut take: impl FnMut(i64, T) -> Result<()>,
) -> Result<()> {
    let file = open(path)
        .map_err(|e| Error::new(ErrorKind::Io, format!("{} cannot be read", path.display())).caused_by(e))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(file);
    let expected = StringRecord::from_iter([TIME].iter().chain(columns));
    let header = StringRecord::from(columns.to_vec());
    let mut row = StringRecord::new();
    loop {
        let line = reader.position().line();
        let bad = |what: String| {
            Error::new(ErrorKind::InvalidRecord, format!("{}, line {line}: {what}", path.display()))
        };
        if !reader.read_record(&mut row).map_err(|e| bad("cannot be read".to_owned()).caused_by(e))? {
            return match line {
                1 => Err(bad("the file is empty, without even a header".to_owned())),
                _ => Ok(()),
            };
        }
        // Blank lines are no rows; the row knows where it begins.
        let line = row.position().map_or(line, csv::Position::line);
        let bad = |what: String| {
            Error::new(ErrorKind::InvalidRecord, format!("{}, line {line}: {what}", path.display()))
        };
        if reader.position().record() <= 1 {
            if row != expected {
                return Err(bad(format!("the columns are {}, expected {}", list(&row), list(&expected))));
            }
            continue;
        }
        if row.len() != expected.len() {
            return Err(bad(format!(
                "{} fields, expected {}: {}",
                row.len(),
                expected.len(),
                list(&expected)
            )));
        }
        let time = row[0].parse().map_err(|_| {
            bad(format!("column {TIME}: `{}` is no time in milliseconds since the epoch", &row[0]))
        })?;
        let rest: StringRecord = row.iter().skip(1).collect();
        let value = rest.deserialize(Some(&header)).map_err(|e| bad(describe(&e, &rest, columns)))?;
        take(time, value)?;
    }
}

/// What is wrong with a field, by column and text.
fn describe(error: &csv::Error, row: &StringRecord, columns: &[&str]) -> String {
    let csv::ErrorKind::Deserialize { err, .. } = error.kind() else { return error.to_string() };
    let Some(field) = err.field().and_then(|field| usize::try_from(field).ok()) else {
        return err.to_string();
    };
    let (column, text) = (columns.get(field).unwrap_or(&"?"), row.get(field).unwrap_or_default());
    format!("column {column}: `{text}`: {}", err.kind())
}

fn list(row: &StringRecord) -> String {
    row.iter().collect::<Vec<_>>().join(",")
}

/// Opens a file; whether it is gzip is told by its first bytes.
fn open(path: &Path) -> std::io::Result<Box<dyn Read>> {
    let mut file = File::open(path)?;
    let mut magic = Vec::new();
    file.by_ref().take(2).read_to_end(&mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    let file = BufReader::new(file);
    Ok(if magic == [0x1f, 0x8b] { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}
