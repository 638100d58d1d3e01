#!/usr/bin/env bash
# Spelling, in code and prose, by _typos.toml. The checker comes from PyPI, as one binary, into target/.
#
# usage: scripts/ci/typos.sh [PATH…]
set -euo pipefail
cd "$(dirname "$0")/../.."

version=1.52.0
tools=target/ci/typos-$version
if ! [[ -x $tools/bin/typos ]]; then
    rm -rf "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet "typos==$version"
fi
"$tools/bin/typos" "$@"
