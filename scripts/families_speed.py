#!/usr/bin/env python3
"""How fast every preset trains for its multiply-adds, beside `cae`: writes docs/families-speed.md.

usage: scripts/families_speed.py [--images N] [--rounds N] [--threads N] [--program PATH]

In each round every preset trains an epoch in turn, and `cae` first and last; the median counts. Nothing else should run
meanwhile.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "docs" / "families-speed.md"
YARDSTICK = "cae"


def answer(program, *arguments):
    """What the program prints as JSON."""
    said = subprocess.run([program, *arguments, "--json"], check=True, capture_output=True)
    return json.loads(said.stdout)


def epoch(program, preset, options):
    """Seconds of an epoch, validation left out."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "run"
        command = [program, "train", "fashion-mnist", "--preset", preset, "--epochs", "1", "--out", str(out), "--quiet"]
        command += ["--limit-train", str(options.images), "--limit-test", "1000", "--threads", str(options.threads)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return json.loads((out / "metrics.jsonl").read_text().splitlines()[0])["train_seconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=12_800)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--program", default=str(ROOT / "target" / "release" / "tenun"))
    options = parser.parse_args()
    program = options.program
    names = [preset["name"] for preset in answer(program, "presets")["presets"]]
    plans = {name: answer(program, "summary", "--preset", name, "--plan") for name in names}
    seconds = {name: [] for name in names}
    for number in range(1, options.rounds + 1):
        print(f"round {number} of {options.rounds}", flush=True)
        for name in [YARDSTICK, *(name for name in names if name != YARDSTICK), YARDSTICK]:
            seconds[name].append(epoch(program, name, options))
    median = {name: statistics.median(some) for name, some in seconds.items()}

    def rate(name, key):
        """Billions of multiply-adds a second."""
        return plans[name]["plan"][key] * options.images / median[name] / 1e9

    rows = ""
    for name in names:
        plan = plans[name]["plan"]
        cells = [f"`{name}`", f"{plans[name]['parameters']:,}"]
        cells += [f"{plan['multiply_adds_written']:,}", f"{plan['multiply_adds']:,}"]
        cells += [f"{median[name]:.2f} ({min(seconds[name]):.2f}–{max(seconds[name]):.2f})"]
        for key in ("multiply_adds_written", "multiply_adds"):
            cells += [f"{rate(name, key):.1f}", f"{rate(name, key) / rate(YARDSTICK, key):.2f}"]
        rows += "| " + " | ".join(cells) + " |\n"
    threads = f"{options.threads} thread" + "s" * (options.threads > 1)
    text = f"""# How fast the families train

Each preset with its own batch size on {options.images:,} images of Fashion-MNIST, {threads}, {plans[YARDSTICK]["plan"]["registers"]} registers: the seconds of an
epoch, the median of {options.rounds} rounds in turns and, in brackets, the range. Multiply-adds are those of one image, forwards and
backwards, of the layers *as written* and as the plan *computes* them (`tenun summary --plan`): where it rewrites layers it
needs fewer for the same result, which dense layers and strided convolutions do not allow. G/s are billions a second,
with the optimiser, the packing of weights and all elementwise operations in the seconds; beside them the ratio to
`{YARDSTICK}`. Made by `make families-speed`.

The machine was shared: ranges are wide, and a ratio within a tenth or two of another is no difference.

| preset | parameters | as written | computed | seconds | as written, G/s | ÷ `{YARDSTICK}` | computed, G/s | ÷ `{YARDSTICK}` |
| --- | --: | --: | --: | --: | --: | --: | --: | --: |
{rows}"""
    OUTPUT.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
