#!/usr/bin/env python3
"""How fast tenun is, and how fast others are beside it, on this machine.

    make bench                       everything but Burn: up to half an hour, and 8 GB for the peers' packages
    make bench ARGUMENTS=--quick     a few minutes: fewer images and rounds, so coarser figures
    make bench-all                   Burn and torch.compile too; Burn builds for minutes
    make kernels                     only single kernels, with Criterion's own report

Parts: `kernels` (each with its share of the machine's multiply-add peak), `training` (the reference network on
Fashion-MNIST in tenun, PyTorch, Keras and JAX, an epoch each in turn), `encoding` (60,000 images, and a single one, in
tenun, PyTorch and onnxruntime with the same weights) and `sweeps` (the time of a step against image size, width, batch
and threads). What a part measured replaces what it measured before, so that one can be done again alone:

    make bench ARGUMENTS='--parts encoding'

Figures go to target/bench/results.json, tables to bench/results.md, a picture to docs/speed.svg; those of a quick look,
or of fewer images, all stay in target/bench/quick. The peers are installed with pip into target/bench-venv;
`--python torch=PATH` takes a Python that has what is needed already. Nothing else should run meanwhile: the tables say
how busy the machine was.
"""

import argparse
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from time import perf_counter

import encoding
import environment
import kernels
import picture
import report
import sweeps
import training
from processes import Failed

PARTS = {"kernels": kernels, "training": training, "encoding": encoding, "sweeps": sweeps}
# The peers that a part has a use for.
NEEDS = {"kernels": [], "training": ["torch", "keras", "jax"], "encoding": ["torch", "onnx"], "sweeps": ["torch"]}

# Where coarse figures go, and thorough ones.
QUICK = environment.OUT / "quick"
SHOWN = {"results.md": "bench/results.md", "speed.svg": "docs/speed.svg"}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few minutes instead of half an hour")
    parser.add_argument("--images", type=int, help="to train on and to encode (default: 60000; 12800 with --quick)")
    parser.add_argument("--burn", action="store_true", help="Burn too")
    parser.add_argument("--compile", action="store_true", help="torch.compile too")
    parser.add_argument("--threads", type=int, default=2, help="of every side (default: %(default)s)")
    parser.add_argument("--parts", default=",".join(PARTS), help="which, with commas (default: %(default)s)")
    parser.add_argument("--without", default="", help="peers to leave out, with commas: torch, keras, jax, onnx")
    parser.add_argument("--python", action="append", default=[], metavar="PEER=PATH", help="a Python that is ready")
    parser.add_argument("--venv", type=Path, default=environment.TARGET / "bench-venv", help="where to install")
    parser.add_argument("--report", action="store_true", help="measure nothing: write the tables and the picture anew")
    args = parser.parse_args()
    args.parts, args.images = args.parts.split(","), args.images or (12_800 if args.quick else 60_000)
    if unknown := set(args.parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return args


def is_thorough(args: argparse.Namespace) -> bool:
    """Whether figures are good enough to be shown to others."""
    return not args.quick and args.images == 60_000


def prepare(args: argparse.Namespace) -> environment.Bench:
    """Builds and installs whatever is missing."""
    threads = min(args.threads, os.cpu_count())
    bench = environment.Bench(threads, args.quick, args.images, args.burn, args.compile)
    if not is_thorough(args):
        bench.out = QUICK
    bench.logs.mkdir(parents=True, exist_ok=True)
    ready = dict(pair.split("=", 1) for pair in args.python)
    for peer in dict.fromkeys(peer for part in args.parts for peer in NEEDS[part]):
        if peer not in args.without.split(","):
            # An absolute path, but no resolved one: a virtual environment's Python is a link out of it.
            own = Path(os.path.abspath(ready[peer])) if peer in ready else None
            bench.pythons[peer] = own or environment.python(peer, args.venv)
    environment.build()
    bench.data = environment.data()
    return bench


def measure(args: argparse.Namespace, stored: Path) -> dict:
    """Measures the parts that were asked for, and keeps each as soon as it is there."""
    bench = prepare(args)
    results = json.loads(stored.read_text()) if stored.exists() else {}
    for part in args.parts:
        start = perf_counter()
        about = environment.machine(bench)
        measured = PARTS[part].measure(bench, lambda line: print(f"  {line}", flush=True))
        seconds = perf_counter() - start
        print(f"{part}: {seconds:.0f} s", flush=True)
        about |= {"date": date.today().isoformat(), "threads": bench.threads, "quick": bench.quick}
        results[part] = {"about": about | {"seconds": seconds}, "measured": measured}
        stored.write_text(json.dumps(results, indent=1) + "\n")
    return results


def main() -> None:
    args = arguments()
    out = environment.OUT if is_thorough(args) else QUICK
    stored = out / "results.json"
    try:
        results = json.loads(stored.read_text()) if args.report else measure(args, stored)
    except (Failed, subprocess.CalledProcessError, FileNotFoundError) as error:
        sys.exit(f"error: {error}")
    text = report.markdown(results)
    files = {"results.md": text}
    if {"training", "encoding"} <= results.keys():
        files["speed.svg"] = picture.svg(results)
    for name, content in files.items():
        path = environment.ROOT / SHOWN[name] if is_thorough(args) else out / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        print(f"written: {path}", file=sys.stderr)
    print(text)


if __name__ == "__main__":
    main()
