//! How to reach a cluster and use it.

mod owned;
mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use streams_core::{Error, ErrorKind, Result};

/// How the members of a group share its partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupProtocol {
    /// The protocol that every Kafka has, with the assignor `range`: the partitions of all members are taken back
    /// and handed out again whenever one comes or goes.
    #[default]
    Classic,
    /// The protocol of Kafka 4.0 (KIP-848) with the broker's assignor `range`: only what moves is taken back. The
    /// session timeout is the broker's (`group.consumer.session.timeout.ms`).
    Consumer,
}

/// How to reach a cluster and use it. [`KafkaConfig::new`] has the defaults; every field may be changed.
///
/// `client`, `consumer` and `producer` are settings of librdkafka by their names there, for all clients, those that
/// read, and those that write. They go over the defaults of this crate; those that it needs for itself are refused
/// with the reason. A `client.id` stands in front of the name of each member of a group, with a hyphen; other clients
/// have it as it is.
///
/// ```
/// use streams_kafka::{GroupProtocol, KafkaConfig};
///
/// let config = KafkaConfig::from_toml("
///     bootstrap-servers = 'kafka-1:9092,kafka-2:9092'
///     group-protocol = 'consumer'
///     [producer]
///     'compression.type' = 'zstd'
/// ")?;
/// assert_eq!(config.group_protocol, GroupProtocol::Consumer);
///
/// let refused = KafkaConfig::from_toml("
///     bootstrap-servers = 'kafka-1:9092'
///     [consumer]
///     'enable.auto.commit' = 'true'
/// ");
/// assert!(refused.unwrap_err().to_string().contains("enable.auto.commit"));
/// # Ok::<(), streams_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KafkaConfig {
    /// `host:port` of some brokers, with commas.
    pub bootstrap_servers: String,
    /// Settings for all clients, such as `security.protocol`.
    pub client: BTreeMap<String, String>,
    /// Settings for clients that read.
    pub consumer: BTreeMap<String, String>,
    /// Settings for clients that write.
    pub producer: BTreeMap<String, String>,
    /// How the members of a group share its partitions; classic by default.
    pub group_protocol: GroupProtocol,
    /// Whether a member that comes back within the session timeout gets its partitions back without a rebalance
    /// (Kafka's static membership, by the member's name). It then keeps them that long too when it leaves. Off by
    /// default.
    pub static_membership: bool,
    /// Replication of topics that are created; the broker's default if there is none.
    pub replication_factor: Option<u16>,
    /// How long a request may take before it is an error; 30 s by default.
    pub request_timeout: Duration,
    /// A transaction that is open for longer is aborted by the broker, which until then holds back what others read
    /// behind it; 10 s by default, as in Kafka Streams.
    pub transaction_timeout: Duration,
}

/// A default of producers with transactions only; a commit does not wait for it. While a request of a partition is under
/// way and more has waited for longer than this, librdkafka's thread spins: with 5 ms that took a fifth of all CPU time.
const TRANSACTIONAL: (&str, &str) = ("linger.ms", "25");
/// A connection that carries nothing for so long is closed; it is opened again when it is needed.
const IDLE: &str = "connections.max.idle.ms";
/// The longest such time of producers with transactions.
const LONGEST_IDLE: Duration = Duration::from_secs(10);

impl KafkaConfig {
    /// The defaults, for the cluster of these brokers.
    pub fn new(bootstrap_servers: impl Into<String>) -> Self {
        KafkaConfig {
            bootstrap_servers: bootstrap_servers.into(),
            client: BTreeMap::new(),
            consumer: BTreeMap::new(),
            producer: BTreeMap::new(),
            group_protocol: GroupProtocol::default(),
            static_membership: false,
            replication_factor: None,
            request_timeout: Duration::from_secs(30),
            transaction_timeout: Duration::from_secs(10),
        }
    }

    /// Errs on settings that are refused or missing.
    pub(crate) fn check(&self) -> Result<()> {
        if self.bootstrap_servers.trim().is_empty() {
            let message = "`bootstrap-servers` is missing: give `host:port` of some brokers";
            return Err(Error::new(ErrorKind::Config, message));
        }
        self.check_owned()
    }

    /// Errs on settings that are refused.
    fn check_owned(&self) -> Result<()> {
        for (section, settings) in
            [("client", &self.client), ("consumer", &self.consumer), ("producer", &self.producer)]
        {
            for key in settings.keys() {
                owned::check(section, key)?;
            }
        }
        Ok(())
    }

