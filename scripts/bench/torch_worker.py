"""PyTorch's side of `make bench`, eager mode: see serve.py."""

from functools import cache
from pathlib import Path
from time import perf_counter

import serve
import fashion

fashion.limit_threads(serve.threads())

import numpy as np  # noqa: E402 (after the threads are set)
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from torch_network import network  # noqa: E402

# Batches that the synthetic images are enough for.
BATCHES = 4


def about(**_) -> dict:
    return {"version": torch.__version__.split("+")[0], "threads": torch.get_num_threads()}


def step(size: int, channels: int, filters: list[int], batch: int, seconds: float, **_) -> dict:
    """Training steps: gathering the batch, forwards, backwards, Adam."""
    model = network(size, channels, tuple(filters))
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
    images = torch.rand(BATCHES * batch, channels, size, size)
    order = torch.randperm(len(images)).split(batch)
    done = 0

    def once() -> None:
        nonlocal done
        x = images[order[done % BATCHES]]
        done += 1
        loss = F.binary_cross_entropy_with_logits(model(x), x)
        adam.zero_grad()
        loss.backward()
        adam.step()
        loss.item()

    return serve.times(once, seconds)


@cache
def encoder(model: str) -> torch.nn.Sequential:
    """The reference network's encoder with the weights of a model file of tenun."""
    tensors, layers = load_file(model), network()[:9]
    for i in range(3):
        for kind in ("weight", "bias"):
            getattr(layers[3 * i], kind).data.copy_(tensors[f"encoder.conv{i + 1}.{kind}"])
    return layers.eval()


@cache
def images(data: str) -> torch.Tensor:
    return torch.from_numpy(fashion.read(Path(data), "train")).unsqueeze(1)


@torch.inference_mode()
def encode(model: str, data: str, limit: int, batch: int, compare: str | None = None, **_) -> dict:
    """The codes of the first `limit` training images, and how far they are from those in the file `compare`."""
    x, layers = images(data)[:limit], encoder(model)
    codes, start = torch.empty(len(x), 128), perf_counter()
    for first in range(0, len(x), batch):
        codes[first : first + batch] = layers(x[first : first + batch]).flatten(1)
    answer = {"seconds": perf_counter() - start, "images": len(x)}
    if compare:
        golden = torch.from_numpy(np.fromfile(compare, np.float32)).view_as(codes)
        answer |= {"apart": (codes - golden).abs().max().item(), "largest": golden.abs().max().item()}
    return answer


@torch.inference_mode()
def latency(model: str, count: int, **_) -> dict:
    layers, x = encoder(model), torch.rand(1, 1, 28, 28)
    return serve.times(lambda: layers(x), count=count)


torch.set_num_threads(serve.threads())
serve.serve({"about": about, "step": step, "encode": encode, "latency": latency})
