//! Metrics as Prometheus text.

mod families;
mod text;

use self::families::{
    CLIENT, DROPPED, HEALTH, INFO, INPUT, NODE, OUTPUT, PARTITION, RESTORE, STATE, STORE, TASK, THREAD,
};
use self::text::{Kind, Labels, Page};
use crate::runtime::metrics::{Metrics, TaskMetrics};

impl Metrics {
    /// The counters in Prometheus' text format (version 0.0.4), to be served as
    /// `text/plain; version=0.0.4; charset=utf-8`.
    ///
    /// Where Kafka Streams has a metric, it has the name that Prometheus' JMX exporter gives it, Kafka's labels and
    /// Kafka's unit, so that dashboards fit; the others begin with `streams_` and are in seconds and bytes. What Kafka
    /// measures over its windows of 30 s (`-rate`, `-avg`, `-max`, `-ratio`) is measured over the last 30 to 60 s.
    ///
    /// | Kafka's group, type of the MBean | here | labels |
    /// |---|---|---|
    /// | `stream-metrics`: `client-state`, `alive-stream-threads`, `failed-stream-threads` | `kafka_streams_stream_metrics_*` | `client_id` |
    /// | `stream-metrics`: `version`, `application-id`, `topology-description` (texts) | `streams_info` with a checksum of the description, `streams_state` | `client_id` and the texts |
    /// | `stream-thread-metrics`: `poll-`, `process-`, `punctuate-`, `commit-` with `total`, `rate`, `latency-avg`, `latency-max`, `ratio`; `poll-records-`, `process-records-` with `avg`, `max`; `task-created-total`, `task-closed-total`, `blocked-time-ns-total`, `thread-start-time`, `thread-state` | `kafka_streams_stream_thread_metrics_*` | `thread_id` |
    /// | `stream-task-metrics`: `process-`, `punctuate-` as above, `commit-total`, `record-lateness-avg`, `-max`, `dropped-records-total`, `active-process-ratio`, `active-buffer-count`, `input-buffer-bytes-total`, `cache-size-bytes-total`, `restore-total`, `restore-rate`, `restore-remaining-records-total` | `kafka_streams_stream_task_metrics_*` | `thread_id`, `task_id` |
    /// | `stream-processor-node-metrics`: `record-e2e-latency-min`, `-avg`, `-max` of sources | `kafka_streams_stream_processor_node_metrics_*` | `thread_id`, `task_id`, `processor_node_id` |
    /// | `stream-topic-metrics`: `records-`, `bytes-` with `consumed-total`, `produced-total` | `kafka_streams_stream_topic_metrics_*` | `thread_id`, `task_id`, `processor_node_id`, `topic_name` |
    /// | `consumer-fetch-manager-metrics`: `records-lag` | `kafka_consumer_consumer_fetch_manager_metrics_records_lag` | `client_id`, `topic`, `partition` |
    /// | `stream-state-metrics` | not per operation, which would cost as much as the operation: sizes and memory `streams_store_*`, background writes `streams_task_flush*` | `thread_id`, `task_id`, `store` |
    /// | `stream-processor-node-metrics`: `process-rate`, `-total` per node | not there: a counter that other threads see would cost a third of a hop | |
    /// | none | `streams_dropped_records_total` | `client_id`, `processor_node_id`, `reason` |
    /// | none | `streams_health` (1 for the reason that holds), `streams_live`, `streams_ready` | `client_id`, `check`, `reason` |
    ///
    /// Differences in meaning: `process-total` counts records and their time includes handing results to the log;
    /// lateness and end-to-end latency look at one record of each run of up to 256; `cache-size-bytes-total`,
    /// `input-buffer-bytes-total` and `restore-remaining-records-total` go up and down although their names end in
    /// `total`, as in Kafka; metrics of a task go with it when it is closed, those without `task_id` stay.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use streams_core::log::embedded::EmbeddedLog;
    /// # use streams_core::log::{Log, NewTopic};
    /// # use streams_core::runtime::{App, Config};
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const WORDS: Topic<String, String> = Topic::new("words");
    /// # const OUT: Topic<String, String> = Topic::new("out");
    /// # let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
    /// # log.create_topics(&[NewTopic::new("words", 1), NewTopic::new("out", 1)])?;
    /// # let builder = StreamsBuilder::new();
    /// # builder.stream(&WORDS).to(&OUT);
    /// let metrics = App::new(builder.build()?, Config::new("shop"), log).run_to_end()?;
    /// let text = metrics.to_prometheus();
    /// assert!(text.contains("# TYPE streams_consumed_records_total counter\n"));
    /// assert!(text.contains(r#"kafka_streams_stream_metrics_client_state{client_id="shop-"#));
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    pub fn to_prometheus(&self) -> String {
        let mut page = Page::default();
        let client = Labels::default().with("client_id", &self.identity.client_id());
        self.write_client(&mut page, &client);
        let threads: Vec<_> = self
            .threads
            .iter()
            .map(|thread| (Labels::default().with("thread_id", &thread.id), thread))
            .collect();
        page.families(THREAD, &threads);
        self.write_tasks(&mut page, &client);
        page.into_text()
    }

