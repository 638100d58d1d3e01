"""Golden values of the reference network `cae`: weights, one step, ten steps, one epoch.

Single steps are computed in float64; float32 runs beside them say how far a correct float32
program may be away. The epoch's reference is float32 on one thread, with its own spread beside it.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from fashion import images, write_idx_gz
from numbers_out import rounded

SEED = 1
BATCH = 128
STEP_BATCH = 16
STEPS = 10
LOGITS_KEPT = 4
FIRST_LOSSES = 20
ADAM = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}
# Type, threads, library that convolves in float32, seed of a nudge to the initial weights. The
# first is the reference. Float64 always takes PyTorch's own im2col and GEMM.
EPOCH_RUNS = (
    (torch.float32, 1, "onednn", None),
    (torch.float32, 2, "onednn", None),
    (torch.float32, 1, "gemm", None),
    (torch.float32, 1, "nnpack", None),
    (torch.float64, 2, "gemm", None),
    (torch.float32, 2, "onednn", 1),
    (torch.float32, 2, "onednn", 2),
    (torch.float32, 2, "onednn", 3),
    (torch.float32, 2, "onednn", 4),
)


class Cae(nn.Module):
    """28x28x1 -> 4x4x8 -> 28x28x1 logits; 12,785 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleDict(
            {
                "conv1": nn.Conv2d(1, 32, 3, padding=1),
                "conv2": nn.Conv2d(32, 16, 3, padding=1),
                "conv3": nn.Conv2d(16, 8, 3, padding=1),
            }
        )
        self.decoder = nn.ModuleDict(
            {
                "conv1": nn.Conv2d(8, 8, 3, padding=1),
                "conv2": nn.Conv2d(8, 16, 3, padding=1),
                # No padding: 16 must become 14, which up-sampling makes 28.
                "conv3": nn.Conv2d(16, 32, 3),
                "conv4": nn.Conv2d(32, 1, 3, padding=1),
            }
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits [image][1][28][28] of pixels in 0..1, [image][1][28][28]."""
        for name in ("conv1", "conv2", "conv3"):
            x = F.max_pool2d(F.relu(self.encoder[name](x)), 2, ceil_mode=True)
        for name in ("conv1", "conv2", "conv3"):
            x = F.interpolate(F.relu(self.decoder[name](x)), scale_factor=2, mode="nearest")
        return self.decoder["conv4"](x)


def initial_weights() -> dict[str, torch.Tensor]:
    """Glorot-uniform weights and zero biases, float32, drawn in the order of the layers."""
    generator = torch.Generator().manual_seed(SEED)
    state = Cae().state_dict()
    for name, tensor in state.items():
        if name.endswith("weight"):
            nn.init.xavier_uniform_(tensor, generator=generator)
        else:
            tensor.zero_()
    return state


def network(dtype: torch.dtype, weights: dict[str, torch.Tensor]) -> Cae:
    model = Cae()
    model.load_state_dict(weights)
    return model.to(dtype)


def adam(model: Cae) -> torch.optim.Adam:
    # One tensor at a time, as the paper writes it: the fused and the grouped forms round differently.
    return torch.optim.Adam(
        model.parameters(),
        lr=ADAM["learning_rate"],
        betas=(ADAM["beta1"], ADAM["beta2"]),
        eps=ADAM["epsilon"],
        foreach=False,
        fused=False,
    )


def scaled(pixels: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    """Pixels divided by 255 in `dtype`, [image][1][row][column]."""
    return torch.from_numpy(pixels.copy()).to(dtype).div_(255).unsqueeze(1)


def bce(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy, mean over every pixel of every image."""
    return F.binary_cross_entropy_with_logits(logits, x)


def ten_steps(dtype: torch.dtype, weights: dict, pixels: np.ndarray) -> dict:
    """First step's logits, per-image losses and gradients; ten steps' losses and weights."""
    model, x, out = network(dtype, weights), scaled(pixels, dtype), {"losses": []}
    optimiser = adam(model)
    for step in range(STEPS):
        batch = x[step * STEP_BATCH : (step + 1) * STEP_BATCH]
        logits = model(batch)
        loss = bce(logits, batch)
        optimiser.zero_grad()
        loss.backward()
        if step == 0:
            each = F.binary_cross_entropy_with_logits(logits, batch, reduction="none")
            out["logits"] = logits.detach()[:LOGITS_KEPT].clone()
            out["image_losses"] = each.detach().mean((1, 2, 3)).tolist()
            out["gradients"] = {n: p.grad.clone() for n, p in model.named_parameters()}
        optimiser.step()
        out["losses"].append(loss.item())
    out["weights"] = {n: p.detach().clone() for n, p in model.named_parameters()}
    return out


def distances(one: dict, truth: dict) -> dict:
    """How far a float32 run of `ten_steps` is from the float64 run."""

    def largest(a: torch.Tensor, b: torch.Tensor) -> float:
        return (a.double() - b).abs().max().item()

    return {
        "logits_max_abs": largest(one["logits"], truth["logits"]),
        "image_loss_max_abs": float(np.abs(np.subtract(one["image_losses"], truth["image_losses"])).max()),
        "gradient_max_abs_over_largest_of_tensor": {
            n: largest(one["gradients"][n], g) / g.abs().max().item() for n, g in truth["gradients"].items()
        },
        "loss_max_abs_in_ten_steps": float(np.abs(np.subtract(one["losses"], truth["losses"])).max()),
        "weight_max_abs_after_ten_steps": {
            n: largest(one["weights"][n], w) for n, w in truth["weights"].items()
        },
    }


def nudged(weights: dict[str, torch.Tensor], seed: int) -> dict[str, torch.Tensor]:
    """Every weight moved to the next float32 above or below: what rounding alone may do."""
    generator = torch.Generator().manual_seed(seed)

    def nudge(w: torch.Tensor) -> torch.Tensor:
        away = torch.where(torch.rand(w.shape, generator=generator) < 0.5, -torch.inf, torch.inf)
        return torch.nextafter(w, away)

    return {name: nudge(w) if name.endswith("weight") else w for name, w in weights.items()}


def one_epoch(
    dtype: torch.dtype,
    threads: int,
    library: str,
    nudge: int | None,
    weights: dict,
    train: np.ndarray,
    test: np.ndarray,
) -> dict:
    """One epoch in file order, the smaller last batch included, then the test images."""
    if nudge is not None:
        weights = nudged(weights, nudge)
    torch.set_num_threads(threads)
    torch.backends.mkldnn.set_flags(library == "onednn")
    torch.backends.nnpack.set_flags(library == "nnpack")
    model, x, t = network(dtype, weights), scaled(train, dtype), scaled(test, dtype)
    optimiser, losses, sizes = adam(model), [], []
    for batch in x.split(BATCH):
        loss = bce(model(batch), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        sizes.append(len(batch))
    val = mse = 0.0
    with torch.no_grad():
        for batch in t.split(BATCH):
            logits = model(batch)
            val += bce(logits, batch).item() * len(batch)
            mse += F.mse_loss(torch.sigmoid(logits), batch).item() * len(batch)
    return {
        "dtype": str(dtype).removeprefix("torch."),
        "threads": threads,
        "convolutions": library,
        "nudge_seed": nudge,
        "train_loss": float(np.average(losses, weights=sizes)),
        "train_loss_of_first_100_batches": float(np.mean(losses[:100])),
        "val_loss": val / len(t),
        "test_mse": mse / len(t),
        "first_batch_losses": losses[:FIRST_LOSSES],
        "batches": len(losses),
        "last_batch_images": sizes[-1],
    }


def write(folder: Path, data: Path, epoch: bool) -> None:
    """Writes `cae_init`, `first160`, `cae_step` and, if asked, `cae_epoch1`."""
    train = images(data, "train-images-idx3-ubyte")
    test = images(data, "t10k-images-idx3-ubyte")
    weights = initial_weights()
    assert sum(w.numel() for w in weights.values()) == 12_785
    save_file(weights, folder / "cae_init.safetensors")

    first = train[: STEPS * STEP_BATCH]
    write_idx_gz(folder / "first160-images-idx3-ubyte.gz", first)
    torch.set_num_threads(1)
    truth, single = (ten_steps(d, weights, first) for d in (torch.float64, torch.float32))
    tensors = {"logits": truth["logits"]}
    tensors |= {f"gradient.{n}": g for n, g in truth["gradients"].items()}
    tensors |= {f"after_ten_steps.{n}": w for n, w in truth["weights"].items()}
    save_file(tensors, folder / "cae_step.safetensors")
    step = {
        "images": "first160-images-idx3-ubyte.gz",
        "batch_size": STEP_BATCH,
        "adam": ADAM,
        "image_losses_of_step_1": rounded(truth["image_losses"]),
        "losses": rounded(truth["losses"]),
        "torch_float32_differs_by": rounded(distances(single, truth), 3),
        "torch": torch.__version__.split("+")[0],
    }
    (folder / "cae_step.json").write_text(json.dumps(step, indent=1) + "\n")

    if epoch:
        runs = []
        for run in EPOCH_RUNS:
            runs.append(one_epoch(*run, weights, train, test))
            print({k: v for k, v in runs[-1].items() if k != "first_batch_losses"}, flush=True)
        out = {
            "init": "cae_init.safetensors",
            "order": "file",
            "batch_size": BATCH,
            "adam": ADAM,
            "reference": rounded(runs[0]),
            "spread": [rounded(r) for r in runs[1:]],
            "torch": torch.__version__.split("+")[0],
            "cpu": torch.backends.cpu.get_cpu_capability(),
        }
        (folder / "cae_epoch1.json").write_text(json.dumps(out, indent=1) + "\n")
