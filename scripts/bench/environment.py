"""What has to be there before anything is measured: tenun, built; the peers, installed; the images; the machine."""

import os
import platform
import re
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path

from processes import Worker

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "scripts/bench"
PEERS = ROOT / "scripts/peers"

# Cargo's folder; in it what is measured, logs, and runs of tenun.
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
OUT = TARGET / "bench"

# One environment for each: their requirements need not agree. PyPI's PyTorch for Linux brings CUDA's libraries, which
# nothing here uses: 5 GB of the 8 GB of disk that all of it takes.
PACKAGES = {
    "torch": ["torch", "numpy", "safetensors"],
    "keras": ["keras", "tensorflow", "numpy"],
    "jax": ["jax", "numpy"],
    "onnx": ["onnxruntime", "onnx", "numpy", "safetensors"],
}


@dataclass
class Bench:
    """Everything that the parts of the benchmark need to know."""

    threads: int
    quick: bool
    images: int
    burn: bool = False
    compile: bool = False
    pythons: dict[str, Path] = field(default_factory=dict)
    data: Path = Path()
    out: Path = OUT

    @property
    def tenun(self) -> Path:
        return TARGET / "release/tenun"

    @property
    def logs(self) -> Path:
        return self.out / "logs"

    @property
    def widths(self) -> dict[str, str]:
        """The names under which tenun is compared, with the register width that each asks for: none is the widest."""
        wide = " avx512f " in read("/proc/cpuinfo")
        return {"tenun": ""} | ({"tenun avx2": "avx2"} if wide else {})

    def tenun_workers(self, threads: int | None = None) -> dict[str, Worker]:
        """tenun's sides, by name."""
        command, threads = [TARGET / "release/bench_worker"], threads or self.threads
        return {
            name: Worker(f"{name} worker", command, threads, self.logs, {"TENUN_SIMD": width})
            for name, width in self.widths.items()
        }

    def python_worker(self, peer: str, threads: int | None = None) -> Worker:
        threads = threads or self.threads
        command = [self.pythons[peer], HERE / f"{peer}_worker.py", threads]
        return Worker(f"{peer} worker", command, threads, self.logs)

    def installed(self, peer: str, package: str) -> str:
        """The version of a package in a peer's environment."""
        code = f"from importlib.metadata import version; print(version({package!r}))"
        command = [str(self.pythons[peer]), "-c", code]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip().split("+")[0]


def build() -> None:
    """tenun, and its worker."""
    packages = ["--package", "tenun-cli", "--package", "tenun-bench"]
    subprocess.run(["cargo", "build", "--release", "--locked", *packages], cwd=ROOT, check=True)


def data() -> Path:
    """The folder of Fashion-MNIST, fetched if need be."""
    script = ROOT / "scripts/get-data.sh"
    return Path(subprocess.run([script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def python(peer: str, environments: Path) -> Path:
    """The Python of a peer's virtual environment, made on the first call."""
    folder = environments / peer
    executable, done = folder / "bin/python", folder / "installed"
    if not done.exists():
        print(f"installing {', '.join(PACKAGES[peer])} into {folder}", file=sys.stderr, flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([executable, "-m", "pip", "install", "--quiet", *PACKAGES[peer]], check=True)
        done.touch()
    return executable


def machine(bench: Bench) -> dict:
    """The processor, what it can do at most, and how busy it is with other things."""
    model = re.search(r"model name\s*: (.*)", read("/proc/cpuinfo"))
    caches = Path("/sys/devices/system/cpu/cpu0/cache")
    l2 = next((read(c / "size").strip() for c in caches.glob("index*") if read(c / "level").strip() == "2"), "?")
    about = {"processor": model[1] if model else platform.machine(), "cores": os.cpu_count(), "l2": l2}
    about |= {"memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")}
    about |= {"system": f"{platform.system()} {platform.release()}", "load": os.getloadavg()[0], "peak": {}}
    for worker in bench.tenun_workers().values():
        said = worker.request("about")
        worker.finish()
        about["peak"][said["width"]] = said["peak"]
        about["version"] = said["version"]
    return about


def read(path: str | Path) -> str:
    """A file's text; nothing where there is no such file."""
    try:
        return Path(path).read_text()
    except OSError:
        return ""
