#!/usr/bin/env python3
"""Every preset on Fashion-MNIST, with several seeds, beside PCA of the same width: writes docs/families.md.

usage: scripts/families.py [--epochs N] [--seeds N] [--threads N] [--presets NAME ...] [--program PATH]

A run that is there already is not done again. Seconds are those of training and validation on this machine.
"""

import argparse
import json
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "docs" / "families.md"

# What a family is judged by besides its reconstructions: metrics of summary.json and their names in the table.
METRICS = [
    ("code_zeros", "zeros in a code"),
    ("code_hoyer", "Hoyer's sparseness"),
    ("kl", "KL, nats"),
    ("active_units", "active units"),
    ("negative_elbo", "−ELBO, nats"),
    ("negative_iwae_50", "−IWAE₅₀, nats"),
    ("pixel_deviation", "deviation of pixels"),
    ("codes_used", "vectors used"),
    ("perplexity", "perplexity"),
]


def presets(program):
    """The names of all presets, in the program's order."""
    listed = json.loads(subprocess.run([program, "presets", "--json"], check=True, capture_output=True).stdout)
    return [preset["name"] for preset in listed["presets"]]


def run(program, preset, seed, options):
    """The summary of a run; trained unless it is there."""
    folder = ROOT / "target" / "families" / f"{preset}-{options.epochs}-{seed}"
    summary = folder / "summary.json"
    if not summary.is_file():
        command = [program, "train", "fashion-mnist", "--preset", preset, "--seed", str(seed), "--overwrite"]
        command += ["--epochs", str(options.epochs), "--out", str(folder), "--quiet"]
        if options.threads:
            command += ["--threads", str(options.threads)]
        print(" ".join(command), flush=True)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads(summary.read_text())


def spread(values, digits):
    """Mean ± sample standard deviation."""
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def table(results):
    """The families, each beside PCA of the same width."""
    text = row(["preset", "parameters", "code", "seconds", "BCE", "MSE", "SSIM", "PCA: BCE", "MSE", "SSIM"])
    text += row(["---"] + ["--:"] * 9)
    for preset, runs in results.items():
        pca = runs[0].get("pca")
        beside = [f"{pca['scores'][name]:.{digits}f}" for name, digits in (("bce", 5), ("mse", 5), ("ssim", 4))] if pca else ["–"] * 3
        cells = [f"`{preset}`", f"{runs[0]['parameters']:,}", str(runs[0]["latent"])]
        cells.append(spread([each["total_seconds"] for each in runs], 0))
        for name, digits in (("bce", 5), ("mse", 5), ("ssim", 4)):
            cells.append(spread([each["scores"][name] for each in runs], digits))
        text += row(cells + beside)
    return text


def metrics(results):
    """What else the families are judged by."""
    text = row(["preset", "metrics"]) + row(["---", "---"])
    for preset, runs in results.items():
        found = [{metric["name"]: metric["value"] for metric in each.get("family", [])} for each in runs]
        cells = [f"{label} {spread([each[name] for each in found], 4)}" for name, label in METRICS if name in found[0]]
        if "denoising" in runs[0]:
            for key, label in (("corrupted", "MSE of noisy inputs"), ("denoised", "MSE denoised")):
                cells.append(f"{label} {spread([each['denoising'][key]['mse'] for each in runs], 5)}")
        if cells:
            text += row([f"`{preset}`", ", ".join(cells)])
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--presets", nargs="+")
    parser.add_argument("--program", default=str(ROOT / "target" / "release" / "tenun"))
    options = parser.parse_args()
    names = options.presets or presets(options.program)
    results = {name: [] for name in names}
    for seed in range(1, options.seeds + 1):
        for name in names:
            results[name].append(run(options.program, name, seed, options))
    text = f"""# The families side by side

Every preset on Fashion-MNIST: all 60,000 training images, {options.epochs} epochs, otherwise each preset's own settings; the scores are
those of the 10,000 test images, mean ± standard deviation of {options.seeds} seeds. PCA has as many components as a code has
numbers, fitted on the training images. A perfect reconstruction scores a BCE of {results[names[0]][0]["scores"]["bce_floor"]:.5f}. Seconds are those of training
and validation on the machine that made the table, and depend on what else it did. Made by `make families`.

{table(results)}
Reconstructions are not all that counts. A denoising or masked network is scored here on clean, whole images, a
variational one by the mean of its code; what each is for is in its own metrics:

{metrics(results)}"""
    OUTPUT.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
