//! One run with faults: lines are written, faults begin and end, and the results have to be right.

use std::sync::MutexGuard;
use std::time::{Duration, Instant};

use streams_core::runtime::Guarantee;
use streams_core::testing::Random;
use streams_kafka::GroupProtocol;

use crate::arena::{Arena, TakenLane};
use crate::check::Checker;
use crate::fault::{BEHIND_LANE, Fault, Leader};
use crate::job::{Job, SESSION, TRANSACTION, Writer};
use crate::process::Process;

/// Lines that are written before and after each fault begins.
const LINES: usize = 25;
/// How long to wait for a process to pass an instant at which it is to end; it may have nothing to do there.
const PASSING: Duration = Duration::from_secs(6);

/// What follows from a seed.
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) guarantee: Guarantee,
    pub(crate) protocol: GroupProtocol,
    pub(crate) processes: usize,
    pub(crate) threads: usize,
    /// Faults of each round; those of one round are there at the same time.
    pub(crate) rounds: Vec<Round>,
}

#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) faults: Vec<Fault>,
    /// Whether all results are waited for before the next round.
    pub(crate) settle: bool,
}

impl Plan {
    pub(crate) fn of(seed: u64, faults: usize) -> Plan {
        let mut random = Random::new(seed);
        let guarantee = random.of(&[Guarantee::ExactlyOnce, Guarantee::ExactlyOnce, Guarantee::AtLeastOnce]);
        let protocol = random.of(&[GroupProtocol::Classic, GroupProtocol::Consumer]);
        let (processes, threads) = (2 + random.below(2), 2 + random.below(2));
        let (mut rounds, mut left) = (Vec::new(), faults);
        while left > 0 {
            let mut faults = vec![Fault::choose(&mut random, processes, guarantee)];
            if left > 1 && random.below(2) == 0 {
                let second = Fault::choose(&mut random, processes, guarantee);
                faults.extend((second.victim() != faults[0].victim()).then_some(second));
            }
            left -= faults.len();
            rounds.push(Round { faults, settle: random.below(3) == 0 });
        }
        Plan { seed, guarantee, protocol, processes, threads, rounds }
    }

    /// Runs it; the number of faults that were there.
    pub(crate) fn run(&self, arena: &'static Arena) -> Result<usize, String> {
        let dir = tempfile::tempdir().unwrap();
        let mut job = Job::new(&format!("faults-{}", self.seed));
        (job.guarantee, job.protocol, job.threads) = (self.guarantee, self.protocol, self.threads);
        let bootstrap = arena.cluster.bootstrap();
        let writer = {
            let _all_are_there = arena.brokers();
            Writer::create(&job, bootstrap)
        };
        let lane = arena.lane();
        let mut processes = Vec::new();
        for number in 0..self.processes {
            let through = if number == BEHIND_LANE { lane.bootstrap() } else { bootstrap.to_owned() };
            processes.push(Process::new(&job, &through, dir.path(), number));
        }
        let mut run = Run {
            writer,
            checker: Checker::open(&job, bootstrap),
            began: Instant::now(),
            story: Vec::new(),
            faults: 0,
            processes,
            arena,
            lane,
            job,
        };
        let result = run.all(self);
        if result.is_err() {
            run.processes.iter().for_each(Process::tell_stacks);
        }
        run.lane.heal();
        let complaints: Vec<String> = run
            .processes
            .iter()
            .filter_map(|process| Some(format!("{} says: {}", process.name(), process.complaint()?)))
            .collect();
        let result = match result {
            Ok(()) if complaints.is_empty() => return Ok(run.faults),
            Ok(()) => Err(complaints.join("\n")),
            Err(error) => Err([vec![error], complaints].concat().join("\n")),
        };
        let kept = dir.keep();
        // It helps to understand, and is missed by nobody.
        let _ = std::fs::write(kept.join("results"), run.checker.story());
        result.map_err(|error: String| {
            format!(
                "seed {}: {error}\n{self}\nwhat happened, in seconds:\n{}\nlogs and state are in {}",
                self.seed,
                run.story.join("\n"),
                kept.display()
            )
        })
    }
}

impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Plan { seed, guarantee, protocol, processes, threads, rounds } = self;
        writeln!(
            f,
            "seed {seed}: {guarantee:?}, {protocol:?}, {processes} processes with {threads} threads"
        )?;
        rounds.iter().try_for_each(|round| writeln!(f, "  {round:?}"))
    }
}

/// What has to be ended of a fault.
enum Under {
    Down { process: usize },
    Paused { process: usize, since: Instant, restarts: u64, had_work: bool },
    Cut { since: Instant },
    Broker { index: usize, _turn: MutexGuard<'static, ()> },
    Nothing,
}

struct Run {
    job: Job,
    writer: Writer,
    checker: Checker,
    processes: Vec<Process>,
    arena: &'static Arena,
    lane: TakenLane,
    began: Instant,
    /// What happened when.
    story: Vec<String>,
    faults: usize,
}

impl Run {
    fn all(&mut self, plan: &Plan) -> Result<(), String> {
        self.processes.iter_mut().for_each(|process| process.start(None));
        self.writer.write(LINES);
        for process in &self.processes {
            process.wait_for("running", |status| status.state == "running")?;
        }
        let mut random = Random::new(!plan.seed);
        for round in &plan.rounds {
            let mut under = Vec::new();
            for fault in &round.faults {
                self.writer.write(LINES);
                let begun = self.begin(*fault);
                self.tell(&format!("begun: {fault:?}"));
                self.faults += 1;
                under.push(begun?);
                self.writer.write(LINES);
            }
            if random.below(2) == 0 {
                under.reverse();
            }
            for fault in under {
                self.end(fault)?;
            }
            self.writer.write(LINES);
            if round.settle {
                self.checker.settle(&mut self.writer)?;
                self.tell("settled");
            }
        }
        self.checker.settle(&mut self.writer)?;
        self.checker.end(&self.writer.written)?;
        self.tell("right");
        for process in &mut self.processes {
            process.stop()?;
        }
        Ok(())
    }

