#!/usr/bin/env python3
"""A guard against getting slower that no clock and no neighbour disturbs: counted instructions.

Counts, with valgrind's callgrind, the instructions of one training step of the reference network: two tiles, one
thread, AVX2 (valgrind knows no AVX-512). Two runs of a different number of steps are subtracted, so that starting,
loading and allocating cancel. The figure is compared with the one in instructions.json, and has to lie within a band
on either side: what gets faster is recorded, or it could be lost again unnoticed.

usage: instructions.py             compares; exit code 1 outside the band
       instructions.py --record    accepts what is counted now as the new figure: commit the file, and say why

It counts the program as built, so a new compiler can move it too; the file says which one it was recorded with.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STORED = Path(__file__).with_suffix(".json")
RECORD = "scripts/ci/instructions.py --record"

# Two runs of one binary differ by less than a thousandth of a percent. What has to fit in here is a compiler that
# schedules a loop otherwise; what is to be noticed is a kernel that spills a register, which costs more.
BAND = 0.03
# The reference network; two tiles, so that the sum over tiles is in it.
STEP = {"task": "step", "size": 28, "channels": 1, "filters": [32, 16, 8], "batch": 32, "threads": 1}
STEPS = (1, 2)
# Functions with at least this share of the step are kept in the file, to say later which of them grew.
WORTH_NAMING = 0.005
# A function that moved by less of the step than this is not named.
NEGLIGIBLE = 0.001


def build() -> Path:
    """The benchmark's worker, optimised; with the program, which CI needs anyway."""
    command = ["cargo", "build", "--release", "--locked"]
    command += ["--package", "tenun-cli", "--package", "tenun-bench"]
    command += ["--message-format", "json-render-diagnostics"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    messages = (json.loads(line) for line in lines)
    built = [m["executable"] for m in messages if m.get("target", {}).get("name") == "bench_worker"]
    return Path(built[-1])


def count(worker: Path) -> dict[str, int]:
    """Instructions of one step, function by function. The runs go side by side: nothing here is timed."""
    with tempfile.TemporaryDirectory() as folder:
        files, runs = [Path(folder) / f"{steps}.out" for steps in STEPS], []
        for steps, file in zip(STEPS, files, strict=True):
            command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={file}", str(worker)]
            environment = os.environ | {"TENUN_SIMD": "avx2"}
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
            run = subprocess.Popen(command, env=environment, text=True, **pipes)
            runs.append((run, json.dumps(STEP | {"count": steps}) + "\n"))
            run.stdin.write(runs[-1][1])
            run.stdin.close()
        for run, _ in runs:
            said = run.stdout.read()
            if run.wait() != 0:
                sys.exit(f"{said}\nerror: the step did not run under valgrind")
        few, many = (by_function(file.read_text()) for file in files)
    steps = STEPS[1] - STEPS[0]
    return {name: (many.get(name, 0) - few.get(name, 0)) // steps for name in many.keys() | few.keys()}


def by_function(profile: str) -> dict[str, int]:
    """Instructions that each function executed itself, from callgrind's format: a line `fn=(number) name` or
    `fn=(number)` begins a function; a line of a position and a cost belongs to it, unless it follows a `calls=` line:
    that is the cost of what it called."""
    names, costs, function, called = {}, {}, None, False
    for line in profile.splitlines():
        if line.startswith("fn="):
            number, name = re.fullmatch(r"fn=\((\d+)\)(?: (.*))?", line).groups()
            if name:
                names[number] = name
            function = names[number]
        elif line.startswith(("cfn=", "cfi=", "cob=")):
            # Names are also introduced where a function is first called.
            if match := re.fullmatch(r"cfn=\((\d+)\) (.*)", line):
                names[match[1]] = match[2]
        elif line.startswith("calls="):
            called = True
        elif re.match(r"[+\-*\d]", line) and function:
            if not called:
                readable = plain(function)
                costs[readable] = costs.get(readable, 0) + int(line.split()[-1])
            called = False
    return costs


def plain(function: str) -> str:
    """One readable name without what changes from build to build: hashes, numbers of copies."""
    name = re.sub(r"::h[0-9a-f]{16}|\.llvm\.\d+|\[[0-9a-f]{16}\]|'\d+$", "", function)
    return re.sub(r"(tenun_engine|tenun_kernels|table|plan|ops|layer|tile)::", "", name)


def million(instructions: int) -> str:
    return f"{instructions / 1e6:.3f} million"


def compare(counted: dict[str, int], stored: dict, rustc: str) -> None:
    total, before = sum(counted.values()), stored["instructions_per_step"]
    change = total / before - 1
    print(f"a training step: {million(total)} instructions, {million(before)} recorded, {change:+.2%}")
    if abs(change) <= BAND:
        return
    print(f"error: outside the band of {BAND:.0%}. What changed most, by function:")
    functions = stored["functions"]
    # What is below the share that is kept counts as new with all it has, which is little.
    names = functions.keys() | {name for name, n in counted.items() if n >= WORTH_NAMING * total}
    changes = sorted(((counted.get(n, 0) - functions.get(n, 0), n) for n in names), key=lambda c: -abs(c[0]))
    for difference, name in changes[:8]:
        if abs(difference) >= NEGLIGIBLE * before:
            print(f"  {difference / before:+8.2%} of the step  {name[:150]}")
    if rustc != stored["rustc"]:
        print(f"note: recorded with {stored['rustc']}, this is {rustc}")
    print(f"hint: {'if the step has to be dearer' if change > 0 else 'well done'}: {RECORD}, and commit {STORED.name}")
    sys.exit(1)


def main() -> None:
    if sys.argv[1:] not in ([], ["--record"]):
        sys.exit(__doc__)
    if platform.machine() not in ("x86_64", "AMD64") or " avx2 " not in Path("/proc/cpuinfo").read_text():
        print("not counted: this processor has no AVX2")
        return
    if not shutil.which("valgrind"):
        sys.exit("error: valgrind is not installed\nhint: scripts/ci/setup.sh installs it on Debian")
    rustc = subprocess.run(["rustc", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    counted = count(build())
    if sys.argv[1:] == []:
        compare(counted, json.loads(STORED.read_text()), rustc)
        return
    total = sum(counted.values())
    functions = {n: c for n, c in sorted(counted.items(), key=lambda f: -f[1]) if c >= WORTH_NAMING * total}
    figures = {"rustc": rustc, "instructions_per_step": total, "functions": functions}
    STORED.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"recorded: {million(total)} instructions a step, in {STORED.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
