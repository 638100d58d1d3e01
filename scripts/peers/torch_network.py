"""The reference autoencoder as a PyTorch module, and its like for other images and widths."""

from itertools import pairwise

from torch import nn


def network(size: int = 28, channels: int = 1, filters: tuple[int, ...] = (32, 16, 8)) -> nn.Sequential:
    """Square images to logits; the sigmoid is part of the loss. The first layers, three for each filter, encode.

    The decoder mirrors the encoder, as tenun's derived one does: where rounding up left two pixels too many, a
    convolution without padding removes them. Other remainders would need a crop, and are refused.
    """

    def conv(inputs: int, outputs: int, padding: int = 1) -> nn.Conv2d:
        layer = nn.Conv2d(inputs, outputs, 3, padding=padding)
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
        return layer

    sizes, layers = [size], []
    for inputs, outputs in pairwise((channels, *filters)):
        layers += [conv(inputs, outputs), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)]
        sizes.append(-(-sizes[-1] // 2))
    here = sizes[-1]
    for (inputs, outputs), wanted in zip(pairwise((filters[-1], *reversed(filters))), reversed(sizes), strict=False):
        padding = 0 if here == wanted + 2 else 1
        layers += [conv(inputs, outputs, padding), nn.ReLU(), nn.Upsample(scale_factor=2)]
        here = 2 * (wanted if padding == 0 else here)
    if here != size:
        raise ValueError(f"the decoder would end at {here} pixels, not {size}")
    return nn.Sequential(*layers, conv(filters[0], channels))
