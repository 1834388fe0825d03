"""Other people's programs that read a boot volume of a disk as it is, no journal replayed: what they
find is compared with folders of this machine.

A reader's `lacks(disk, folder)` says what of the files in `folder`, which has the volume's paths, is not
on the volume with the same bytes, or None.
"""

import filecmp
import os
import re
import shutil
import subprocess

_LIMIT = 60


def _run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, timeout=_LIMIT,
                          stdin=subprocess.DEVNULL, errors="replace", text=True, **options)


class Grub:
    """GRUB's own file systems; `volume` as GRUB names the directory, such as "(loop0,gpt2)". It looks
    for each file anew, from the partition table on; where another reader compares all files too,
    `every_module` = False leaves out the modules that no menu here loads."""

    _LOADED = {"normal.mod", "linux.mod", "gzio.mod", "relocator.mod", "mmap.mod", "boot.mod",
               "test.mod", "gettext.mod", "terminal.mod", "extcmd.mod", "crypto.mod",
               "gcry_crc.mod", "search.mod", "search_fs_uuid.mod", "video.mod", "bufio.mod"}

    def __init__(self, volume, every_module=True):
        self._volume = volume
        self._every_module = every_module

    def look(self, disk):
        """To be called when the disk has another content."""

    def complaints(self):
        return []

    def lacks(self, disk, folder):
        if not self._every_module:
            folder = self._loaded_of(folder)
        for name in sorted(os.listdir(folder)):
            done = _run("grub-fstest", disk, "cmp", f"{self._volume}/{name}", folder / name)
            said = done.stdout.strip() + done.stderr.strip()
            if done.returncode != 0 or said:
                return f"GRUB, in {name}: {said or done.returncode}"
        return None

    def _loaded_of(self, folder):
        less = folder.with_suffix(".loaded")
        if not less.exists():
            shutil.copytree(folder, less, ignore=lambda _, names: [
                name for name in names if name.endswith(".mod") and name not in self._LOADED])
        return less


class _Copying:
    """Copies the volume's files into a folder, and compares that."""

    def __init__(self, scratch, offset):
        self.offset = offset
        self.copy = scratch
        self.said = ""

    def look(self, disk):
        shutil.rmtree(self.copy, ignore_errors=True)
        self.copy.mkdir(parents=True)
        self.said = self._read(disk)

    def names(self, folder):
        """The paths of the files in a folder of the volume."""
        return [f"{folder}{path.name}" for path in sorted((self.copy / folder).glob("*"))]

    def lacks(self, _, folder):
        for path in sorted(folder.rglob("*")):
            found = self.copy / path.relative_to(folder)
            if path.is_file() and not (found.is_file() and filecmp.cmp(path, found, shallow=False)):
                return (f"{type(self).__name__}: {path.relative_to(folder)} is "
                        f"{'another' if found.is_file() else 'missing'} {self.said}")
        return None


class Debugfs(_Copying):
    """e2fsprogs' debugfs, which opens an ext4 without a look at its journal, and here (-c) at its maps of
    free blocks and inodes, which no loader needs; the files below `top`, a directory's path or "" for
    all."""

    def __init__(self, scratch, offset, top=""):
        super().__init__(scratch / top.rpartition("/")[2] if top else scratch, offset)
        self._top = top

    def _read(self, disk):
        into = self.copy.parent if self._top else self.copy
        done = _run("debugfs", "-c", "-R", f"rdump {self._top or '/'} {into}",
                    f"{disk}?offset={self.offset}")
        return "\n".join(line for line in done.stderr.splitlines()
                         if not line.startswith("debugfs 1.") and "changing ownership" not in line
                         and "catastrophic mode" not in line)

    def complaints(self):
        return []


class Mtools(_Copying):
    """mtools, and what fsck.fat says of the volume."""

    def __init__(self, scratch, offset, size):
        super().__init__(scratch, offset)
        self._size = size
        self._fsck = ""

    def _read(self, disk):
        volume = self.copy.with_suffix(".volume")
        _run("dd", f"if={disk}", f"of={volume}", "bs=1M", f"skip={self.offset}B",
             f"count={self._size}B", "iflag=skip_bytes,count_bytes", "conv=sparse")
        self._fsck = _run("fsck.fat", "-n", volume).stdout
        return _run("mcopy", "-s", "-n", "-m", "-i", volume, "::*", self.copy).stderr

    def complaints(self):
        """[(files, what fsck.fat says of them)]; nothing of what harms no file: the mark of a volume
        in use, clusters that no file has, and their number."""
        found = []
        files, more = [], False  # the paths that the next lines speak of; whether one is to follow
        for line in self._fsck.splitlines():
            if line.startswith("/"):
                path = line.removesuffix("  and").strip("/ ")
                files, more = (files + [path] if more else [path]), line.endswith("  and")
            elif line.startswith("  ") and files:
                found.append((files, line.strip()))
            else:
                files, more = [], False
        return found
