#!/usr/bin/env bash
# `make demo`, as a newcomer runs it, and then a look at what it left.
#
# usage: scripts/ci/demo.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

make demo "DEMO=$out/demo"
python3 scripts/ci/check_run.py demo "$out/demo"
