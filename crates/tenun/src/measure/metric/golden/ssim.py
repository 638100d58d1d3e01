"""Makes ssim.json: SSIM of small synthetic images by scikit-image (pip install scikit-image).

Run it in this folder. The images are made by arithmetic that the Rust test repeats, so that only
the figures are stored.
"""

import json

import numpy as np
import skimage
from skimage.metrics import structural_similarity


def images(channels, height, width, seed):
    """Target bytes and a reconstruction in [0, 1], both [channel][row][column]."""
    c, i, j = np.meshgrid(np.arange(channels), np.arange(height), np.arange(width), indexing="ij")
    target = (seed * 31 + c * 57 + i * i * 3 + j * (i + 7) * 5) % 256
    noise = (seed * 17 + c * 13 + i * 29 + j * 41) % 64
    return target.astype(np.float64) / 255, (target * 3 + noise * 4) / 1024


cases = []
for channels, height, width, seed in [(1, 28, 28, 1), (1, 11, 11, 2), (1, 12, 40, 3), (3, 45, 37, 4), (3, 16, 16, 5)]:
    x, y = images(channels, height, width, seed)
    ssim = structural_similarity(
        x, y, data_range=1, channel_axis=0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    cases.append({"channels": channels, "height": height, "width": width, "seed": seed, "ssim": float(ssim)})

with open("ssim.json", "w") as file:
    json.dump({"made_by": f"scikit-image {skimage.__version__}", "cases": cases}, file, indent=1)
    file.write("\n")
