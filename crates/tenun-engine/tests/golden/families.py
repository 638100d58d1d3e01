"""Golden values of the families of autoencoders: small networks, three steps each, in float64.

Each case is a whole network as the engine's `Spec` has it, its initial parameters, and what the
family's loss, its own term and its gradients are on given images with given random numbers, which
`philox.py` draws as the engine does. The networks are written in PyTorch from the equations of the
papers; only the random numbers follow the engine.
"""

import json
import math
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F

import philox
from layers import draw, tensor
from numbers_out import rounded

SEED = 30
# Not of 32 bits, so that both halves of the key matter; and not the first epoch.
RUN_SEED, EPOCH = 5 << 32 | 7, 2
SHAPE = (2, 5, 5)
NUMBERS = math.prod(SHAPE)
AXES = dict(zip(("channels", "height", "width"), SHAPE))
BATCH, STEPS, CODE = 6, 3, 4
ADAM = {"learning_rate": 1e-2, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}
DENSE_DECODER = [
    {"layer": "dense", "features": NUMBERS},
    {"layer": "reshape", "shape": AXES},
    {"layer": "sigmoid"},
]
Parameters = dict[str, torch.Tensor]


class Step:
    """What a network does with a batch: logits, the term that it adds, what that counts, what each pixel counts."""

    def __init__(self, logits, term=None, weight=0.0, penalty=None, counts=None, follow=None):
        self.logits, self.term, self.counts, self.follow = logits, term, counts, follow
        # Of each image, where it is not the cross-entropy of the logits.
        self.losses = None
        # What is added to the loss of an image, where it is not the weighted term itself.
        self.penalty = penalty if penalty is not None else (None if term is None else weight * term)


def draws(purpose: int, images: list[int], layer: int, count: int, kind: Callable) -> torch.Tensor:
    """Random numbers [image][position] for a layer."""
    rows = [[kind(w) for w in philox.words(RUN_SEED, purpose, EPOCH, i, layer, count)] for i in images]
    return torch.tensor(rows, dtype=torch.float64)


def dense(p: Parameters, name: str, x: torch.Tensor) -> torch.Tensor:
    return F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])


def decoded(p: Parameters, code: torch.Tensor) -> torch.Tensor:
    """Logits of the dense decoder."""
    return dense(p, "decoder.dense1", code).reshape(-1, *SHAPE)


def dense_parameters(g: torch.Generator, code: int, given: int | None = None) -> Parameters:
    return {
        "encoder.dense1.weight": draw(g, code, NUMBERS, scale=0.25),
        "encoder.dense1.bias": draw(g, code, scale=0.25),
        "decoder.dense1.weight": draw(g, NUMBERS, given or code, scale=0.5),
        "decoder.dense1.bias": draw(g, NUMBERS, scale=0.25),
    }


def dense_encoder(*before: dict, code: int = CODE, after: tuple = ()) -> list[dict]:
    return [*before, {"layer": "flatten"}, {"layer": "dense", "features": code}, *after]


def corrupted(kind: str, amount: float, size: int, make_worse: Callable) -> tuple:
    """A denoising network: what it sees is made worse, what it is compared with is not."""

    def step(p, x, images):
        worse, counts = make_worse(x, images)
        code = dense(p, "encoder.dense1", worse.flatten(1))
        return Step(decoded(p, code), counts=counts)

    layer = {"layer": "corrupt", "kind": kind, "amount": amount, "size": size}
    return dense_encoder(layer), lambda g: dense_parameters(g, CODE), step


def by_pixel(of_word: Callable) -> Callable:
    """Corruption that replaces x by a x + b, with a and b from a word for each number."""

    def make_worse(x, images):
        a, b = (
            draws(philox.CORRUPT, images, 0, NUMBERS, lambda w, i=i: of_word(w)[i]).reshape(x.shape)
            for i in (0, 1)
        )
        return a * x + b, None

    return make_worse


def salt_or_pepper(amount: float) -> Callable:
    return lambda w: (0.0, float(w & 1)) if philox.uniform(w) < amount else (1.0, 0.0)


