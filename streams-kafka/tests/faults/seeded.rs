//! Fixed seeds for every run of the tests, one seed on request, and new ones for as long as is asked for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use streams_core::testing::given_seed;

use crate::arena::Arena;
use crate::scenario::Plan;

/// Scenarios that run at the same time.
const LANES: usize = 3;
/// Faults in each.
const FAULTS: usize = 9;
/// Seeds that cover both guarantees, both protocols, two and three processes, and those that once found something.
const SEEDS: [u64; 6] = [1, 2, 3, 4, 5, 13];

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
    let first = given_seed().unwrap().unwrap_or(now);
    let mut seeds = first..;
    let outcome = run(|| seeds.next().filter(|_| Instant::now() < until));
    let wrong = outcome.wrong.len();
    println!("{} faults in {} scenarios, {wrong} of them wrong", outcome.faults, outcome.scenarios);
    assert!(outcome.wrong.is_empty(), "{}", outcome.wrong.join("\n\n"));
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