    /// Settings of the client for administration.
    pub(crate) fn for_admin(&self) -> ClientConfig {
        self.base(&[], &BTreeMap::new())
    }

    /// Settings of a client that fetches, and belongs to no group.
    pub(crate) fn for_reader(&self) -> ClientConfig {
        // While the queue of a partition is full, a request for the others waits at the broker, and the connection has
        // no second one: the queue has to last for that long.
        let defaults = [
            ("fetch.queue.backoff.ms", "10"),
            ("fetch.error.backoff.ms", "100"),
            ("fetch.wait.max.ms", "40"),
            ("queued.min.messages", "30000"),
            ("queued.max.messages.kbytes", "8192"),
        ];
        let mut config = self.base(&defaults, &self.consumer);
        config
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false");
        config
    }

    /// Settings of a client that is a member of a group and fetches nothing.
    pub(crate) fn for_member(&self, group: &str, name: &str, session: Duration) -> ClientConfig {
        let session = session.as_millis().max(1);
        let defaults = [("topic.metadata.refresh.interval.ms", "5000")];
        let mut config = self.base(&defaults, &self.consumer);
        let member_name = match config.get("client.id") {
            Some(client) => format!("{client}-{name}"),
            None => name.to_owned(),
        };
        config
            .set("group.id", group)
            .set("client.id", member_name)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "latest")
            .set("isolation.level", "read_committed")
            .set("allow.auto.create.topics", "false")
            .set("queued.min.messages", "1")
            .set("max.poll.interval.ms", session.to_string());
        if self.static_membership {
            config.set("group.instance.id", name);
        }
        match self.group_protocol {
            GroupProtocol::Classic => config
                .set("partition.assignment.strategy", "range")
                .set("session.timeout.ms", session.to_string())
                .set("heartbeat.interval.ms", (session / 3).clamp(1, 3000).to_string()),
            GroupProtocol::Consumer => {
                config.set("group.protocol", "consumer").set("group.remote.assignor", "range")
            }
        };
        config
    }

    /// Settings of a client that asks about a group without joining it.
    pub(crate) fn for_outsider(&self, group: &str) -> ClientConfig {
        let mut config = self.base(&[], &self.consumer);
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed");
        config
    }

    /// Settings of a producer.
    pub(crate) fn for_producer(&self, transactional_id: Option<&str>) -> ClientConfig {
        let defaults = [
            if transactional_id.is_some() { TRANSACTIONAL } else { ("linger.ms", "20") },
            ("batch.size", "1000000"),
            ("queue.buffering.max.messages", "500000"),
            ("message.max.bytes", "67108864"),
            ("compression.type", "lz4"),
        ];
        let mut config = self.base(&defaults, &self.producer);
        config.set("enable.idempotence", "true").set("partitioner", "murmur2_random");
        if let Some(id) = transactional_id {
            config.set("transactional.id", id);
            config.set("transaction.timeout.ms", self.transaction_timeout.as_millis().to_string());
            // librdkafka 2.12 looks for a group's coordinator that is gone only when a connection comes up or goes down:
            // without this, positions would wait for it for ever (confluentinc/librdkafka#5456 and #5511).
            if !self.sets_for_producers(IDLE) {
                let idle = self.transaction_timeout.min(LONGEST_IDLE);
                config.set(IDLE, idle.as_millis().to_string());
            }
        }
        config
    }

    fn sets_for_producers(&self, key: &str) -> bool {
        self.producer.contains_key(key) || self.client.contains_key(key)
    }

    fn base(&self, defaults: &[(&str, &str)], more: &BTreeMap<String, String>) -> ClientConfig {
        let mut config = ClientConfig::new();
        // A broker that hangs is noticed when a request may take no longer; with transactions librdkafka lowers it.
        let timeout = self.request_timeout.as_millis().clamp(1_000, 300_000);
        if !defaults.contains(&TRANSACTIONAL) {
            config.set("socket.timeout.ms", timeout.to_string());
        }
        config.set("reconnect.backoff.max.ms", "1000").set("log.connection.close", "false");
        for (key, value) in defaults {
            config.set(*key, *value);
        }
        for (key, value) in self.client.iter().chain(more) {
            config.set(key, value);
        }
        config.set("bootstrap.servers", &self.bootstrap_servers);
        config
    }
}

#[cfg(test)]
mod tests;
