#!/usr/bin/env bash
# Everything that reads the code without running it, cheapest first. Warnings are errors.
#
# usage: scripts/ci/lint.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

echo "-- formatting"
cargo fmt --all --check
# `layers!` declares these modules, where cargo fmt does not see them.
rustfmt --check --edition 2024 crates/tenun-engine/src/layer/*.rs
echo "-- shell scripts"
shellcheck .ci/run scripts/*.sh scripts/ci/*.sh
echo "-- spelling"
scripts/ci/typos.sh
echo "-- modules that use each other"
scripts/ci/circles.py --self-test
scripts/ci/circles.py
echo "-- clippy"
cargo clippy --workspace --all-targets --locked -- -D warnings
echo "-- documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --lib --locked
