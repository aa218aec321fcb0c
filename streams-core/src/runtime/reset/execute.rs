//! The steps of a reset, each of which may be the last one of a process and the first one of the next.

use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::ids::TopicPartition;
use crate::log::{Committed, Wakeup};
use crate::runtime::reset::{MARK, ResetPlan, state};

/// How long a topic may take to go.
const GOING: Duration = Duration::from_secs(30);

pub(super) fn execute(plan: &ResetPlan, step: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
    step("looking for members of the group")?;
    no_members(plan)?;
    let held = state::hold(plan)?;
    step("marking the positions")?;
    positions(plan, MARK)?;
    if !plan.topics.is_empty() {
        step("removing the positions in internal topics")?;
        forget(plan)?;
    }
    for (topic, _) in &plan.topics {
        step(&format!("deleting topic {topic}"))?;
        delete(plan, topic)?;
    }
    if let Some(dir) = &plan.state {
        step(&format!("removing local state in {}", dir.display()))?;
        state::remove(dir, held)?;
    }
    step("setting the positions")?;
    positions(plan, "")
}

fn no_members(plan: &ResetPlan) -> Result<()> {
    let group = &plan.config.application_id;
    let members = plan.log.group_members(group)?;
    if members.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = members
        .iter()
        .map(|member| match &member.host {
            Some(host) => format!("{} ({}, at {host})", member.name, member.id),
            None => format!("{} ({})", member.name, member.id),
        })
        .collect();
    let message = format!(
        "application `{group}` is running, nothing was reset: stop it everywhere; one that was killed counts until its \
         session timeout is over. Members: {}",
        names.join(", ")
    );
    Err(Error::new(ErrorKind::Fenced, message))
}

/// Sets all positions at once.
fn positions(plan: &ResetPlan, metadata: &str) -> Result<()> {
    let committed = |offset| Some(Committed { offset, metadata: metadata.to_owned() });
    let offsets: Vec<_> =
        plan.positions.iter().map(|position| (position.partition.clone(), committed(position.to))).collect();
    if offsets.is_empty() {
        return Ok(());
    }
    plan.log.alter_committed(&plan.config.application_id, &offsets)
}

/// A topic that is created again must not be read from where the old one was left.
fn forget(plan: &ResetPlan) -> Result<()> {
    let of = |(topic, count): &(String, u32)| {
        let partition = |number| (TopicPartition::new(topic.clone(), number), None);
        (0..*count).map(partition).collect::<Vec<_>>()
    };
    let offsets: Vec<_> = plan.topics.iter().flat_map(of).collect();
    match plan.log.alter_committed(&plan.config.application_id, &offsets) {
        // Deleted meanwhile, and its positions with it.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Deletes a topic and waits until it is gone, so that a start that follows does not find it.
fn delete(plan: &ResetPlan, topic: &str) -> Result<()> {
    match plan.log.delete_topics(&[topic]) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let (until, pause) = (Instant::now() + GOING, Wakeup::new());
    while plan.log.describe_topic(topic)?.is_some() {
        if Instant::now() > until {
            let message = format!("topic {topic} was deleted and is still there; run the reset again");
            return Err(Error::new(ErrorKind::Timeout, message));
        }
        pause.wait(Duration::from_millis(20));
    }
    Ok(())
}
