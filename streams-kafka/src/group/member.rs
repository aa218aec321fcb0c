//! A member's handle on its group.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::Offset as ListOffset;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{
    Committed, GroupEvent, GroupMember, GroupMetadata, GroupOptions, PartitionReader, Wakeup,
};
use streams_core::{Error, ErrorKind, Result};

use super::callbacks::{Callbacks, Change};
use super::client::GroupClient;
use super::families::Families;
use super::members::Membership;
use super::strangers;
use crate::config::GroupProtocol;
use crate::error::{client_failed, kind};
use crate::ffi::{self, Handle};
use crate::log::Shared;
use crate::points;

/// A member without a session timeout of its own.
const DEFAULT_SESSION: Duration = Duration::from_secs(45);
/// How long leaving may take before the group is left to find out by itself.
const LEAVING: Duration = Duration::from_secs(10);
/// Pause before joining again with a name that the broker refused.
const REFUSED: Duration = Duration::from_millis(500);
/// Clients that may give up in a row.
const CLIENTS: usize = 5;
/// Tries of a commit that a rebalance among others keeps from being taken.
const COMMITS: usize = 5;

pub(crate) struct Member {
    options: GroupOptions,
    families: Families,
    /// What range gave; with the owned partitions of led topics it is not the same.
    assigned: BTreeSet<TopicPartition>,
    /// Told and not yet acknowledged.
    revoking: Vec<TopicPartition>,
    /// With the classic protocol: what was owned before everything was handed out anew, and the generation it was of.
    suspended: Option<(BTreeSet<TopicPartition>, i32)>,
    /// What the client is to give up once the revocation is acknowledged.
    handing_over: Option<Vec<TopicPartition>>,
    events: VecDeque<GroupEvent>,
    /// Times that the client gave up since partitions were assigned.
    given_up: usize,
    membership: Arc<Membership>,
    /// `None` after leaving.
    consumer: Option<Arc<GroupClient>>,
    shared: Arc<Shared>,
    wakeup: Arc<Wakeup>,
    joined: Instant,
    /// When to join again, after the broker refused a name that it takes for alive.
    again: Option<Instant>,
}

impl Member {
    pub(crate) fn join(shared: &Arc<Shared>, options: GroupOptions, wakeup: &Arc<Wakeup>) -> Result<Self> {
        let mut counts = BTreeMap::new();
        for topic in topics(&options) {
            if let Some(found) = shared.admin.describe(topic)? {
                counts.insert(topic.to_owned(), found.partitions);
            }
        }
        let (consumer, membership) = client(shared, &options, wakeup)?;
        shared.members.add(&membership);
        Ok(Member {
            families: Families::of(&options.subscription, &counts),
            options,
            assigned: BTreeSet::new(),
            revoking: Vec::new(),
            suspended: None,
            handing_over: None,
            events: VecDeque::new(),
            given_up: 0,
            membership,
            consumer: Some(consumer),
            shared: Arc::clone(shared),
            wakeup: Arc::clone(wakeup),
            joined: Instant::now(),
            again: None,
        })
    }

    /// With the consumer protocol the broker refuses a static member while it takes one of the same name for alive,
    /// as after a crash; until that one's session is over, joining is tried again. Whether that is so.
    fn is_too_early(&self, error: &KafkaError) -> bool {
        let unreleased = error.rdkafka_error_code() == Some(Code::UnreleasedInstanceId);
        unreleased && self.joined.elapsed() < session(&self.options) * 2
    }

    /// Another client in place of one that was refused or has given up.
    fn renew(&mut self) -> Result<()> {
        let handing_over = self.handing_over.take();
        self.shared.members.remove(&self.membership);
        let (consumer, membership) = client(&self.shared, &self.options, &self.wakeup)?;
        self.shared.members.add(&membership);
        self.membership = membership;
        if let Some(old) = self.consumer.replace(consumer) {
            settle(&old, self.is_incremental(), handing_over);
        }
        Ok(())
    }

    fn consumer(&self) -> Result<&Arc<GroupClient>> {
        self.consumer.as_ref().ok_or_else(|| {
            let message = format!("{} has left group {}", self.options.member_name, self.options.group);
            Error::new(ErrorKind::Closed, message)
        })
    }

