//! Making a task and running it record by record.

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use crate::error::Result;
use crate::ids::{NodeId, Offset, StoreId, TaskId, TopicPartition};
use crate::log::Committed;
use crate::operators::policies::ErrorPolicies;
use crate::operators::port::exclusive;
use crate::operators::process::{PunctuationType, Punctuations};
use crate::operators::{
    DropCounts, Outputs, Scratch, TaskContext, TaskNode, TopicCounts, TopicTable, Whereabouts,
};
use crate::record::RecordBatch;
use crate::state::{Engine, MemoryBudget, TaskState};
use crate::task::Progress;
use crate::task::aligned::AlignedTime;
use crate::task::changelog::ChangelogOf;
use crate::task::queue::InputQueue;
use crate::time::{StreamTime, Timestamp, UNKNOWN};
use crate::topology::{Topology, Wirer};

/// What a task is given by whoever runs it.
pub(crate) struct TaskEnv {
    pub(crate) application_id: Arc<str>,
    pub(crate) policies: ErrorPolicies,
    /// Whether results of cached stores are forwarded once per commit.
    pub(crate) forward_per_commit: bool,
    pub(crate) counts: TopicCounts,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) budget: Arc<MemoryBudget>,
    pub(crate) wall_clock: Timestamp,
    /// Repartition topics to which this task and others write, if event time is to be aligned behind them.
    pub(crate) aligned_outputs: Vec<String>,
    /// Whether the task follows the time that its upstream tasks write.
    pub(crate) aligned_inputs: bool,
}

/// A topic that the task reads, with the sources that read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputTopic {
    pub(crate) topic: String,
    pub(crate) sources: Vec<NodeId>,
    /// How many tasks write to it, if it is a repartition topic whose time is aligned.
    pub(crate) writers: u32,
}

/// What the task tells those behind the repartition topics it writes to.
pub(super) struct Upstream {
    pub(super) topics: Vec<u32>,
    /// Whether there is nothing to read.
    pub(super) idle: bool,
    /// What it said last: its time and whether it was idle.
    pub(super) said: Option<(Timestamp, bool)>,
}

/// One partition of one sub-topology.
pub(crate) struct Task {
    pub(crate) id: TaskId,
    pub(super) ctx: TaskContext,
    pub(super) queues: Vec<InputQueue>,
    pub(super) nodes: Vec<(NodeId, Arc<Mutex<dyn TaskNode>>)>,
    pub(super) state: Arc<TaskState>,
    /// Where the changes of each store are kept.
    pub(super) changelogs: Vec<ChangelogOf>,
    pub(super) upstream: Upstream,
    /// Typed handles of the stores.
    handles: HashMap<StoreId, Arc<dyn Any + Send + Sync>>,
}

impl Task {
    /// Wires a task over `inputs`, of each of which it reads partition `id.partition`. Stores are empty or as the
    /// engine has them; restore before [`init`](Self::init).
    pub(crate) fn new(topology: &Topology, id: TaskId, inputs: &[InputTopic], env: TaskEnv) -> Result<Task> {
        let described = topology.clone();
        let mut ctx = TaskContext {
            task: id,
            application_id: env.application_id,
            node: NodeId(0),
            whereabouts: Arc::default(),
            origin: None,
            stream_time: StreamTime::unknown(),
            aligned_time: None,
            wall_clock: env.wall_clock,
            outputs: Outputs::default(),
            topics: TopicTable::new(env.counts),
            drops: DropCounts::default(),
            punctuations: Punctuations::default(),
            policies: env.policies,
            describe: Arc::new(move |node| described.describe_node(node)),
            raw: RecordBatch::new(),
            scratch: Scratch::default(),
            fatal: false,
        };
        let (mut for_task, mut typed, mut changelogs) = (Vec::new(), HashMap::new(), Vec::new());
        for store in topology.stores_of(id.sub_topology) {
            let node = topology.store(store);
            let (task_side, handle) = (node.factory)(env.forward_per_commit)?;
            for_task.push(task_side);
            typed.insert(store, handle);
            changelogs.push(ChangelogOf::new(node, inputs, &mut ctx));
        }
        let state = TaskState::open(id, env.engine, for_task, env.budget)?;
        let mut wirer = Wirer::new(topology, &mut ctx, &typed, env.forward_per_commit);
        let mut queues = Vec::new();
        for input in inputs {
            let heads = input.sources.iter().map(|&source| wirer.source(source)).collect();
            let number = wirer.ctx.topics.number(&input.topic);
            let aligned = (env.aligned_inputs && input.writers > 1).then(|| AlignedTime::new(input.writers));
            queues.push(InputQueue::new(input.topic.clone(), id.partition, number, heads, aligned));
        }
        let mut nodes = wirer.nodes;
        nodes.sort_by_key(|(node, _)| *node);
        let aligned_outputs = env.aligned_outputs.iter().map(|topic| ctx.topics.number(topic)).collect();
        let aligned = queues.iter().any(|queue: &InputQueue| queue.aligned.is_some());
        ctx.aligned_time = aligned.then_some(UNKNOWN);
        let upstream = Upstream { topics: aligned_outputs, idle: false, said: None };
        Ok(Task { id, ctx, queues, nodes, state, changelogs, handles: typed, upstream })
    }

