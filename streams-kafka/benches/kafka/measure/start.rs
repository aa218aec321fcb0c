//! W8: how long it takes from the start of the process to the first result.

use std::sync::Arc;
use std::time::Duration;

use streams_core::ids::TopicPartition;
use streams_core::log::Wakeup;
use streams_core::record::RecordBatch;

use super::Found;
use crate::child::{Program, Snapshot, output_of};
use crate::place::Place;
use crate::workloads::Run;
use crate::{Outcome, proc};

const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn measure(place: &Place, run: &Run, name: &str) -> Outcome<Found> {
    let output = output_of(name);
    place.create(&output)?;
    place.pin_broker(false)?;
    let wakeup = Arc::new(Wakeup::new());
    let mut reader = place.log.open_reader(&TopicPartition::new(&output, 0), 0, &wakeup)?;
    let program = Program::start(place, run, name, run.inputs[0].0.topic(), false)?;
    let mut batch = RecordBatch::new();
    while reader.read(&mut batch, 1)? == 0 {
        if !wakeup.wait(PATIENCE) {
            return Err("no result came".into());
        }
    }
    let first = Snapshot::of(program.pid(), place.broker())?;
    let took = first.at.duration_since(program.started);
    let (_, running) = program.wait("running")?;
    let ready = running.at.duration_since(program.started);
    let memory = proc::peak_memory(program.pid())?;
    program.stop()?;
    let what = format!("first result after {} ms, running after {} ms", took.as_millis(), ready.as_millis());
    Ok(Found { what, cpu: first.cpu * 1e6, memory, ..Found::default() })
}