    fn failed(&self, what: &str, error: &KafkaError) -> Error {
        client_failed(format!("{} of group {}: {what}", self.options.member_name, self.options.group), error)
    }

    fn is_incremental(&self) -> bool {
        self.shared.config.group_protocol == GroupProtocol::Consumer
    }

    /// The application has finished with what was revoked: others may have it.
    fn hand_over(&mut self) -> Result<()> {
        if self.handing_over.is_some() {
            points::pass("revoked");
        }
        for partition in std::mem::take(&mut self.revoking) {
            self.owned().remove(&partition);
        }
        if let Some(partitions) = self.handing_over.take() {
            self.unassign(&partitions)?;
        }
        Ok(())
    }

    fn unassign(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        self.assigned.retain(|partition| !partitions.contains(partition));
        let result = if self.is_incremental() {
            self.consumer()?.incremental_unassign(&list(partitions))
        } else {
            self.consumer()?.unassign()
        };
        result.map_err(|e| self.failed(&format!("giving up {}", named(partitions)), &e))
    }

    /// Follows a change that the client told.
    fn follow(&mut self, change: Change) -> Result<()> {
        match change {
            Change::Assign(partitions) => {
                let (consumer, list) = (self.consumer()?, list(&partitions));
                let assigned = if self.is_incremental() {
                    consumer.incremental_assign(&list)
                } else {
                    consumer.assign(&list)
                };
                // Records are fetched by the readers.
                let paused = assigned.and_then(|()| consumer.pause(&list));
                paused.map_err(|e| self.failed(&format!("taking over {}", named(&partitions)), &e))?;
                self.given_up = 0;
                self.assigned.extend(partitions);
                self.tell_assigned();
            }
            Change::Revoke { partitions, lost: false } if !self.is_incremental() => {
                let owned = self.owned().clone();
                let told: Vec<_> = owned.iter().cloned().collect();
                self.suspended = Some((owned, self.metadata().generation));
                self.revoking.clone_from(&told);
                self.handing_over = Some(partitions);
                if told.is_empty() {
                    self.hand_over()?;
                }
                self.tell(GroupEvent::Suspended, told);
            }
            Change::Revoke { partitions, lost } => {
                let left: Vec<_> =
                    self.assigned.iter().filter(|p| !partitions.contains(p)).cloned().collect();
                let stays = self.families.owned(&left);
                let goes: Vec<TopicPartition> =
                    self.owned().iter().filter(|p| !stays.contains(p)).cloned().collect();
                if lost {
                    self.shared.members.lose(&self.options.group);
                    self.suspended = None;
                    self.owned().retain(|partition| stays.contains(partition));
                    self.unassign(&partitions)?;
                    self.tell(GroupEvent::Lost, goes);
                } else {
                    self.revoking.clone_from(&goes);
                    self.handing_over = Some(partitions);
                    if goes.is_empty() {
                        self.hand_over()?;
                    }
                    self.tell(GroupEvent::Revoked, goes);
                }
            }
        }
        Ok(())
    }

    fn tell_assigned(&mut self) {
        points::pass("assigned");
        let assigned: Vec<_> = self.assigned.iter().cloned().collect();
        let mut new = self.families.owned(&assigned);
        if let Some((suspended, generation)) = self.suspended.take() {
            let gone = suspended.iter().filter(|p| !new.contains(p)).cloned().collect();
            if self.metadata().generation == generation + 1 {
                self.tell(GroupEvent::Revoked, gone);
            } else {
                // In a generation that this member has missed, others may have gone on with all of them.
                self.shared.members.lose(&self.options.group);
                self.tell(GroupEvent::Lost, suspended.into_iter().collect());
            }
        }
        let mut owned = self.owned();
        new.retain(|partition| owned.insert(partition.clone()));
        drop(owned);
        self.tell(GroupEvent::Assigned, new);
    }

    fn tell(&mut self, event: fn(Vec<TopicPartition>) -> GroupEvent, partitions: Vec<TopicPartition>) {
        if !partitions.is_empty() {
            self.events.push_back(event(partitions));
        }
    }

