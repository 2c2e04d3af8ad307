#!/usr/bin/env python3
"""Compares `galip encode` with what Hugging Face transformers and open_clip compute themselves.

    compare.py GALIP FOLDER

Makes random CLIPs with these libraries, small ones and ViT-B/32, with QuickGELU and with GELU, saves
them as the libraries do, converts them, and encodes sentences and photos of odd sizes with both.
Files go into FOLDER. Fails where an element differs by more than 1e-4 of the largest magnitude.

galip prepares text and photos as OpenAI's CLIP does, and open_clip too. transformers differs in two
ways, and gets no such inputs: its tokenizer leaves HTML entities and what ftfy repairs as they are, and
it crops at the rounded down half of an odd margin, where torchvision rounds to even. Pillow 13 resizes
tall pictures in another order than all before it, so an older one is installed (run.sh).
"""
import gzip
import json
import os
import subprocess
import sys

import numpy as np
import open_clip
import torch
import transformers
from PIL import Image
from safetensors.numpy import load_file
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

LIMIT = 1e-4
TEXTS = ["a red circle on a blue square", "", "A photo of two cats & a dog, 3 feet apart!", "x" * 60]
CLEANED = ["two cats &amp; a dog", "naïve café — “quoted” text 42"]
# width, height, format: portrait, landscape, smaller than the input, extreme, exact
PHOTOS = [(333, 251, "jpg"), (71, 257, "png"), (97, 61, "jpg"), (1023, 37, "png"), (224, 224, "jpg"),
          (640, 427, "png")]


def small(act):
    tower = dict(hidden_size=128, intermediate_size=512, num_attention_heads=4, num_hidden_layers=3,
                 hidden_act=act)
    return dict(projection_dim=64, text_config=dict(tower, hidden_size=64, intermediate_size=256),
                vision_config=dict(tower, image_size=56, patch_size=8))


def b32(act):
    return dict(projection_dim=512, text_config=dict(hidden_act=act), vision_config=dict(hidden_act=act))


def open_small(quick):
    return dict(embed_dim=64, quick_gelu=quick,
                vision_cfg=dict(image_size=56, layers=3, width=128, patch_size=8, head_width=32),
                text_cfg=dict(context_length=24, vocab_size=49408, width=64, heads=4, layers=3))


