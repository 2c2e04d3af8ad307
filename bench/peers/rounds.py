"""Contestants timed in turn, and proof that those who wait are idle."""
import os
import resource
import statistics
import time

from engines import CORES

QUIET_SHARE = 0.02  # of one core, that waiting peers may use; of the machine, that others may use


def _busy_s():
    """CPU seconds that all programs of this machine have used; None where nobody tells."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _, _, irq, softirq = map(int, file.readline().split()[1:8])
    except OSError:
        return None
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


class Usage:
    """CPU seconds by this process, its children and all others, while a `with` block runs."""

    def __enter__(self):
        self.begin = self._now()
        return self

    def __exit__(self, *_):
        self.wall, self.own, children, busy = (b - a for a, b in zip(self.begin, self._now()))
        self.others = max(0.0, busy - self.own - children)

    @staticmethod
    def _now():
        own, children = (u.ru_utime + u.ru_stime for u in
                         map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
        busy = _busy_s()
        return time.perf_counter(), own, children, own + children if busy is None else busy


class Quiet:
    """Sums of Usage while galip is timed: nothing else should work then."""

    def __init__(self):
        self.wall = self.own = self.others = 0.0

    def add(self, used):
        self.wall += used.wall
        self.own += used.own
        self.others += used.others

    @property
    def cores(self):
        """What this process, and so the peers in it, used of a core."""
        return self.own / self.wall

    def spoilt(self):
        found = []
        if self.cores > QUIET_SHARE:
            found.append(f"peers used {self.cores:.3f} of a core while galip was timed")
        if self.others / self.wall / CORES > QUIET_SHARE:
            found.append(f"other programs used {100 * self.others / self.wall / CORES:.0f} % of "
                         "the machine while galip was timed")
        return found

    def text(self):
        lines = [f"while galip was timed, the peers used {self.cores:.3f} of a core"]
        return "\n".join(lines + [f"WARNING: {s}; measure again" for s in self.spoilt()])


def settle():
    """Returns when no thread of this process works any more, after 2 s at the latest."""
    for _ in range(20):
        with Usage() as used:
            time.sleep(0.1)
        if used.own < QUIET_SHARE * used.wall:
            return


def time_runs(run, seconds):
    """Samples of run(), as many as fit, at least one; the first run is none, as in galip's bench."""
    run()
    samples, end = [], time.perf_counter() + seconds
    while not samples or time.perf_counter() < end:
        begin = time.perf_counter()
        run()
        samples.append(time.perf_counter() - begin)
    return samples


class Lane:
    """One contestant: samples by rounds, and the CPU it had. measure() returns samples in s."""

    def __init__(self, name, precision, measure):
        self.name, self.precision, self.measure = name, precision, measure
        self.rounds, self.used = [], Quiet()

    def take(self):
        with Usage() as used:
            self.rounds.append(self.measure())
        self.used.add(used)

    @property
    def medians(self):
        return [statistics.median(r) for r in self.rounds]

    @property
    def median(self):
        return statistics.median(s for r in self.rounds for s in r)

    @property
    def fastest(self):
        return min(s for r in self.rounds for s in r)


def ratio(theirs, ours):
    """(median, lowest, highest) over the rounds of their time over ours in the same round."""
    found = [a / b for a, b in zip(theirs, ours)]
    return statistics.median(found), min(found), max(found)


def interleave(lanes, rounds, tell):
    """Every round takes each lane once, every other one backwards."""
    for r in range(rounds):
        tell(f"round {r + 1} of {rounds}")
        for lane in lanes if r % 2 == 0 else lanes[::-1]:
            settle()
            lane.take()
