"""Contestants timed in turn, and proof that those who wait are idle."""
import os
import resource
import statistics
import time

from engines import CORES

QUIET_SHARE = 0.02   # of one core, that waiting peers may use
OTHERS_SHARE = 0.05  # of the machine, that other programs may use; its clock ticks in 10 ms


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


class Load:
    """Sums of Usage while one contestant is timed."""

    def __init__(self, name):
        self.name, self.wall, self.own, self.others = name, 0.0, 0.0, 0.0

    def add(self, used):
        self.wall += used.wall
        self.own += used.own
        self.others += used.others

    @property
    def cores(self):
        """What this process used, in cores: a peer that runs, or peers that should sleep."""
        return self.own / self.wall


def spoilt(galip, loads):
    """What makes the comparison worthless, as sentences: awake peers, and other programs."""
    found = []
    if galip.cores > QUIET_SHARE:
        found.append(f"peers used {galip.cores:.3f} of a core while galip was timed")
    for load in loads:
        share = load.others / load.wall / CORES
        if share > OTHERS_SHARE:
            found.append(f"other programs used {100 * share:.0f} % of the machine while "
                         f"{load.name} was timed")
    return found


def verdict(galip, loads):
    """The lines below a table."""
    lines = [f"while galip was timed, the peers used {galip.cores:.3f} of a core"]
    return "\n".join(lines + [f"WARNING: {s}; measure again" for s in spoilt(galip, loads)])


def settle():
    """Returns when no thread of this process works any more, after 2 s at the latest."""
    for _ in range(20):
        with Usage() as used:
            time.sleep(0.1)
        if used.own < QUIET_SHARE * used.wall:
            return


def time_runs(run, seconds):
    """Samples of run(), at least one. The first run is none, as in galip's bench."""
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
        self.rounds, self.load = [], Load(name)

    def take(self):
        with Usage() as used:
            self.rounds.append(self.measure())
        self.load.add(used)

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
