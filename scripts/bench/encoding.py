"""Encoding: the 60,000 training images, and a single one, by tenun, PyTorch and onnxruntime with the same weights.

Every side has the images in memory as it takes them, tenun as bytes, the others as floats; codes go into one array.
"""

import statistics
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter

import training
from environment import Bench
from processes import Worker

# From these each peer may take the one that suits it best.
BATCHES = (16, 32, 64, 128, 256, 512, 1024)
# Images on which that is found out.
SEARCH = 12_800
# Their names, and their workers.
PEERS = {"PyTorch": "torch", "onnxruntime": "onnx"}
# The largest difference of two codes, in parts of the largest code, that rounding explains.
SAME = 1e-5


def measure(bench: Bench, say: Callable[[str], None]) -> dict:
    model, codes = training.model(bench), bench.out / "codes.f32"
    rounds, tries = (3, 1) if bench.quick else (9, 2)
    settings = {"model": str(model), "data": str(bench.data), "limit": bench.images}
    with ExitStack() as stack:
        workers = bench.tenun_workers()
        workers |= {name: bench.python_worker(peer) for name, peer in PEERS.items() if peer in bench.pythons}
        for worker in workers.values():
            stack.callback(worker.finish)
        workers["tenun"].request("encode", **settings, codes=str(codes))
        result = {"images": 0, "same": SAME, "sides": {}}
        batches, apart = {}, {}
        for name in PEERS.keys() & workers.keys():
            some = settings | {"limit": min(SEARCH, bench.images)}
            found = {b: search(workers[name], some, b, tries) for b in BATCHES}
            batches[name] = min(found, key=found.get)
            said = workers[name].request("encode", **settings, batch=batches[name], compare=str(codes))
            apart[name] = said["apart"] / said["largest"]
            say(f"{name}: best batch {batches[name]}, codes {apart[name]:.1e} apart")
        seconds = {name: [] for name in workers}
        for _ in range(rounds):
            for name, worker in workers.items():
                said = worker.request("encode", **settings, batch=batches.get(name, 0))
                seconds[name].append(said["seconds"])
                result["images"] = said["images"]
        latencies = one_image(bench, workers, str(model))
        for name, worker in workers.items():
            result["sides"][name] = {
                "version": worker.request("about")["version"],
                "seconds": seconds[name],
                "median": statistics.median(seconds[name]),
                "batch": batches.get(name),
                "apart": apart.get(name),
                "latency": latencies[name],
            }
            say(f"{name}: {result['images'] / result['sides'][name]['median']:,.0f} images a second")
    result["program_seconds"] = program(bench, str(model))
    codes.unlink()
    return result


def search(worker: Worker, settings: dict, batch: int, tries: int) -> float:
    """The least time with this batch size."""
    return min(worker.request("encode", **settings, batch=batch)["seconds"] for _ in range(tries))


def one_image(bench: Bench, workers: dict[str, Worker], model: str) -> dict[str, dict]:
    """The quantiles of the time for one image, of the round whose median is in the middle."""
    rounds, count = (3, 200) if bench.quick else (5, 1000)
    said = {name: [] for name in workers}
    for _ in range(rounds):
        for name, worker in workers.items():
            said[name].append(worker.request("latency", model=model, count=count))
    return {name: sorted(times, key=lambda t: t["median"])[rounds // 2] for name, times in said.items()}


def program(bench: Bench, model: str) -> float:
    """`tenun encode` as a user runs it: reading, encoding, writing the codes."""
    out = bench.out / "codes.npy"
    command = [bench.tenun, "encode", model, bench.data, "--split", "train", "--out", out, "--quiet"]
    times = []
    for _ in range(3):
        before = perf_counter()
        subprocess.run([*command, "--threads", str(bench.threads)], check=True, stdout=subprocess.DEVNULL)
        times.append(perf_counter() - before)
    out.unlink()
    return statistics.median(times)
