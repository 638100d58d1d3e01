"""What the peers share: Fashion-MNIST, the command line, and the line printed for an epoch."""

import argparse
import gzip
import json
import os
from pathlib import Path

import numpy as np


def arguments(description: str) -> argparse.Namespace:
    """The same flags for every peer."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("/usr/share/datasets/fashion-mnist"),
        help="folder with the IDX files, plain or gzipped (default: %(default)s)",
    )
    return parser.parse_args()


def limit_threads(threads: int) -> None:
    """Keeps the process, and every library it loads afterwards, on `threads` cores.

    Call it before importing the framework. A framework sizes its pools by the cores it may run
    on, and not all of them have a setting that covers every pool.
    """
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def images(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Training and test images, float32 in 0..1, [image][row][column]."""

    def read(name: str) -> np.ndarray:
        plain = folder / name
        data = plain.read_bytes() if plain.exists() else gzip.decompress((folder / f"{name}.gz").read_bytes())
        pixels = np.frombuffer(data, np.uint8, offset=16)
        return pixels.reshape(-1, 28, 28).astype(np.float32) / 255

    return read("train-images-idx3-ubyte"), read("t10k-images-idx3-ubyte")


def report(epoch: int, train_seconds: float, val_seconds: float, train_loss: float, val_loss: float) -> None:
    """One line of JSON, as in the `metrics.jsonl` of a run of tenun."""
    line = {
        "epoch": epoch,
        "train_seconds": round(train_seconds, 3),
        "val_seconds": round(val_seconds, 3),
        "train_loss": round(float(train_loss), 6),
        "val_loss": round(float(val_loss), 6),
    }
    print(json.dumps(line), flush=True)
