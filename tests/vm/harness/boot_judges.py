"""Whether a state of a disk boots the old menu or the new one, complete with its files: what readers
find is compared with what Linux saw on the volume after each operation.

A judge's `problem(disk, allowed)` says what is wrong with a state that may be one of the snapshots
`allowed` (their numbers), or None.
"""

import re
import struct
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from .boot_readers import Bootctl

SHARED = "share clusters."  # as fsck.fat says it


@dataclass
class Snapshot:
    """The boot volume after an operation."""
    files: dict                # content by path, of all files
    boot_code: bytes = b""     # BIOS: the boot sector and its core image


def boot_code(disk):
    """The boot sector of a disk and the core image that it starts: GRUB 2.06, boot.S at 0x5c and
    diskboot.S, the first block list at 0x1f4."""
    with open(disk, "rb") as file:
        sector = file.read(512)
        first = struct.unpack_from("<Q", sector, 0x5C)[0]
        file.seek(first * 512)
        head = file.read(512)
        start, count = struct.unpack_from("<QH", head, 0x1F4) if len(head) == 512 else (0, 0)
        file.seek(start * 512)
        return sector + head + file.read(count * 512)


class _Folders:
    """What readers compare with: folders of files, one for each set of them."""

    def __init__(self, place):
        self._place = place

    def of(self, files):
        digest = sha256()
        for path, data in sorted(files.items()):
            digest.update(f"{path}:{len(data)}:".encode() + data)
        folder = self._place / digest.hexdigest()[:16]
        if not folder.exists():
            for path, data in files.items():
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
        return folder


class Judge:
    def __init__(self, lab, readers, snapshots):
        self.readers = readers
        self.snapshots = snapshots
        self.folders = _Folders(lab.folder / "expected")
        self._last = set()

    def problem(self, disk, allowed):
        for reader in self.readers:
            reader.look(disk)
        self._lacks = {}
        # What was there in the state before is there in most states.
        likely = sorted(allowed, key=lambda number: number not in self._last)
        alive, wrong = self._alive(disk, likely)
        self._last = alive
        if wrong:
            return wrong
        # With the directories above: firmware may give up where GRUB and mtools read on.
        live = {str(part).lower() for number in alive for path in self.needs(number)
                for part in (PurePosixPath(path), *PurePosixPath(path).parents)}
        for reader in self.readers:
            for paths, what in reader.complaints():
                if what != SHARED and live.intersection(path.lower() for path in paths):
                    return f"fsck.fat, of {paths}: {what}"
        return None

    def shared(self):
        """The paths that share clusters in the state that was judged last."""
        return [paths for reader in self.readers for paths, what in reader.complaints()
                if what == SHARED]

    def lacks(self, disk, files):
        """What any reader does not find of these files, or None."""
        folder = self.folders.of(files)
        if folder not in self._lacks:
            found = (reader.lacks(disk, folder) for reader in self.readers)
            self._lacks[folder] = next((lack for lack in found if lack), None)
        return self._lacks[folder]


class GrubJudge(Judge):
    """GRUB's menu is what the boot code, a core image on the ESP and the menu for other loaders lead
    to: each of these places has what an operation left there, and the menu and modules of that same
    operation are complete."""

    _PLACES = ("grub/grub.cfg", "EFI/BOOT/BOOTX64.EFI", "EFI/cordwainer/grubx64.efi")
    _OWN = "grub/cordwainer/"

    def needs(self, number):
        """The files that the menu of a snapshot goes with."""
        return {path: data for path, data in self.snapshots[number].files.items()
                if path.startswith(self._OWN)
                and not path.removeprefix(self._OWN).startswith("inventory.")
                and "CORDWAIN.X" not in path}

    def _alive(self, disk, allowed):
        code = boot_code(disk) if self.snapshots[0].boot_code else b""
        alive, lack = set(), None

        def leads(place, number):
            nonlocal lack
            snapshot = self.snapshots[number]
            if place is None:
                if code != snapshot.boot_code:
                    return False
            elif self.lacks(disk, {place: snapshot.files[place]}):
                return False
            lack = self.lacks(disk, self.needs(number))
            return not lack

        places = [place for place in self._PLACES if place in self.snapshots[0].files]
        for place in ([None] if code else []) + places:
            lack = None
            found = next((number for number in allowed if leads(place, number)), None)
            if found is None:
                return alive, (f"{place or 'the boot code'} is neither old nor new" if not lack
                               else f"{place or 'the boot code'} leads to what is not there: {lack}")
            alive.add(found)
        return alive, None


class SystemdBootJudge(Judge):
    """Both programs are old or new; loader.conf is old or new, and each entry of that menu is there
    with its files; what else is there as an entry is of the other menu, and has its files too."""

    def __init__(self, lab, readers, snapshots):
        super().__init__(lab, readers, snapshots)
        self._bootctl = Bootctl(lab)

    _PROGRAMS = ("EFI/BOOT/BOOTX64.EFI", "EFI/cordwainer/systemd-bootx64.efi")
    _SETTINGS = "loader/loader.conf"
    _ENTRIES = "loader/entries/"

    def entry_files(self, number):
        """For each entry of a snapshot: itself, and the files that it names."""
        files = self.snapshots[number].files
        entries = {}
        for path, data in files.items():
            if path.startswith(self._ENTRIES) and path.endswith(".conf"):
                named = re.findall(r"(?m)^(?:linux|efi|initrd)\s+/(\S+)", data.decode())
                assert named, f"an entry without files: {path}"
                entries[path] = {path: data, **{name: files[name] for name in named}}
        return entries

    def needs(self, number):
        files = self.snapshots[number].files
        needed = {self._SETTINGS: files[self._SETTINGS]}
        for named in self.entry_files(number).values():
            needed.update(named)
        return needed

    def _alive(self, disk, allowed):
        for program in self._PROGRAMS:
            if all(self.lacks(disk, {program: self.snapshots[number].files[program]})
                   for number in allowed):
                return set(), f"{program} is neither old nor new"
        alive = [number for number in allowed if not self.lacks(disk, self._first(number))]
        if not alive:
            return set(), "neither menu's default is there: " + "; ".join(
                str(self.lacks(disk, self._first(number))) for number in allowed)
        known = {}
        for number in allowed:
            known.update(self.entry_files(number))
        for path in self.readers[0].names(self._ENTRIES):
            # An entry that names no kernel yet is skipped.
            if path.endswith(".conf") and (self.readers[0].copy / path).stat().st_size:
                lack = self.lacks(disk, known[path]) if path in known else "is a stranger's"
                if lack:
                    return set(alive), f"{path}: {lack}"
        common = set.intersection(*(set(self.entry_files(number)) for number in allowed))
        for path in common:
            lack = self.lacks(disk, known[path])
            if lack:
                return set(alive), f"{path}: {lack}"
        return set(alive), self._bootctl.wrong(self.readers[0].copy, self._default(alive[0]))

    def _default(self, number):
        settings = self.snapshots[number].files[self._SETTINGS]
        return re.search(r"(?m)^default\s+(\S+)", settings.decode()).group(1)

    def _first(self, number):
        """loader.conf, the entry that it makes the default, and the files of that."""
        return {self._SETTINGS: self.snapshots[number].files[self._SETTINGS],
                **self.entry_files(number)[self._ENTRIES + self._default(number)]}
