#!/usr/bin/env bash
# Runs an Apache Kafka broker on 127.0.0.1:PORT (9092 if none is given) until Ctrl-C, to try things out: nothing is
# secured. Its data are in target/kafka-data-PORT and are there at the next start; delete the folder to begin anew.
# The controller listens on the next port. Needs Java 17 or later, and Maven for the first start.
set -euo pipefail
port=${1:-9092}
case $port in *[!0-9]*) echo "usage: scripts/kafka/run.sh [PORT]" >&2; exit 2 ;; esac
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
lib=$("$here/fetch.sh")
data="$here/../../target/kafka-data-$port"
mkdir -p "$data"
data=$(cd "$data" && pwd)
cat >"$data/server.properties" <<END
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
controller.listener.names=CONTROLLER
log.dirs=$data/log
auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
offsets.topic.num.partitions=8
transaction.state.log.num.partitions=8
group.initial.rebalance.delay.ms=0
END
java() { command java -Xmx512m -XX:+UseSerialGC -cp "$lib/*" "$@"; }
java kafka.tools.StorageTool format --ignore-formatted -t JcUTw9hyQKKJ2h0yG0b1ZA -c "$data/server.properties" \
    >"$data/format.log" 2>&1 || { cat "$data/format.log" >&2; exit 1; }
echo "Apache Kafka at 127.0.0.1:$port, data in $data; Ctrl-C stops it"
exec java -Xmx512m -XX:+UseSerialGC -cp "$lib/*" kafka.Kafka "$data/server.properties" >"$data/broker.log" 2>&1
