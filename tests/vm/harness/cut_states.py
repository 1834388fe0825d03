"""The states that power cuts can leave of a whole disk, from a log of its writes (write_log.py), laid
out one after the other in one sparse file that only ever gets the sectors which differ."""

import mmap
import random
import subprocess
from dataclasses import dataclass
from hashlib import blake2b

from .write_log import epochs

_SECTOR = 512
_CHUNK = 64 << 10
_BEFORE = -1  # the number of no write: what the sector held before


@dataclass
class State:
    """What is in the file now."""
    name: str
    end: int       # so many writes had been issued, at most, when the power went
    digest: int    # of all that differs from the disk before
    watched: int   # the same of the sectors that a loader may read


def copy_sparse(source, target):
    subprocess.run(["cp", "--sparse=always", source, target], check=True, timeout=120)


class Disk:
    """A file that holds the disk as it was before the writes, with some of them applied."""

    def __init__(self, before, path, writes, watched):
        """`watched(sector)`: whether a loader may read it."""
        copy_sparse(before, path)
        with open(before, "rb") as file:
            self._before = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            # What the file is laid out as, whoever else writes to it.
            self._wanted = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        with open(path, "r+b") as file:
            self._file = mmap.mmap(file.fileno(), 0)
        self._writes = writes
        self._is_watched = watched
        self._holds = {}    # sector: the write that it is of
        self._hashes = {}   # (sector, write): hash of the content
        self.digest = 0
        self.watched = 0

    def set(self, sectors):
        """Gives each sector the content of a write: `sectors` has the writes' numbers."""
        for sector, number in sectors.items():
            held = self._holds.get(sector, _BEFORE)
            if held == number:
                continue
            self._put(sector, number)
            self._holds[sector] = number
            change = self._hash(sector, held) ^ self._hash(sector, number)
            self.digest ^= change
            if self._is_watched(sector):
                self.watched ^= change

    def restore(self):
        """Undoes what somebody else has written into the file."""
        for start in range(0, len(self._file), _CHUNK):
            wanted = self._wanted[start:start + _CHUNK]
            if self._file[start:start + _CHUNK] != wanted:
                self._file[start:start + _CHUNK] = wanted

    def _content(self, sector, number):
        at = sector * _SECTOR
        if number == _BEFORE:
            return self._before[at:at + _SECTOR]
        write = self._writes[number]
        return write.data[at - write.offset:at - write.offset + _SECTOR]

    def _put(self, sector, number):
        content = self._content(sector, number)
        self._file[sector * _SECTOR:(sector + 1) * _SECTOR] = content
        self._wanted[sector * _SECTOR:(sector + 1) * _SECTOR] = content

    def _hash(self, sector, number):
        key = (sector, number)
        if key not in self._hashes:
            text = b"%d:" % sector + self._content(sector, number)
            self._hashes[key] = int.from_bytes(blake2b(text, digest_size=16).digest(), "little")
        return self._hashes[key]


def _sectors(write):
    first = write.offset // _SECTOR
    return range(first, first + len(write.data) // _SECTOR)


def states(disk, writes, reorderings, seed=1):
    """Lays out in `disk` every prefix of the writes, every loss of one write of a flush epoch, and
    `reorderings` random subsets of an epoch's writes in random order, more of those epochs that have
    more writes: yields each as a State, equal ones too."""
    durable = {}  # sector: the write that it is of when the epoch begins
    chosen = random.Random(seed)
    all_epochs = list(epochs(writes))
    # Of two writes, prefixes and losses are all that there is.
    many = sum(len(epoch) for epoch in all_epochs if len(epoch) > 2)

    def state(name, epoch):
        return State(name, epoch[-1] + 1 if epoch else 0, disk.digest, disk.watched)

    yield state("prefix 0", [])
    due = 0  # reorderings that are owed to the epochs so far, times `many`
    for epoch in all_epochs:
        touched = {sector: durable.get(sector, _BEFORE)
                   for number in epoch for sector in _sectors(writes[number])}
        for number in epoch:
            disk.set({sector: number for sector in _sectors(writes[number])})
            yield state(f"prefix {number + 1}", epoch)

        def lay_out(subset):
            wanted = dict(touched)
            for number in subset:
                for sector in _sectors(writes[number]):
                    wanted[sector] = number
            disk.set(wanted)

        if len(epoch) > 1:
            for lost in epoch:
                if not writes[lost].alone:
                    lay_out([number for number in epoch if number != lost])
                    yield state(f"loss of {lost} before {epoch[-1] + 1}", epoch)
        if len(epoch) > 2:
            due += reorderings * len(epoch)
            for count in range(due // many):
                subset = [number for number in epoch
                          if writes[number].alone or chosen.random() < 0.5]
                chosen.shuffle(subset)
                lay_out(subset)
                yield state(f"reordering {count} of {epoch[0]} to {epoch[-1]}", epoch)
            due %= many
        lay_out(epoch)
        for number in epoch:
            for sector in _sectors(writes[number]):
                durable[sector] = number
