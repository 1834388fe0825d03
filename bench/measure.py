"""Runs a command and tells what it cost: wall-clock seconds, and the peak memory of the largest
process among it and its children, as GNU time reports them."""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass


@dataclass
class Cost:
    seconds: float
    mebibytes: float


def run_once(command):
    """One run; a failing command ends the benchmark with what it printed. GNU time starts it, since
    a process that Python starts is charged with Python's own memory."""
    with tempfile.NamedTemporaryFile("r") as peak:
        start = time.monotonic()
        done = subprocess.run(
            ["/usr/bin/time", "-q", "-f", "%M", "-o", peak.name, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        seconds = time.monotonic() - start
        kibibytes = peak.read()
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)}: status {done.returncode}\n{done.stderr.decode()}")
    return Cost(seconds, int(kibibytes) / 1024)


def seconds_of(command):
    """Wall-clock seconds of one run, for commands so short that GNU time's own start would count."""
    start = time.monotonic()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    seconds = time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)}: status {done.returncode}\n{done.stderr.decode()}")
    return seconds


@contextlib.contextmanager
def undisturbed():
    """What is started inside runs before all else on the machine, where that is allowed, so that
    a few milliseconds are not those of others. For short commands: nothing else gets that processor."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    except PermissionError:
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


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
