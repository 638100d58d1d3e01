"""Makes ms_ssim.json: MS-SSIM of synthetic images by pytorch-msssim (pip install torch pytorch-msssim).

Run it in this folder. The images are made by arithmetic that the Rust test repeats, so that only
the values are stored.
"""

import json
from importlib.metadata import version

import torch
from pytorch_msssim import ms_ssim


def images(channels, height, width, seed):
    """Target bytes over 255 and a reconstruction in [0, 1], both [1][channel][row][column]."""
    c, i, j = torch.meshgrid(torch.arange(channels), torch.arange(height), torch.arange(width), indexing="ij")
    target = (seed * 31 + c * 57 + i * 2 + j + (i // 16) * (j // 16) * 23) % 256
    noise = (seed * 17 + c * 13 + i * 29 + j * 41 + (i // 32) * 90) % 256
    return target.double()[None] / 255, (target * 3 + noise).double()[None] / 1024


# Its own window is in single precision.
window = torch.exp(-((torch.arange(11, dtype=torch.float64) - 5) ** 2) / (2 * 1.5**2))
window = window / window.sum()

cases = []
for channels, height, width, seed in [(1, 161, 161, 1), (1, 176, 192, 2), (1, 300, 163, 3), (3, 181, 200, 4)]:
    x, y = images(channels, height, width, seed)
    value = ms_ssim(x, y, data_range=1, win=window.repeat(channels, 1, 1, 1))
    cases.append({"channels": channels, "height": height, "width": width, "seed": seed, "ms_ssim": float(value)})

with open("ms_ssim.json", "w") as file:
    json.dump({"made_by": f"pytorch-msssim {version('pytorch-msssim')}", "cases": cases}, file, indent=1)
    file.write("\n")
