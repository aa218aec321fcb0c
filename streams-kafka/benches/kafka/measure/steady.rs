//! W1 to W5: from the record at which it is warm to the last one.

use super::Found;
use crate::child::{Program, output_of};
use crate::place::Place;
use crate::workloads::Run;
use crate::{Outcome, check, proc};

pub(super) fn measure(place: &Place, run: &Run, name: &str) -> Outcome<Found> {
    let output = output_of(name);
    place.create(&output)?;
    let pinned = proc::can_pin();
    place.pin_broker(pinned)?;
    let input: Vec<&str> = run.inputs.iter().map(|(data, _)| data.topic()).collect();
    let program = Program::start(place, run, name, &input.join(","), pinned)?;
    program.wait("running")?;
    let (first, warm) = program.wait("warm")?;
    let (last, done) = program.wait("done")?;
    let memory = proc::peak_memory(program.pid())?;
    program.stop()?;
    check::check(&*place.log, run, name, input[0], &output)?;
    Ok(Found::between(&warm, &done, last - first, memory))
}
