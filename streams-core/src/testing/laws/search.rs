//! Looking for a case that breaks a law: how many, from which seed, and shrinking the one that is found.

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::testing::laws::Violation;
use crate::testing::laws::compare::Broken;
use crate::testing::laws::panics::caught;
use crate::testing::laws::scenario::{Drawn, Scenario, Source};
use crate::testing::laws::shrink::shrink;
use crate::testing::{Random, TestDriverOptions, given_seed};

/// The environment variable with the factor for the number of cases.
const CASES: &str = "STREAMS_LAWS_CASES";

/// Which cases are run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cases {
    pub(super) count: u32,
    pub(super) longest: usize,
    /// Only the case of this seed.
    pub(super) seed: Option<u64>,
}

/// How many cases are run where `count` are meant; `Err` is why the factor cannot be read.
pub(super) fn count_of(count: u32) -> Result<u32, String> {
    match std::env::var(CASES) {
        Ok(text) => text
            .parse()
            .map(|factor: u32| count.saturating_mul(factor.max(1)))
            .map_err(|_| format!("{CASES} is `{text}`: give the factor for the number of cases")),
        Err(_) => Ok(count),
    }
}

/// A generator of random numbers for one case.
pub(super) fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// The seeds of the cases to run.
pub(super) fn seeds(count: u32, only: Option<u64>) -> Result<Vec<u64>, String> {
    if let Some(seed) = given_seed()?.or(only) {
        return Ok(vec![seed]);
    }
    let first = {
        use std::hash::{BuildHasher, Hasher};
        std::hash::RandomState::new().build_hasher().finish()
    };
    Ok((0..u64::from(count_of(count)?)).map(|case| Random::spread(first.wrapping_add(case))).collect())
}

/// Runs cases until one breaks the law, and shrinks that one.
pub(super) fn search(
    name: &str,
    cases: Cases,
    sources: &[Source],
    options: &TestDriverOptions,
    law: &dyn Fn(&Scenario) -> Result<(), Broken>,
) -> Result<(), Violation> {
    let unchecked = |seed, why: &str| Violation::unchecked(name, seed, why);
    if sources.is_empty() {
        return Err(unchecked(0, "it has no input: name one with `input`"));
    }
    for seed in seeds(cases.count, cases.seed).map_err(|why| unchecked(0, &why))? {
        let drawn = Drawn::new(sources, cases.longest, &mut runner(seed))
            .map_err(|reason| unchecked(seed, &format!("a strategy gives no values: {reason}")))?;
        let scenario = Scenario::of(&drawn.seeds, drawn.per_commit, options);
        let Err(broken) = check(law, &scenario) else { continue };
        let steps = drawn.seeds.len();
        let shrunk = shrink(drawn, broken, |seeds, per_commit| {
            check(law, &Scenario::of(seeds, per_commit, options)).err()
        });
        let scenario = Scenario::of(&shrunk.seeds, shrunk.per_commit, options);
        return Err(Violation::new(name, seed, steps, &scenario, &shrunk.broken));
    }
    Ok(())
}

/// Checks a law; user code that panics breaks it.
fn check(law: &dyn Fn(&Scenario) -> Result<(), Broken>, scenario: &Scenario) -> Result<(), Broken> {
    caught(|| law(scenario)).unwrap_or_else(|panic| Err(Broken(panic)))
}