    fn tell(&mut self, what: &str) {
        let states: Vec<String> = self
            .processes
            .iter()
            .map(|process| match process.is_running() {
                true => process.status().state,
                false => "down".to_owned(),
            })
            .collect();
        let line = format!("{:7.2} {what}; {}", self.began.elapsed().as_secs_f64(), states.join(", "));
        if std::env::var_os("STREAMS_FAULTS_SHOW").is_some() {
            println!("{}: {line}", self.job.id);
        }
        self.story.push(line);
    }

    fn begin(&mut self, fault: Fault) -> Result<Under, String> {
        match fault {
            Fault::Kill { process, records } => {
                let one = &mut self.processes[process];
                let before = one.status().consumed;
                one.wait_within(PASSING, |status| status.consumed >= before + records);
                one.kill();
                Ok(Under::Down { process })
            }
            Fault::KillAt { process, point, pass } => {
                let one = &mut self.processes[process];
                one.kill();
                one.start(Some(&format!("{point}:{pass}:kill")));
                if one.wait_ended(PASSING).is_none() {
                    one.kill();
                    self.tell("not passed");
                }
                Ok(Under::Down { process })
            }
            Fault::PauseAt { process, point, pass } => {
                let one = &mut self.processes[process];
                one.kill();
                one.start(Some(&format!("{point}:{pass}:stop")));
                let until = Instant::now() + PASSING;
                while !one.is_paused() && Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(10));
                }
                let one = &mut self.processes[process];
                if !one.is_paused() {
                    // It would stop itself there after the pause.
                    one.kill();
                    one.start(None);
                    self.tell("not passed");
                }
                self.pause(process)
            }
            Fault::Pause { process } => self.pause(process),
            Fault::Restart { process } => {
                self.processes[process].stop()?;
                Ok(Under::Down { process })
            }
            Fault::CutOff { cut } => {
                self.lane.cut(cut);
                Ok(Under::Cut { since: Instant::now() })
            }
            Fault::KillBroker(leader) => self.strike(leader, false),
            Fault::PauseBroker(leader) => self.strike(leader, true),
        }
    }

    fn pause(&mut self, process: usize) -> Result<Under, String> {
        let one = &self.processes[process];
        let status = one.status();
        one.signal("-STOP");
        let had_work = status.state == "running" && status.tasks > 0;
        Ok(Under::Paused { process, since: Instant::now(), restarts: status.restarts, had_work })
    }

    fn strike(&mut self, leader: Leader, paused: bool) -> Result<Under, String> {
        let turn = self.arena.brokers();
        let cluster = &self.arena.cluster;
        let found = match leader {
            Leader::Group => cluster.group_coordinator(&self.job.id),
            Leader::Transactions => {
                let path = self.processes[0].state.join(&self.job.id).join("process-id");
                let process = std::fs::read_to_string(path).unwrap_or_default();
                cluster.transaction_coordinator(&format!("{}-{}-1", self.job.id, process.trim()))
            }
            Leader::Lines(partition) => cluster.leader(self.job.lines(), partition),
        };
        let index = found.map_err(|error| error.to_string())?.unwrap_or(0);
        if !paused {
            cluster.kill(index);
            return Ok(Under::Broker { index, _turn: turn });
        }
        cluster.pause(index).map_err(|error| error.to_string())?;
        // Others take over what it leads.
        std::thread::sleep(Duration::from_secs(4));
        cluster.resume(index).map_err(|error| error.to_string())?;
        Ok(Under::Nothing)
    }

    fn end(&mut self, under: Under) -> Result<(), String> {
        match under {
            Under::Down { process } => self.processes[process].start(None),
            Under::Paused { process, since, restarts, had_work } => {
                let one = &self.processes[process];
                // The pause itself is what is tested.
                sleep_until(since + SESSION + Duration::from_secs(2));
                one.signal("-CONT");
                if had_work {
                    // It lost its tasks to others, and got some back by itself.
                    one.wait_for("being fenced", |status| status.restarts > restarts)?;
                }
            }
            Under::Cut { since } => {
                sleep_until(since + SESSION.max(TRANSACTION) + Duration::from_secs(2));
                self.lane.heal();
            }
            Under::Nothing => {}
            Under::Broker { index, _turn } => {
                self.arena.cluster.restart(index).map_err(|error| error.to_string())?;
            }
        }
        self.tell("ended");
        Ok(())
    }
}

fn sleep_until(instant: Instant) {
    std::thread::sleep(instant.saturating_duration_since(Instant::now()));
}