    /// Calls every node once before the first record, after [`resume`](Self::resume); `wall_clock` is the time now.
    pub(crate) fn init(&mut self, wall_clock: Timestamp) -> Result<()> {
        self.ctx.wall_clock = wall_clock;
        self.ctx.take_up(None);
        self.ctx.punctuations.resume(Some(self.ctx.stream_time.get()));
        for (_, node) in &self.nodes {
            exclusive(node, |node| node.init(&mut self.ctx))?;
        }
        self.ctx.punctuations.resume(None);
        Ok(())
    }

    /// Takes up what was committed for each input, and where it is read from, in the order of the queues.
    pub(crate) fn resume(&mut self, committed: &[Option<Committed>], starts: &[Offset]) {
        let mut operators = Vec::new();
        for ((queue, committed), start) in self.queues.iter_mut().zip(committed).zip(starts) {
            queue.start = Some(*start);
            let Some(committed) = committed else { continue };
            let progress = Progress::decode(&committed.metadata);
            queue.position = Some(committed.offset);
            queue.partition_time.advance(progress.partition_time);
            match &mut queue.aligned {
                Some(aligned) => aligned.load(&progress.operators),
                None => _ = self.ctx.stream_time.advance(progress.partition_time),
            }
            operators.extend(progress.operators);
        }
        self.follow_upstream();
        for (_, node) in &self.nodes {
            exclusive(node, |node| node.load(&operators));
        }
    }

    /// The partitions that the task reads, in the order of its queues.
    pub(crate) fn inputs(&self) -> impl ExactSizeIterator<Item = TopicPartition> {
        self.queues.iter().map(|queue| TopicPartition::new(queue.topic.clone(), queue.partition))
    }

    /// Adds records to queue `queue`.
    pub(crate) fn add(&mut self, queue: usize, batch: RecordBatch) {
        self.queues[queue].push(batch);
    }

    /// An empty batch to fill for queue `queue`.
    pub(crate) fn spare_batch(&mut self, queue: usize) -> RecordBatch {
        self.queues[queue].spare_batch()
    }

    /// Number of records that wait in queue `queue`.
    pub(crate) fn buffered(&self, queue: usize) -> usize {
        self.queues[queue].len()
    }

    /// Processes the record with the smallest time of all queues (rule P-1), and the stream-time punctuations that
    /// are then due; whether there was one. Whether to wait for an empty queue is the caller's decision.
    pub(crate) fn process_next(&mut self) -> Result<bool> {
        let mut heard = false;
        let index = loop {
            let first = self.first_queue()?;
            let news =
                self.queues.iter_mut().fold(false, |news, queue| news | std::mem::take(&mut queue.heard));
            if news {
                self.pass_time()?;
                heard = true;
                continue;
            }
            match first {
                Some(index) => break index,
                None => return Ok(heard),
            }
        };
        self.queues[index].fire(&mut self.ctx)?;
        self.punctuate(PunctuationType::StreamTime, self.ctx.stream_time.get())?;
        Ok(true)
    }

    /// Tells the task the wall clock and fires the punctuations that are then due.
    pub(crate) fn advance_wall_clock(&mut self, now: Timestamp) -> Result<()> {
        self.ctx.wall_clock = now;
        self.punctuate(PunctuationType::WallClock, now)
    }

    /// When the next wall-clock punctuation is due.
    pub(crate) fn next_wall_clock(&self) -> Option<Timestamp> {
        self.ctx.punctuations.next_wall_clock()
    }

    /// The input of these nodes has ended: they close every window.
    pub(crate) fn finish(&mut self, ended: &BTreeSet<NodeId>) -> Result<()> {
        self.ctx.take_up(None);
        for (_, node) in self.nodes.iter().filter(|(id, _)| ended.contains(id)) {
            exclusive(node, |node| node.finish(&mut self.ctx))?;
        }
        Ok(())
    }

