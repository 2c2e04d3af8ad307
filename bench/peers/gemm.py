"""CLIP's matrix products: OpenBLAS, through NumPy, beside galip's linear layers.

galip is timed in the network (`galip plan --time`): 12 blocks, each with weights of its own, bias
and activation or residual included. OpenBLAS gets 12 matrices for each product and multiplies by
them in turn, nothing else. A time is the median over the 12 of the shortest of three runs, on both
sides.
"""
import json
import statistics
import time

import numpy as np
from threadpoolctl import threadpool_info

from engines import CORES
from rounds import Load, Usage, ratio, settle, spoilt, verdict

BLOCKS, RUNS = 12, 3
# part and batch; M = 50, 400, 1600 and 77, 616 rows
PLANS = (("image", 1), ("image", 8), ("image", 32), ("text", 1), ("text", 8))
CLBLAST_MAX_M = 400  # larger ones take minutes


def openblas():
    """What NumPy multiplies with, as text."""
    for library in threadpool_info():
        if library["internal_api"] == "openblas":
            return (f"OpenBLAS {library['version']}, {library['architecture']} kernels, "
                    f"{library['num_threads']} threads")
    return "a BLAS that does not tell its name"


class Product:
    """x [M, K] by 12 matrices of [K, N], or their transposes: whichever the BLAS likes better."""

    def __init__(self, m, n, k):
        rng = np.random.default_rng(m)
        self.x = rng.uniform(-1, 1, (m, k)).astype(np.float32)
        self.y = np.empty((m, n), np.float32)
        weights = [rng.uniform(-1, 1, (k, n)).astype(np.float32) for _ in range(BLOCKS)]
        transposed = [np.ascontiguousarray(w.T).T for w in weights]
        self.weights = weights
        self.weights = min((weights, transposed), key=lambda w: self.median_of(w, 1))

    def median_of(self, weights, runs):
        shortest = [float("inf")] * BLOCKS
        for _ in range(runs + 1):  # the first is no sample
            for i, w in enumerate(weights):
                begin = time.perf_counter()
                np.matmul(self.x, w, out=self.y)
                shortest[i] = min(shortest[i], time.perf_counter() - begin)
        return statistics.median(shortest)

    def measure(self):
        return self.median_of(self.weights, RUNS)


class Table:
    """Samples of every product and contestant, one a round."""

    def __init__(self):
        self.samples = {}  # (M, N, K) -> {name: [seconds]}

    def add(self, shape, name, seconds):
        self.samples.setdefault(shape, {}).setdefault(name, []).append(seconds)

    def rows(self):
        for shape, found in sorted(self.samples.items()):
            if "galip" in found and "openblas" in found:
                yield shape, found


def time_galip(galip, table, part, batch, name="galip", variant=None):
    """A sample of each product that a block of the part has; returns their shapes."""
    nodes = {}
    for m, n, k, seconds in galip.linear_nodes(part, batch, variant):
        nodes.setdefault((m, n, k), []).append(seconds)
    nodes = {shape: times for shape, times in nodes.items() if len(times) == BLOCKS}
    for shape, times in nodes.items():
        table.add(shape, name, statistics.median(times))
    return list(nodes)


def run_round(o, galip, table, products, loads, part, batch):
    settle()
    with Usage() as used:
        shapes = time_galip(galip, table, part, batch)
    loads["galip"].add(used)
    for shape in shapes:
        if shape not in products:
            products[shape] = Product(*shape)
        with Usage() as used:
            table.add(shape, "openblas", products[shape].measure())
        loads["openblas"].add(used)
    if o.clblast and shapes and shapes[0][0] <= CLBLAST_MAX_M:
        time_galip(galip, table, part, batch, "clblast", "clblast_f32")


def as_text(table, ceiling):
    out = [f"{'M':>5} {'N':>5} {'K':>5} {'galip/ms':>9} {'x P':>5} {'openblas/ms':>12} {'x P':>5} "
           f"{'galip is':>9} {'in its rounds':>14}  {'clblast/ms':>10} {'galip is':>9}"]
    for (m, n, k), found in table.rows():
        gflop = 2e-9 * m * n * k
        ours, theirs = (statistics.median(found[name]) for name in ("galip", "openblas"))
        middle, low, high = ratio(found["openblas"], found["galip"])
        line = (f"{m:5} {n:5} {k:5} {1e3 * ours:9.3f} {gflop / ours / ceiling:5.2f} "
                f"{1e3 * theirs:12.3f} {gflop / theirs / ceiling:5.2f} {middle:8.2f}x "
                f"{low:6.2f} - {high:5.2f}")
        if "clblast" in found:
            line += (f"  {1e3 * statistics.median(found['clblast']):10.3f} "
                     f"{ratio(found['clblast'], found['galip'])[0]:8.1f}x")
        out.append(line)
    return "\n".join(out)


def as_json(table, ceiling, warnings):
    out = []
    for (m, n, k), found in table.rows():
        for name, samples in found.items():
            middle, low, high = ratio(samples, found["galip"])
            seconds, gflop = statistics.median(samples), 2e-9 * m * n * k
            out.append(json.dumps({
                "kind": "peer_gemm", "name": f"{m}x{n}x{k}/{name}", "M": m, "N": n, "K": k,
                "peer": name, "library": openblas() if name == "openblas" else name,
                "median_s": seconds, "samples_s": samples, "naive_gflop": gflop,
                "gflops": gflop / seconds, "fma_gflops": ceiling,
                "x_p": gflop / seconds / ceiling, "ratio": middle, "ratio_low": low,
                "ratio_high": high, "spoilt": warnings}))
    return "\n".join(out)


def run(o, galip, tell):
    tell("the ceiling P")
    ceiling = galip.ceiling()
    table, products = Table(), {}
    loads = {name: Load(name) for name in ("galip", "openblas")}
    for r in range(o.rounds):
        for part, batch in PLANS:
            if o.batch is None or batch == o.batch:
                tell(f"round {r + 1} of {o.rounds}: {part}, batch {batch}")
                run_round(o, galip, table, products, loads, part, batch)
    if o.json:
        print(as_json(table, ceiling, spoilt(loads["galip"], loads.values())))
        return 0
    print(f"products of CLIP's layers, {CORES} cores; {openblas()}")
    print(f"P = {ceiling:.1f} GFLOP/s\n")
    print(as_text(table, ceiling))
    print(f"\n{verdict(loads['galip'], loads.values())}")
    return 0
