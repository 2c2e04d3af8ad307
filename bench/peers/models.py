"""A network in every runtime: its ONNX file, its inputs, and whether all compute the same."""
import pathlib

import numpy as np

from engines import PEERS, difference
from graph import Graph
from networks import CONTEXT, EMBED, NETWORKS, NZ, SIZE
from weights import Store, load_safetensors

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build-peers" / "models"
GOLDEN = ROOT / "tests" / "data" / "golden" / "galip-224-s1-b2.safetensors"
SEED = 1  # of the weights, as in GOLDEN and galip.WEIGHTS

# Largest difference relative to the largest value: f32 as `galip verify`, bf16 has 8 bits.
LIMITS = {"f32": 1e-4, "bf16": 0.1}


class Model:
    """A network of fixed batch as an ONNX file; its weights lie in a file that all share."""

    def __init__(self, what, batch):
        FOLDER.mkdir(parents=True, exist_ok=True)
        self.network, self.batch, self.store = NETWORKS[what], batch, Store(FOLDER, SEED)
        self.path = str(FOLDER / f"{what}-b{batch}.onnx")
        graph = Graph(what, self.store)
        self.network(graph, batch)
        graph.save(self.path)
        self.flops, self.outputs = graph.flops, [o.name for o in graph.outputs]


def inputs(what, batch):
    """Random inputs; of text, sentences of 12 tokens."""
    rng = np.random.default_rng(batch)
    if what == "netG":
        return {"noise": rng.standard_normal((batch, NZ), np.float32),
                "sentence": rng.standard_normal((batch, EMBED), np.float32)}
    if what == "image":
        return {"image": rng.uniform(-1, 1, (batch, 3, SIZE, SIZE)).astype(np.float32)}
    tokens = np.zeros((batch, CONTEXT), np.int32)
    tokens[:, 0], tokens[:, 11] = 49406, 49407  # start and end
    tokens[:, 1:11] = rng.integers(320, 40000, (batch, 10))
    return {"tokens": tokens}


def golden(what):
    """(inputs, expected outputs with NAME@S for every S-th element) of the repository's file."""
    tensors, metadata = load_safetensors(GOLDEN)
    assert metadata["weights"] == f"synthetic:{SEED}"
    feed = {"netG": {"noise": tensors["in.noise"], "sentence": tensors["text.sentence"]},
            "text": {"tokens": tensors["in.tokens"]},
            "image": {"image": tensors["in.image"]}}[what]
    return feed, tensors


def expected(outputs, tensors):
    """Outputs cut down to what the golden file keeps of them, and what it wants there."""
    got, want = {}, {}
    for key, value in tensors.items():
        name, _, stride = key.partition("@")
        if name in outputs:
            y = np.asarray(outputs[name])
            got[name] = y.ravel()[:: int(stride)] if stride else y
            want[name] = value
    if not want:
        raise RuntimeError(f"{GOLDEN.name} has none of {', '.join(outputs)}")
    return got, want


def open_peers(names, model, tell):
    """{name: runtime that has loaded the model}; one that cannot is told of and left out."""
    peers = {}
    for name in names:
        tell(f"{name} loads {model.path}")
        try:
            peers[name] = PEERS[name](model)
        except (ImportError, RuntimeError) as error:
            tell(f"without {name}: {error}")
    return peers


def compare(peers, feed):
    """{name: difference} from the first peer that runs in f32."""
    outputs = {n: {k: np.array(v) for k, v in p.run(feed).items()} for n, p in peers.items()}
    f32 = [n for n in peers if peers[n].precision == "f32"]
    if not f32:
        return {}
    return {n: difference(y, outputs[f32[0]]) for n, y in outputs.items() if n != f32[0]}


def check(what, names, galip, tell):
    """(lines that say how far each peer and galip are from the golden file, whether all pass)"""
    feed, tensors = golden(what)
    model = Model(what, next(iter(feed.values())).shape[0])
    lines, good = [], True
    for name, peer in open_peers(names, model, tell).items():
        d = difference(*expected(peer.run(feed), tensors))
        ok = d <= LIMITS[peer.precision]
        good &= ok
        lines.append(f"{name:15} {d:9.2e}  {'ok' if ok else 'FAILED'}")
    prefix = {"netG": "gen.image", "text": "text.sentence", "image": "image."}[what]
    for line in galip.verify(GOLDEN).splitlines():
        if line.startswith(prefix):
            lines.append(f"galip verify    {line}")
    return lines, good
