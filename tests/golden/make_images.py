"""Writes tests/data/image: one small file per kind of PNG and JPEG, and NAME.rgb beside each.

    python3 tests/golden/make_images.py          (Pillow 9.4 and numpy; libjpeg-turbo 2.1)

NAME.rgb is [height, width, 3] bytes as Image.open(NAME).convert("RGB") gives them, and
images.inc lists NAME, width, height for tests/test_image.c. The PNG files are written by the small
encoder below, since Pillow cannot write most kinds. Of 16-bit grey, which Pillow clips to 255, the
high byte is expected instead.
"""
import io
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

OUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "image"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
NAMES = {0: "grey", 2: "rgb", 3: "palette", 4: "grey_alpha", 6: "rgba"}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
         (0, 1, 1, 2))  # x0, y0, dx, dy


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(
        ">I", zlib.crc32(kind + data))


def rows(samples, depth):
    """samples[h, w, c] -> filtered rows (filters 0 and 1 in turn) of one pass."""
    if samples.size == 0:
        return b""
    out = b""
    step = max(1, samples.shape[2] * depth // 8)
    for y, row in enumerate(samples.reshape(samples.shape[0], -1)):
        if depth == 16:
            raw = row.astype(">u2").tobytes()
        elif depth == 8:
            raw = row.astype(np.uint8).tobytes()
        else:
            bits = (row[:, None] >> np.arange(depth - 1, -1, -1)) & 1
            raw = np.packbits(bits.astype(np.uint8).ravel()).tobytes()
        if y % 2 == 1:
            raw = bytes((v - (raw[i - step] if i >= step else 0)) & 255 for i, v in enumerate(raw))
        out += bytes([y % 2]) + raw
    return out


def png(samples, colour, depth, interlaced, palette=None, trns=None):
    height, width = samples.shape[:2]
    if interlaced:
        data = b"".join(rows(samples[y0::dy, x0::dx], depth) for x0, y0, dx, dy in ADAM7)
    else:
        data = rows(samples, depth)
    packed = zlib.compress(data, 9)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
        ">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced)))
    if palette is not None:
        out += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if trns is not None:
        out += chunk(b"tRNS", trns)
    return out + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def transparency(colour, depth, samples):
    if colour == 3:
        return bytes(range(0, 256, 256 >> depth))[:3 if depth > 1 else 1]
    return samples[0, 0].astype(">u2").tobytes()


def pngs():
    rng = np.random.default_rng(20260101)
    for colour, depths in DEPTHS.items():
        for depth in depths:
            for interlaced in (False, True):
                width, height = (13, 11) if interlaced else (7, 5)
                samples = rng.integers(0, 1 << depth, (height, width, CHANNELS[colour]))
                palette = rng.integers(0, 256, (1 << depth, 3)) if colour == 3 else None
                for with_trns in ((False, True) if colour in (0, 2, 3) else (False,)):
                    trns = transparency(colour, depth, samples) if with_trns else None
                    name = f"{NAMES[colour]}_{depth}{'_trns' if with_trns else ''}" \
                           f"{'_adam7' if interlaced else ''}.png"
                    want = None
                    if (colour, depth) == (0, 16):
                        want = np.repeat(samples >> 8, 3, axis=2)
                    yield name, png(samples, colour, depth, interlaced, palette, trns), want
    for width, height in ((1, 1), (2, 3)):  # some of the seven passes are empty
        samples = rng.integers(0, 256, (height, width, 3))
        yield f"rgb_8_adam7_{width}x{height}.png", png(samples, 2, 8, True), None


def save_jpeg(image, **options):
    f = io.BytesIO()
    image.save(f, "JPEG", quality=80, **options)
    return f.getvalue()


def adobe(transform):
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])


def jpegs():
    width, height = 19, 17
    y, x = np.mgrid[:height, :width]
    rgb = Image.fromarray(np.stack(
        [x * 255 // width, y * 255 // height, x * y * 5 % 256], -1).astype(np.uint8))
    cmyk = Image.fromarray(np.stack(
        [x * 13, y * 15, x * y * 5 % 256, (x + y) * 7], -1).astype(np.uint8), "CMYK")
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees, which nobody here does

    yield "grey.jpg", save_jpeg(rgb.convert("L"))
    yield "ycc_444.jpg", save_jpeg(rgb, subsampling=0)
    yield "ycc_422.jpg", save_jpeg(rgb, subsampling=1)
    yield "ycc_420.jpg", save_jpeg(rgb, subsampling=2)
    yield "ycc_420_progressive.jpg", save_jpeg(rgb, subsampling=2, progressive=True)
    yield "grey_progressive.jpg", save_jpeg(rgb.convert("L"), progressive=True)
    yield "ycc_444_exif_turned.jpg", save_jpeg(rgb, subsampling=0, exif=exif.tobytes())
    plain = save_jpeg(rgb, subsampling=0)
    app0 = 4 + struct.unpack(">H", plain[4:6])[0]
    yield "rgb.jpg", plain[:2] + adobe(0) + plain[app0:]
    inverted = save_jpeg(cmyk)
    assert adobe(0) in inverted
    yield "cmyk.jpg", inverted
    yield "ycck.jpg", inverted.replace(adobe(0), adobe(2))
    yield "cmyk_progressive.jpg", save_jpeg(cmyk, progressive=True)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    listing = "/* NAME, width, height; written by tests/golden/make_images.py */\n"
    for name, data, *want in (*pngs(), *jpegs()):
        image = Image.open(io.BytesIO(data))
        pixels = np.asarray(image.convert("RGB"))
        if want and want[0] is not None:
            pixels = want[0].astype(np.uint8)
        assert pixels.shape == (image.height, image.width, 3)
        (OUT / name).write_bytes(data)
        (OUT / f"{name}.rgb").write_bytes(pixels.tobytes())
        listing += f'{{"{name}", {image.width}, {image.height}}},\n'
    (OUT / "images.inc").write_text(listing)


if __name__ == "__main__":
    main()
