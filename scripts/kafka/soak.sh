#!/usr/bin/env bash
# Runs seeded faults on real brokers for MINUTES (10 if not given), with new seeds, or with those from STREAMS_SEED on.
# Prints every scenario, violations with their seed and schedule, and at the end how many faults there were.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export STREAMS_SOAK_MINUTES=${1:-10}
exec cargo test -p streams-kafka --test faults -- soak --ignored --nocapture
