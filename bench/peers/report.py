"""The result of a run of networks as a table, or as JSON with every sample."""
import json
from dataclasses import dataclass

from rounds import Lane, ratio, spoilt, verdict

HEAD = (f"{'':15} {'arith.':6} {'median/ms':>10} {'min/ms':>9} {'GFLOP/s':>8} {'x P':>6} "
        f"{'galip is':>9} {'in its rounds':>14} {'cores':>6}")


@dataclass
class Result:
    what: str
    batch: int
    title: str
    work: str
    gflop: float
    ceiling: float  # P, GFLOP/s
    lanes: list[Lane]  # galip first
    differences: dict[str, float]
    versions: list[str]

    def text(self):
        out = [self.title, self.work, "; ".join(self.versions),
               f"P = {self.ceiling:.1f} GFLOP/s", "", HEAD]
        ours = self.lanes[0]
        for lane in self.lanes:
            rate = self.gflop / lane.median
            line = (f"{lane.name:15} {lane.precision:6} {1e3 * lane.median:10.2f} "
                    f"{1e3 * lane.fastest:9.2f} {rate:8.1f} {rate / self.ceiling:6.2f}")
            if lane is not ours:
                middle, low, high = ratio(lane.medians, ours.medians)
                line += f" {middle:8.2f}x {low:6.2f} - {high:5.2f} {lane.load.cores:6.2f}"
            out.append(line)
        out.append("")
        out += [f"{name} differs by {d:.1e} of the largest value"
                for name, d in self.differences.items()]
        out.append(verdict(ours.load, [lane.load for lane in self.lanes]))
        return "\n".join(out)

    def json_lines(self):
        ours, out = self.lanes[0], []
        for lane in self.lanes:
            middle, low, high = ratio(lane.medians, ours.medians)
            out.append(json.dumps({
                "kind": "peer", "name": f"{self.what}/b{self.batch}/{lane.name}",
                "part": self.what, "batch": self.batch, "peer": lane.name,
                "precision": lane.precision, "versions": self.versions,
                "median_s": lane.median, "min_s": lane.fastest, "naive_gflop": self.gflop,
                "gflops": self.gflop / lane.median, "fma_gflops": self.ceiling,
                "x_p": self.gflop / lane.median / self.ceiling,
                "ratio": middle, "ratio_low": low, "ratio_high": high,
                "difference": self.differences.get(lane.name), "rounds_s": lane.rounds,
                "waiting_peers_cores": ours.load.cores,
                "spoilt": spoilt(ours.load, [x.load for x in self.lanes])}))
        return "\n".join(out)
