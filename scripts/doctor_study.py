#!/usr/bin/env python3
"""Asks whether the doctor's advice can be trusted, and writes docs/doctor-study.md.

Good runs, of every preset on several sets and sizes, should have no warning: each that comes is a false alarm. Bad runs
have something wrong on purpose, and should have the warning for it. Then the advice of each warning that names a flag and
its value is followed, and the run is compared with itself: the advice must not make it worse.

usage: scripts/doctor_study.py [--program PATH]      (needs NumPy; ten minutes on two cores)
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "docs" / "doctor-study.md"

# A loss that is higher by less than this share of the way to the mean image is the same: seeds differ by as much.
SAME = 0.01

PRESETS = [
    "cae", "cae-fast", "dense", "denoising", "masked", "quantised", "regularised", "sparse", "sparse-kl",
    "variational", "variational-2", "variational-gaussian",
]


def spots(count, height, width, channels, seed):
    """A bright round spot on each image: where, how wide, how bright and of which colour is random."""
    draw = numpy.random.default_rng(seed)
    rows, columns = numpy.mgrid[0:height, 0:width]
    images = numpy.zeros((count, height, width, channels))
    for image in images:
        y, x = draw.uniform(0.2, 0.8) * height, draw.uniform(0.2, 0.8) * width
        radius = draw.uniform(0.1, 0.25) * min(height, width)
        far = numpy.hypot(rows - y, columns - x)
        image += numpy.clip(1 + radius - far, 0, 1)[..., None] * draw.uniform(0.3, 1, channels)
    return (255 * images).astype("u1")


def strokes(count, side, seed):
    """Two straight strokes on each image."""
    draw = numpy.random.default_rng(seed)
    rows, columns = numpy.mgrid[0:side, 0:side]
    images = numpy.zeros((count, side, side))
    for image in images:
        for _ in range(2):
            (y, x), angle = draw.uniform(0.25, 0.75, 2) * side, draw.uniform(0, numpy.pi)
            across = abs((rows - y) * numpy.cos(angle) - (columns - x) * numpy.sin(angle))
            along = abs((rows - y) * numpy.sin(angle) + (columns - x) * numpy.cos(angle))
            numpy.maximum(image, numpy.clip(2 - across, 0, 1) * (along < side / 3), out=image)
    return (255 * images).astype("u1")


def noise(count, side, seed):
    """Independent pixels."""
    return numpy.random.default_rng(seed).integers(0, 256, (count, side, side), dtype="u1")


def dots(count, side, seed):
    """Black, with a single white pixel."""
    images = numpy.zeros((count, side * side), dtype="u1")
    images[range(count), numpy.random.default_rng(seed).integers(0, side * side, count)] = 255
    return images.reshape(count, side, side)


SETS = {
    "spots16": lambda: spots(2000, 16, 16, 1, 1),
    "spots-rgb": lambda: spots(1500, 24, 24, 3, 2),
    "spots-wide": lambda: spots(1500, 20, 32, 1, 3),
    "strokes28": lambda: strokes(2000, 28, 4),
    "strokes-few": lambda: strokes(24, 28, 5),
    "noise16": lambda: noise(1000, 16, 6),
    "dots32": lambda: dots(1000, 32, 7),
    "binary16": lambda: spots(1000, 16, 16, 1, 8) // 128,
}

GOOD = [
    *((preset, "fashion-mnist", ["--limit-train", "4000", "--epochs", "8"]) for preset in PRESETS),
    *((preset, "spots16", ["--epochs", "15"]) for preset in ("cae", "dense", "variational", "denoising", "quantised")),
    *((preset, "spots-rgb", ["--epochs", "15"]) for preset in ("cae", "sparse", "dense")),
    *((preset, "spots-wide", ["--epochs", "15"]) for preset in ("cae", "variational")),
    *((preset, "strokes28", ["--epochs", "15"]) for preset in ("cae", "dense", "sharp", "masked")),
]

# The rule that has to speak, and what is wrong.
BAD = [
    ("learning-rate-too-low", "cae", "spots16", ["--epochs", "6", "--lr", "1e-7"]),
    ("learning-rate-too-low", "dense", "strokes28", ["--epochs", "6", "--lr", "1e-8"]),
    ("learning-rate-too-low", "sharp", "spots16", ["--epochs", "4", "--lr", "1e-7"]),
    ("loss-not-falling", "cae", "strokes28", ["--epochs", "6", "--lr", "1e-6"]),
    ("learning-rate-too-high", "dense", "spots16", ["--epochs", "10", "--lr", "0.05"]),
    ("learning-rate-too-high", "cae", "strokes28", ["--epochs", "12", "--lr", "0.02", "--batch-size", "8"]),
    ("dead-filters", "cae", "spots16", ["--epochs", "6", "--lr", "0.5"]),
    ("dead-filters", "cae", "fashion-mnist", ["--limit-train", "2000", "--epochs", "6", "--lr", "0.5"]),
    ("saturated-sigmoid", "dense", "spots16", ["--epochs", "6", "--lr", "1", "--loss", "mse"]),
    ("over-fitting", "dense", "strokes-few", ["--epochs", "300"]),
    ("over-fitting", "cae", "strokes-few", ["--epochs", "400"]),
    ("images-without-structure", "cae", "noise16", ["--epochs", "6"]),
    ("images-without-structure", "dense", "noise16", ["--epochs", "6"]),
    ("images-nearly-equal", "cae", "dots32", ["--epochs", "4"]),
    ("pixels-not-scaled", "cae", "binary16", ["--epochs", "3"]),
    ("worse-than-pca", "cae", "spots16", ["--epochs", "2"]),
    ("copies-its-input", "dense", "spots16", ["--epochs", "3", "--latent", "256"]),
    ("worse-than-mean-image", "cae", "spots16", ["--epochs", "2", "--lr", "1e-7"]),
]


class Study:
    def __init__(self, program, folder):
        self.program, self.folder, self.count = program, folder, 0
        for name, make in SETS.items():
            numpy.save(folder / f"{name}.npy", make())

    def run(self, preset, data, arguments):
        """Trains, and gives what the program writes of the run: `summary.json`."""
        self.count += 1
        out = self.folder / f"run{self.count}"
        source = str(self.folder / f"{data}.npy") if data in SETS else data
        limit = [] if data in SETS else ["--limit-test", "1000"]
        command = [self.program, "train", source, "--preset", preset, "--out", str(out), *limit, *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        if not (out / "summary.json").exists():
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
        summary = json.loads((out / "summary.json").read_text())
        shutil.rmtree(out)
        return summary


def advised(advice):
    """The arguments that an advice names with their values, of the first thing that it says to do; none if it says where
    to look."""
    if rate := re.match(r"(?:Lower|Raise) `--lr`.*?, to ([0-9.e-]+)", advice):
        return ["--lr", rate[1].rstrip(".")]
    if flag := re.search(r"`(--(?:epochs|patience|loss|latent|preset|batch-size|clip-norm|augment)) ([^`]+)`", advice):
        return [flag[1], flag[2]]
    return []


def changed(arguments, change):
    """The arguments of a run with those of a change in their place."""
    kept = []
    for flag, value in zip(arguments[::2], arguments[1::2]):
        if flag != change[0]:
            kept += [flag, value]
    return [*kept, *change]


def quality(summary):
    """The squared error as a share of that of the mean image: 0 is perfect, 1 has learned nothing."""
    return summary["scores"]["mse"] / summary["mean_image"]["mse"]


def name(preset, data, arguments):
    return f"`{preset}` {data} `{' '.join(arguments)}`"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default=str(ROOT / "target" / "release" / "tenun"))
    program = parser.parse_args().program
    good, bad, advice, false, missed, worse = "", "", "", 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        study = Study(program, pathlib.Path(folder))

        def follow(run, summary):
            """Follows each advice of a run that names a flag and its value."""
            nonlocal advice, worse
            preset, data, arguments = run
            for finding in summary["warnings"]:
                change = advised(finding["advice"])
                if not change:
                    continue
                before = quality(summary)
                if change[0] == "--preset":
                    after = quality(study.run(change[1], data, arguments))
                else:
                    after = quality(study.run(preset, data, changed(arguments, change)))
                is_worse = after > before + SAME
                worse += is_worse
                verdict = "**worse**" if is_worse else "better" if after < before - SAME else "the same"
                advice += (
                    f"| {name(*run)} | {finding['rule']} | `{' '.join(change)}` | {before:.3f} | {after:.3f} | {verdict} |\n"
                )
                print(advice.splitlines()[-1], flush=True)

        for run in GOOD:
            summary = study.run(*run)
            rules = [finding["rule"] for finding in summary["warnings"]]
            false += len(rules)
            good += f"| {name(*run)} | {quality(summary):.3f} | {', '.join(rules) or '–'} |\n"
            print(good.splitlines()[-1], flush=True)
            follow(run, summary)
        for wanted, *run in BAD:
            summary = study.run(*run)
            rules = [finding["rule"] for finding in summary["warnings"]]
            missed += wanted not in rules
            others = [rule for rule in rules if rule != wanted]
            said = "said" if wanted in rules else "**not said**"
            bad += f"| {name(*run)} | {wanted} | {said} | {', '.join(others) or '–'} |\n"
            print(bad.splitlines()[-1], flush=True)
            follow(run, summary)
    OUTPUT.write_text(f"""# Whether the diagnostics can be trusted

Made by `scripts/doctor_study.py`: {len(GOOD)} runs with nothing wrong, {len(BAD)} with something wrong on purpose, and every
advice that names a flag and its value followed. Error is the mean squared error on the images that the model is judged by,
as a share of that of the mean image: 0 is perfect, and at 1 nothing was learned.

{false} false alarms, {missed} alarms missed, {worse} pieces of advice that made a run worse (by more than {SAME}).

## Runs with nothing wrong

| run | error | warnings |
|---|---|---|
{good}
## Runs with something wrong

| run | what is wrong | | other warnings |
|---|---|---|---|
{bad}
## The advice, followed

| run | warning | advice | error before | after | |
|---|---|---|---|---|---|
{advice}""")
    print(f"{false} false alarms, {missed} missed, {worse} worse: {OUTPUT}")


if __name__ == "__main__":
    main()
