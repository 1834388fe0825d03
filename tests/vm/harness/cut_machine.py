"""Power cuts of a whole machine: `cordwainer` works in a Debian userland (debian.py), the writes of its
disk are logged, and each state that a cut can leave is read by loaders' readers; some are booted, and
cut_recovery.py has the next run recover them.

What a state may be follows from when the power went: while an operation ran, what was before it or
what it makes; after it was done, that alone.
"""

import contextlib
import re
import tarfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from . import cut_states, debian, write_log
from .boot_judges import Snapshot, boot_code
from .machine import BIOS, BootFailure, FAILURES, Machine


@dataclass
class Operation:
    """A shell command on the machine, and the one that completes it after a cut."""
    name: str
    command: str
    boots: int         # the generation that boots by default then
    again: str = ""    # `command` itself where it is empty
    # The snapshots of which `again` makes one, wherever the command was cut; this one's where empty.
    recovered: tuple = ()


@dataclass
class Machinery:
    """One case: where the boot volume is, and what reads and changes it."""
    name: str
    disk: Path
    volume: int               # the boot volume's partition, from 1
    root: int
    kind: str                 # its file system
    mount_point: str
    operations: list
    readers: list
    judge: type
    firmware: str = BIOS
    setup: list = field(default_factory=list)  # commands before the first snapshot

    def default(self, number):
        """The generation that boots by default in a snapshot."""
        return self.operations[number - 1].boots if number else 1


@dataclass
class Recording:
    before: Path
    writes: list
    ends: list                # how many writes there were after the first snapshot and each operation
    snapshots: list

    def allowed(self, end):
        """The snapshots of which a state may be one that was left at the latest after `end` writes."""
        done = sum(at <= end for at in self.ends) - 1
        if done < 0:
            return {0}
        if end == self.ends[done] or done + 1 == len(self.ends):
            return {done}
        return {done, done + 1}

    def running(self, end):
        """The number of the operation that had been begun last after `end` writes, from 1."""
        return max(1, max(self.allowed(end)))


def record(lab, case, limit=300):
    """Runs the operations; the disk before, the writes, and the boot volume after each operation."""
    log, dump = lab.folder / "log", lab.folder / "dump"
    with open(dump, "wb") as file:
        file.truncate(64 << 20)
    if case.setup:
        with debian.started(lab, case.disk, log, case.firmware, limit=limit) as machine:
            for command in case.setup:
                machine.run(command)
            machine.stop()
    before = lab.folder / "before"
    cut_states.copy_sparse(case.disk, before)
    recording = Recording(before, [], [], [])
    with debian.started(lab, case.disk, log, case.firmware, dump=dump, limit=limit) as machine:
        def snapshot():
            recording.ends.append(write_log.length(log))
            machine.run(f"tar -C {case.mount_point} -cf - . | "
                        "dd of=/dev/vdb bs=1M oflag=direct iflag=fullblock conv=sync status=none")
            recording.snapshots.append(Snapshot(
                _files(dump), boot_code(case.disk) if case.firmware == BIOS else b""))

        snapshot()
        for operation in case.operations:
            said = machine.run(f"({operation.command}) 2>/tmp/said || {{ cat /tmp/said; exit 1; }}")
            print(f"{case.name}: {operation.name}:", said.strip(), flush=True)
            snapshot()
    recording.writes = write_log.read(log)
    print(f"{case.name}: {len(recording.writes)} entries of the log, operations end at "
          f"{recording.ends}", flush=True)
    assert sum(write.flush for write in recording.writes) >= 5, "a log without flushes says nothing"
    return recording


def _files(archive):
    with tarfile.open(archive) as tar:
        return {member.name.removeprefix("./"): tar.extractfile(member).read()
                for member in tar if member.isfile()}


def _watched(lab, case):
    """Whether a loader may read a sector: any of the disk but those of the root, where that is not
    the boot volume."""
    if case.root == case.volume:
        return lambda sector: True
    start, size = debian.partitions(lab, case.disk)[case.root - 1]
    root = range(start // 512, (start + size) // 512)
    return lambda sector: sector not in root


@contextlib.contextmanager
def laid_out(lab, case, recording, name):
    """A copy of the disk for states: its path, and what lays them out there."""
    path = lab.folder / name
    yield path, cut_states.Disk(recording.before, path, recording.writes, _watched(lab, case))
    path.unlink()


def judge_states(lab, case, recording, *, reorderings, stride=1):
    """Judges every `stride`-th state; {name: problem} of the wrong ones, and how many there were, how
    many of them different ones, and how many as a loader sees them."""
    judge = case.judge(lab, case.readers, recording.snapshots)
    seen, verdicts, wrong, count = set(), {}, {}, 0
    with laid_out(lab, case, recording, "state") as (path, disk):
        for number, state in enumerate(cut_states.states(disk, recording.writes, reorderings)):
            if number % stride:
                continue
            count += 1
            seen.add(state.digest)
            allowed = frozenset(recording.allowed(state.end))
            key = (state.watched, allowed)
            if key not in verdicts:
                verdicts[key] = judge.problem(path, allowed)
            if verdicts[key]:
                wrong[state.name] = verdicts[key]
    print(f"{case.name}: {count} states, {len(seen)} different, {len(verdicts)} judged, "
          f"{len(wrong)} wrong", flush=True)
    return wrong, count


def sees_damage(lab, case, recording):
    """Whether the judge finds nothing wrong with the disk as it was first, and something where one
    byte of an initrd is another."""
    judge = case.judge(lab, case.readers, recording.snapshots)
    start, size = debian.partitions(lab, case.disk)[case.volume - 1]
    with laid_out(lab, case, recording, "damaged") as (path, _):
        whole = judge.problem(path, {0})
        with open(path, "r+b") as file:
            file.seek(start)
            file.seek(start + file.read(size).index(b"initrd of generation"))
            file.write(b"I")
        return whole is None and judge.problem(path, {0}) is not None


def boot_states(lab, case, recording, *, reorderings, samples, limit=60):
    """Boots `samples` of the states, evenly spread over those that differ for a loader: {name:
    problem} of those that do not start an allowed generation, and how many were booted."""
    seen = set()
    with laid_out(lab, case, recording, "counted") as (_, disk):
        for state in cut_states.states(disk, recording.writes, reorderings):
            seen.add(state.watched)
    every = max(1, len(seen) // samples)
    met, wrong, booted = set(), {}, 0
    with laid_out(lab, case, recording, "booted") as (path, disk):
        for state in cut_states.states(disk, recording.writes, reorderings):
            if state.watched in met:
                continue
            met.add(state.watched)
            if len(met) % every:
                continue
            booted += 1
            problem = boots(path, case, [case.default(number)
                                         for number in recording.allowed(state.end)], limit)
            if problem:
                wrong[state.name] = problem
    print(f"{case.name}: {booted} states booted, {len(wrong)} wrong", flush=True)
    return wrong, booted


def boots(path, case, numbers, limit=60, failures=FAILURES):
    """What is wrong with the machine that is started from the disk and must boot one of the
    generations `numbers`, or None. Installers of Debian's have the number in the kernel's version."""
    try:
        with Machine(path, case.firmware, limit=limit) as machine:
            machine.expect("FAKE-DONE", failures=failures)
            text = machine.expect_power_off()
    except BootFailure as failure:
        return str(failure)
    for number in numbers:
        initrd = debian.initrd_of(number)
        if (re.search(rf"\b(try=|6\.1\.0-){number}\b", text)
                and f"initrd: {len(initrd):08x} {zlib.crc32(initrd):08x}" in text):
            return None
    return f"booted none of {numbers}:\n{text}"
