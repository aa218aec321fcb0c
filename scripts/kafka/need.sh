# For the scripts beside it, which read it in.

# need COMMAND PACKAGE: installs the package if the command is missing and that is allowed.
need() {
    command -v "$1" >/dev/null && return
    may_install && install "$2" && return
    missing "$1" "install it (Debian, Ubuntu: apt-get install $2)"
}

# need_java COMMAND PACKAGES: likewise java or javac of Java 17, which Kafka asks for, or a later one. Which of them a
# system has as a package differs (openjdk-17-PACKAGES and so on), and the one that is there may be too old.
need_java() {
    local found package packages=("openjdk-17-$2" "openjdk-21-$2" "openjdk-25-$2" "default-$2")
    is_java "$1" && return
    if may_install; then
        for package in "${packages[@]}"; do
            if install "$package" && is_java "$1"; then return; fi
        done
    fi
    found=$(command -v "$1" || true)
    missing "$1 of Java 17 or later${found:+ (there is version $(java_version "$1"), $found)}" \
        "install it and see that it comes first in PATH (Debian, Ubuntu: apt-get install ${packages[0]}; or -21-, -25-)"
}

# fetch POM FOLDER JARS: puts the jars that a Maven project needs into JARS, once; FOLDER is made anew for it.
fetch() {
    [ -f "$2/complete" ] && return
    need mvn maven
    rm -rf "$2"
    mvn -q -B -f "$1" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DoutputDirectory="$3" -DincludeScope=runtime >&2 ||
        missing "the jars of ${1##*/../}" "Maven could not fetch them, see above; it needs its network once"
    touch "$2/complete"
}

is_java() {
    local version
    version=$(java_version "$1")
    [ "${version:-0}" -ge 17 ]
}

# java_version COMMAND: 17 for `openjdk version "17.0.15"` and `javac 17.0.15`, 8 for 1.8; nothing without the command.
java_version() {
    { "$1" -version 2>&1 || true; } | sed -nE 's/^(openjdk|java|javac)( version)? "?(1\.)?([0-9]+).*/\4/p'
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

install() {
    { apt-get update || true; apt-get install -y --no-install-recommends "$1"; } >&2
}

# What else can be done is in $instead.
missing() {
    echo "missing: $1" >&2
    echo "         $2${instead:+, $instead}" >&2
    exit 1
}
