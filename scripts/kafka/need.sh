# For the scripts beside it, which read it in.

# need COMMAND PACKAGE: installs the package if the command is missing and that is allowed.
need() {
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update && apt-get install -y --no-install-recommends "$2"; } >&2 && return
    fi
    echo "missing: $1" >&2
    echo "         install it (e.g. apt-get install $2), or give KAFKA_BOOTSTRAP=HOST:PORT of a running cluster" >&2
    exit 1
}

# fetch POM FOLDER JARS: puts the jars that a Maven project needs into JARS, once; FOLDER is made anew for it.
fetch() {
    [ -f "$2/complete" ] && return
    need mvn maven
    rm -rf "$2"
    mvn -q -B -f "$1" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DoutputDirectory="$3" -DincludeScope=runtime >&2
    touch "$2/complete"
}
