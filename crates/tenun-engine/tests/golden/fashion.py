"""Reads Fashion-MNIST in file order, and refuses anything but the published bytes."""

import gzip
import hashlib
from pathlib import Path

import numpy as np

# SHA-256 of the decompressed files.
SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
}


def images(folder: Path, name: str) -> np.ndarray:
    """The images of `folder/name` or `folder/name.gz` as uint8, [image][row][column]."""
    plain, packed = folder / name, folder / f"{name}.gz"
    data = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256[name]:
        raise SystemExit(f"{folder}/{name}: expected SHA-256 {SHA256[name]}, got {digest}")
    return np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28)


def write_idx_gz(path: Path, pixels: np.ndarray) -> None:
    """Writes uint8 images as gzipped IDX, without a time stamp, so that the bytes repeat."""
    header = b"\0\0\x08\x03" + np.array(pixels.shape, ">u4").tobytes()
    path.write_bytes(gzip.compress(header + pixels.tobytes(), 9, mtime=0))
