"""Runs a command and tells what it cost: wall-clock seconds and the peak memory of the largest
process among it and its children, as the kernel accounts them."""

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass
class Cost:
    seconds: float
    mebibytes: float


def run_once(command, environment=None):
    """One run; a failing command ends the benchmark with what it printed."""
    with open(os.devnull, "rb") as nothing:
        start = time.monotonic()
        # A launcher of its own per run: its RUSAGE_CHILDREN then holds this run alone.
        launcher = (
            "import resource, subprocess, sys\n"
            "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)\n"
            "sys.stderr.buffer.write(done.stderr)\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
            "sys.exit(done.returncode)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", launcher, *command],
            stdin=nothing,
            capture_output=True,
            env={**os.environ, **(environment or {})},
            check=False,
        )
        wall = time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)}: status {done.returncode}\n{done.stderr.decode()}")
    return Cost(wall - launcher_seconds(), int(done.stdout) / 1024)


_launcher_seconds = None


def launcher_seconds():
    """What starting the launcher costs by itself: taken off every figure."""
    global _launcher_seconds
    if _launcher_seconds is None:
        times = []
        for _ in range(5):
            start = time.monotonic()
            subprocess.run([sys.executable, "-c", "import resource, subprocess, sys"], check=True)
            times.append(time.monotonic() - start)
        _launcher_seconds = statistics.median(times)
    return _launcher_seconds


def median(costs):
    return Cost(
        statistics.median(c.seconds for c in costs), max(c.mebibytes for c in costs)
    )


def in_turn(first, second, runs):
    """Both commands A B A B …, after one uncounted run of each; the medians. `first` and `second`
    are functions that run once and return a Cost."""
    first(), second()
    costs = ([], [])
    for _ in range(runs):
        costs[0].append(first())
        costs[1].append(second())
    return median(costs[0]), median(costs[1])
