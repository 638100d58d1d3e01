"""The golden values of split.rs: which of 20 images of 1x1x4 bytes (the numbers 0 to 19, little-endian) are held out; and the digest of record_tests.rs."""
import hashlib
import struct


def digest(pixels, channels, height, width):
    head = b"tenun image 1\n" + struct.pack("<QQQ", channels, height, width)
    return hashlib.sha256(head + pixels).digest()[:16]


def number(image, seed):
    text = b"tenun split 1\n" + struct.pack("<Q", seed) + image
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little") / 2**64


def held_out(count, fraction, seed):
    numbers = [number(digest(struct.pack("<I", i), 1, 1, 4), seed) for i in range(count)]
    below = [i for i, n in enumerate(numbers) if n < fraction] or [numbers.index(min(numbers))]
    return below if len(below) < count else [i for i in below if numbers[i] < max(numbers)]


for fraction, seed in [(0.3, 0), (0.3, 7), (0.05, 1), (0.95, 1)]:
    print(fraction, seed, held_out(20, fraction, seed))
print(digest(bytes([1, 254]), 1, 1, 2).hex())
