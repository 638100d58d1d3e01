#!/usr/bin/env python3
"""Writes the golden files beside this script; README.md says what each is.

    pip install -r requirements.txt
    python make_golden.py               # layers, families, optimisers: a minute
    python make_golden.py --data DIR    # the reference network, too: an epoch of it takes minutes

DIR holds Fashion-MNIST's IDX files, plain or gzipped.
"""

import argparse
from pathlib import Path

import cae
import families
import layers
import optimisers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with Fashion-MNIST's IDX files")
    parser.add_argument("--no-epoch", action="store_true", help="leave out cae_epoch1.json, which takes minutes")
    arguments = parser.parse_args()
    here = Path(__file__).resolve().parent
    layers.write(here)
    families.write(here)
    optimisers.write(here)
    if arguments.data:
        cae.write(here, arguments.data, epoch=not arguments.no_epoch)


if __name__ == "__main__":
    main()