    fn write_client(&self, page: &mut Page, client: &Labels) {
        let identity = &self.identity;
        let info = client
            .with("application_id", &identity.application_id)
            .with("process_id", &identity.process_id)
            .with("version", &identity.version)
            .with("topology", &identity.topology)
            .with("guarantee", &identity.guarantee.to_string());
        page.family(INFO, Kind::Gauge, "What the application is", [(&info, 1.0)].into_iter());
        let state = client.with("state", self.state.name());
        page.family(STATE, Kind::Gauge, "1 for the state it is in", [(&state, 1.0)].into_iter());
        let checks = [("live", &self.health.live), ("ready", &self.health.ready)];
        let checks =
            checks.map(|(name, check)| client.with("check", name).with("reason", check.reason.code()));
        let samples = checks.iter().map(|labels| (labels, 1.0));
        page.family(HEALTH, Kind::Gauge, "1 for the reason of each check of health", samples);
        page.families(CLIENT, &[(client.clone(), self)]);
        let dropped: Vec<_> = self
            .dropped
            .iter()
            .map(|d| {
                let labels = client.with("processor_node_id", &d.node).with("reason", d.reason.code());
                (labels, d.count as f64)
            })
            .collect();
        let samples = dropped.iter().map(|(labels, count)| (labels, *count));
        page.family(DROPPED, Kind::Counter, "Records dropped, by node and reason", samples);
    }

    fn write_tasks(&self, page: &mut Page, client: &Labels) {
        let tasks: Vec<(Labels, &TaskMetrics)> =
            self.tasks.iter().map(|task| (self.task_labels(task), task)).collect();
        page.families(TASK, &tasks);
        let (mut nodes, mut inputs, mut outputs, mut partitions) = (vec![], vec![], vec![], vec![]);
        let (mut stores, mut restores) = (vec![], vec![]);
        for (labels, task) in &tasks {
            let mut sources: Vec<&str> = task.inputs.iter().map(|input| input.node.as_str()).collect();
            sources.dedup();
            nodes.extend(sources.iter().map(|node| (labels.with("processor_node_id", node), *task)));
            for input in &task.inputs {
                let topic = labels.with("processor_node_id", &input.node).with("topic_name", &input.topic);
                inputs.push((topic, input));
                let partition = task.task.partition.to_string();
                partitions.push((client.with("topic", &input.topic).with("partition", &partition), input));
            }
            for output in &task.outputs {
                let topic = labels.with("processor_node_id", &output.node).with("topic_name", &output.topic);
                outputs.push((topic, output));
            }
            stores.extend(task.stores.iter().map(|store| (labels.with("store", &store.store), store)));
            restores.extend(task.restore.iter().map(|store| (labels.with("store", &store.store), store)));
        }
        page.families(NODE, &nodes);
        page.families(INPUT, &inputs);
        page.families(OUTPUT, &outputs);
        page.families(PARTITION, &partitions);
        page.families(STORE, &stores);
        page.families(RESTORE, &restores);
    }

    fn task_labels(&self, task: &TaskMetrics) -> Labels {
        let thread = self.threads.iter().find(|thread| thread.worker == task.worker);
        let thread = thread.map_or("", |thread| thread.id.as_str());
        Labels::default().with("thread_id", thread).with("task_id", &task.task.to_string())
    }
}
