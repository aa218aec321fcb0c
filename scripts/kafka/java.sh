#!/usr/bin/env bash
# Compiles the Kafka Streams programs that streams-kafka is tested beside, into target/kafka-streams-VERSION; fetches
# their jars once. Prints the class path. Needs a JDK of Java 17 or later and Maven, and says so if they are missing.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
programs="$root/streams-kafka/tests/java"
version=$(sed -n 's/.*<kafka.version>\(.*\)<\/kafka.version>.*/\1/p' "$programs/pom.xml")
lib="$root/target/kafka-streams-$version"
. "$here/need.sh"
mkdir -p "$root/target"
# Several test programs may ask at once.
exec 9>"$root/target/kafka-streams.lock"
flock 9
need_java java jre-headless
need_java javac jdk-headless
fetch "$programs/pom.xml" "$lib" "$lib/lib"
# Compiled again when a program has changed.
sum=$(cat "$programs"/beside/*.java | cksum)
if [ "$(cat "$lib/compiled" 2>/dev/null || true)" != "$sum" ]; then
    rm -rf "$lib/classes"
    javac -nowarn -d "$lib/classes" -cp "$lib/lib/*" "$programs"/beside/*.java >&2
    echo "$sum" >"$lib/compiled"
fi
echo "$lib/classes:$lib/lib/*"
