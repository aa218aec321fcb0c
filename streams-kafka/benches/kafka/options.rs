//! The arguments of the benchmark.

use crate::Outcome;
use crate::workloads::{NAMES, Peer};

pub(crate) struct Options {
    pub(crate) workloads: Vec<&'static str>,
    pub(crate) peers: Vec<Peer>,
    /// Share of the full numbers of records.
    pub(crate) scale: f64,
    pub(crate) repetitions: usize,
    /// At-least-once too.
    pub(crate) at_least_once: bool,
    pub(crate) write: bool,
    pub(crate) smoke: bool,
}

impl Options {
    /// `None` if nothing is to be measured.
    pub(crate) fn parse(arguments: &[String]) -> Outcome<Option<Self>> {
        let mut options = Options {
            workloads: Vec::new(),
            peers: vec![Peer::Java, Peer::Bare, Peer::Ours],
            scale: 0.5,
            repetitions: 1,
            at_least_once: false,
            write: false,
            smoke: false,
        };
        let mut bench = false;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--bench" => bench = true,
                "--write" => options.write = true,
                "--alos" => options.at_least_once = true,
                "--smoke" => options.smoke = true,
                "--scale" => options.scale = value()?.parse()?,
                "--reps" => options.repetitions = value()?.parse::<usize>()?.max(1),
                "--peers" => {
                    let peer = |name: &str| match name {
                        "ours" => Ok(Peer::Ours),
                        "bare" => Ok(Peer::Bare),
                        "java" => Ok(Peer::Java),
                        _ => Err(format!("there is no peer {name}: ours, bare, java")),
                    };
                    options.peers = value()?.split(',').map(peer).collect::<Result<_, _>>()?;
                }
                name => match NAMES.iter().find(|known| **known == name) {
                    Some(known) => options.workloads.push(known),
                    None => {
                        return Err(format!("{name} is neither a workload ({NAMES:?}) nor an option").into());
                    }
                },
            }
        }
        if options.workloads.is_empty() {
            options.workloads = NAMES.to_vec();
        }
        if options.smoke {
            options.scale = 0.005;
        }
        Ok((bench || options.smoke).then_some(options))
    }
}
