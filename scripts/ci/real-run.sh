#!/usr/bin/env bash
# One epoch of the reference network on all of Fashion-MNIST, from PyTorch's initial weights and in file order, held
# to PyTorch's losses.
#
# usage: scripts/ci/real-run.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

golden=crates/tenun-engine/tests/golden
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

scripts/get-data.sh >/dev/null
cargo build --release --locked --package tenun-cli
cargo run --release --locked --quiet --package tenun-cli --bin tenun -- train fashion-mnist --preset cae \
    --init "$golden/cae_init.safetensors" --no-shuffle --epochs 1 --out "$out/run"
python3 scripts/ci/check_run.py epoch "$out/run" "$golden/cae_epoch1.json"
