"""Runs a command and says what it took."""

import dataclasses
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time

# Both tools get the same processors; their thread pools count what they are given.
PROCESSORS = sorted(os.sched_getaffinity(0))[:2]


@dataclasses.dataclass
class Cost:
    """What a run took. Seconds and bytes."""

    wall: float
    processor: float
    # Highest resident set of the process itself, and summed over all that ran below it.
    memory: int
    memory_with_children: int

    def less(self, other):
        """Without what `other` took, such as the start."""
        return dataclasses.replace(
            self, wall=self.wall - other.wall, processor=self.processor - other.processor
        )


def run(command, **environment):
    """Runs `command` on `PROCESSORS`; fails loudly when it fails."""
    before = time.monotonic()
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | environment,
        preexec_fn=lambda: os.sched_setaffinity(0, PROCESSORS),
    )
    peaks = {}
    ended = threading.Event()
    watcher = threading.Thread(target=watch, args=(process.pid, peaks, ended))
    reader = Reader(process.stderr)
    watcher.start()
    reader.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    ended.set()
    watcher.join()
    reader.join()
    if process.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))} failed:\n{reader.text[-2000:]}")
    own = peaks.get(process.pid, 0)
    return Cost(wall, usage.ru_utime + usage.ru_stime, own, sum(peaks.values()))


class Reader(threading.Thread):
    """Keeps what a process says, so that its pipe never fills."""

    def __init__(self, pipe):
        super().__init__()
        self.pipe = pipe
        self.text = ""

    def run(self):
        self.text = self.pipe.read().decode(errors="replace")


def watch(root, peaks, ended):
    """Keeps the highest resident set of each process below `root`. The kernel remembers the peak, so
    that nothing between two looks is missed while a process lives."""
    while not ended.wait(0.05):
        for pid in family(root):
            peak = highest_resident_set(pid)
            peaks[pid] = max(peaks.get(pid, 0), peak)


def family(root):
    """The process and all below it."""
    found = [root]
    for pid in found:
        for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found.extend(map(int, task.read_text().split()))
            except OSError:
                pass
    return found


def highest_resident_set(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def alternate(repeats, ours, theirs):
    """Runs both in turn, so that whatever else the machine does meets both. The costs of each."""
    costs = [(ours(), theirs()) for _ in range(repeats)]
    return [cost for cost, _ in costs], [cost for _, cost in costs]


def median(costs, field):
    return statistics.median(getattr(cost, field) for cost in costs)


def ratio(ours, theirs, field):
    """How many times more the other tool takes: the median over the pairs of runs."""
    return statistics.median(
        getattr(their, field) / getattr(our, field) for our, their in zip(ours, theirs)
    )
