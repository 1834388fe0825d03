"""What a VM test works with: a folder of its own, the program under test, fakes and kernels."""

import os
import shutil
import subprocess
import tempfile
import zlib
from pathlib import Path

from . import system
from .machine import BIOS, Machine


class ToolFailure(AssertionError):
    """A program ended with a status that was not expected; holds what it printed."""


class Lab:
    """A test's surroundings. The environment names the program and the parts (CMakeLists.txt)."""

    def __init__(self, name):
        self.cordwainer_program = Path(os.environ["CORDWAINER"])
        self.fakes = Path(os.environ["CORDWAINER_FAKES"])
        self.parts = Path(os.environ["CORDWAINER_PARTS"])
        self.folder = Path(tempfile.mkdtemp(prefix=f"cordwainer-{name}-"))

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def fake(self, name):
        """The bytes of a fake kernel (fake/CMakeLists.txt)."""
        return (self.fakes / name).read_bytes()

    def run(self, *command, status=0, **options):
        """Runs a program, bounded; its output, both streams. Another status is a failure."""
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=240, **options)
        if done.returncode != status:
            raise ToolFailure(f"{command} ended with {done.returncode}, not {status}:\n"
                              f"{done.stdout}")
        return done.stdout

    def cordwainer(self, *arguments, status=0, **options):
        return self.run(self.cordwainer_program, *arguments, status=status, **options)

    def tree(self, name="tree"):
        """A new directory for a system, with the file that a real initrd reports."""
        root = self.folder / name
        (root / "etc").mkdir(parents=True)
        (root / "etc/proof").write_text("this root, read by the kernel\n")
        return root

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def image(self, layout, name="disk.img", *options, **run_options):
        """Builds an image of the layout (TOML text); its path."""
        image = self.folder / name
        self.cordwainer("image", self.write(f"{name}.toml", layout), "-o", image, *options,
                        **run_options)
        return image

    def machine(self, disk, firmware=BIOS, **options):
        return Machine(disk, firmware, **options)

    def boot(self, disk, firmware=BIOS, *, choose=(), before=None, expect="FAKE-DONE", **options):
        """Boots an image, goes to the menu positions `choose`, waits for `expect` and the power
        off: all that was printed. `before(machine)` talks to the machine before the menu."""
        with self.machine(disk, firmware, **options) as machine:
            if before is not None:
                before(machine)
            if choose:
                machine.expect(MENU)
                machine.choose(*choose)
            machine.expect(expect)
            return machine.expect_power_off()


# The help below GRUB's menu, the last thing that it draws.
MENU = r"automatically in \d+s|to select which entry"


def area(content):
    """How a fake prints bytes that it was given: their size and CRC-32, in hexadecimal."""
    return f"{len(content):08x} {zlib.crc32(content):08x}"


def has_line(text, line):
    """Fails where `line` is none of the lines of `text`; what GRUB left on the screen before it,
    spaces, does not count."""
    if line not in (found.lstrip() for found in text.splitlines()):
        raise AssertionError(f"no line {line!r} in:\n{text}")
    return True


__all__ = ["Lab", "MENU", "ToolFailure", "area", "has_line", "system"]
