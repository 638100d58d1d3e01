#!/usr/bin/env python3
"""The warning of each of the doctor's rules, and the run that provokes it: writes docs/doctor.md from the tests that provoke them.

usage: scripts/doctor_page.py
"""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "docs" / "doctor.md"

# The runs of crates/tenun/src/doctor/tests.rs, by rule. What is not said is that of the healthy run.
RUNS = {
    "pixels-not-scaled": "black and white images whose pixels are 0 and 1, not 0 and 255",
    "images-all-equal": "64 copies of one image",
    "images-without-structure": "512 images of independent random pixels",
    "images-nearly-equal": "black images of 32×32 pixels with a single white one",
    "exploding-gradients": "a linear network without a sigmoid, squared error, SGD with momentum 0.9 at `--lr 100`",
    "learning-rate-too-high": "`--lr` 0.01, 0.02 or 0.03 with batches of 4",
    "learning-rate-too-low": "`--lr 1e-7`",
    "loss-not-falling": "`--lr 1e-6`",
    "not-converged": "nine epochs whose losses fall in a straight line (not trained)",
    "over-fitting": "24 images, 120 epochs",
    "dead-filters": "`--preset cae --lr 0.5`",
    "dead-code-units": "`--preset cae --lr 0.5`",
    "dead-output-pixels": "`--preset cae --lr 0.5`",
    "saturated-sigmoid": "`--loss mse --lr 1`",
    "worse-than-mean-image": "one epoch at `--lr 1e-7`",
    "worse-than-pca": "one epoch",
    "posterior-collapse": "`--preset variational` with a `beta` of 100",
    "dead-codes": "`--preset quantised` with 1024 vectors and no restart",
    "copies-its-input": "`--preset denoising` without noise",
}


def said():
    """For each test, the lines that it printed."""
    command = ["cargo", "test", "--locked", "--workspace", "--lib", "--", "doctor::tests::"]
    run = subprocess.run([*command, "--nocapture", "--test-threads=1"], cwd=ROOT, check=True, capture_output=True, text=True)
    tests, name = {}, None
    for line in run.stdout.splitlines():
        if start := re.match(r"test doctor::tests::(\w+) \.\.\. ?", line):
            name = start[1].replace("_", "-")
            line = line[start.end() :]
        if name:
            tests.setdefault(name, []).append(line)
    return tests


def main():
    tests = said()
    rows = ""
    for rule, run in RUNS.items():
        words = next(line for line in tests[rule] if line.startswith(rule))
        rows += f"| {rule.replace('-', ' ')} | {run} | {words.removeprefix(rule).lstrip(':, ')} |\n"
    OUTPUT.write_text(f"""# Diagnostics: what `tenun doctor` reports

`tenun train` warns during training, and `tenun doctor RUN` diagnoses a finished run. Each rule has a test that provokes it
by a real training run; this page lists those runs and their warnings. Unless the table says otherwise, a run trains for ten
epochs on 1,024 images of round spots, 16×16, in mini-batches of 32 at `--lr 0.003`, with two strided convolutions and a
latent dimension of 8; that run has no warnings. Made by `make doctor-page`.

| rule | run | warning |
| --- | --- | --- |
{rows}""")
    print(OUTPUT.read_text())


if __name__ == "__main__":
    main()
