#!/usr/bin/env python3
"""Holds a run folder to what is known of the reference network.

usage: check_run.py epoch RUN GOLDEN    one epoch from PyTorch's weights, in file order
       check_run.py demo RUN            the run of `make demo`
"""

import base64
import json
import re
import sys
from pathlib import Path

PARAMETERS = 12_785

# One epoch against PyTorch. An epoch amplifies rounding: a weight's last bit decides later a ReLU or a maximum. Runs
# of PyTorch that differ in rounding alone are up to 8e-5 apart in the training loss and 4e-4 in the validation loss
# (README.md beside the golden file has the table).
TRAIN_LOSS = 1e-4
VAL_LOSS = 5e-4

# Twenty epochs: PyTorch ends at 0.2791 and Keras at 0.2782; a run that learns worse than both is a fault.
DEMO_EPOCHS = 20
DEMO_VAL_LOSS = 0.2800
PICTURES = ("curves", "sample", "best", "median", "worst", "histogram", "latent", "features")
PNG = b"\x89PNG\r\n\x1a\n"

failures = []


def check(holds: bool, what: str) -> None:
    print(f"{'ok  ' if holds else 'FAIL'} {what}")
    if not holds:
        failures.append(what)


def near(name: str, ours: float, golden: float, allowed: float) -> None:
    apart = abs(ours - golden)
    check(apart <= allowed, f"{name}: {ours:.6f}, PyTorch {golden:.6f}, {apart:.1e} apart, allowed {allowed:.0e}")


def epochs(run: Path) -> list[dict]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    wanted = {"epoch", "train_loss", "val_loss", "train_seconds", "val_seconds"}
    whole = all(wanted <= line.keys() for line in lines)
    check(whole, f"every line of metrics.jsonl has {', '.join(sorted(wanted))}")
    return lines


def check_epoch(run: Path, golden_file: Path) -> None:
    golden = json.loads(golden_file.read_text())["reference"]
    lines = epochs(run)
    check([line["epoch"] for line in lines] == [1], "one epoch in metrics.jsonl")
    near("training loss", lines[0]["train_loss"], golden["train_loss"], TRAIN_LOSS)
    near("validation loss", lines[0]["val_loss"], golden["val_loss"], VAL_LOSS)


def check_demo(run: Path) -> None:
    lines = epochs(run)
    check([line["epoch"] for line in lines] == list(range(1, DEMO_EPOCHS + 1)), f"{DEMO_EPOCHS} epochs in order")
    summary = json.loads((run / "summary.json").read_text())
    check(summary["parameters"] == PARAMETERS, f"parameters: {summary['parameters']}, expected {PARAMETERS}")
    check(summary["epochs"] == DEMO_EPOCHS, f"epochs: {summary['epochs']}")
    loss = summary["val_loss"]
    check(loss <= DEMO_VAL_LOSS, f"validation loss: {loss:.5f}, at most {DEMO_VAL_LOSS}")
    check(loss == lines[-1]["val_loss"], "the validation loss of summary.json is metrics.jsonl's last")
    scores = summary["scores"]
    check(scores["measured_on"] == "test", f"scores measured on: {scores['measured_on']}")
    check(0.0 < scores["mse"] < 0.02, f"test MSE: {scores['mse']:.5f}")
    check(scores["bce"] > 0.24217, f"test BCE: {scores['bce']:.5f}, above the floor of a perfect copy")
    for name in ("config.toml", "model.safetensors", "checkpoint.safetensors"):
        check((run / name).is_file(), f"{name} is there")
    for name in PICTURES:
        path = run / "pictures" / f"{name}.png"
        check(path.is_file() and path.read_bytes().startswith(PNG), f"pictures/{name}.png is a picture")
    report = (run / "report.html").read_text()
    shown = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", report)
    whole = [image for image in shown if base64.b64decode(image).startswith(PNG)]
    check(len(set(whole)) >= len(PICTURES), f"report.html holds {len(set(whole))} pictures")
    check(not re.search(r"(?:src|href)=\"https?:", report), "report.html loads nothing from elsewhere")
    seconds = sum(line["train_seconds"] + line["val_seconds"] for line in lines)
    print(f"     {seconds:.1f} s of training and validation, {seconds / len(lines):.2f} s an epoch")


def main() -> None:
    match sys.argv[1:]:
        case ["epoch", run, golden]:
            check_epoch(Path(run), Path(golden))
        case ["demo", run]:
            check_demo(Path(run))
        case _:
            sys.exit(__doc__)
    if failures:
        sys.exit(f"{len(failures)} checks failed")


if __name__ == "__main__":
    main()
