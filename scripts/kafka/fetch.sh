#!/usr/bin/env bash
# Puts the jars of an Apache Kafka broker into target/kafka-VERSION, once. The tests of streams-kafka call it; prints
# the folder. Needs Java 17 or later and Maven, and says so if they are missing.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
version=$(sed -n 's/.*<kafka.version>\(.*\)<\/kafka.version>.*/\1/p' "$here/pom.xml")
lib="$here/../../target/kafka-$version"
need() {
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update && apt-get install -y --no-install-recommends "$2"; } >&2 && return
    fi
    echo "missing: $1" >&2
    echo "         install it (e.g. apt-get install $2), or give KAFKA_BOOTSTRAP=HOST:PORT of a running cluster" >&2
    exit 1
}
mkdir -p "$here/../../target"
# Several test programs may ask at once.
exec 9>"$here/../../target/kafka.lock"
flock 9
need java openjdk-17-jre-headless
if [ ! -f "$lib/complete" ]; then
    need mvn maven
    rm -rf "$lib"
    mvn -q -B -f "$here/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DoutputDirectory="$(cd "$here/../../target" && pwd)/kafka-$version" -DincludeScope=runtime >&2
    touch "$lib/complete"
fi
(cd "$lib" && pwd)
