"""Single kernels, through Criterion: `crates/tenun-engine/benches/kernels.rs`."""

import json
import os
import subprocess
from collections.abc import Callable

from environment import ROOT, Bench

# What is measured where there is little time.
QUICK = "cae|upsample|32→16"


def measure(bench: Bench, say: Callable[[str], None]) -> list[dict]:
    """A line for each kernel and register width, as the program writes them."""
    out = bench.out / "kernels.json"
    command = ["cargo", "bench", "--locked", "--package", "tenun-engine", "--bench", "kernels"]
    command += ["--", *([QUICK] if bench.quick else [])]
    log = bench.logs / "kernels.log"
    say(f"kernels: a minute or more, into {log}")
    with log.open("w") as file:
        environment = os.environ | {"TENUN_BENCH_JSON": str(out)}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=file, stderr=file)
    return json.loads(out.read_text())
