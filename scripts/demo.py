#!/usr/bin/env python3
"""The demo, once everything is built:

    demo.py CORDWAINER PARTS OUTPUT

makes a Guix-shaped system with three generations in OUTPUT, shows what cordwainer sees and plans,
builds a disk image, boots it under BIOS and UEFI firmware, and says what that proved.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/vm"))

from harness import layouts, system  # noqa: E402: found through the line above
from harness.initrd import kernel, real_initrd  # noqa: E402
from harness.lab import MENU  # noqa: E402
from harness.machine import BIOS, UEFI, BootFailure, Machine  # noqa: E402

PROOF = "I am the root file system that cordwainer put into the image."
FIRMWARE = {BIOS: "SeaBIOS", UEFI: "OVMF (UEFI)"}

CONFIG = """\
bootloader = "grub"

[grub]
files = "/boot/grub"
esp = ["/boot/efi"]
disk = ["/dev/disk/by-id/the-disk"]
timeout = 10
"""


def generations(kernel_bytes, initrd):
    """Three: they differ in label and arguments, as three reconfigurations of a system do."""
    console = ["console=ttyS0", "quiet"]
    return [
        system.GuixGeneration(1, kernel_bytes, initrd, "Demo system, first try",
                              console + ["demo.colour=red"]),
        system.GuixGeneration(2, kernel_bytes, initrd, "Demo system, with \"quotes\" and $dollars",
                              console + ["demo.colour=green", "demo.note=two words"]),
        system.GuixGeneration(3, kernel_bytes, initrd, "Demo system",
                              console + ["demo.colour=blue"]),
    ]


def say(text):
    print(f"\n=== {text}", flush=True)


def run(*command):
    print("$ " + " ".join(str(word) for word in command), flush=True)
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL)


def booted(image, firmware, positions, number, colour):
    """Boots the image and goes to the menu entry at `positions`; what the booted system reported,
    once it is right."""
    started = time.monotonic()
    with Machine(image, firmware, memory=1024, limit=150) as machine:
        machine.expect(MENU)
        menu = time.monotonic() - started
        machine.choose(*positions)
        machine.expect("BOOTED done")
        text = machine.expect_power_off()
    report = [line.lstrip().removeprefix("BOOTED ") for line in text.splitlines()
              if line.lstrip().startswith("BOOTED ")]
    for wanted in (f"generation={number}", f"root-uuid={system.ROOT_UUID}", f"file={PROOF}"):
        if wanted not in report:
            raise BootFailure(f"{FIRMWARE[firmware]}: no '{wanted}' in:\n{text}")
    if f"demo.colour={colour}" not in next(line for line in report if "command-line=" in line):
        raise BootFailure(f"{FIRMWARE[firmware]}: the command line is another generation's")
    print(f"{FIRMWARE[firmware]}: menu after {menu:.1f} s, all in "
          f"{time.monotonic() - started:.1f} s; the booted system says:")
    for line in report[:-1]:
        print(f"    {line}")
    return report


def main(program, parts, output):
    program, parts, output = Path(program), Path(parts), Path(output)
    started = time.monotonic()
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)

    say("A system with three generations, from this machine's own parts")
    tree = output / "system"
    (tree / "etc").mkdir(parents=True)
    (tree / "etc/proof").write_text(PROOF + "\n")
    for folder in ("boot/efi", "dev", "proc", "sys", "root"):
        (tree / folder).mkdir(parents=True)
    system.add_guix_generations(
        tree, generations(kernel(parts, "amd64").read_bytes(), real_initrd(parts)))
    system.add_config(tree, CONFIG)
    layout = output / "layout.toml"
    layout.write_text(layouts.image() + layouts.BIOS_BOOT + layouts.ESP + layouts.root("system"))
    print(f"{output}/system       /gnu/store, profile links, `parameters` files\n"
          f"{output}/layout.toml  a GPT disk: BIOS boot, EFI system and root partition")

    say("What cordwainer sees")
    run(program, "list", "--root", tree)

    say("What it would do for an image")
    run(program, "plan", "--image", layout)

    say("The image, without root and without a loop device")
    image = output / "disk.img"
    run(program, "image", layout, "-o", image)

    say("Booting it: the newest generation")
    booted(image, BIOS, [0], 3, "blue")
    booted(image, UEFI, [0], 3, "blue")

    say("Going back: generation 2, from the submenu")
    booted(image, BIOS, [1, 0], 2, "green")

    say("A picture of the menu")
    run(program, "try", image, "--bios", "--screenshot", output / "menu.png")

    say("Proven")
    print(f"""\
- One image boots on BIOS and on UEFI; both menus list the generations of the system inside it.
- The kernel started with the command line of the generation that was chosen, the newest one by
  default and generation 2 from the submenu, found its root by the UUID that the layout gave it,
  and read a file there.
- It took no root, no loop device and no disk of this machine: everything is in {output}/.

The menu: {output}/menu.png      Try it yourself: {program} try {output}/disk.img
Done in {time.monotonic() - started:.0f} s.""")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (BootFailure, FileNotFoundError, subprocess.CalledProcessError) as error:
        sys.exit(f"\nThe demo failed: {error}")
