#!/usr/bin/env bash
# Installs, on Debian, whatever of the checks' tools is missing. Rust itself has to be there.
#
# usage: scripts/ci/setup.sh
set -euo pipefail

packages=()
command -v shellcheck >/dev/null || packages+=(shellcheck)
command -v make >/dev/null || packages+=(make)
command -v cc >/dev/null || packages+=(gcc libc6-dev)
# Counts instructions, for scripts/ci/instructions.py.
command -v valgrind >/dev/null || packages+=(valgrind)
# Debian's own python3 can lack the part that makes virtual environments.
python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3 python3-venv)

if ((${#packages[@]} > 0)); then
    echo "installing ${packages[*]}"
    apt-get -q update
    DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${packages[@]}"
fi
cargo --version