def blurred(times: int) -> Callable:
    kernel = torch.tensor([0.25, 0.5, 0.25], dtype=torch.float64)
    kernel = torch.outer(kernel, kernel).repeat(SHAPE[0], 1, 1, 1)

    def make_worse(x, _):
        for _ in range(times):
            x = F.conv2d(x, kernel, padding=1, groups=SHAPE[0])
        return x, None

    return make_worse


def hidden_patches(amount: float, size: int) -> Callable:
    """The squares with the smallest numbers are hidden, and the loss is the mean over hidden numbers times their share."""

    def make_worse(x, images):
        rows, columns = (-(-side // size) for side in SHAPE[1:])
        seen = torch.ones_like(x)
        for n, image in enumerate(images):
            drawn = philox.words(RUN_SEED, philox.CORRUPT, EPOCH, image, 0, rows * columns)
            order = sorted(range(rows * columns), key=lambda i: (philox.uniform(drawn[i]), i))
            for square in order[: math.floor(amount * rows * columns + 0.5)]:
                r, c = square // columns * size, square % columns * size
                seen[n, :, r : r + size, c : c + size] = 0
        hidden = 1 - seen
        # Multiplied by a number's loss, their mean over the image is that over its hidden numbers.
        return x * seen, hidden * NUMBERS / hidden.sum((1, 2, 3), keepdim=True)

    return make_worse


def sampling(beta: float, warmup: int, free: float) -> tuple:
    """Kingma and Welling (2013): z = mu + sigma eps, and the divergence from the standard normal distribution."""

    def step(p, x, images):
        mean, log_variance = dense(p, "encoder.dense1", x.flatten(1)).chunk(2, dim=1)
        noise = draws(philox.CODE, images, 2, CODE, philox.normal)
        code = mean + torch.exp(log_variance / 2) * noise
        prior = torch.distributions.Normal(0.0, 1.0)
        posterior = torch.distributions.Normal(mean, torch.exp(log_variance / 2))
        kl = torch.distributions.kl_divergence(posterior, prior)
        in_epoch = beta * min(1.0, (EPOCH + 1) / (warmup + 1))
        return Step(decoded(p, code), term=kl.sum(1), penalty=in_epoch * kl.clamp(min=free).sum(1))

    layer = {"layer": "sampling", "beta": beta, "warmup_epochs": warmup, "free_bits": free}
    return dense_encoder(code=2 * CODE, after=(layer,)), lambda g: dense_parameters(g, 2 * CODE, CODE), step


def gaussian() -> tuple:
    """A variational autoencoder whose pixels are normally distributed, with a variance that is learned."""
    encoder, dense_of, sampled = sampling(1.0, 0, 0.0)
    name = "decoder.variance1.log_variance"
    decoder = [*DENSE_DECODER[:-1], {"layer": "variance"}, DENSE_DECODER[-1]]

    def step(p, x, images):
        done = sampled(p, x, images)
        deviation = torch.exp(p[name] / 2)
        pixels = torch.distributions.Normal(torch.sigmoid(done.logits), deviation)
        done.losses = -pixels.log_prob(x).mean((1, 2, 3))
        return done

    def parameters(g):
        return dense_of(g) | {name: torch.tensor([-1.75], dtype=torch.float64)}

    return encoder, parameters, step, decoder, "gaussian"


def penalised(norm: str, weight: float) -> tuple:
    def step(p, x, _):
        code = dense(p, "encoder.dense1", x.flatten(1))
        term = code.abs().sum(1) if norm == "l1" else 0.5 * code.square().sum(1)
        return Step(decoded(p, code), term=term, weight=weight)

    layer = {"layer": "penalty", "norm": norm, "weight": weight}
    return dense_encoder(after=(layer,)), lambda g: dense_parameters(g, CODE), step


def sparse(target: float, weight: float, decay: float) -> tuple:
    """Ng (2011), with a running mean over batches: the slope is taken at the mean so far."""
    name = "encoder.sparsity1.mean"

    def step(p, x, _):
        code = torch.sigmoid(dense(p, "encoder.dense1", x.flatten(1)))
        mean = p[name].detach().clone().requires_grad_()
        divergence = target * torch.log(target / mean) + (1 - target) * torch.log((1 - target) / (1 - mean))
        (slope,) = torch.autograd.grad(divergence.sum(), mean)
        # The value of the divergence so far, the slope through each activation.
        through = divergence.detach() + slope * (code - code.detach())
        follow = {name: decay * p[name].detach() + (1 - decay) * code.detach().mean(0)}
        return Step(decoded(p, code), term=through.sum(1), weight=weight, follow=follow)

    def parameters(g):
        return dense_parameters(g, CODE) | {name: torch.tensor([0.125, 0.25, 0.5, 0.0625], dtype=torch.float64)}

    layers = ({"layer": "sigmoid"}, {"layer": "sparsity", "target": target, "weight": weight, "decay": decay})
    return dense_encoder(after=layers), parameters, step


def quantised(codes: int, commitment: float, decay: float, restart: float) -> tuple:
    """Van den Oord et al. (2017), the codebook by moving averages (appendix A); dead vectors split the most used."""
    channels = 3
    book, uses = "encoder.quantize1.codebook", "encoder.quantize1.uses"
    steps_done = 0

    def follow(p, vectors, chosen):
        nonlocal steps_done
        before = decay * p[uses]
        one_hot = F.one_hot(chosen, codes).double()
        counts = before + (1 - decay) * one_hot.sum(0)
        fresh = (before[:, None] * p[book] + (1 - decay) * one_hot.T @ vectors) / counts[:, None]
        drawn = philox.words(RUN_SEED, philox.CODEBOOK, 0, steps_done, 1, codes * channels)
        steps_done += 1
        for code in (counts < restart * counts.mean()).nonzero().flatten().tolist():
            most = counts.argmax().item()
            counts[most] /= 2
            counts[code] = counts[most]
            side = [2 * philox.uniform(w) - 1 for w in drawn[code * channels : (code + 1) * channels]]
            e = fresh[most]
            fresh[code] = e + 0.01 * torch.tensor(side, dtype=torch.float64) * (e.abs() + 0.01)
        return {book: fresh, uses: counts}

    def step(p, x, _):
        p = p | {book: p[book].detach(), uses: p[uses].detach()}
        code = F.conv2d(x, p["encoder.conv1.weight"], p["encoder.conv1.bias"], padding=1)
        vectors = code.permute(0, 2, 3, 1).reshape(-1, channels)
        chosen = torch.cdist(vectors.detach(), p[book]).argmin(1)
        nearest = p[book][chosen].reshape(len(x), *SHAPE[1:], channels).permute(0, 3, 1, 2)
        straight = code + (nearest - code).detach()
        logits = F.conv2d(straight, p["decoder.conv1.weight"], p["decoder.conv1.bias"], padding=1)
        term = (code - nearest).square().sum((1, 2, 3))
        return Step(logits, term=term, weight=commitment, follow=follow(p, vectors.detach(), chosen))

    def parameters(g):
        codebook = draw(g, codes, channels, scale=0.5)
        codebook[-1] = 8.0  # so far away that nothing chooses it
        return {
            "encoder.conv1.weight": draw(g, channels, SHAPE[0], 3, 3, scale=0.5),
            "encoder.conv1.bias": draw(g, channels, scale=0.25),
            book: codebook,
            uses: torch.ones(codes, dtype=torch.float64),
            "decoder.conv1.weight": draw(g, SHAPE[0], channels, 3, 3, scale=0.5),
            "decoder.conv1.bias": draw(g, SHAPE[0], scale=0.25),
        }

    layer = {"layer": "quantize", "codes": codes, "commitment": commitment, "decay": decay, "restart": restart}
    encoder = [{"layer": "conv2d", "filters": channels, "kernel": 3}, layer]
    decoder = [{"layer": "conv2d", "filters": SHAPE[0], "kernel": 3}, {"layer": "sigmoid"}]
    return encoder, parameters, step, decoder


FAMILIES = {
    "gaussian noise": corrupted(
        "gaussian", 0.5, 1, by_pixel(lambda w: (1.0, 0.5 * philox.normal(w)))
    ),
    "salt and pepper": corrupted("salt_and_pepper", 0.25, 1, by_pixel(salt_or_pepper(0.25))),
    "masking noise": corrupted(
        "masking", 0.375, 1, by_pixel(lambda w: (0.0 if philox.uniform(w) < 0.375 else 1.0, 0.0))
    ),
    "blur": corrupted("blur", 0.0, 2, blurred(2)),
    "masked patches": corrupted("patches", 0.5, 2, hidden_patches(0.5, 2)),
    "variational": sampling(1.0, 0, 0.0),
    "variational, beta that grows": sampling(4.0, 4, 0.0),
    "variational, free bits": sampling(1.0, 0, 0.125),
    "variational, of a normal distribution": gaussian(),
    "sparse by l1": penalised("l1", 0.5),
    "regularised by l2": penalised("l2", 0.25),
    "sparse by divergence": sparse(0.0625, 2.0, 0.75),
    "vector-quantised": quantised(6, 0.25, 0.875, 0.25),
}


def losses(step: Step, x: torch.Tensor) -> torch.Tensor:
    """Of each image, without what the family adds."""
    if step.losses is not None:
        return step.losses
    each = F.binary_cross_entropy_with_logits(step.logits, x, reduction="none")
    return (each if step.counts is None else each * step.counts).mean((1, 2, 3))


def family(g: torch.Generator, x: torch.Tensor, name: str, encoder, parameters, step, decoder=DENSE_DECODER, loss="bce") -> dict:
    """A case: `STEPS` steps of Adam on the images `x`, each on the next `BATCH` of them."""
    initial = parameters(g)
    p = {n: t.clone().requires_grad_() for n, t in initial.items()}
    optimiser = torch.optim.Adam(
        p.values(), lr=ADAM["learning_rate"], betas=(ADAM["beta1"], ADAM["beta2"]), eps=ADAM["epsilon"]
    )
    out = {
        "name": name,
        "spec": {"input": AXES, "encoder": encoder, "decoder": decoder},
        "loss": loss,
        "parameters": {n: tensor(t) for n, t in initial.items()},
        "losses": [],
        "terms": [],
    }
    for number in range(STEPS):
        images = list(range(number * BATCH, (number + 1) * BATCH))
        batch = x[images]
        done = step(p, batch, images)
        each = losses(done, batch)
        added = 0.0 if done.penalty is None else done.penalty / NUMBERS
        optimiser.zero_grad()
        (each + added).mean().backward()
        out["losses"] += rounded(each.tolist())
        out["terms"] += [] if done.term is None else rounded(done.term.tolist())
        if number == 0:
            out["gradients"] = {n: tensor(t.grad) for n, t in p.items() if t.grad is not None}
        optimiser.step()
        with torch.no_grad():
            for n, t in (done.follow or {}).items():
                p[n].copy_(t)
    out["after"] = {n: tensor(t) for n, t in p.items()}
    return out


def write(folder: Path) -> None:
    """Writes `families.json`, a family a line."""
    torch.set_num_threads(1)
    g = torch.Generator().manual_seed(SEED)
    x = torch.randint(0, 65, (BATCH * STEPS, *SHAPE), generator=g).double() / 64
    cases = [json.dumps(family(g, x, n, *f), separators=(",", ":")) for n, f in FAMILIES.items()]
    version = torch.__version__.split("+")[0]
    shared = {"torch": version, "seed": RUN_SEED, "epoch": EPOCH, "batch": BATCH, "adam": ADAM, "images": tensor(x)}
    head = json.dumps(shared, separators=(",", ":"))
    (folder / "families.json").write_text(f'{head[:-1]},\n"families": [\n' + ",\n".join(cases) + "\n]}\n")
