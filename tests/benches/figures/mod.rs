//! All benchmarks by name.

mod avro;
mod build;
mod compile;
mod ctr;
mod hop;
mod log;
mod restore;
mod store;
mod window;

use crate::harness::{Outcome, Settings};
use crate::table::Figure;

/// Figures that are measured together.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    /// Whether it runs with tiny sizes too; not if it builds packages.
    pub(crate) in_quick: bool,
    pub(crate) measure: fn(&Settings) -> Outcome<Vec<Figure>>,
}

/// In the order of the table.
pub(crate) const ALL: &[Group] = &[
    Group { name: "hop", in_quick: true, measure: hop::measure },
    Group { name: "window", in_quick: true, measure: window::measure },
    Group { name: "ctr", in_quick: true, measure: ctr::measure },
    Group { name: "store", in_quick: true, measure: store::measure },
    Group { name: "log", in_quick: true, measure: log::measure },
    Group { name: "avro", in_quick: true, measure: avro::measure },
    Group { name: "restore", in_quick: true, measure: restore::measure },
    Group { name: "compile", in_quick: false, measure: compile::measure },
    Group { name: "build", in_quick: false, measure: build::measure },
];

/// What this program does as a child of its own, where memory is to be measured apart.
pub(crate) fn child(arguments: &[String]) -> Outcome<()> {
    match arguments {
        [name, rest @ ..] if name == "restore" => restore::child(rest),
        _ => Err(format!("no child is called {arguments:?}").into()),
    }
}
