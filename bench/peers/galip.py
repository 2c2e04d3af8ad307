"""The program `galip` as a contestant: its own benchmarks, run as processes of their own."""
import json
import math
import pathlib
import subprocess

PRESET, WEIGHTS = "galip-224", "synthetic:1"


class Galip:
    def __init__(self, program, more=()):
        """more: further arguments of `bench model`."""
        self.program, self.more = str(pathlib.Path(program).resolve()), list(more)

    def call(self, *arguments):
        command = [self.program, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{done.stderr.strip() or done.stdout}")
        return done.stdout

    def records(self, *arguments):
        return [json.loads(line) for line in self.call(*arguments, "-o", "json").splitlines()]

    def ceiling(self):
        """P in GFLOP/s: the FMA ceiling, measured now."""
        found = [r for r in self.records("bench", "ceiling", "--fresh") if r["name"] == "fma_f32"]
        return found[0]["value"]

    def bench(self, part, batch, seconds):
        """The record of a part in its steady state, at one batch size."""
        (record,) = self.records("bench", "model", "--part", part, "--batch", batch, "--phase",
                                 "steady", "--seconds", seconds, "--preset", PRESET, "--weights",
                                 WEIGHTS, *self.more)
        if "skipped" in record:
            raise RuntimeError(f"galip left out {record['name']}: {record['skipped']}")
        return record

    def verify(self, golden):
        """Lines of `galip verify`: what it found of each tensor."""
        return self.call("verify", golden)

    def linear_nodes(self, part, batch, variant=None):
        """[(M, N, K, seconds)] of a part's linear layers, each the shortest of a few runs."""
        chosen = ["--variant", f"linear={variant}"] if variant else []
        plan = json.loads(self.call("plan", "--part", part, "--batch", batch, "--time", "--json",
                                    "--preset", PRESET, "--weights", WEIGHTS, *chosen))
        found = []
        for node in plan["nodes"]:
            if node["op"] == "linear":
                *rows, n = node["output"]
                m = math.prod(rows)
                k = node["flops"] // (2 * m * n) // 64 * 64  # less what bias and activation add
                found.append((m, n, k, node["time_ns"] * 1e-9))
        return found
