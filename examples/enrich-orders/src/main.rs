//! Enriches orders with their customers and products; see `enrich-orders --help`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use enrich_orders::made_up::made_up;
use enrich_orders::results::Results;
use enrich_orders::topology::{policies, topology};
use enrich_orders::{retail, topics};
use streams_core::Result;
use streams_core::log::Log;
use streams_core::log::embedded::EmbeddedLog;
use streams_core::runtime::{App, Config};

/// Orders with their customers and products, and what was sold in each place of the assortment.
///
/// Puts tables and orders into topics, joins them to the end, and says what was sold. Orders of products that nobody
/// knows are dead letters.
#[derive(Debug, Parser)]
#[command(version, about, long_about, max_term_width = 100)]
struct Args {
    /// Made-up orders.
    #[arg(long, value_name = "N", default_value_t = 10_000, conflicts_with = "products")]
    orders: u64,

    /// Seed of what is made up.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "products")]
    seed: u64,

    /// Products and their categories from this file instead, as CSV, plain or gzip.
    #[arg(long, value_name = "FILE", requires = "transactions")]
    products: Option<PathBuf>,

    /// Orders from this file, as CSV, plain or gzip.
    #[arg(long, value_name = "FILE", requires = "products")]
    transactions: Option<PathBuf>,

    /// Write the results as CSV files into this folder.
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,

    /// Partitions of the topics.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    partitions: u32,

    /// Worker threads.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,

    /// Brokers of an Apache Kafka cluster, with commas; without, the topics are in memory.
    #[cfg(feature = "kafka")]
    #[arg(long, value_name = "HOST:PORT")]
    bootstrap: Option<String>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without standard error nobody can be told.
            let _ = writeln!(io::stderr(), "enrich-orders: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let input = match (&args.products, &args.transactions) {
        (Some(products), Some(transactions)) => retail::read(products, transactions)?,
        _ => made_up(args.seed, args.orders),
    };
    let log = log(args)?;
    topics::create(&*log, args.partitions)?;
    input.load(&*log)?;

    let mut config = Config::new("enrich-orders");
    config.num_threads = usize::from(args.threads);
    config.errors = policies();
    config.session_timeout = Duration::from_secs(10);
    config.apply_env(std::env::vars())?;
    App::new(topology()?, config, Arc::clone(&log)).run_to_end()?;

    let results = Results::read(&log)?;
    if let Some(dir) = &args.output_dir {
        results.write(dir)?;
    }
    let mut out = io::stdout();
    for (place, sales) in results.by_amount() {
        writeln!(out, "{:>10} orders {:>12}  {place}", sales.orders, sales.amount)?;
    }
    writeln!(out, "{} orders enriched, {} not", results.enriched.len(), results.failures.len())?;
    Ok(())
}

/// The cluster, or a log in memory.
#[cfg_attr(not(feature = "kafka"), allow(unused_variables, reason = "there is no cluster to choose"))]
fn log(args: &Args) -> Result<Arc<dyn Log>> {
    #[cfg(feature = "kafka")]
    if let Some(brokers) = &args.bootstrap {
        let mut config = streams_kafka::KafkaConfig::new(brokers);
        config.apply_env(std::env::vars())?;
        config.bootstrap_servers.clone_from(brokers);
        // All orders are one transaction.
        config.transaction_timeout = Duration::from_secs(120);
        return Ok(Arc::new(streams_kafka::KafkaLog::connect(config)?));
    }
    Ok(Arc::new(EmbeddedLog::in_memory()))
}
