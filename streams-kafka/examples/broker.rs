//! Runs a broker of Apache Kafka for trying things out, until its input ends or a line comes in.
//!
//! `cargo run -p streams-kafka --example broker` prints `host:port`, which tests take as `KAFKA_BOOTSTRAP`. Data go to a
//! temporary folder and are removed at the end.
#![allow(clippy::print_stdout, reason = "it says where the broker is")]

use std::io::{Result, stdin};

use streams_kafka::testing::{Cluster, ClusterOptions};

fn main() -> Result<()> {
    let cluster = Cluster::start(&ClusterOptions::default())?;
    println!("{}", cluster.bootstrap());
    stdin().read_line(&mut String::new())?;
    Ok(())
}
