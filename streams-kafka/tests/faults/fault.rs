//! What can go wrong, and how to choose it.

use streams_core::runtime::Guarantee;
use streams_core::testing::Random;
use streams_kafka::testing::{Cut, POINTS};

/// One fault, with the process that it strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// `kill -9` when it has processed so many records more.
    Kill { process: usize, records: u64 },
    /// It is started again and ends itself when it passes this instant for the n-th time.
    KillAt { process: usize, point: &'static str, pass: usize },
    /// It is started again and stops itself there, for longer than its session.
    PauseAt { process: usize, point: &'static str, pass: usize },
    /// SIGSTOP for longer than its session.
    Pause { process: usize },
    /// A clean stop, and another start.
    Restart { process: usize },
    /// It reaches no broker for longer than its session and its transaction.
    CutOff { cut: Cut },
    /// `kill -9` of a broker.
    KillBroker(Leader),
    /// SIGSTOP of a broker for a while.
    PauseBroker(Leader),
}

/// Which broker is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leader {
    /// The one that coordinates the group.
    Group,
    /// The one that coordinates the transactions of the first worker of the first process.
    Transactions,
    /// The one that leads this partition of the lines.
    Lines(u32),
}

/// What a fault strikes; one thing is struck once at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Victim {
    Process(usize),
    Broker,
}

/// The process that is behind a lane.
pub(crate) const BEHIND_LANE: usize = 0;

impl Fault {
    pub(crate) fn choose(random: &mut Random, processes: usize, guarantee: Guarantee) -> Fault {
        let process = random.below(processes);
        let exactly_once = guarantee == Guarantee::ExactlyOnce;
        let passed = |point: &&str| match *point {
            "committing" | "committed" => exactly_once,
            "flushed" => !exactly_once,
            // It is not asked to leave.
            "leaving" => false,
            _ => true,
        };
        let points: Vec<&'static str> = POINTS.into_iter().filter(|point| passed(point)).collect();
        let point = random.of(&points);
        let pass = match point {
            "assigned" | "revoked" => 1 + random.below(2),
            _ => 1 + random.below(6),
        };
        match random.below(16) {
            0..=3 => Fault::Kill { process, records: random.below(60) as u64 },
            4..=6 => Fault::KillAt { process, point, pass },
            7 => Fault::PauseAt { process, point, pass },
            8 | 9 => Fault::Pause { process },
            10 => Fault::Restart { process },
            11 => Fault::CutOff { cut: Cut::Close },
            // What was on the way arrives when the lane is healed; only transactions keep it out then.
            12 => Fault::CutOff { cut: if exactly_once { Cut::Stall } else { Cut::Close } },
            13 | 14 => Fault::KillBroker(leader(random)),
            _ => Fault::PauseBroker(leader(random)),
        }
    }

    /// What it is, without whom it strikes and when.
    pub(crate) fn kind(&self) -> String {
        match self {
            Fault::Kill { .. } => "kill".to_owned(),
            Fault::KillAt { point, .. } => format!("kill at {point}"),
            Fault::PauseAt { .. } => "pause at an instant".to_owned(),
            Fault::Pause { .. } => "pause".to_owned(),
            Fault::Restart { .. } => "restart".to_owned(),
            Fault::CutOff { cut } => format!("cut off: {cut:?}"),
            Fault::KillBroker(leader) => format!("kill broker: {}", leader.kind()),
            Fault::PauseBroker(leader) => format!("pause broker: {}", leader.kind()),
        }
    }

    pub(crate) fn victim(&self) -> Victim {
        match self {
            Fault::Kill { process, .. }
            | Fault::KillAt { process, .. }
            | Fault::PauseAt { process, .. }
            | Fault::Pause { process }
            | Fault::Restart { process } => Victim::Process(*process),
            Fault::CutOff { .. } => Victim::Process(BEHIND_LANE),
            Fault::KillBroker(_) | Fault::PauseBroker(_) => Victim::Broker,
        }
    }
}

impl Leader {
    fn kind(&self) -> &'static str {
        match self {
            Leader::Group => "group",
            Leader::Transactions => "transactions",
            Leader::Lines(_) => "lines",
        }
    }
}

fn leader(random: &mut Random) -> Leader {
    match random.below(3) {
        0 => Leader::Group,
        1 => Leader::Transactions,
        _ => Leader::Lines(random.below(4) as u32),
    }
}
