#!/usr/bin/env python3
"""The reference autoencoder in JAX, every step compiled: `python jax_cae.py --help`."""

from time import perf_counter

import fashion

args = fashion.arguments(__doc__)
fashion.limit_threads(args.threads)

import jax  # noqa: E402 (after the threads are set)
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from jax import lax  # noqa: E402

CHANNELS = ((1, 32), (32, 16), (16, 8), (8, 8), (8, 16), (16, 32), (32, 1))
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-7


def parameters(key):
    """Glorot-uniform kernels [row][column][in][out], and zero biases."""
    glorot = jax.nn.initializers.glorot_uniform()
    keys = jax.random.split(key, len(CHANNELS))
    return [(glorot(k, (3, 3, i, o)), jnp.zeros(o)) for k, (i, o) in zip(keys, CHANNELS, strict=True)]


def conv(x, layer, padding="SAME"):
    weight, bias = layer
    return lax.conv_general_dilated(x, weight, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias


def logits(layers, x):
    """28x28 -> 4x4x8 -> 28x28; [image][row][column][channel]."""
    for layer in layers[:3]:
        x = jax.nn.relu(conv(x, layer))
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")
    for layer, padding in zip(layers[3:6], ("SAME", "SAME", "VALID"), strict=True):
        x = jax.nn.relu(conv(x, layer, padding))
        x = x.repeat(2, axis=1).repeat(2, axis=2)
    return conv(x, layers[6])


def bce(layers, x):
    z = logits(layers, x)
    return jnp.mean(jax.nn.softplus(z) - z * x)


@jax.jit
def adam_step(layers, mean, square, step, x):
    loss, gradient = jax.value_and_grad(bce)(layers, x)
    mean = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, mean, gradient)
    square = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, square, gradient)

    def move(p, m, v):
        return p - RATE * (m / (1 - BETA1**step)) / (jnp.sqrt(v / (1 - BETA2**step)) + EPSILON)

    return jax.tree.map(move, layers, mean, square), mean, square, loss


def main() -> None:
    train, test = (x[..., None] for x in fashion.images(args))
    layers = parameters(jax.random.key(args.seed))
    mean = square = jax.tree.map(jnp.zeros_like, layers)
    shuffle, evaluate, step = np.random.default_rng(args.seed), jax.jit(bce), 0
    for epoch in fashion.epochs(args):
        start, losses, sizes = perf_counter(), [], []
        order = shuffle.permutation(len(train))
        for first in range(0, len(order), args.batch_size):
            batch, step = train[order[first : first + args.batch_size]], step + 1
            layers, mean, square, loss = adam_step(layers, mean, square, float(step), batch)
            losses.append(loss)
            sizes.append(len(batch))
        # Losses are read once an epoch, so that the next batch is prepared while one is computed.
        train_loss = np.average([float(loss) for loss in losses], weights=sizes)
        trained, val = perf_counter(), 0.0
        for first in range(0, len(test), args.batch_size):
            batch = test[first : first + args.batch_size]
            val += float(evaluate(layers, batch)) * len(batch)
        done = perf_counter()
        fashion.report(epoch, trained - start, done - trained, train_loss, val / len(test))


if __name__ == "__main__":
    main()
