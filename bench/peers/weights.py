"""The weights that `galip --weights synthetic:SEED` runs with, and safetensors files.

The formula is that of weights/synthetic.h: every number follows from the tensor's name and shape,
the seed and its index, so that a peer can compute what galip computes without a file between them.
"""
import json
import math
import struct

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, splitmix64's increment


def _fnv1a(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return h


def _units(name, seed, count):
    """count numbers in [-1, 1): the upper 24 bits of splitmix64, keyed by name and seed."""
    with np.errstate(over="ignore"):
        key = np.uint64(_fnv1a(name)) ^ np.uint64(seed) * GOLDEN
        z = key + np.arange(1, count + 1, dtype=np.uint64) * GOLDEN
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1.0


def _scale(name, shape):
    """Centre and amplitude, which follow from what the name says of the tensor's part."""
    last = name.split(".")[-1]
    layer_norm = any(part.startswith("ln_") for part in name.split("."))
    if name.endswith("fc_gamma.linear2.bias") or (layer_norm and last == "weight"):
        return 1.0, 0.2
    if last in ("bias", "in_proj_bias"):
        return 0.0, 0.1
    if last in ("class_embedding", "positional_embedding") or name == "token_embedding.weight":
        return 0.0, 0.5
    fan_in = shape[0] if last in ("proj", "text_projection") else math.prod(shape[1:])
    gain = 0.02 if name == "netG.to_rgb.1.weight" else 1.0
    return 0.0, gain * math.sqrt(3.0 / fan_in)


def synthetic(name, shape, seed):
    """A tensor of CLIP's towers or NetG, f32. Product and sum are rounded separately, in f64."""
    centre, amplitude = _scale(name, shape)
    return (centre + amplitude * _units(name, seed, math.prod(shape))).astype("<f4").reshape(shape)


class Store:
    """Synthetic weights in one file that all ONNX files refer to; it grows by what is asked for.

    An index beside it tells where each tensor lies. Matrices of linear layers are kept as [K, N],
    the layout that ONNX multiplies by, so that no runtime is left with a transpose.
    """

    ALIGN = 4096

    def __init__(self, folder, seed):
        self.seed = seed
        self.path = folder / f"synthetic-{seed}.weights"
        self.index_path = folder / f"synthetic-{seed}.json"
        known = self.path.exists() and self.index_path.exists()
        self.index = json.loads(self.index_path.read_text()) if known else {}
        self.end = max((at + n for at, n in self.index.values()), default=0)

    def place(self, name, shape, transposed):
        """(offset, bytes) of a tensor in the file; shape is galip's, before any transposing."""
        key = name + ("^T" if transposed else "")
        if key not in self.index:
            data = synthetic(name, shape, self.seed)
            data = np.ascontiguousarray(data.T if transposed else data)
            at = -(-self.end // self.ALIGN) * self.ALIGN
            with open(self.path, "r+b" if self.path.exists() else "wb") as file:
                file.seek(at)
                file.write(data.data)
            self.index[key] = (at, data.nbytes)
            self.end = at + data.nbytes
        return self.index[key]

    def save(self):
        """Writes the index; a file without it is begun anew."""
        self.index_path.write_text(json.dumps(self.index))


def load_safetensors(path):
    """{name: array} and the metadata of a file of F32 and I32 tensors."""
    types = {"F32": "<f4", "I32": "<i4"}
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    head = json.loads(data[8 : 8 + length])
    metadata = head.pop("__metadata__", {})
    tensors = {}
    for name, entry in head.items():
        begin, end = (8 + length + at for at in entry["data_offsets"])
        values = np.frombuffer(data[begin:end], types[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"]).copy()
    return tensors, metadata
