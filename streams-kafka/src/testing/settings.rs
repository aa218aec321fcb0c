//! Settings of a broker that starts fast, takes little memory and lets tests use short timeouts.

use std::path::Path;

use super::security::Security;

/// Partitions of the topics in which Kafka keeps groups and transactions.
pub(super) const INTERNAL_PARTITIONS: u32 = 4;

/// One broker among those of its cluster.
pub(super) struct Node<'a> {
    pub(super) id: usize,
    pub(super) port: u16,
    /// Ports of all controllers, in order of the nodes' ids, which begin with 1.
    pub(super) controllers: &'a [u16],
    /// Port of the brokers among themselves.
    pub(super) internal: u16,
    pub(super) data: &'a Path,
    pub(super) security: Security,
    /// Folder of the certificates.
    pub(super) certificates: &'a Path,
    /// By lane: the port that it listens on for it, and the port of its proxy.
    pub(super) lanes: &'a [(u16, u16)],
}

impl Node<'_> {
    /// The text of `server.properties`; `more` overrides.
    pub(super) fn properties(&self, more: &[(String, String)]) -> String {
        let voters: Vec<String> = (1..)
            .zip(self.controllers)
            .map(|(id, port): (usize, &u16)| format!("{id}@127.0.0.1:{port}"))
            .collect();
        let replication = self.controllers.len().min(3);
        let (mut listeners, mut advertised, mut protocols) = (String::new(), String::new(), String::new());
        for (number, (port, proxy)) in self.lanes.iter().enumerate() {
            listeners.push_str(&format!(",LANE{number}://127.0.0.1:{port}"));
            advertised.push_str(&format!(",LANE{number}://127.0.0.1:{proxy}"));
            protocols.push_str(&format!(",LANE{number}:PLAINTEXT"));
        }
        let (id, port, controller) = (self.id, self.port, self.controllers[self.id - 1]);
        let (internal, protocol) = (self.internal, self.security.protocol());
        let mut text = format!(
            "process.roles=broker,controller
node.id={id}
controller.quorum.voters={voters}
listeners=CLIENT://127.0.0.1:{port},INTERNAL://127.0.0.1:{internal},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=CLIENT://127.0.0.1:{port},INTERNAL://127.0.0.1:{internal}{advertised}
listener.security.protocol.map=CLIENT:{protocol},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
inter.broker.listener.name=INTERNAL
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor={replication}
offsets.topic.replication.factor={replication}
transaction.state.log.replication.factor={replication}
share.coordinator.state.topic.replication.factor={replication}
min.insync.replicas={isr}
transaction.state.log.min.isr={isr}
share.coordinator.state.topic.min.isr={isr}
offsets.topic.num.partitions={INTERNAL_PARTITIONS}
transaction.state.log.num.partitions={INTERNAL_PARTITIONS}
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=100
group.consumer.min.session.timeout.ms=100
group.consumer.session.timeout.ms=3000
group.consumer.min.heartbeat.interval.ms=50
group.consumer.heartbeat.interval.ms=200
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
log.cleaner.dedupe.buffer.size=4194304
log.retention.check.interval.ms=86400000
num.network.threads=2
num.io.threads=4
num.replica.fetchers=1
queued.max.requests=100
",
            voters = voters.join(","),
            data = self.data.display(),
            isr = if replication > 1 { 2 } else { 1 },
        );
        text.push_str(&self.security.properties(self.certificates));
        for (key, value) in more {
            text.push_str(&format!("{key}={value}\n"));
        }
        text
    }
}
