#!/usr/bin/env python3
"""Image building against genimage: one disk of 512 MiB with an ESP and an ext4 file system of about
150 MB in 3,000 files, the same content for both.

    bench/image.py PATH/TO/cordwainer

Prints the medians and the ratios cordwainer : genimage."""

import pathlib
import random
import shutil
import sys
import tempfile

from measure import in_turn, run_once

GENIMAGE = """
image disk.img {
    hdimage {
        partition-table-type = gpt
    }
    size = 512M
    partition esp {
        image = esp.vfat
        partition-type-uuid = U
    }
    partition root {
        image = root.ext4
        partition-type-uuid = L
    }
}
image esp.vfat {
    vfat {
        extraargs = "-F 32 -s 1"
    }
    mountpoint = /boot/efi
    size = 64M
}
image root.ext4 {
    ext4 {
        use-mke2fs = true
    }
    mountpoint = /
    size = 440M
}
"""

LAYOUT = """
[image]
table = "gpt"
size = "512MiB"

[system]
root = "tree"

[[partition]]
type = "esp"
size = "64MiB"
file-system = "vfat"
mount = "/boot/efi"

[[partition]]
type = "linux"
size = "440MiB"
file-system = "ext4"
mount = "/"
"""

CONFIG = 'bootloader = "none"\n'


def make_tree(tree):
    """3,000 files of mixed sizes, 150 MB in all, always the same."""
    chance = random.Random(1)
    for number in range(3000):
        folder = tree / f"usr/d{number % 60:02}/s{number % 7}"
        folder.mkdir(parents=True, exist_ok=True)
        size = chance.choice([1000, 5000, 20000, 100000, 124000])
        (folder / f"f{number}").write_bytes(chance.randbytes(size))
    efi = tree / "boot/efi/EFI/BOOT"
    efi.mkdir(parents=True)
    (efi / "BOOTX64.EFI").write_bytes(chance.randbytes(700_000))


def main():
    cordwainer = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory(prefix="cordwainer-bench-") as name:
        work = pathlib.Path(name)
        make_tree(work / "tree")
        (work / "genimage.cfg").write_text(GENIMAGE)
        (work / "layout.toml").write_text(LAYOUT)
        (work / "config.toml").write_text(CONFIG)

        def ours():
            command = [cordwainer, "image", str(work / "layout.toml"), "-o", str(work / "ours.img")]
            cost = run_once([*command, "--config", str(work / "config.toml")])
            (work / "ours.img").unlink()
            return cost

        def theirs():
            cost = run_once([
                "genimage", "--config", str(work / "genimage.cfg"),
                "--rootpath", str(work / "tree"), "--tmppath", str(work / "tmp"),
                "--outputpath", str(work / "out"), "--inputpath", str(work),
            ])
            shutil.rmtree(work / "tmp")
            shutil.rmtree(work / "out")
            return cost

        a, b = in_turn(ours, theirs, runs=5)
    print(f"image: cordwainer {a.seconds:.2f} s, {a.mebibytes:.0f} MiB; "
          f"genimage {b.seconds:.2f} s, {b.mebibytes:.0f} MiB")
    print(f"image: ratio cordwainer : genimage  time {a.seconds / b.seconds:.2f}  "
          f"memory {a.mebibytes / b.mebibytes:.2f}")
    if a.seconds > 0.8 * b.seconds:
        sys.exit("image: above 0.8 of genimage's time")


main()