def randomise(model):
    """What libraries leave at 0 or 1 would hide errors."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in model.parameters():
            noise = torch.randn(p.shape, generator=generator)
            p.add_(0.1 * noise if p.dim() < 2 else 0.3 * p.std() * noise)
    return model.eval()


def make_photos(folder):
    rng = np.random.default_rng(1)
    paths = []
    for w, h, kind in PHOTOS:
        coarse = rng.integers(0, 256, (h // 9 + 2, w // 9 + 2, 3), dtype=np.uint8)
        photo = np.asarray(Image.fromarray(coarse).resize((w, h), Image.BILINEAR)).astype(int)
        photo = np.clip(photo + rng.integers(-20, 21, photo.shape), 0, 255).astype(np.uint8)
        paths.append(f"{folder}/{w}x{h}.{kind}")
        Image.fromarray(photo).save(paths[-1], quality=90)
    return paths


def merges_of(folder, vocab):
    """Hugging Face's merges.txt and vocab.json from CLIP's vocabulary."""
    lines = gzip.open(vocab, "rt", encoding="utf-8").read().split("\n")[1:49152 - 256 - 2 + 1]
    with open(f"{folder}/merges.txt", "w", encoding="utf-8") as f:
        f.write("#version: 0.2\n" + "\n".join(lines) + "\n")
    encoder = open_clip.tokenizer.SimpleTokenizer(vocab).encoder
    names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    with open(f"{folder}/vocab.json", "w", encoding="utf-8") as f:
        json.dump({names.get(k, k): v for k, v in encoder.items()}, f)
    return f"{folder}/merges.txt"


class Check:
    def __init__(self, program, folder):
        self.program, self.folder, self.failed = program, folder, 0

    def run(self, *arguments):
        subprocess.run([self.program, *arguments], check=True, stdout=subprocess.DEVNULL)

    def compare(self, name, kind, inputs, want):
        out = f"{self.folder}/{kind}.safetensors"
        self.run("encode", kind, "-w", f"{self.folder}/model.safetensors", "-o", out, "--", *inputs)
        got = load_file(out)[kind].astype(np.float64)
        want = want.detach().numpy().astype(np.float64)
        worst = np.abs(got - want).max() / np.abs(want).max()
        good = got.shape == want.shape and worst <= LIMIT
        self.failed += not good
        print(f"{name:44} {kind:6} {worst:9.2e}  {'ok' if good else 'FAILED'}", flush=True)

    def convert(self, *inputs):
        self.run("convert", *inputs, "-o", f"{self.folder}/model.safetensors")


def is_cropped_alike(photo, size):
    w, h = Image.open(photo).size
    margin = size * max(w, h) // min(w, h) - size
    return round(margin / 2) == margin // 2


def hugging_face(check, name, config, photos, merges):
    model = randomise(transformers.CLIPModel(transformers.CLIPConfig(**config)))
    folder = f"{check.folder}/hf"
    model.save_pretrained(folder)
    torch.save(model.state_dict(), f"{folder}/pytorch_model.bin")
    tokenizer = transformers.CLIPTokenizer(f"{check.folder}/vocab.json", merges)
    size = model.config.vision_config.image_size
    photos = [p for p in photos if is_cropped_alike(p, size)]
    processor = CLIPImageProcessorPil(size={"shortest_edge": size},
                                      crop_size={"height": size, "width": size})
    tokens = tokenizer(TEXTS, padding="max_length", max_length=77, return_tensors="pt")
    pixels = processor([Image.open(p).convert("RGB") for p in photos], return_tensors="pt")
    with torch.no_grad():
        text = model.text_projection(model.text_model(**tokens).pooler_output)
        image = model.visual_projection(model.vision_model(**pixels).pooler_output)
    for file in ("model.safetensors", "pytorch_model.bin"):
        check.convert(f"{folder}/{file}", f"{folder}/config.json", "--vocab", merges)
        check.compare(f"transformers, {name}, {file}", "text", TEXTS, text)
        check.compare(f"transformers, {name}, {file}", "image", photos, image)


def open_clip_model(check, name, config, photos, vocab):
    quick = config.get("quick_gelu", False)
    model = randomise(open_clip.model.CLIP(**config))
    torch.save(model.state_dict(), f"{check.folder}/open_clip.pt")
    torch.save({"state_dict": {"module." + k: v for k, v in model.state_dict().items()}, "epoch": 3},
               f"{check.folder}/epoch_3.pt")
    with open(f"{check.folder}/open_clip_config.json", "w", encoding="utf-8") as f:
        json.dump({"model_cfg": config, "preprocess_cfg": {}}, f)
    tokenizer = open_clip.tokenizer.SimpleTokenizer(vocab)
    context = config["text_cfg"]["context_length"]
    texts = [t for t in TEXTS + CLEANED if len(tokenizer.encode(t)) + 2 <= context]
    transform = open_clip.image_transform(config["vision_cfg"]["image_size"], is_train=False)
    pixels = torch.stack([transform(Image.open(p)) for p in photos])
    with torch.no_grad():
        text, image = model.encode_text(tokenizer(texts, context)), model.encode_image(pixels)
    check.convert(f"{check.folder}/open_clip.pt", f"{check.folder}/open_clip_config.json",
                  "--vocab", vocab)
    check.compare(f"open_clip, {name}", "text", texts, text)
    check.compare(f"open_clip, {name}", "image", photos, image)
    if "head_width" not in config["vision_cfg"]:  # else only its configuration tells
        check.convert(f"{check.folder}/epoch_3.pt", "--vocab", vocab,
                      "--activation", "quick_gelu" if quick else "gelu")
        check.compare(f"open_clip, {name}, epoch_3.pt", "image", photos, image)


def main(program, folder):
    torch.manual_seed(1)
    os.makedirs(folder, exist_ok=True)
    check = Check(program, folder)
    vocab = os.path.join(os.path.dirname(open_clip.__file__), "bpe_simple_vocab_16e6.txt.gz")
    merges, photos = merges_of(folder, vocab), make_photos(folder)
    print(f"transformers {transformers.__version__}, open_clip {open_clip.__version__}, "
          f"torch {torch.__version__}; worst difference over the largest magnitude, limit {LIMIT}")
    for act in ("quick_gelu", "gelu"):
        hugging_face(check, f"small, {act}", small(act), photos, merges)
        hugging_face(check, f"ViT-B/32, {act}", b32(act), photos, merges)
        open_clip_model(check, f"small, {act}", open_small(act == "quick_gelu"), photos, vocab)
    for name in ("ViT-B-32", "ViT-B-32-quickgelu"):
        open_clip_model(check, name, open_clip.get_model_config(name), photos, vocab)
    print(f"{check.failed} failed")
    return check.failed != 0


sys.exit(main(*sys.argv[1:]))
