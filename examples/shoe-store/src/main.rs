//! The queries of the shoe store; see `shoe-store --help`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use shoe_store::queries::{self, Query};
use shoe_store::run::Store;
use streams_core::{Error, ErrorKind, Result};

fn main() -> ExitCode {
    match run(&command().get_matches()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without standard error nobody can be told.
            let _ = writeln!(io::stderr(), "shoe-store: {error}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Command {
    let data = Arg::new("data")
        .long("data")
        .value_name("DIR")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("The folder with shoe_customers_stream, shoe_products_stream and shoe_orders_stream (.csv or .csv.gz)");
    let threads = Arg::new("threads")
        .long("threads")
        .value_name("N")
        .default_value("1")
        .value_parser(value_parser!(u16).range(1..=64))
        .help("Worker threads; answers do not depend on them");
    let output = Arg::new("output-dir")
        .long("output-dir")
        .value_name("DIR")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("Where the CSV files go. Made if it does not exist");
    let all = Command::new("all").about("Runs every query and writes its answer to a CSV file").arg(output);
    let query = |query: &&Query| Command::new(query.name).about(query.about).long_about(long_about(query));
    Command::new("shoe-store")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Queries on the orders, customers and products of a shoe store")
        .long_about(
            "Queries on the orders, customers and products of a shoe store.\n\n\
             Each query is a topology of its own: it reads the topics of the store, or the results of other queries, \
             and writes a topic. The log with the topics is in memory and filled from files, and each query runs to \
             its end; a query by its name prints its answer as CSV.",
        )
        .max_term_width(100)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(all)
        .subcommands(queries::ALL.iter().map(query))
        .mut_subcommands(move |command| command.arg(data.clone()).arg(threads.clone()))
}

fn long_about(query: &Query) -> String {
    let needs: Vec<&str> = query.needs.iter().map(|needed| needed.name).collect();
    let needs = if needs.is_empty() {
        String::new()
    } else {
        format!("\n\nReads the results of: {}.", needs.join(", "))
    };
    format!("{}{needs}\n\n`shoe-store all` writes the answer to {}.", query.about, query.file)
}

fn run(arguments: &ArgMatches) -> Result<()> {
    let Some((name, arguments)) = arguments.subcommand() else { return Ok(()) };
    let folder = |id: &str| arguments.try_get_one::<PathBuf>(id).ok().flatten().cloned().unwrap_or_default();
    let threads = arguments.get_one::<u16>("threads").copied().unwrap_or(1);
    let mut store = Store::open(&folder("data"), usize::from(threads))?;
    if let Some(query) = queries::ALL.iter().find(|query| query.name == name) {
        let answer = store.answer(query)?.to_csv()?;
        return match io::stdout().lock().write_all(&answer) {
            // Who reads has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        };
    }
    let output = folder("output-dir");
    std::fs::create_dir_all(&output).map_err(|e| {
        Error::new(ErrorKind::Io, format!("the folder {} cannot be made", output.display())).caused_by(e)
    })?;
    for query in queries::ALL {
        let answer = store.answer(query)?;
        answer.write(&output.join(query.file))?;
        // The files are there whether or not somebody reads along.
        let _ = writeln!(io::stderr(), "{:>6} rows {}", answer.rows.len(), query.file);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }
}
