#!/usr/bin/env python3
"""The reference autoencoder in Keras on TensorFlow: `python keras_cae.py --help`."""

import os
from time import perf_counter

import fashion

args = fashion.arguments(__doc__)
fashion.limit_threads(args.threads)
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402 (after the back end and the threads are set)
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402


def network() -> keras.Model:
    """28x28 -> 4x4x8 -> 28x28 probabilities; Keras starts from Glorot uniform by itself."""
    stack = [keras.Input((28, 28, 1))]
    for channels in (32, 16, 8):
        stack.append(layers.Conv2D(channels, 3, activation="relu", padding="same"))
        stack.append(layers.MaxPooling2D(2, padding="same"))
    for channels, padding in ((8, "same"), (16, "same"), (32, "valid")):
        stack.append(layers.Conv2D(channels, 3, activation="relu", padding=padding))
        stack.append(layers.UpSampling2D(2))
    stack.append(layers.Conv2D(1, 3, activation="sigmoid", padding="same"))
    return keras.Sequential(stack)


class Clock(keras.callbacks.Callback):
    """Times the two halves of an epoch: `fit` validates before it calls an epoch ended."""

    def on_epoch_begin(self, epoch, logs=None):
        fashion.turn(args)
        self.start = perf_counter()

    def on_test_begin(self, logs=None):
        self.trained = perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        done = perf_counter()
        seconds = self.trained - self.start, done - self.trained
        fashion.report(epoch + 1, *seconds, logs["loss"], logs["val_loss"])


def main() -> None:
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    keras.utils.set_random_seed(args.seed)
    train, test = (x[..., None] for x in fashion.images(args))
    model = network()
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy", jit_compile=False)
    model.fit(
        train,
        train,
        epochs=args.epochs,
        batch_size=args.batch_size,
        validation_data=(test, test),
        verbose=0,
        callbacks=[Clock()],
    )


if __name__ == "__main__":
    main()
