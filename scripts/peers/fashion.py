"""What the peers share: Fashion-MNIST, the command line, whose turn it is, and the line printed for an epoch."""

import argparse
import gzip
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np


def arguments(description: str, **switches: str) -> argparse.Namespace:
    """The same flags for every peer, and `switches` of its own: their names, with a help text each."""
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
    parser.add_argument("--limit-train", type=int, help="the first so many training images (default: all)")
    parser.add_argument("--limit-test", type=int, help="the first so many test images (default: all)")
    parser.add_argument("--turns", action="store_true", help="wait for a line on standard input before each epoch")
    for name, text in switches.items():
        parser.add_argument(f"--{name}", action="store_true", help=text)
    return parser.parse_args()


def epochs(args: argparse.Namespace) -> Iterator[int]:
    """The numbers of the epochs, from 1, each when its turn has come."""
    for epoch in range(1, args.epochs + 1):
        turn(args)
        yield epoch


def turn(args: argparse.Namespace) -> None:
    """With `--turns`, waits for a line, so that others can be measured between two epochs; no more lines end it all."""
    if args.turns and not sys.stdin.readline():
        sys.exit()


def limit_threads(threads: int) -> None:
    """Keeps the process, and every library it loads afterwards, on `threads` cores.

    Call it before importing the framework. A framework sizes its pools by the cores it may run
    on, and not all of them have a setting that covers every pool.
    """
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def images(args: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Training and test images, as many as were asked for."""
    train, test = read(args.data, "train"), read(args.data, "t10k")
    return train[: args.limit_train], test[: args.limit_test]


def read(folder: Path, part: str) -> np.ndarray:
    """The images of `train` or `t10k`, float32 in 0..1, [image][row][column]."""
    plain = folder / f"{part}-images-idx3-ubyte"
    data = plain.read_bytes() if plain.exists() else gzip.decompress(plain.with_name(f"{plain.name}.gz").read_bytes())
    pixels = np.frombuffer(data, np.uint8, offset=16)
    return pixels.reshape(-1, 28, 28).astype(np.float32) / 255


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
