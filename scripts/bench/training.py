"""Training the reference network on Fashion-MNIST: tenun and its peers side by side, one epoch each in turn.

tenun's is the real program, started anew for each turn; a peer goes on where it was, its first epoch with whatever
compiling it does. Waiting processes use no processor time.
"""

import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from environment import HERE, OUT, PEERS, Bench
from processes import Process

BATCH = 128
# Epochs of tenun in a turn: they are short.
TENUN_EPOCHS = 2


@dataclass
class Side:
    """One of those that are compared."""

    name: str
    version: str
    # What has to be run, less what is the same for all.
    command: list
    environment: dict = field(default_factory=dict)
    epochs: list[dict] = field(default_factory=list)
    peak_bytes: float = 0.0
    first_step_seconds: list[float] = field(default_factory=list)
    process: Process | None = None

    @property
    def is_tenun(self) -> bool:
        return self.name.startswith("tenun")


def sides(bench: Bench) -> list[Side]:
    """tenun with each register width, and the peers that were asked for."""
    def peer(name: str, script: str, python: str, package: str, *flags: str) -> Side:
        return Side(name, bench.installed(python, package), [bench.pythons[python], PEERS / script, *flags])

    tenun = [bench.tenun, "train"]
    result = [Side(name, "", tenun, {"TENUN_SIMD": width}) for name, width in bench.widths.items()]
    if "torch" in bench.pythons:
        result.append(peer("PyTorch", "torch_cae.py", "torch", "torch"))
        if bench.compile:
            result.append(peer("PyTorch compiled", "torch_cae.py", "torch", "torch", "--compile"))
    if "keras" in bench.pythons:
        keras = peer("Keras", "keras_cae.py", "keras", "keras")
        keras.version += f" on TensorFlow {bench.installed('keras', 'tensorflow')}"
        result.append(keras)
    if "jax" in bench.pythons:
        result.append(peer("JAX", "jax_cae.py", "jax", "jax"))
    if bench.burn:
        result.append(Side("Burn", burn_version(), [build_burn(bench)]))
    return result


def build_burn(bench: Bench) -> Path:
    """The program in Burn; some minutes the first time."""
    folder = OUT / "burn"
    environment = os.environ | {"CARGO_TARGET_DIR": str(folder)}
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=HERE / "burn", env=environment, check=True)
    return folder / "release/burn-cae"


def burn_version() -> str:
    lock = (HERE / "burn/Cargo.lock").read_text()
    return lock.split('name = "burn"\nversion = "')[1].split('"')[0]


def measure(bench: Bench, say: Callable[[str], None]) -> dict:
    """Epochs in turn, memory, the time to the first step, and a whole run of twenty epochs."""
    compared = sides(bench)
    rounds, limit = 2 if bench.quick else 5, bench.images
    limits = ["--limit-train", limit, "--limit-test", limit // 6]
    for number in range(rounds):
        for side in compared:
            lines = turn(bench, side, limits)
            side.epochs += lines
            seconds = ", ".join(f"{line['train_seconds']:.2f}" for line in lines)
            say(f"round {number + 1} of {rounds}, {side.name}: {seconds} s")
    for side in compared:
        if side.process:
            side.peak_bytes = side.process.finish()
            side.process = None
    for _ in range(1 if bench.quick else 3):
        for side in compared:
            side.first_step_seconds.append(first_step(bench, side))
            say(f"first step, {side.name}: {side.first_step_seconds[-1]:.2f} s")
    result = {"images": limit, "test_images": limit // 6, "rounds": rounds, "batch": BATCH}
    result["sides"] = [result_of(side) for side in compared]
    if not bench.quick:
        result["twenty"] = twenty(bench)
        say(f"20 epochs: {result['twenty']['program_seconds']:.1f} s")
    return result


def result_of(side: Side) -> dict:
    return {
        "name": side.name,
        "version": side.version,
        "train_seconds": [line["train_seconds"] for line in side.epochs],
        "val_seconds": [line["val_seconds"] for line in side.epochs],
        "median": statistics.median(line["train_seconds"] for line in side.epochs),
        "peak_bytes": side.peak_bytes,
        "first_step_seconds": statistics.median(side.first_step_seconds),
    }


def turn(bench: Bench, side: Side, limits: list) -> list[dict]:
    """One turn: some epochs of tenun, or one of a peer, as lines like those of metrics.jsonl."""
    if side.is_tenun:
        return program(bench, side, TENUN_EPOCHS, limits)
    if side.process is None:
        side.process = start(bench, side, [*limits, "--epochs", 1000, "--turns"])
    return [side.process.ask()]


def start(bench: Bench, side: Side, flags: list) -> Process:
    source = [bench.data] if side.is_tenun else ["--data", bench.data]
    flags = [*source, *flags, "--batch-size", BATCH, "--threads", bench.threads]
    return Process(side.name, [*side.command, *flags], bench.threads, bench.logs, side.environment)


def program(bench: Bench, side: Side, epochs: int, limits: list, run: str = "run") -> list[dict]:
    """`tenun train`, to its end."""
    folder = bench.out / run
    shutil.rmtree(folder, ignore_errors=True)
    process = start(bench, side, [*limits, "--epochs", epochs, "--out", folder, "--json"])
    process.answer()
    # The rest of what it prints has to be read, or it would wait for a reader.
    process.process.stdout.read()
    side.peak_bytes = max(side.peak_bytes, process.finish())
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def first_step(bench: Bench, side: Side) -> float:
    """From the command to the end of an epoch of one batch, which is then validated on one batch."""
    flags = ["--epochs", 1, "--limit-train", BATCH, "--limit-test", BATCH]
    if side.is_tenun:
        folder = bench.out / "first"
        shutil.rmtree(folder, ignore_errors=True)
        flags += ["--out", folder, "--json"]
    process = start(bench, side, flags)
    process.answer()
    seconds = perf_counter() - process.started
    process.finish(kill=True)
    return seconds


def twenty(bench: Bench) -> dict:
    """The reference run: 20 epochs, validated after each, with its report."""
    side = Side("tenun", "", [bench.tenun, "train"])
    before = perf_counter()
    lines = program(bench, side, 20, [], "twenty")
    program_seconds = perf_counter() - before
    return {
        "seconds": sum(line["train_seconds"] + line["val_seconds"] for line in lines),
        "program_seconds": program_seconds,
        "val_loss": lines[-1]["val_loss"],
        "peak_bytes": side.peak_bytes,
    }


def model(bench: Bench) -> Path:
    """A trained model, whatever run left one; else one epoch makes it."""
    for run in ("twenty", "run"):
        if (path := bench.out / run / "model.safetensors").exists():
            return path
    program(bench, Side("tenun", "", [bench.tenun, "train"]), 1, [])
    return bench.out / "run/model.safetensors"
