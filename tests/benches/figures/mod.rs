//! All benchmarks by name.

mod avro;
mod build;
mod compile;
mod ctr;
mod hop;
mod join;
mod log;
mod restore;
mod store;
mod window;

use crate::harness::{Outcome, Settings};
use crate::table::Figure;

/// Figures that are measured together.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    /// The section of the page that its figures stand in.
    pub(crate) section: &'static str,
    /// Whether it runs with tiny sizes too; not if it builds packages.
    pub(crate) in_quick: bool,
    pub(crate) measure: fn(&Settings) -> Outcome<Vec<Figure>>,
}

const ALL_FIGURES: &str = "figures";
const AVRO: &str = "avro";
const JOINS: &str = "joins";

/// In the order of the table.
pub(crate) const ALL: &[Group] = &[
    Group { name: "hop", section: ALL_FIGURES, in_quick: true, measure: hop::measure },
    Group { name: "window", section: ALL_FIGURES, in_quick: true, measure: window::measure },
    Group { name: "ctr", section: ALL_FIGURES, in_quick: true, measure: ctr::measure },
    Group { name: "store", section: ALL_FIGURES, in_quick: true, measure: store::measure },
    Group { name: "log", section: ALL_FIGURES, in_quick: true, measure: log::measure },
    Group { name: "restore", section: ALL_FIGURES, in_quick: true, measure: restore::measure },
    Group { name: "compile", section: ALL_FIGURES, in_quick: false, measure: compile::measure },
    Group { name: "build", section: ALL_FIGURES, in_quick: false, measure: build::measure },
    Group { name: "avro", section: AVRO, in_quick: true, measure: avro::measure },
    Group { name: "join", section: JOINS, in_quick: true, measure: join::measure },
    Group { name: "join-curves", section: JOINS, in_quick: true, measure: join::curves },
];

/// What this program does as a child of its own, where memory is to be measured apart.
pub(crate) fn child(arguments: &[String]) -> Outcome<()> {
    match arguments {
        [name, rest @ ..] if name == "restore" => restore::child(rest),
        _ => Err(format!("no child is called {arguments:?}").into()),
    }
}
