"""Golden cases of optimisers, learning-rate schedules and gradient clipping, in float64."""

import json
import math
from pathlib import Path

import torch
from torch.optim import lr_scheduler
from torch.nn.utils import clip_grad_norm_

from numbers_out import rounded

STEPS = 10
# loss = sum(curvature * (weight - target)^2) / 2: gradients of very different sizes, one of them
# zero throughout, one weight that starts at its target and would only move by decay.
WEIGHTS = [0.5, -1.25, 2.0, 0.75, -0.125, 3.0]
CURVATURES = [1.0, 0.0625, 16.0, 4.0, 0.0, 1e-4]
TARGETS = [1.0, 1.0, -0.5, 0.75, 0.0, -3.0]


def optimiser_cases() -> list[dict]:
    plain = {"foreach": False}
    adam = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}
    torch_adam = {"betas": (0.9, 0.999), "eps": 1e-7, "fused": False, **plain}
    made = {
        "adam": ({"learning_rate": 0.01, **adam}, lambda p: torch.optim.Adam(p, 0.01, **torch_adam)),
        "adamw": (
            {"learning_rate": 0.01, **adam, "weight_decay": 0.01},
            lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.01, **torch_adam),
        ),
        "sgd": ({"learning_rate": 0.01, "momentum": 0.0}, lambda p: torch.optim.SGD(p, 0.01, **plain)),
        "sgd_momentum": (
            {"learning_rate": 0.01, "momentum": 0.9},
            lambda p: torch.optim.SGD(p, 0.01, momentum=0.9, **plain),
        ),
    }
    cases = []
    curvature, target = (torch.tensor(v, dtype=torch.float64) for v in (CURVATURES, TARGETS))
    for name, (settings, make) in made.items():
        weight = torch.tensor(WEIGHTS, dtype=torch.float64, requires_grad=True)
        optimiser, gradients, weights = make([weight]), [], []
        for _ in range(STEPS):
            optimiser.zero_grad()
            (curvature * (weight - target) ** 2 / 2).sum().backward()
            gradients.append(weight.grad.tolist())
            optimiser.step()
            weights.append(weight.detach().tolist())
        cases.append(
            {
                "name": name,
                "settings": settings,
                "initial": WEIGHTS,
                "curvatures": CURVATURES,
                "targets": TARGETS,
                "gradients": rounded(gradients),
                "weights": rounded(weights),
            }
        )
    return cases


def rates(make, base: float, steps: int) -> list[float]:
    """The learning rate in force at steps 0, 1, ... of a schedule."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], base)
    schedule, out = make(optimiser), []
    for step in range(steps):
        if step > 0:
            optimiser.step()
            schedule.step()
        out.append(optimiser.param_groups[0]["lr"])
    return rounded(out)


def schedule_cases() -> list[dict]:
    """Rates of 50 steps, each beside its formula in closed form; steps count from 0."""
    base, steps, warm_up = 0.01, 50, 10

    def warmed(step: int) -> float:
        """Linear from base/10 to base over ten steps, then cosine to zero over the other forty."""
        if step < warm_up:
            return (step + 1) / warm_up
        return (1 + math.cos(math.pi * (step - warm_up) / (steps - warm_up))) / 2

    def case(name, formula, settings, make) -> dict:
        settings = {"learning_rate": base, "steps": steps, **settings}
        return {"name": name, "formula": formula, "settings": settings, "rates": rates(make, base, steps)}

    return [
        case(
            "cosine",
            "last + (lr - last) * (1 + cos(pi * step / steps)) / 2",
            {"last": 0.0},
            lambda o: lr_scheduler.CosineAnnealingLR(o, steps),
        ),
        case(
            "step",
            "lr * factor ^ floor(step / every)",
            {"every": 15, "factor": 0.5},
            lambda o: lr_scheduler.StepLR(o, 15, 0.5),
        ),
        case(
            "one_cycle",
            "peak = rise * steps - 1; half a cosine from lr / divisor at step 0 to lr at peak, "
            "half a cosine from there to lr / divisor / final_divisor at steps - 1",
            {"rise": 0.3, "divisor": 25.0, "final_divisor": 1e4},
            lambda o: lr_scheduler.OneCycleLR(
                o,
                base,
                total_steps=steps,
                pct_start=0.3,
                anneal_strategy="cos",
                cycle_momentum=False,
                div_factor=25.0,
                final_div_factor=1e4,
            ),
        ),
        case(
            "warm_up_then_cosine",
            "lr * (step + 1) / warm_up while step < warm_up; then "
            "lr * (1 + cos(pi * (step - warm_up) / (steps - warm_up))) / 2",
            {"warm_up": warm_up, "last": 0.0},
            lambda o: lr_scheduler.LambdaLR(o, warmed),
        ),
    ]


def clipping_cases() -> list[dict]:
    """clip_grad_norm_: every gradient times min(1, maximum / (norm + 1e-6))."""
    gradients = [[3.0, -4.0, 0.5], [12.0, 0.0], [-0.25]]
    cases = []
    for name, maximum in (("above", 1.0), ("just_above", 13.0), ("below", 20.0)):
        parameters = [torch.zeros(len(g), dtype=torch.float64, requires_grad=True) for g in gradients]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        norm = clip_grad_norm_(parameters, maximum, foreach=False)
        clipped = [p.grad.tolist() for p in parameters]
        cases.append(
            {
                "name": name,
                "maximum": maximum,
                "gradients": gradients,
                "norm": rounded(norm.item()),
                "clipped": rounded(clipped),
            }
        )
    return cases


def write(folder: Path) -> None:
    """Writes `optimisers.json`."""
    torch.set_num_threads(1)
    sections = {
        "optimisers": optimiser_cases(),
        "schedules": schedule_cases(),
        "clipping": clipping_cases(),
    }
    text = ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(c, separators=(",", ":")) for c in listed) + "\n]"
        for name, listed in sections.items()
    )
    (folder / "optimisers.json").write_text(f'{{"torch": "{torch.__version__.split("+")[0]}",\n{text}\n}}\n')
