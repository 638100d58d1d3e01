#!/usr/bin/env bash
# The tests of kernels and engine on 64-bit ARM, emulated: the NEON kernels run nowhere else, and the fingerprints of
# `crates/tenun-engine/src/fingerprint.rs` hold them to the bits of the other processors.
#
# Debian's compiler and standard library for ARM are used, since they come as packages. They may be of another
# version than the project's own, which does no harm here.
#
# usage: scripts/ci/arm64.sh      (on Debian, x86-64, as root if anything is to be installed)
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(
    qemu-user libc6:arm64 gcc-aarch64-linux-gnu libc6-dev-arm64-cross
    rustc-web libstd-rust-web-dev:arm64
)
installed() {
    local package
    for package in "${packages[@]}"; do
        [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || return 1
    done
}
if ! installed; then
    dpkg --add-architecture arm64
    apt-get -q update
    DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${packages[@]}"
fi

export RUSTC=/usr/bin/rustc
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/arm64
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
# No `-L`: libc6:arm64 is in its own place. With the cross compiler's copy of ld.so and that package's libc, threads
# never start.
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=qemu-aarch64
# Emulated, a test takes fifty times as long: fewer random cases here, the many are drawn on the natural processor.
export PROPTEST_CASES=${PROPTEST_CASES:-32}

# Only what the processor decides: kernels and layers against their plain loops, and the bits of training steps. Plans,
# networks and optimisers are the same code on every processor, and tested on the natural one.
cargo test --locked --target aarch64-unknown-linux-gnu --package tenun-kernels --package tenun-engine --lib -- \
    --skip plan:: --skip program:: --skip network:: --skip optimizer:: --skip reference::
