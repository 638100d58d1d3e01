"""Golden cases of single layers and losses, in float64, from PyTorch's autograd.

Every case holds its input, parameters, output, an upstream gradient, and what autograd makes of
it. Inputs are multiples of 1/64, so they are the same numbers in float32 and in float64, and what
is left to compare is the arithmetic alone.
"""

import json
import zlib
from pathlib import Path

import torch
import torch.nn.functional as F

from numbers_out import rounded

SEED = 20
GRID = 64


def draw(generator: torch.Generator, *shape: int, scale: float = 1.0) -> torch.Tensor:
    """Normal numbers on a grid of 1/64, which float32 holds exactly."""
    x = torch.randn(*shape, generator=generator, dtype=torch.float64) * scale
    return (x * GRID).round() / GRID + 0.0  # + 0.0 turns -0 into 0


def draw_distinct(generator: torch.Generator, *shape: int) -> torch.Tensor:
    """Numbers on the same grid, no two of them equal."""
    count = torch.Size(shape).numel()
    return (torch.randperm(count, generator=generator).double() - count // 2).reshape(shape) / GRID


def tensor(x: torch.Tensor) -> dict:
    return {"shape": list(x.shape), "data": rounded((x.detach() + 0.0).flatten().tolist())}


def case(generator, name, layer, settings, function, x, parameters=None) -> dict:
    """Runs `function(x, **parameters)` forward and backward."""
    parameters = parameters or {}
    leaves = {n: p.clone().requires_grad_() for n, p in parameters.items()}
    x = x.clone().requires_grad_()
    y = function(x, **leaves)
    upstream = draw(generator, *y.shape)
    y.backward(upstream)
    out = {"name": name, "layer": layer, "settings": settings, "input": tensor(x)}
    out["parameters"] = {n: tensor(p) for n, p in leaves.items()}
    out["output"] = tensor(y)
    out["grad_output"] = tensor(upstream)
    out["grad_input"] = tensor(x.grad)
    out["grad_parameters"] = {n: tensor(p.grad) for n, p in leaves.items()}
    return out


def convolutions(g) -> list[dict]:
    """*Same* pads (k-1)/2 zeros on every side, at stride 2 too; *valid* pads none."""
    cases = []
    for kernel, height, width in ((1, 5, 4), (3, 6, 5), (5, 7, 6), (7, 8, 9)):
        for stride in (1, 2):
            for padding in ("same", "valid"):
                pad = (kernel - 1) // 2 if padding == "same" else 0
                images, inputs, outputs = (2, 2, 3) if kernel < 7 else (1, 2, 2)
                cases.append(
                    case(
                        g,
                        f"conv2d_k{kernel}_s{stride}_{padding}",
                        "conv2d",
                        {"kernel": kernel, "stride": stride, "padding": padding},
                        lambda x, weight, bias, s=stride, p=pad: F.conv2d(x, weight, bias, stride=s, padding=p),
                        draw(g, images, inputs, height, width),
                        {
                            "weight": draw(g, outputs, inputs, kernel, kernel, scale=0.5),
                            "bias": draw(g, outputs, scale=0.5),
                        },
                    )
                )
    return cases


def pools(g) -> list[dict]:
    """Stride equals size. Rounded up, a window at the edge is smaller and averages what is inside."""
    cases = []
    # Without equal values the maximum is beyond doubt; ties have a case of their own.
    for size, height, width in ((2, 5, 7), (2, 4, 6), (3, 7, 8)):
        for up in (False, True):
            settings = {"size": size, "rounding": "up" if up else "down"}
            name = f"{size}_{height}x{width}_{settings['rounding']}"
            cases.append(
                case(
                    g,
                    f"max_pool_{name}",
                    "max_pool",
                    settings,
                    lambda x, s=size, u=up: F.max_pool2d(x, s, ceil_mode=u),
                    draw_distinct(g, 2, 2, height, width),
                )
            )
            cases.append(
                case(
                    g,
                    f"avg_pool_{name}",
                    "avg_pool",
                    settings,
                    lambda x, s=size, u=up: F.avg_pool2d(x, s, ceil_mode=u, count_include_pad=False),
                    draw_distinct(g, 2, 2, height, width),
                )
            )
    # Few different values, so that nearly every window has several maxima: the first in
    # row-major order gets the gradient.
    ties = torch.randint(0, 2, (2, 2, 5, 5), generator=g).double()
    cases.append(
        case(
            g,
            "max_pool_ties",
            "max_pool",
            {"size": 2, "rounding": "up"},
            lambda x: F.max_pool2d(x, 2, ceil_mode=True),
            ties,
        )
    )
    return cases


def shapes(g) -> list[dict]:
    """Layers that only move values: up-sampling, zero padding, cropping."""
    cases = [
        case(
            g,
            f"upsample_x{factor}",
            "upsample",
            {"factor": factor},
            lambda x, f=factor: F.interpolate(x, scale_factor=f, mode="nearest"),
            draw(g, 2, 2, 3, 4),
        )
        for factor in (2, 3)
    ]
    edges = {"top": 1, "bottom": 2, "left": 0, "right": 3}
    cases.append(
        case(g, "zero_pad", "zero_pad", edges, lambda x: F.pad(x, (0, 3, 1, 2)), draw(g, 2, 2, 3, 4))
    )
    edges = {"top": 1, "bottom": 2, "left": 0, "right": 1}
    cases.append(case(g, "crop", "crop", edges, lambda x: x[:, :, 1:-2, 0:-1], draw(g, 2, 2, 6, 5)))
    return cases


def dense(g) -> list[dict]:
    return [
        case(
            g,
            f"dense_{inputs}_{outputs}",
            "dense",
            {"outputs": outputs},
            F.linear,
            draw(g, 3, inputs),
            {"weight": draw(g, outputs, inputs, scale=0.5), "bias": draw(g, outputs, scale=0.5)},
        )
        for inputs, outputs in ((7, 5), (1, 4), (20, 1))
    ]


def activations(g) -> list[dict]:
    """Inputs hold zero, the steep part and both tails."""
    functions = {
        "relu": ({}, F.relu),
        "leaky_relu": ({"slope": 0.01}, lambda x: F.leaky_relu(x, 0.01)),
        "silu": ({}, F.silu),
        "tanh": ({}, torch.tanh),
        "sigmoid": ({}, torch.sigmoid),
    }
    edges = torch.tensor([0.0, 1 / 64, -1 / 64, 4, -4, 9, -9, 20, -20, 50, -50, 88, -88, 100, -100], dtype=torch.float64)
    cases = []
    for name, (settings, function) in functions.items():
        x = torch.cat([edges, draw(g, 33, scale=2.0)]).reshape(2, 2, 3, 4)
        cases.append(case(g, name, name, settings, function, x))
    return cases


def later_activations() -> list[dict]:
    """Activations added since: each draws from a generator of its own, so that all other cases stay as they are."""
    functions = {
        "gelu": ({}, F.gelu),
        "elu": ({"alpha": 1.0}, F.elu),
        "mish": ({}, F.mish),
    }
    edges = torch.tensor([0.0, 1 / 64, -1 / 64, 1, -1, 4, -4, 6, -6, 9, -9, 13, -13, 20, -20], dtype=torch.float64)
    cases = []
    for name, (settings, function) in functions.items():
        g = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        x = torch.cat([edges, draw(g, 33, scale=2.0)]).reshape(2, 2, 3, 4)
        cases.append(case(g, name, name, settings, function, x))
    return cases


def group_norms(g) -> list[dict]:
    """Variance is that of the group's values (divided by their count), epsilon inside the root."""
    return [
        case(
            g,
            f"group_norm_{groups}_of_{channels}",
            "group_norm",
            {"groups": groups, "epsilon": 1e-5},
            lambda x, weight, bias, n=groups: F.group_norm(x, n, weight, bias, 1e-5),
            draw(g, 2, channels, 3, 4, scale=2.0) + 1.0,
            {"weight": draw(g, channels, scale=0.5) + 1.0, "bias": draw(g, channels, scale=0.5)},
        )
        for groups, channels in ((1, 4), (2, 4), (4, 4), (3, 6))
    ]


def losses(g) -> list[dict]:
    """Mean over every value; `image_losses` is the mean over each image's values.

    `mse` and `mae` compare the prediction itself; their `_of_sigmoid` forms take logits.
    """
    functions = {
        "bce_with_logits": F.binary_cross_entropy_with_logits,
        "mse": F.mse_loss,
        "mae": F.l1_loss,
        "mse_of_sigmoid": lambda p, t, **k: F.mse_loss(torch.sigmoid(p), t, **k),
        "mae_of_sigmoid": lambda p, t, **k: F.l1_loss(torch.sigmoid(p), t, **k),
    }
    cases = []
    for name, function in functions.items():
        prediction = draw(g, 2, 2, 3, 4, scale=2.0)
        target = torch.randint(0, GRID + 1, (2, 2, 3, 4), generator=g).double() / GRID
        if name.endswith("_with_logits") or name.endswith("_of_sigmoid"):
            tails = torch.tensor([0.0, 30, -30, 100, -100, 100, -100, 1000, -1000], dtype=torch.float64)
            prediction.view(-1)[:9] = tails
            # Certain and right, certain and wrong, certain of a grey pixel.
            target.view(-1)[:9] = torch.tensor([0.5, 1, 0, 1, 0, 0, 1, 0.25, 0.75])
        else:
            prediction.view(-1)[0] = target.view(-1)[0]  # no difference: no gradient
        prediction.requires_grad_()
        loss = function(prediction, target)
        loss.backward()
        each = function(prediction, target, reduction="none").mean((1, 2, 3))
        cases.append(
            {
                "name": name,
                "prediction": tensor(prediction),
                "target": tensor(target),
                "loss": rounded(loss.item()),
                "image_losses": rounded(each.tolist()),
                "grad_prediction": tensor(prediction.grad),
            }
        )
    return cases


def write(folder: Path) -> None:
    """Writes `layers.json`, a case a line."""
    torch.set_num_threads(1)
    g = torch.Generator().manual_seed(SEED)
    cases = convolutions(g) + pools(g) + shapes(g) + dense(g) + activations(g) + group_norms(g) + later_activations()
    sections = {"layers": cases, "losses": losses(g)}
    text = ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in listed) + "\n]"
        for name, listed in sections.items()
    )
    (folder / "layers.json").write_text(f'{{"torch": "{torch.__version__.split("+")[0]}",\n{text}\n}}\n')
