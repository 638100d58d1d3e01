"""The engine's random numbers, written from their description: Philox4x32-10 of Salmon et al. (2011).

Standard-normal numbers are quantiles at (word + 1/2) / 2^32, here from the standard library.
"""

from statistics import NormalDist

MASK = 0xFFFFFFFF
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
CORRUPT, CODE, CODEBOOK = 6, 7, 8


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Ten rounds on four words of counter and two of key."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + WEYL[0]) & MASK, (k1 + WEYL[1]) & MASK
    return [c0, c1, c2, c3]


def words(seed: int, purpose: int, epoch: int, image: int, stream: int, count: int) -> list[int]:
    """The first `count` words of a stream: of the layer with that number, for an image in an epoch."""
    blocks = range((count + 3) // 4)
    key = [seed & MASK, seed >> 32]
    drawn = [w for block in blocks for w in philox([block, stream, image, purpose << 24 | epoch], key)]
    return drawn[:count]


def uniform(word: int) -> float:
    """In [0, 1), of 24 bits."""
    return (word >> 8) / 2**24


def normal(word: int) -> float:
    return NormalDist().inv_cdf((word + 0.5) / 2**32)


# The published answer of the generator's authors for a counter and a key of zeros.
assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
