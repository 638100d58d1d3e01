#!/usr/bin/env python3
"""The reference autoencoder in PyTorch, eager mode unless asked: `python torch_cae.py --help`."""

from time import perf_counter

import fashion

args = fashion.arguments(__doc__, compile="through torch.compile: needs a C++ compiler")
fashion.limit_threads(args.threads)

import torch  # noqa: E402 (after the threads are set)
import torch.nn.functional as F  # noqa: E402
from torch_network import network  # noqa: E402


def main() -> None:
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    train, test = (torch.from_numpy(x).unsqueeze(1) for x in fashion.images(args))
    model = network()
    step = torch.compile(model) if args.compile else model
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
    for epoch in fashion.epochs(args):
        start, total = perf_counter(), 0.0
        for indices in torch.randperm(len(train)).split(args.batch_size):
            batch = train[indices]
            loss = F.binary_cross_entropy_with_logits(step(batch), batch)
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(batch)
        trained, val = perf_counter(), 0.0
        with torch.inference_mode():
            for batch in test.split(args.batch_size):
                val += F.binary_cross_entropy_with_logits(step(batch), batch).item() * len(batch)
        done = perf_counter()
        fashion.report(epoch, trained - start, done - trained, total / len(train), val / len(test))


if __name__ == "__main__":
    main()
