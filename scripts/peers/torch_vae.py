#!/usr/bin/env python3
"""tenun's preset `variational-2` in PyTorch, with its evidence bounds: `python torch_vae.py --help`.

The bounds are those of `tenun eval`: means over the first 1,000 test images, with 50 draws each.
"""

import json
import math
from time import perf_counter

import fashion

args = fashion.arguments(__doc__, gaussian="normally distributed pixels with a variance that is learned")
fashion.limit_threads(args.threads)

import torch  # noqa: E402 (after the threads are set)
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

CODE, HIDDEN, PIXELS = 2, 128, 28 * 28
DRAWS, MEASURED = 50, 1000


class Vae(nn.Module):
    """28x28 -> mean and log-variance of a code -> 28x28 logits; 214,709 parameters, and one for the variance of pixels."""

    def __init__(self) -> None:
        super().__init__()
        relu, pool, up = nn.ReLU(), nn.MaxPool2d(2), nn.Upsample(scale_factor=2)
        map_of_code = (16, 7, 7)
        numbers = math.prod(map_of_code)
        self.encoder = nn.Sequential(
            *(nn.Conv2d(1, 32, 3, padding=1), relu, pool),
            *(nn.Conv2d(32, 16, 3, padding=1), relu, pool),
            *(nn.Flatten(), nn.Linear(numbers, HIDDEN), relu, nn.Linear(HIDDEN, 2 * CODE)),
        )
        self.decoder = nn.Sequential(
            *(nn.Linear(CODE, HIDDEN), relu, nn.Linear(HIDDEN, numbers), relu, nn.Unflatten(1, map_of_code)),
            *(nn.Conv2d(16, 16, 3, padding=1), relu, up),
            *(nn.Conv2d(16, 32, 3, padding=1), relu, up),
            nn.Conv2d(32, 1, 3, padding=1),
        )
        self.log_variance = nn.Parameter(torch.tensor(-3.0))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def surprise(self, code: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """-log p(x | code) in nats, of each image."""
        logits = self.decoder(code)
        if args.gaussian:
            apart = (torch.sigmoid(logits) - x).square()
            each = 0.5 * (apart * torch.exp(-self.log_variance) + self.log_variance + math.log(math.tau))
        else:
            each = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
        return each.sum((1, 2, 3))


def divergence(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """From the standard normal distribution, in nats, of each image."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


def bounds(model: Vae, x: torch.Tensor) -> tuple[float, float]:
    """-ELBO and the importance-weighted bound, means over images in nats."""
    mean, log_variance = model.encoder(x).chunk(2, dim=1)
    logs = []
    for _ in range(DRAWS):
        noise = torch.randn_like(mean)
        code = mean + (log_variance / 2).exp() * noise
        prior_over_posterior = 0.5 * (noise.square() + log_variance - code.square()).sum(1)
        logs.append(prior_over_posterior - model.surprise(code, x))
    logs = torch.stack(logs)
    weighted = torch.logsumexp(logs, 0) - math.log(DRAWS)
    return -logs.mean().item(), -weighted.mean().item()


def main() -> None:
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    train, test = (torch.from_numpy(x).unsqueeze(1) for x in fashion.images(args))
    model = Vae()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
    for epoch in fashion.epochs(args):
        start, total = perf_counter(), 0.0
        for indices in torch.randperm(len(train)).split(args.batch_size):
            x = train[indices]
            mean, log_variance = model.encoder(x).chunk(2, dim=1)
            code = mean + (log_variance / 2).exp() * torch.randn_like(mean)
            surprise = model.surprise(code, x)
            loss = (surprise + divergence(mean, log_variance)).mean() / PIXELS
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += surprise.sum().item() / PIXELS
        trained, val = perf_counter(), 0.0
        with torch.inference_mode():
            for x in test.split(args.batch_size):
                val += model.surprise(model.encoder(x)[:, :CODE], x).sum().item() / PIXELS
        done = perf_counter()
        fashion.report(epoch, trained - start, done - trained, total / len(train), val / len(test))
    with torch.inference_mode():
        codes = model.encoder(test).chunk(2, dim=1)
        elbo, weighted = bounds(model, test[:MEASURED])
        found = {"negative_elbo": elbo, "negative_iwae_50": weighted, "kl": divergence(*codes).mean().item()}
        if args.gaussian:
            found["pixel_deviation"] = (model.log_variance / 2).exp().item()
    print(json.dumps({name: round(value, 6) for name, value in found.items()}))


if __name__ == "__main__":
    main()
