"""Writes tests/data/bicubic/cases.inc: checksums of pictures that Pillow has resized and cropped.

    python3 tests/golden/make_bicubic.py          (Pillow 9.4 and numpy)

A line is {H, W, out_h, out_w, top, left, crop_h, crop_w, FNV-1a of the crop's bytes} for
tests/test_bicubic.c, which makes the same input from picture()'s formula. windows.inc holds
{width, height, size, out_h, out_w, top, left} after torchvision's Resize and CenterCrop.
"""
import pathlib
import random

import numpy as np
from PIL import Image

OUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "bicubic"
FIXED = (  # H, W, out_h, out_w; the whole picture
    (1, 1, 1, 1), (1, 1, 9, 7), (1, 1, 224, 224), (1, 500, 3, 1), (500, 1, 1, 3), (2, 3, 64, 96),
    (31, 17, 31, 17), (31, 17, 31, 40), (31, 17, 12, 17), (4096, 2, 3, 5), (2, 4096, 5, 3))
CLIP = (  # width, height, as CLIP's preprocessing with 224
    (224, 224), (224, 301), (256, 256), (640, 480), (480, 640), (225, 224), (100, 75), (33, 57),
    (1, 1), (1023, 769), (2731, 1999), (1280, 50))
N_RANDOM = 150


def picture(height, width):
    """Hashed bytes stretched to -128 .. 382 and clipped: a half of them are 0 or 255."""
    h = np.arange(height * width * 3, dtype=np.uint32) * np.uint32(0x9E3779B1)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x85EBCA77)
    values = np.clip((h >> np.uint32(24)).astype(np.int32) * 2 - 128, 0, 255)
    return values.astype(np.uint8).reshape(height, width, 3)


def fnv1a64(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return h


def line(height, width, out_h, out_w, top, left, crop_h, crop_w):
    resized = Image.fromarray(picture(height, width)).resize((out_w, out_h), Image.BICUBIC)
    crop = resized.crop((left, top, left + crop_w, top + crop_h))
    return "{%d, %d, %d, %d, %d, %d, %d, %d, UINT64_C(0x%016x)},\n" % (
        height, width, out_h, out_w, top, left, crop_h, crop_w, fnv1a64(crop.tobytes()))


def clip_window(width, height, size):
    """torchvision's _compute_resized_output_size and center_crop."""
    short, long = (width, height) if width <= height else (height, width)
    new_long = int(size * long / short)
    out_w, out_h = (size, new_long) if width <= height else (new_long, size)
    return out_h, out_w, int(round((out_h - size) / 2.0)), int(round((out_w - size) / 2.0))


def main():
    rng = random.Random(1)
    OUT.mkdir(parents=True, exist_ok=True)
    with open(OUT / "cases.inc", "w") as f:
        for height, width, out_h, out_w in FIXED:
            f.write(line(height, width, out_h, out_w, 0, 0, out_h, out_w))
        for width, height in CLIP:
            f.write(line(height, width, *clip_window(width, height, 224), 224, 224))
        for _ in range(N_RANDOM):
            height, width, out_h, out_w = (int(2 ** rng.uniform(0, 8)) for _ in range(4))
            crop_h, crop_w = rng.randint(1, out_h), rng.randint(1, out_w)
            f.write(line(height, width, out_h, out_w, rng.randint(0, out_h - crop_h),
                         rng.randint(0, out_w - crop_w), crop_h, crop_w))
    with open(OUT / "windows.inc", "w") as f:
        sides = [(w, h) for w, h in CLIP] + [(8000, 6000)]
        sides += [(rng.randint(1, 4000), rng.randint(1, 4000)) for _ in range(100)]
        for width, height in sides:
            for size in (224, 56 + rng.randint(0, 300)):
                f.write("{%d, %d, %d, %d, %d, %d, %d},\n" % (
                    width, height, size, *clip_window(width, height, size)))


main()
