"""How the time of a training step grows: with the images, the width of the network, the batch, the threads.

Synthetic images, so that any shape can be had; networks like the reference one: three convolutions, each with ReLU and
max-pooling, and the mirrored decoder.
"""

import statistics
from collections.abc import Callable
from contextlib import ExitStack

from environment import Bench

CAE = {"size": 28, "channels": 1, "filters": [32, 16, 8], "batch": 128}


def wide(width: int) -> dict:
    """The reference network with `width` filters in its first convolution, and half as many in each that follows."""
    return CAE | {"filters": [width, width // 2, width // 4]}


SWEEPS = {
    "image size": [CAE | {"size": size, "channels": channels} for channels in (1, 3) for size in (28, 64, 128)],
    "width": [wide(width) for width in (8, 16, 32, 64, 96, 128)],
    "batch": [CAE | {"batch": batch} for batch in (16, 32, 64, 128, 256, 512, 1024)],
}
# The others are measured for tenun alone where there is no time.
ESSENTIAL = (CAE, wide(96), CAE | {"size": 64, "channels": 3})


def measure(bench: Bench, say: Callable[[str], None]) -> dict:
    """Median steps of tenun, with the widest registers and with AVX2, and of PyTorch, in turns."""
    rounds, seconds = (2, 0.4) if bench.quick else (3, 1.0)
    result = {}
    for threads in sorted({1, bench.threads}, reverse=True):
        sweeps = SWEEPS if threads == bench.threads else {"threads": list(ESSENTIAL)}
        with ExitStack() as stack:
            workers = bench.tenun_workers(threads)
            if "torch" in bench.pythons:
                workers["PyTorch"] = bench.python_worker("torch", threads)
            for worker in workers.values():
                stack.callback(worker.finish)
            # The reference network is in every sweep, and measured once.
            known = {}
            for name, cases in sweeps.items():
                rows = []
                for case in cases:
                    key = str(case)
                    if key not in known:
                        fewer = bench.quick and case not in ESSENTIAL
                        asked = {n: w for n, w in workers.items() if not (fewer and n != "tenun")}
                        known[key] = steps(asked, case, rounds, seconds)
                        told = ", ".join(f"{n} {s['median'] * 1e3:.1f} ms" for n, s in known[key].items())
                        say(f"{describe(case)}, {threads} threads: {told}")
                    rows.append({"case": case, "threads": threads, "sides": known[key]})
                result[name] = rows
    # One thread beside all of them.
    both = [row for name in ("image size", "width") for row in result.get(name, [])]
    for row in result.get("threads", []):
        row["all_threads"] = next(other["sides"] for other in both if other["case"] == row["case"])
    return result


def steps(workers: dict, case: dict, rounds: int, seconds: float) -> dict:
    """The median of the rounds' medians, and the extremes of all steps."""
    said = {name: [] for name in workers}
    for _ in range(rounds):
        for name, worker in workers.items():
            said[name].append(worker.request("step", **case, seconds=seconds))
    return {
        name: {
            "median": statistics.median(answer["median"] for answer in answers),
            "min": min(answer["min"] for answer in answers),
            "max": max(answer["max"] for answer in answers),
            "plan_bytes": answers[0].get("plan_bytes"),
            "multiply_adds": answers[0].get("multiply_adds"),
        }
        for name, answers in said.items()
    }


def describe(case: dict) -> str:
    filters = "-".join(str(n) for n in case["filters"])
    return f"{case['size']}×{case['size']}×{case['channels']}, {filters}, batch {case['batch']}"
