#!/usr/bin/env bash
# Fuzzes the parsers with libFuzzer, on stable Rust: `make fuzz`. Arguments: names of targets, all if there are none.
#   RUNS=1000000     executions of each target, at most
#   SECONDS_EACH=120 seconds for each target, at most
# What is found lies in fuzz/artifacts/TARGET; new inputs in fuzz/target/found/TARGET, from which `-merge=1` makes a small
# corpus. One build makes all targets; coverage comes from the compiler's own pass, so that neither nightly nor cargo-fuzz
# is needed.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${RUNS:-1000000}
limit=${SECONDS_EACH:-120}
host=$(rustc -vV | sed -n 's/^host: //p')
folder=fuzz/target

export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"
# With --target the flags are not for build scripts and macros, which have no use for coverage.
cargo build --locked --manifest-path fuzz/Cargo.toml --target "$host" --target-dir "$folder" --bins

# Files are parsed where writing them costs least, on one thread: another one has no part in the coverage of an input.
memory=/dev/shm
[ -d "$memory" ] && [ -w "$memory" ] || memory=${TMPDIR:-/tmp}
TMPDIR=$(mktemp -d "$memory/tenun-fuzz.XXXXXX")
trap 'rm -rf "$TMPDIR"' EXIT
export TMPDIR XDG_CACHE_HOME=$TMPDIR RAYON_NUM_THREADS=1

if [ $# -gt 0 ]; then targets=("$@"); else
    targets=()
    for file in fuzz/fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi

printf '| parser | executions | a second | edges reached | found |\n|---|--:|--:|--:|---|\n'
failed=0
for target in "${targets[@]}"; do
    found=$folder/found/$target
    artifacts=fuzz/artifacts/$target
    mkdir -p "$found" "$artifacts"
    log=$folder/$target.log
    outcome=nothing
    if ! "$folder/$host/debug/$target" -runs="$runs" -max_total_time="$limit" -timeout=10 -rss_limit_mb=2048 \
        -max_len=65536 -print_final_stats=1 -artifact_prefix="$artifacts/" "$found" "fuzz/corpus/$target" \
        >"$log" 2>&1; then
        outcome="see $log"
        failed=1
    fi
    stat() { sed -n "s/^stat::$1: *//p" "$log" | tail -1; }
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    # The backticks are Markdown's.
    # shellcheck disable=SC2016
    printf '| `%s` | %s | %s | %s | %s |\n' "$target" "$(stat number_of_executed_units)" \
        "$(stat average_exec_per_sec)" "$edges" "$outcome"
done
exit "$failed"