    /// What the task has put out and not handed over yet.
    pub(crate) fn outputs(&mut self) -> (&mut Outputs, &mut TopicTable) {
        (&mut self.ctx.outputs, &mut self.ctx.topics)
    }

    /// Whether nothing waits: no input, no output.
    pub(crate) fn is_drained(&self) -> bool {
        self.ctx.outputs.is_empty() && self.queues.iter().all(|queue| queue.len() == 0)
    }

    /// Records dropped so far, by node and reason.
    pub(crate) fn drops(&self) -> &DropCounts {
        &self.ctx.drops
    }

    /// The stores.
    pub(crate) fn state(&self) -> &Arc<TaskState> {
        &self.state
    }

    /// The typed handle of a store; `None` if it is another task's, or of other types.
    pub(crate) fn store<S: Clone + 'static>(&self, store: StoreId) -> Option<S> {
        self.handles.get(&store)?.downcast_ref::<S>().cloned()
    }

    /// The node and the record under way, for messages.
    pub(crate) fn whereabouts(&self) -> String {
        format!("task {}, {}, {}", self.id, (self.ctx.describe)(self.ctx.node), self.ctx.place())
    }

    /// The same for other threads, at any time.
    pub(crate) fn shared_whereabouts(&self) -> &Arc<Whereabouts> {
        &self.ctx.whereabouts
    }

    /// Its input queues.
    pub(crate) fn queues(&self) -> &[InputQueue] {
        &self.queues
    }

    /// Markers of upstream tasks passed so far, which are no records.
    pub(crate) fn markers(&self) -> u64 {
        self.queues.iter().map(|queue| queue.markers).sum()
    }

    /// Takes the time of the last record that was run since it was asked last.
    pub(crate) fn take_last_time(&mut self) -> Option<Timestamp> {
        self.queues.iter_mut().filter_map(|queue| queue.last_time.take()).max()
    }

    /// Highest event time taken up.
    pub(crate) fn stream_time(&self) -> Timestamp {
        self.ctx.stream_time.get()
    }

    /// Says whether the task has nothing to read, for some time or for good: time behind it need not wait then.
    pub(crate) fn set_idle(&mut self, idle: bool) {
        self.upstream.idle = idle;
    }

    /// Whether a commit would tell those behind the task something new, although nothing was processed.
    pub(crate) fn has_news(&self) -> bool {
        !self.upstream.topics.is_empty()
            && self
                .upstream
                .said
                .is_none_or(|(time, idle)| idle != self.upstream.idle || time != self.ctx.stream_time.get())
    }

    /// The queue whose first record has the smallest time.
    fn first_queue(&mut self) -> Result<Option<usize>> {
        let mut first: Option<(Timestamp, usize)> = None;
        for (index, queue) in self.queues.iter_mut().enumerate() {
            if let Some(time) = queue.head_time(&mut self.ctx)?
                && first.is_none_or(|(earliest, _)| time < earliest)
            {
                first = Some((time, index));
            }
        }
        Ok(first.map(|(_, index)| index))
    }

    /// Takes the time that the upstream tasks agree on; whether it has moved.
    fn follow_upstream(&mut self) -> bool {
        let Some(now) = self.queues.iter().filter_map(|queue| Some(queue.aligned.as_ref()?.get())).min()
        else {
            return false;
        };
        let moved = self.ctx.stream_time.get() < now;
        self.ctx.stream_time.advance(now);
        self.ctx.aligned_time = Some(self.ctx.stream_time.get());
        moved
    }

    /// Upstream tasks were heard of: windows may close and punctuations be due without a record.
    fn pass_time(&mut self) -> Result<()> {
        if !self.follow_upstream() {
            return Ok(());
        }
        self.ctx.take_up(None);
        let now = self.ctx.stream_time.get();
        for (_, node) in &self.nodes {
            exclusive(node, |node| node.pass_time(&mut self.ctx, now))?;
        }
        self.punctuate(PunctuationType::StreamTime, now)
    }

    fn punctuate(&mut self, kind: PunctuationType, now: Timestamp) -> Result<()> {
        for (node, id) in self.ctx.punctuations.take_due(kind, now) {
            if !self.ctx.punctuations.contains(id) {
                continue;
            }
            self.ctx.take_up(None);
            if let Some((_, node)) = self.nodes.iter().find(|(n, _)| *n == node) {
                exclusive(node, |node| node.punctuate(&mut self.ctx, id, now))?;
            }
        }
        Ok(())
    }
}