    fn owned(&self) -> std::sync::MutexGuard<'_, BTreeSet<TopicPartition>> {
        self.membership.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows an error of the client. What it does not get over by itself is got over by a new one, unless it would
    /// be refused again.
    fn judge(&mut self, error: &KafkaError) -> Result<()> {
        let code = error.rdkafka_error_code();
        if code == Some(Code::InconsistentGroupProtocol) {
            return Err(strangers::refused(&self.options.group, &error.to_string()));
        }
        if let Some(Code::FencedInstanceId | Code::UnreleasedInstanceId) = code {
            let Member { options: GroupOptions { group, member_name, .. }, .. } = self;
            let message = format!(
                "group {group} has another member of the name {member_name}: with static membership every process needs \
                 a `process-id` of its own, which a copied state directory has not"
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        let fatal = matches!(error, KafkaError::MessageConsumptionFatal(_));
        // A broker that dies in the middle of authenticating is told as a refusal; real ones were met before joining.
        let passing = |code| matches!(code, Code::Authentication | Code::SSL);
        let hopeless = code.is_some_and(|code| kind(code) == ErrorKind::Config && !passing(code));
        if hopeless || (fatal && self.given_up == CLIENTS) {
            return Err(self.failed("the group refuses it", error));
        }
        if fatal {
            return self.rejoin(error);
        }
        tracing::debug!(group = %self.options.group, %error, "while polling the group");
        Ok(())
    }

    /// Joins with a new client. librdkafka 2.12 gives up where, with the consumer protocol, a member that was fenced
    /// asks to come back in a way that the broker does not take (`InvalidRequest`).
    fn rejoin(&mut self, error: &KafkaError) -> Result<()> {
        tracing::warn!(group = %self.options.group, %error, "the client has given up: joining with a new one");
        self.given_up += 1;
        self.shared.members.lose(&self.options.group);
        let lost: Vec<_> = std::mem::take(&mut *self.owned()).into_iter().collect();
        self.forget_told();
        self.tell(GroupEvent::Lost, lost);
        self.again = Some(Instant::now());
        Ok(())
    }

    /// Forgets what the client has told.
    fn forget_told(&mut self) {
        self.events.clear();
        self.suspended = None;
        self.revoking.clear();
        self.assigned.clear();
    }
}

impl GroupMember for Member {
    fn poll(&mut self) -> Result<Option<GroupEvent>> {
        self.consumer()?;
        if let Some(again) = self.again {
            // What was lost is told before brokers are asked, which may be away.
            if !self.events.is_empty() || Instant::now() < again {
                return Ok(self.events.pop_front());
            }
            self.again = None;
            match self.renew() {
                Err(error) if error.kind() == ErrorKind::Timeout => {
                    tracing::warn!(group = %self.options.group, %error, "joining again later");
                    self.again = Some(Instant::now() + REFUSED);
                    return Ok(None);
                }
                renewed => renewed?,
            }
        }
        if self.events.is_empty() {
            self.hand_over()?;
        }
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            let consumer = Arc::clone(self.consumer()?);
            let polled = consumer.poll(Duration::ZERO);
            if let Some(Err(error)) = &polled {
                if self.is_too_early(error) {
                    tracing::warn!(group = %self.options.group, name = %self.options.member_name, %error, "joining again");
                    self.again = Some(Instant::now() + REFUSED);
                    return Ok(None);
                }
                self.judge(error)?;
            }
            match consumer.context().take() {
                Some(change) => self.follow(change)?,
                None if polled.is_none() => return Ok(None),
                None => {}
            }
        }
    }

    fn metadata(&self) -> GroupMetadata {
        let known = self.consumer.as_ref().and_then(|_| ffi::group_metadata(&self.membership.client));
        known.unwrap_or_else(|| GroupMetadata {
            group: self.options.group.clone(),
            member: String::new(),
            generation: -1,
        })
    }

    fn reader(
        &mut self,
        partition: &TopicPartition,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Box<dyn PartitionReader>> {
        self.consumer()?;
        self.membership.check(&self.options.member_name, std::iter::once(partition))?;
        Ok(Box::new(self.shared.readers.open(partition, from, wakeup)?))
    }

    fn commit(&mut self, offsets: &[(TopicPartition, Committed)]) -> Result<()> {
        points::pass("adding-positions");
        let consumer = self.consumer()?;
        let partitions = || offsets.iter().map(|(partition, _)| partition);
        let list = ffi::offsets(offsets);
        for round in 1.. {
            self.membership.check(&self.options.member_name, partitions())?;
            let Err(error) = consumer.commit(&list, CommitMode::Sync) else { break };
            // The epoch changed while the request was under way.
            let stale = error.rdkafka_error_code() == Some(Code::StaleMemberEpoch);
            if !stale || round == COMMITS {
                let places: Vec<_> =
                    offsets.iter().map(|(p, committed)| format!("{p}@{}", committed.offset)).collect();
                return Err(self.failed(&format!("committing {}", places.join(" ")), &error));
            }
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<()> {
        let Some(consumer) = self.consumer.take() else { return Ok(()) };
        points::pass("leaving");
        self.forget_told();
        self.owned().clear();
        self.shared.members.remove(&self.membership);
        settle(&consumer, self.is_incremental(), self.handing_over.take());
        match consumer.close_queue() {
            // A client that has given up is no member any more.
            Err(error) if ffi::has_given_up(&self.membership.client) => {
                tracing::debug!(group = %self.options.group, %error, "leaving");
                return Ok(());
            }
            other => other.map_err(|e| self.failed("leaving", &e))?,
        }
        let until = Instant::now() + LEAVING;
        while !consumer.closed() && Instant::now() < until {
            consumer.poll(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // The client leaves the group when it goes; nothing of it may be waited for then.
        if let Some(consumer) = &self.consumer {
            settle(consumer, self.is_incremental(), self.handing_over.take());
        }
    }
}

/// How long a member may be silent.
fn session(options: &GroupOptions) -> Duration {
    if options.session_timeout.is_zero() { DEFAULT_SESSION } else { options.session_timeout }
}

/// Answers what the client waits for an answer to: until then it would not close.
fn settle(consumer: &BaseConsumer<Callbacks>, incremental: bool, handing_over: Option<Vec<TopicPartition>>) {
    consumer.context().close();
    let mut settled = match handing_over {
        _ if !incremental => consumer.unassign(),
        Some(partitions) => consumer.incremental_unassign(&list(&partitions)),
        None => Ok(()),
    };
    while let Some(change) = consumer.context().take() {
        settled = settled.and(match change {
            _ if !incremental => consumer.unassign(),
            Change::Assign(partitions) => consumer.incremental_assign(&list(&partitions)),
            Change::Revoke { partitions, .. } => consumer.incremental_unassign(&list(&partitions)),
        });
    }
    if let Err(error) = settled {
        tracing::debug!(%error, "while leaving a group");
    }
}

/// A client that is about to join, and what it will own.
fn client(
    shared: &Arc<Shared>,
    options: &GroupOptions,
    wakeup: &Arc<Wakeup>,
) -> Result<(Arc<GroupClient>, Arc<Membership>)> {
    let failed = |error: &KafkaError| client_failed(format!("joining group {}", options.group), error);
    let config = shared.config.for_member(&options.group, &options.member_name, session(options));
    let mut consumer: BaseConsumer<Callbacks> = config
        .create_with_context(Callbacks::new(shared.config.group_protocol))
        .map_err(|error| failed(&error))?;
    if shared.config.group_protocol == GroupProtocol::Consumer {
        strangers::check(shared, &consumer, &options.group)?;
    }
    let bell = Arc::clone(wakeup);
    consumer.set_nonempty_callback(move || bell.ring());
    let topics: Vec<&str> = topics(options).into_iter().collect();
    consumer.subscribe(&topics).map_err(|error| failed(&error))?;
    let consumer = Arc::new(GroupClient::new(consumer));
    let client: Handle = consumer.clone();
    let membership = Membership { group: options.group.clone(), client, owned: Mutex::default() };
    Ok((consumer, Arc::new(membership)))
}

fn topics(options: &GroupOptions) -> BTreeSet<&str> {
    options.subscription.iter().flatten().map(String::as_str).collect()
}

/// Partitions for messages.
fn named(partitions: &[TopicPartition]) -> String {
    partitions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// A list of partitions for the client, which does not read them.
fn list(partitions: &[TopicPartition]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        // A position of its own spares the client a lookup; it is never used.
        let _ = list
            .add_partition(&partition.topic, partition.partition as i32)
            .set_offset(ListOffset::Offset(0));
    }
    list
}
