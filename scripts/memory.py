#!/usr/bin/env python3
"""Compares what `tenun train` says of its memory with what it takes, and writes docs/memory.md.

Every preset named below is trained for an epoch on random pictures of every shape; the estimate is that of the first line
of `--json`, the peak what the system says of the finished process (`ru_maxrss`, which is VmHWM).
"""

import argparse
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

SHAPES = [(28, 28, 1), (32, 32, 3), (45, 37, 3), (64, 64, 1), (128, 128, 3), (256, 256, 3)]
PRESETS = ["cae", "sharp", "dense", "variational", "quantised"]
IMAGES = 64

# Bytes by which estimates of small runs may be above what comes.
SLACK = 25_000_000

TEXT = """# Memory

`tenun train` says before it begins how much memory it is going to take: the largest resident memory of the whole process,
images, training, measuring, principal components and report included. What is open already is measured, the rest is
counted array by array from the plan, with a reserve of 6 % and 10 MB for the allocator; nothing of that size is allocated to
find it out. A run for which too little memory is free is refused, with the largest layer and the option to change.
Checkpoints are written from the arrays of the training itself, without a copy.

The estimate should never be below what comes, and at most 15 % above it; or {slack} MB, which are what the allocator keeps or
gives back of the smallest runs from one to the next. The script fails where it is not. Below, each preset was trained for an epoch
on {images} random pictures with batches of {batch} and {threads} threads (`scripts/memory.py`, {system}); the peak is what the system says
of the finished process.

| image | preset | estimate, MB | peak, MB | estimate / peak |
|---|---|--:|--:|--:|
{rows}

`tenun summary --plan` describes a plan without making its buffers: for `sharp` on 256×256×3, whose plan has
{plan} MB, it took {summary} MB.
"""


def npy(path, shape, count):
    """Random pictures `[image][row][column][channel]`."""
    height, width, channels = shape
    axes = (count, height, width, channels)
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {axes}, }}".encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    numbers = os.urandom(count * height * width * channels)
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + numbers)


def run(command):
    """Standard output and the peak in bytes of a command."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            sys.exit(f"{' '.join(map(str, command))}: {err.read().decode()}")
        return out.read().decode(), usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenun", default="target/release/tenun", help="the program [default: %(default)s]")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--presets", nargs="*", default=PRESETS)
    parser.add_argument("--shapes", nargs="*", help="such as 28x28x1")
    parser.add_argument("--write", action="store_true", help="write docs/memory.md")
    options = parser.parse_args()
    shapes = [tuple(map(int, text.split("x"))) for text in options.shapes] if options.shapes else SHAPES
    rows, wrong = [], []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for shape in shapes:
            name = "x".join(map(str, shape))
            data = folder / f"{name}.npy"
            npy(data, shape, IMAGES)
            for preset in options.presets:
                command = [options.tenun, "train", data, "--preset", preset, "--epochs", "1", "--json", "--batch-size",
                           str(options.batch), "--threads", str(options.threads), "--out", folder / f"{name}-{preset}"]
                text, peak = run(command)
                start = json.loads(text.splitlines()[0])
                estimate = start["memory"]
                ratio = estimate / peak
                if not peak <= estimate <= max(1.15 * peak, peak + SLACK):
                    wrong.append(f"{name} {preset}: {ratio:.3f}")
                label = name.replace("x", "×")
                row = f"| {label} | `{preset}` | {estimate / 1e6:,.0f} | {peak / 1e6:,.0f} | {ratio:.2f} |"
                print(row, flush=True)
                rows.append(row)
        text, summary = run([options.tenun, "summary", "--preset", "sharp", "--input", "256x256x3", "--plan", "--json",
                             "--threads", str(options.threads)])
        plan = json.loads(text)["plan"]["memory"]
    if options.write:
        system = f"{os.uname().sysname} on {os.uname().machine}"
        pathlib.Path("docs/memory.md").write_text(TEXT.format(
            images=IMAGES, slack=f"{SLACK / 1e6:.0f}", batch=options.batch, threads=options.threads, system=system, rows="\n".join(rows),
            plan=f"{plan / 1e6:,.0f}", summary=f"{summary / 1e6:,.0f}"))
    if wrong:
        sys.exit("below what came, or too far above it: " + ", ".join(wrong))


if __name__ == "__main__":
    main()
