//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::time::parse_duration;

/// Click-through rates of ad events, per 1 and 5 minutes and per site category and hour.
///
/// Without --input it runs as a service: a generator writes made-up ad events into a durable log inside this process,
/// the service counts them in windows of event time and shows the results as they come. Ctrl-C stops it; started
/// again it continues where it stopped.
///
/// With --input it reads files of ad events, closes all windows, writes ctr_1min.csv, ctr_5min.csv and
/// ctr_by_site_category_1h.csv into --output-dir, and ends. Killed at any instant and started again it continues;
/// nothing is lost or counted twice.
///
/// Bad and late records never stop a run: they are counted, and --dead-letter keeps them.
#[derive(Debug, Clone, Parser)]
#[command(version, about, long_about, max_term_width = 100)]
pub struct Args {
    /// What to do instead of counting.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// A file of ad events, one JSON object a line, plain or gzip. May be given several times: they are read in order.
    #[arg(long, value_name = "FILE", requires = "output_dir")]
    pub input: Vec<PathBuf>,

    /// Where the CSV files go. Made if it does not exist.
    #[arg(long, value_name = "DIR", requires = "input")]
    pub output_dir: Option<PathBuf>,

    /// Where the log and the state are kept. By default ./ctr-data for the service; with --input a folder in
    /// --output-dir that is removed when the run is complete.
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// How long behind its end, in event time, a window still takes events: 10s, 500ms, 2m. By default 10s for the
    /// service and 0s with --input.
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_duration)]
    pub grace: Option<Duration>,

    /// Partitions of the event and result topics: how many tasks read events side by side. By default 4 for the
    /// service and 1 with --input.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub partitions: Option<u32>,

    /// Worker threads.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: u16,

    /// Keep the records that were not counted, with the reason: bad lines, and events that came too late. One JSON
    /// object a line; an event is there once for each window it was too late for.
    #[arg(long, value_name = "FILE", requires = "input")]
    pub dead_letter: Option<PathBuf>,

    /// Brokers of an Apache Kafka cluster, with commas: the topics are there, and processes that are started with
    /// the same brokers share the work. The data directory keeps the state of this process only; two need two.
    #[arg(long, global = true, value_name = "HOST:PORT")]
    pub bootstrap: Option<String>,

    /// A TOML file with settings for Kafka: `bootstrap-servers`, and tables `client`, `consumer` and `producer` with
    /// those of librdkafka. Variables such as KAFKA_CLIENT_SECURITY_PROTOCOL go over it.
    #[arg(long, global = true, value_name = "FILE")]
    pub kafka_config: Option<PathBuf>,

    /// Make no events: share the work of a process that does, or count what others write to ad_events_raw. On Kafka.
    #[arg(long, conflicts_with_all = ["input", "rate", "speed", "seed"])]
    pub no_generate: bool,

    /// Events that the generator makes per second.
    #[arg(long, value_name = "N", default_value_t = 1000, conflicts_with = "input", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: u32,

    /// How many times faster than the clock the generator's event time runs.
    #[arg(long, value_name = "N", default_value_t = 60, conflicts_with = "input", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub speed: u32,

    /// Seed of the generator.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "input")]
    pub seed: u64,

    /// Serve metrics for Prometheus at http://ADDR:PORT/metrics, and health at /live and /ready. Port 0 takes a free
    /// one, which is said at the start.
    #[arg(long, value_name = "ADDR:PORT", conflicts_with = "input")]
    pub metrics: Option<std::net::SocketAddr>,

    /// Say more on standard error: bad and late records one by one, and what the library does.
    #[arg(short, long)]
    pub verbose: bool,
}

/// What to do instead of counting.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Start over: count the events that are in the log once more. The service must not run anywhere. Its internal
    /// topics and its state are removed; results that are written stay.
    Reset(ResetArgs),
}

/// How to start over.
#[derive(Debug, Clone, clap::Args)]
pub struct ResetArgs {
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Where to begin: `earliest`, `latest`, a timestamp in milliseconds, or offsets as TOPIC:PARTITION:OFFSET,...
    #[arg(long, value_name = "WHERE", default_value = "earliest")]
    pub to: String,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn who_makes_no_events_has_no_generator_to_set() {
        assert!(Args::try_parse_from(["ctr", "--bootstrap", "a:1", "--no-generate", "--rate", "5"]).is_err());
        assert!(Args::try_parse_from(["ctr", "--bootstrap", "a:1", "--no-generate"]).is_ok());
    }

    #[test]
    fn a_reset_takes_the_place_before_and_behind_it() {
        for words in [["ctr", "reset", "--data-dir", "a"], ["ctr", "--data-dir", "a", "reset"]] {
            let args = Args::try_parse_from(words).expect("is complete");
            assert!(matches!(args.command, Some(Command::Reset(_))));
            assert_eq!(args.data_dir, Some("a".into()));
        }
    }

    #[test]
    fn files_need_a_place_for_the_results() {
        assert!(Args::try_parse_from(["ctr", "--input", "a"]).is_err());
        assert!(Args::try_parse_from(["ctr", "--output-dir", "a"]).is_err());
        let args = Args::try_parse_from([
            "ctr",
            "--input",
            "a",
            "--input",
            "b",
            "--output-dir",
            "c",
            "--grace",
            "10s",
        ]);
        let args = args.expect("is complete");
        assert_eq!((args.input.len(), args.grace), (2, Some(Duration::from_secs(10))));
    }
}
