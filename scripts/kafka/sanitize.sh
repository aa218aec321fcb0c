#!/usr/bin/env bash
# Runs the tests of streams-kafka's calls into C (src/ffi) under Valgrind, which sees reads and writes of memory that was
# freed or never there, in Rust and in C alike, and what is never freed. Needs valgrind; takes a minute after building.
# `sanitize.sh TEST...` runs only tests whose names contain one of the words.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if ! command -v valgrind >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update && apt-get install -y --no-install-recommends valgrind; } >&2
    else
        echo "missing: valgrind (e.g. apt-get install valgrind)" >&2
        exit 1
    fi
fi
program=$(cargo test --package streams-kafka --lib --no-run --features streams-kafka/testing 2>&1 | tee >(cat >&2) |
    sed -n 's/^ *Executable .*(\(.*\))$/\1/p')
[ $# -gt 0 ] || set -- ffi::
for words in "$@"; do
    valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
        --show-leak-kinds=definite --num-callers=30 --suppressions=scripts/kafka/valgrind.supp \
        "$program" --test-threads=1 "$words"
done
