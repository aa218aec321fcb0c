//! Every operator with the laws it keeps. A verb of the DSL without an entry here fails `coverage`.

mod aggregates;
mod coverage;
mod grouped_tables;
mod grouping;
mod join_model;
mod optimized;
mod processors;
mod routes;
mod stateless;
mod stream_joins;
mod table_joins;
mod tables;
mod windows;

use std::time::Duration;

use streams_core::Result;
use streams_core::testing::laws::Laws;

/// Cases per law and operator; `STREAMS_LAWS_CASES` multiplies them.
const CASES: u32 = 16;

/// Verbs, as `Type::method`, and the laws of a topology that has them.
pub(crate) struct Operator {
    pub(crate) verbs: &'static [&'static str],
    pub(crate) laws: fn() -> Result<Laws>,
}

/// All of them.
pub(crate) fn all() -> Vec<&'static Operator> {
    let parts = [
        aggregates::OPERATORS,
        grouped_tables::OPERATORS,
        grouping::OPERATORS,
        optimized::OPERATORS,
        processors::OPERATORS,
        routes::OPERATORS,
        stateless::OPERATORS,
        stream_joins::OPERATORS,
        table_joins::OPERATORS,
        tables::OPERATORS,
        windows::OPERATORS,
    ];
    parts.into_iter().flatten().collect()
}

/// Fails with the first law that does not hold.
#[track_caller]
pub(crate) fn keep_their_laws(operators: &[Operator]) {
    for Operator { verbs, laws } in operators {
        let laws = laws().unwrap_or_else(|error| panic!("{verbs:?}: {error}"));
        if let Err(violation) = laws.cases(CASES).check_all() {
            panic!("{}\n\n{violation}", verbs.join(", "));
        }
    }
}

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}
