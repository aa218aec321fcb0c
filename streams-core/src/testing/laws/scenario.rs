//! Scenarios: events in an order, with time, commits and crashes. Seeds are what a scenario is made of and shrinks by.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Reason, TestRunner};

use crate::log::partition_for_key;
use crate::testing::TestDriverOptions;
use crate::testing::laws::event::{Draft, Event};

/// What happens behind a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Nothing,
    Commit,
    /// A crash that loses what is not committed; it is processed again and committed.
    Crash,
    /// A commit and then a crash.
    Restart,
}

impl Mark {
    pub(super) const ALL: [Mark; 4] = [Mark::Nothing, Mark::Commit, Mark::Crash, Mark::Restart];
}

/// What a step does.
#[derive(Clone)]
pub(super) enum What {
    Record(Rc<Draft>),
    /// The wall clock moves on, by milliseconds.
    Clock(u64),
}

impl fmt::Debug for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Record(draft) => draft.fmt(f),
            What::Clock(by) => write!(f, "clock +{by}ms"),
        }
    }
}

/// One step as it was drawn: small fields that do not depend on other steps.
#[derive(Debug, Clone)]
pub(super) struct Seed {
    pub(super) what: What,
    /// Time that passes before it.
    pub(super) forward: i64,
    /// How far its own time lies behind.
    pub(super) back: i64,
    /// Partition of a record without a key.
    pub(super) partition: u32,
    pub(super) mark: Mark,
    /// Decides where it goes when events are put into another order.
    pub(super) pick: u32,
}

pub(super) type Tree = Box<dyn ValueTree<Value = What>>;

/// Where steps are drawn from: one input topic, or the wall clock.
pub(super) struct Source {
    pub(super) share: u32,
    pub(super) what: BoxedStrategy<What>,
    pub(super) forward: BoxedStrategy<i64>,
    pub(super) back: BoxedStrategy<i64>,
}

impl Source {
    fn draw(&self, runner: &mut TestRunner) -> Result<(Seed, Tree), Reason> {
        let tree = self.what.new_tree(runner)?;
        let mark = match draw(runner, &(0..10u32))? {
            mark @ 0..4 => Mark::ALL[mark as usize],
            _ => Mark::Nothing,
        };
        let seed = Seed {
            what: tree.current(),
            forward: draw(runner, &self.forward)?,
            back: draw(runner, &self.back)?,
            partition: draw(runner, &(0..64u32))?,
            mark,
            pick: draw(runner, &(0..1u32 << 20))?,
        };
        Ok((seed, tree))
    }
}

fn draw<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> Result<S::Value, Reason> {
    Ok(strategy.new_tree(runner)?.current())
}

/// The steps of one case.
pub(super) struct Drawn {
    pub(super) seeds: Vec<Seed>,
    pub(super) trees: Vec<Tree>,
    pub(super) per_commit: bool,
}

impl Drawn {
    /// Draws up to `longest` steps.
    pub(super) fn new(sources: &[Source], longest: usize, runner: &mut TestRunner) -> Result<Drawn, Reason> {
        let total: u32 = sources.iter().map(|source| source.share).sum();
        let mut drawn =
            Drawn { seeds: Vec::new(), trees: Vec::new(), per_commit: draw(runner, &(0..2u32))? == 1 };
        if total == 0 {
            return Ok(drawn);
        }
        for _ in 0..draw(runner, &(1..=longest.max(1)))? {
            let mut at = draw(runner, &(0..total))?;
            let chosen = sources.iter().find(|source| {
                let here = at < source.share;
                at = at.saturating_sub(source.share);
                here
            });
            let (seed, tree) = chosen.expect("the shares add up to the total").draw(runner)?;
            drawn.seeds.push(seed);
            drawn.trees.push(tree);
        }
        Ok(drawn)
    }
}

/// One step with its absolute time.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) action: Action,
    pub(super) mark: Mark,
    pub(super) pick: u32,
}

#[derive(Debug, Clone)]
pub(super) enum Action {
    Event(Event),
    Clock(Duration),
}

/// What a law is checked on.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) steps: Vec<Step>,
    /// Whether tables forward once per key and commit.
    pub(super) per_commit: bool,
}

impl Scenario {
    pub(super) fn of(seeds: &[Seed], per_commit: bool, options: &TestDriverOptions) -> Scenario {
        let mut now = options.start;
        let step = |seed: &Seed| {
            let action = match &seed.what {
                What::Clock(by) => Action::Clock(Duration::from_millis(*by)),
                What::Record(draft) => {
                    now = now.saturating_add(seed.forward);
                    let count = options.partitions.get(draft.topic).copied();
                    let count = count.unwrap_or(options.default_partitions).max(1);
                    let partition = match &draft.key {
                        Some(key) => partition_for_key(key, count),
                        None => seed.partition % count,
                    };
                    let time = now.saturating_sub(seed.back).max(0);
                    Action::Event(Event { draft: Rc::clone(draft), partition, time })
                }
            };
            Step { action, mark: seed.mark, pick: seed.pick }
        };
        Scenario { steps: seeds.iter().map(step).collect(), per_commit }
    }

    /// The events, in the order they are piped.
    pub(super) fn events(&self) -> Vec<Event> {
        let event = |step: &Step| match &step.action {
            Action::Event(event) => Some(event.clone()),
            Action::Clock(_) => None,
        };
        self.steps.iter().filter_map(event).collect()
    }
}
