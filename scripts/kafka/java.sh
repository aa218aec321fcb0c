#!/usr/bin/env bash
# Compiles the Kafka Streams programs that streams-kafka is tested beside, into target/kafka-streams-VERSION; fetches
# their jars once. Prints the class path. Needs a JDK of Java 17 or later and Maven, and says so if they are missing.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
programs="$root/streams-kafka/tests/java"
version=$(sed -n 's/.*<kafka.version>\(.*\)<\/kafka.version>.*/\1/p' "$programs/pom.xml")
lib="$root/target/kafka-streams-$version"
need() {
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update && apt-get install -y --no-install-recommends "$2"; } >&2 && return
    fi
    echo "missing: $1" >&2
    echo "         install it (e.g. apt-get install $2)" >&2
    exit 1
}
mkdir -p "$root/target"
# Several test programs may ask at once.
exec 9>"$root/target/kafka-streams.lock"
flock 9
need javac openjdk-17-jdk-headless
if [ ! -f "$lib/complete" ]; then
    need mvn maven
    rm -rf "$lib"
    mvn -q -B -f "$programs/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DoutputDirectory="$lib/lib" -DincludeScope=runtime >&2
    touch "$lib/complete"
fi
# Compiled again when a program has changed.
sum=$(cat "$programs"/beside/*.java | cksum)
if [ "$(cat "$lib/compiled" 2>/dev/null || true)" != "$sum" ]; then
    rm -rf "$lib/classes"
    javac -nowarn -d "$lib/classes" -cp "$lib/lib/*" "$programs"/beside/*.java >&2
    echo "$sum" >"$lib/compiled"
fi
echo "$lib/classes:$lib/lib/*"
