"""What the workers in Python share: requests and answers as lines of JSON, and times as quantiles.

A worker is started with the number of threads as its one argument; `crates/tenun-bench` says what
the tasks are.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

# Fashion-MNIST, threads and the network come from the scripts that can also be run by hand.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "peers"))

# Steps before the clock runs.
WARM_UP = 2


def threads() -> int:
    """As many as the worker was started with."""
    return int(sys.argv[1])


def serve(tasks: dict[str, Callable[..., dict]]) -> None:
    """Answers each request with what its task returns, until there are no more."""
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(tasks[request.pop("task")](**request)), flush=True)


def times(once: Callable[[], object], seconds: float = 0.0, count: int | None = None) -> dict:
    """Quantiles of the seconds that `once` takes, done `count` times or for so long."""
    for _ in range(WARM_UP):
        once()
    measured, start = [], perf_counter()
    while len(measured) < count if count else not measured or perf_counter() - start < seconds:
        before = perf_counter()
        once()
        measured.append(perf_counter() - before)
    measured.sort()

    def at(share: float) -> float:
        return measured[round(share * (len(measured) - 1))]

    return {"median": at(0.5), "min": at(0), "max": at(1), "p99": at(0.99), "count": len(measured)}
