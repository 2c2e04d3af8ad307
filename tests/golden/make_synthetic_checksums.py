#!/usr/bin/env python3
"""Write the checksums that tests/test_synthetic.c compares the synthetic weights with.

usage: make_synthetic_checksums.py REFERENCE.py > tests/data/synthetic_checksums.txt

REFERENCE.py is the PyTorch reference of the models; it gives the presets, the tensor names and
shapes, and the generator (`PRESETS`, `*_shapes`, `synthetic`, `unit`). Needs numpy and torch.
"""
import importlib.util
import re
import sys
import zlib

import numpy as np


def load(path):
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def row(amplitude, seed, name, shape, values):
    v = np.ascontiguousarray(values, dtype="<f4").ravel()
    text = "x".join(map(str, shape)) or "-"
    print(amplitude, seed, f"{zlib.crc32(v.tobytes()):08x}", float(v[0]).hex(), float(v[-1]).hex(), text, name)


def main(path):
    R = load(path)
    shapes = {}
    for preset, (c, g) in R.PRESETS.items():
        shapes[preset] = {**R.clip_shapes(c), **R.generator_shapes(c, g), **R.discriminator_shapes(c, g)}
    # of the large preset, one tensor of each kind: the same name apart from numbers, the same shape
    kinds = {(re.sub(r"\d+", "#", k), s): k for k, s in shapes["galip-224"].items()}
    large = {k: shapes["galip-224"][k] for k in kinds.values()}

    print("# CRC-32 over little-endian f32; written by tests/golden/make_synthetic_checksums.py")
    print("# amplitude (- for weights), seed, CRC-32, first value, last value, shape (- for a scalar), name")
    for chosen, seeds in ((shapes["galip-56"], (1, 2, 12345678901)), (large, (1,))):
        for seed in seeds:
            for name, shape in chosen.items():
                row("-", seed, name, shape, R.synthetic({name: shape}, seed)[name].numpy())
    for name, amplitude, shape in (("in.noise", 1.732, (3, 100)), ("in.image", 1.0, (1, 3, 56, 56)),
                                   ("in.tokens.0", 1.0, (1000,))):
        for seed in (0, 1, 2 ** 64 - 1):
            n = int(np.prod(shape))
            row(amplitude, seed, name, shape, (amplitude * R.unit(name, seed, n)).astype(np.float32))


if __name__ == "__main__":
    main(*sys.argv[1:])
