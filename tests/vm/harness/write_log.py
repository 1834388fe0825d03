"""Power cuts, from a log of what a guest wrote to its disk and when it had it flushed (QEMU's
blklogwrites, in the format of Linux' dm-log-writes: Documentation/admin-guide/device-mapper/
log-writes.rst).

A disk keeps what was written before the last flush. Of what came after it may have kept any part,
in any order. `prefixes` are the states where it kept all up to one write; `losses` those where it
lost one write that came before the next flush, and kept the others.
"""

import os
import random
import struct

_MAGIC = 0x6A736677736872
_HEADER = struct.Struct("<QQQI")     # magic, version, entries, sector size
_ENTRY = struct.Struct("<QQQQ")      # sector, sectors, flags, bytes of data behind it
_FLUSH, _FUA, _DISCARD, _MARK = 1, 2, 4, 8
_SECTOR = 512


class Write:
    """One write of the log: bytes at an offset, or a flush of everything before (no bytes)."""

    def __init__(self, offset, data, flush, alone):
        self.offset = offset
        self.data = data
        self.flush = flush  # everything before this is kept
        self.alone = alone  # this is kept once it is done (FUA)


def create(path):
    """Makes the file that QEMU writes a log to."""
    with open(path, "wb") as file:
        file.truncate(64 << 20)


def drive(disk, log, *options):
    """QEMU's options for a disk whose writes are logged. What the guest has flushed is in the log as
    flushed; this machine's own disks need not wait for it."""
    return ["-blockdev", f"driver=file,cache.no-flush=on,node-name=f0,filename={disk}",
            "-blockdev", "driver=raw,node-name=r0,file=f0",
            "-blockdev", f"driver=file,cache.no-flush=on,node-name=lg,filename={log}",
            "-blockdev", "driver=blklogwrites,node-name=bl,file=r0,log=lg,log-sector-size=512,"
                         "log-super-update-interval=1",
            "-device", ",".join(["virtio-blk-pci", "drive=bl", *options])]


def length(path):
    """How many entries the log has by now."""
    with open(path, "rb") as file:
        return _HEADER.unpack(file.read(_HEADER.size))[2]


def read(path):
    """The writes of a log, in their order."""
    writes = []
    with open(path, "rb") as file:
        magic, _, count, sector_size = _HEADER.unpack(file.read(_HEADER.size))
        assert magic == _MAGIC, "no log of writes"
        file.seek(sector_size)
        for _ in range(count):
            sector, sectors, flags, _ = _ENTRY.unpack(file.read(_ENTRY.size))
            file.seek(-file.tell() % sector_size, os.SEEK_CUR)
            size = sectors * sector_size
            if flags & _DISCARD:
                data = bytes(size)
            else:
                data = file.read(size)
                assert len(data) == size, "the log ends in the middle of a write"
            if flags & _MARK:
                continue
            writes.append(Write(sector * sector_size, data, bool(flags & _FLUSH),
                                bool(flags & _FUA)))
    return writes


def epochs(writes):
    """The numbers of the writes between two flushes, for each pair of flushes."""
    epoch = []
    for number, write in enumerate(writes):
        if write.flush and epoch:
            yield epoch
            epoch = []
        if write.data:
            epoch.append(number)
    if epoch:
        yield epoch


class Replay:
    """A copy of the disk as it was before, on which states are laid out one after the other."""

    def __init__(self, before, path, writes):
        self._before = before
        self._writes = writes
        self._path = path
        with open(path, "wb") as file:
            file.write(before)

    def _patch(self, file, offset, data):
        file.seek(offset)
        file.write(data)

    def states(self, reorderings=0, seed=1):
        """Lays out every state in the file `path`, yielding its name: prefixes first, then losses,
        then `reorderings` random subsets of an epoch."""
        writes = self._writes
        durable = bytearray(self._before)  # at the start of the epoch
        chosen = random.Random(seed)
        all_epochs = list(epochs(writes))
        with open(self._path, "r+b", buffering=0) as file:
            yield "prefix 0"
            for epoch in all_epochs:
                for number in epoch:
                    self._patch(file, writes[number].offset, writes[number].data)
                    yield f"prefix {number + 1}"
                for number in epoch if len(epoch) > 1 else ():
                    if writes[number].alone:
                        continue
                    self._lay_out(file, durable, epoch, [n for n in epoch if n != number])
                    yield f"loss of {number} before {epoch[-1] + 1}"
                for count in range(-(-reorderings // len(all_epochs))):
                    subset = [n for n in epoch if writes[n].alone or chosen.random() < 0.5]
                    chosen.shuffle(subset)
                    self._lay_out(file, durable, epoch, subset)
                    yield f"reordering {count} of {epoch[0]} to {epoch[-1]}"
                self._lay_out(file, durable, epoch, epoch)
                for number in epoch:
                    self._apply(durable, number)

    def _lay_out(self, file, durable, epoch, subset):
        """The file: `durable`, changed by the writes `subset` of the epoch, in that order."""
        for number in epoch:
            write = self._writes[number]
            self._patch(file, write.offset, durable[write.offset:write.offset + len(write.data)])
        for number in subset:
            self._patch(file, self._writes[number].offset, self._writes[number].data)

    def _apply(self, image, number):
        write = self._writes[number]
        image[write.offset:write.offset + len(write.data)] = write.data
