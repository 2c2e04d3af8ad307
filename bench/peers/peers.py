#!/usr/bin/env python3
"""Times galip beside the runtimes that a CPU's user would pick instead, in turn, in one run.

    build-peers/bin/python bench/peers/peers.py netG --batch 1
    build-peers/bin/python bench/peers/peers.py netG --check
    build-peers/bin/python bench/peers/peers.py gemm

bench/peers/setup.sh installs them; bench/peers/README.md tells how to read the table.
"""
import argparse
import os
import sys

# Where the environment names OpenBLAS a processor, it would not choose its best kernels; it reads
# these when NumPy loads.
for key in [k for k in os.environ if k.startswith("OPENBLAS_")]:
    del os.environ[key]

import gemm
import models
import report
from engines import CORES, PEERS
from galip import Galip
from rounds import Lane, interleave, time_runs


def tell(text):
    print(text, file=sys.stderr, flush=True)


def parse(argv):
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("what", choices=["netG", "text", "image", "gemm"])
    p.add_argument("--batch", type=int, metavar="N",
                   help="default 1; gemm: only products of this batch (1, 8 and 32)")
    p.add_argument("--rounds", type=int, default=5, metavar="R", help="default 5")
    p.add_argument("--seconds", type=int, default=1, metavar="S",
                   help="how long each is timed in a round (default 1)")
    p.add_argument("--peers", type=lambda s: s.split(","), default=list(PEERS), metavar="A,B",
                   help=f"of {', '.join(PEERS)} (default all)")
    p.add_argument("--check", action="store_true",
                   help="compare all with the golden file instead of timing them")
    p.add_argument("--clblast", action="store_true", help="gemm: CLBlast too, through galip")
    p.add_argument("--galip", default=models.ROOT / "build" / "galip", metavar="PROGRAM")
    p.add_argument("--galip-args", type=str.split, default=[], metavar="ARGS",
                   help='more for `galip bench model`, as in --galip-args="--device 1"')
    p.add_argument("--json", action="store_true", help="one object a line, with every sample")
    o = p.parse_args(argv)
    for name in o.peers:
        if name not in PEERS:
            p.error(f"there is no peer {name}; there are {', '.join(PEERS)}")
    if o.batch is None and o.what != "gemm":
        o.batch = 1
    if min(o.batch or 1, o.rounds, o.seconds) < 1:
        p.error("--batch, --rounds and --seconds begin at 1")
    return o


def run_check(o, galip):
    lines, good = models.check(o.what, o.peers, galip, tell)
    print(f"{o.what}: largest difference from {models.GOLDEN.name}, relative to the largest value")
    print("\n".join(lines))
    return 0 if good else 1


def run_network(o, galip):
    model = models.Model(o.what, o.batch)
    feed = models.inputs(o.what, o.batch)
    peers = models.open_peers(o.peers, model, tell)
    differences = models.compare(peers, feed)

    tell("the ceiling P")
    ceiling = galip.ceiling()
    naive = []

    def measure_galip():
        record = galip.bench(o.what, o.batch, o.seconds)
        naive.append(record["naive_gflop"])
        return record["samples_s"]

    ours = Lane("galip", "f32", measure_galip)
    lanes = [ours] + [Lane(name, peer.precision, lambda p=peer: time_runs(lambda: p.run(feed),
                                                                         o.seconds))
                      for name, peer in peers.items()]
    interleave(lanes, o.rounds, tell)

    title = f"{o.what}, batch {o.batch}, {CORES} cores"
    gflop = model.flops / 1e9
    work = f"{gflop:.2f} GFLOP counted from the ONNX graph, {naive[0]:.2f} by galip"
    versions = [p.version for p in peers.values()]
    result = report.Result(o.what, o.batch, title, work, gflop, ceiling, lanes, differences,
                           sorted(set(versions)))
    print(result.json_lines() if o.json else result.text())
    return 0


def main(argv):
    o = parse(argv)
    galip = Galip(o.galip, o.galip_args)
    try:
        if o.what == "gemm":
            return gemm.run(o, galip, tell)
        return run_check(o, galip) if o.check else run_network(o, galip)
    except (OSError, RuntimeError) as error:
        tell(f"peers: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
