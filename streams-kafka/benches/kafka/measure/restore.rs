//! W6: a store with no local state is restored from its changelog.

use super::Found;
use crate::child::Program;
use crate::place::Place;
use crate::workloads::Run;
use crate::{Outcome, proc};

pub(super) fn measure(place: &Place, run: &Run, name: &str) -> Outcome<Found> {
    let input = format!("{name}-in");
    place.create(&input)?;
    let pinned = proc::can_pin();
    place.pin_broker(pinned)?;
    let program = Program::start(place, run, name, &input, pinned)?;
    let (_, begun) = program.wait("restoring")?;
    let (restored, running) = program.wait("running")?;
    let memory = proc::peak_memory(program.pid())?;
    let took = running.at.duration_since(program.started).as_secs_f64();
    program.stop()?;
    let expected: u64 = run.inputs.iter().map(|(_, count)| count).sum();
    if restored != expected {
        return Err(format!("{restored} of {expected} records were restored").into());
    }
    let found = Found::between(&begun, &running, restored, memory);
    Ok(Found { what: format!("{}, running after {took:.1} s", found.what), ..found })
}
