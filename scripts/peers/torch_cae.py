#!/usr/bin/env python3
"""The reference autoencoder in PyTorch, eager mode: `python torch_cae.py --help`."""

from time import perf_counter

import fashion

args = fashion.arguments(__doc__)
fashion.limit_threads(args.threads)

import torch  # noqa: E402 (after the threads are set)
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402


def network() -> nn.Sequential:
    """28x28 -> 4x4x8 -> 28x28 logits; the sigmoid is part of the loss."""

    def conv(inputs: int, outputs: int, padding: int = 1) -> nn.Conv2d:
        layer = nn.Conv2d(inputs, outputs, 3, padding=padding)
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
        return layer

    layers: list[nn.Module] = []
    for inputs, outputs in ((1, 32), (32, 16), (16, 8)):
        layers += [conv(inputs, outputs), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)]
    for inputs, outputs, padding in ((8, 8, 1), (8, 16, 1), (16, 32, 0)):
        layers += [conv(inputs, outputs, padding), nn.ReLU(), nn.Upsample(scale_factor=2)]
    return nn.Sequential(*layers, conv(32, 1))


def main() -> None:
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    train, test = (torch.from_numpy(x).unsqueeze(1) for x in fashion.images(args.data))
    model = network()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
    for epoch in range(1, args.epochs + 1):
        start, total = perf_counter(), 0.0
        for indices in torch.randperm(len(train)).split(args.batch_size):
            batch = train[indices]
            loss = F.binary_cross_entropy_with_logits(model(batch), batch)
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(batch)
        trained, val = perf_counter(), 0.0
        with torch.inference_mode():
            for batch in test.split(args.batch_size):
                val += F.binary_cross_entropy_with_logits(model(batch), batch).item() * len(batch)
        done = perf_counter()
        fashion.report(epoch, trained - start, done - trained, total / len(train), val / len(test))


if __name__ == "__main__":
    main()
