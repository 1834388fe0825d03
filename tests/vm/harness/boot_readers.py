"""Other people's programs that read a boot volume of a disk as it is, no journal replayed: what they
find is compared with folders of this machine.

A reader's `lacks(disk, folder)` says what of the files in `folder`, which has the volume's paths, is
not on the volume with the same bytes, or None.
"""

import os
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

    def __init__(self, scratch, offset, top=""):
        self.offset = offset
        self.scratch = scratch
        self.copy = scratch / top.rpartition("/")[2]
        self.said = ""

    def look(self, disk):
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir()
        self.said = self._read(disk)

    def names(self, folder):
        """The paths of the files in a folder of the volume."""
        return [f"{folder}{path.name}" for path in sorted((self.copy / folder).glob("*"))]

    def _fetch(self, path, target):
        """Copies one file that is missing in the copy, for a reader that may have stopped early."""

    def lacks(self, _, folder):
        for path in sorted(folder.rglob("*")):
            found = self.copy / path.relative_to(folder)
            if path.is_file() and not found.exists():
                self._fetch(path.relative_to(folder), found)
            if path.is_file() and not (found.is_file()
                                       and path.read_bytes() == found.read_bytes()):
                return (f"{type(self).__name__}: {path.relative_to(folder)} is "
                        f"{'another' if found.is_file() else 'missing'} {self.said}")
        return None


class Debugfs(_Copying):
    """e2fsprogs' debugfs, which opens an ext4 without a look at its journal, and here (-c) at its maps
    of free blocks and inodes, which no loader needs; the files below `top`, a directory's path or ""
    for all."""

    def __init__(self, scratch, offset, top=""):
        super().__init__(scratch, offset, top)
        self._top = top or "/"

    def _read(self, disk):
        done = _run("debugfs", "-c", "-R", f"rdump {self._top} {self.scratch}",
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
        volume = self.scratch.with_suffix(".volume")
        _run("dd", f"if={disk}", f"of={volume}", "bs=1M", f"skip={self.offset}B",
             f"count={self._size}B", "iflag=skip_bytes,count_bytes", "conv=sparse")
        self._fsck = _run("fsck.fat", "-n", volume).stdout
        return _run("mcopy", "-s", "-n", "-m", "-i", volume, "::*", self.copy).stderr

    def _fetch(self, path, target):
        # All is not copied where one directory is damaged, be it one to which nothing leads yet.
        if self.said:
            target.parent.mkdir(parents=True, exist_ok=True)
            _run("mcopy", "-n", "-m", "-i", self.scratch.with_suffix(".volume"), f"::{path}", target)

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
                if not line.startswith("  Truncating second "):  # what it does with shared clusters
                    found.append((files, line.strip()))
            else:
                files, more = [], False
        return found


class Bootctl:
    """What `bootctl list` makes of the files of an EFI system partition. It asks that the directory be
    a file system's root, so it gets them on one, in a mount namespace of its own."""

    _SCRIPT = ('mount -t tmpfs none "$1" && cp -a "$0/." "$1" && '
               '{ "$2" --esp-path="$1" list --no-pager; status=$?; umount "$1"; exit $status; }')

    def __init__(self, lab):
        self._program = lab.parts / "bootctl/amd64/usr/bin/bootctl"
        self._mounted = lab.folder / "mounted"
        self._said = {}  # by names, sizes, and the menu's texts

    def said(self, copy):
        files = sorted(path for path in copy.rglob("*") if path.is_file())
        key = tuple((path.relative_to(copy), path.stat().st_size,
                     path.read_bytes() if path.suffix == ".conf" else b"") for path in files)
        if key not in self._said:
            self._mounted.mkdir(exist_ok=True)
            # Root needs no user namespace, and in a chroot it can have none.
            alone = (("--propagation", "unchanged") if os.geteuid() == 0 else ("--map-root-user",))
            done = _run("unshare", *alone, "--mount", "sh", "-c", self._SCRIPT, copy, self._mounted,
                        self._program, env=dict(os.environ, SYSTEMD_RELAX_ESP_CHECKS="1",
                                                SYSTEMD_RELAX_XBOOTLDR_CHECKS="1"))
            self._said[key] = f"{done.stdout}{done.stderr}" + (
                f"failed with {done.returncode}" if done.returncode else "")
        return self._said[key]

    def wrong(self, copy, default):
        """What bootctl has to say against the menu, whose default is to be `default`, or None."""
        said = self.said(copy)
        for word in ("No such file", "Unknown", "rror", "ailed"):
            if word in said:
                return f"bootctl: {said}"
        entries = [entry for entry in said.split("\n\n") if "(default)" in entry]
        if len(entries) != 1 or f"id: {default}" not in entries[0]:
            return f"bootctl: {default} is not the default: {said}"
        return None
