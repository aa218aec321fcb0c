//! Fixed seeds for every run of the tests, one seed on request, and new ones for as long as is asked for.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use streams_core::runtime::Guarantee;
use streams_core::testing::given_seed;
use streams_kafka::GroupProtocol;

use crate::arena::Arena;
use crate::fault::Fault;
use crate::scenario::Plan;

/// Scenarios that run at the same time.
const LANES: usize = 3;
/// Faults in each.
const FAULTS: usize = 9;
/// Seeds of which some once found something, and that together cover everything.
const SEEDS: [u64; 6] = [2, 3, 13, 16, 193, 385];

/// What came of some scenarios.
#[derive(Default)]
struct Outcome {
    faults: usize,
    scenarios: usize,
    wrong: Vec<String>,
}

#[test]
fn faults_lose_and_repeat_nothing() {
    let given = given_seed().unwrap();
    let mut seeds = given.map_or(SEEDS.to_vec(), |seed| vec![seed]).into_iter();
    let outcome = run(|| seeds.next());
    println!("{} faults in {} scenarios", outcome.faults, outcome.scenarios);
    assert!(outcome.wrong.is_empty(), "{}", outcome.wrong.join("\n\n"));
    assert!(given.is_some() || outcome.faults >= 50, "only {} faults were injected", outcome.faults);
}

#[test]
#[ignore = "goes on for STREAMS_SOAK_MINUTES; see scripts/kafka/soak.sh"]
fn soak() {
    let minutes: u64 = std::env::var("STREAMS_SOAK_MINUTES").map_or(10, |minutes| minutes.parse().unwrap());
    let until = Instant::now() + Duration::from_secs(minutes * 60);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let mut seeds = given_seed().unwrap().unwrap_or(now)..;
    let outcome = run(|| seeds.next().filter(|_| Instant::now() < until));
    let wrong = outcome.wrong.len();
    println!("{} faults in {} scenarios, {wrong} of them wrong", outcome.faults, outcome.scenarios);
    assert!(outcome.wrong.is_empty(), "{}", outcome.wrong.join("\n\n"));
}

#[test]
fn the_seeds_cover_every_kind_of_fault_with_both_guarantees_and_protocols() {
    let plans = SEEDS.map(|seed| Plan::of(seed, FAULTS));
    let faults = || plans.iter().flat_map(|plan| &plan.rounds).flat_map(|round| &round.faults);
    let kinds: BTreeSet<String> = faults().map(Fault::kind).collect();
    let all = [
        "cut off: Close",
        "cut off: Stall",
        "kill",
        "kill at adding-positions",
        "kill at assigned",
        "kill at committed",
        "kill at committing",
        "kill at flushed",
        "kill at restoring",
        "kill at revoked",
        "kill broker: group",
        "kill broker: lines",
        "kill broker: transactions",
        "pause",
        "pause at an instant",
        "pause broker: group",
        "pause broker: lines",
        "pause broker: transactions",
        "restart",
    ];
    assert_eq!(kinds.iter().collect::<Vec<_>>(), all);
    assert!(faults().count() >= 50, "only {} faults", faults().count());
    assert!(
        plans.iter().any(|plan| plan.rounds.iter().any(|round| round.faults.len() == 2)),
        "never two at once"
    );
    for guarantee in [Guarantee::ExactlyOnce, Guarantee::AtLeastOnce] {
        for protocol in [GroupProtocol::Classic, GroupProtocol::Consumer] {
            let so = |plan: &Plan| plan.guarantee == guarantee && plan.protocol == protocol;
            assert!(plans.iter().any(so), "{guarantee:?} with {protocol:?}");
        }
    }
    for count in [2, 3] {
        assert!(plans.iter().any(|plan| plan.processes == count), "{count} processes");
        assert!(plans.iter().any(|plan| plan.threads == count), "{count} threads");
    }
}

/// Runs scenarios of these seeds, some at the same time.
fn run(seeds: impl FnMut() -> Option<u64> + Send) -> Outcome {
    let _alone = Arena::alone();
    let arena = Arena::shared();
    let (seeds, outcome) = (Mutex::new(seeds), Mutex::new(Outcome::default()));
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                loop {
                    let seed = (seeds.lock().unwrap())();
                    let Some(seed) = seed else { return };
                    let (plan, began) = (Plan::of(seed, FAULTS), Instant::now());
                    let ran = catch_unwind(AssertUnwindSafe(|| plan.run(arena)));
                    let ran = ran.unwrap_or_else(|_| Err(format!("the test panicked, see above\n{plan}")));
                    let mut outcome = outcome.lock().unwrap();
                    outcome.scenarios += 1;
                    match ran {
                        Ok(faults) => {
                            outcome.faults += faults;
                            println!("seed {seed}: {faults} faults in {:.0?}", began.elapsed());
                        }
                        Err(error) => {
                            println!("VIOLATION: {error}");
                            outcome.wrong.push(error);
                        }
                    }
                }
            });
        }
    });
    outcome.into_inner().unwrap()
}
