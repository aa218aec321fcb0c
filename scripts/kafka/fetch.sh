#!/usr/bin/env bash
# Puts the jars of an Apache Kafka broker into target/kafka-VERSION, once. The tests of streams-kafka call it; prints
# the folder. Needs Java 17 or later and Maven, and says so if they are missing.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
version=$(sed -n 's/.*<kafka.version>\(.*\)<\/kafka.version>.*/\1/p' "$here/pom.xml")
lib="$here/../../target/kafka-$version"
. "$here/need.sh"
instead="or give KAFKA_BOOTSTRAP=HOST:PORT of a running cluster to tests that do not break it"
mkdir -p "$here/../../target"
# Several test programs may ask at once.
exec 9>"$here/../../target/kafka.lock"
flock 9
need_java java jre-headless
fetch "$here/pom.xml" "$lib" "$(cd "$here/../../target" && pwd)/kafka-$version"
(cd "$lib" && pwd)
