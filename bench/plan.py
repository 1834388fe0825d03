#!/usr/bin/env python3
"""Planning with many generations: `plan --image` of a Guix-shaped system with 1,000 and with 10,000
generations and a warm digest cache.

    bench/plan.py PATH/TO/cordwainer

Fails where 1,000 take more than 50 ms or 32 MiB, or 10,000 more than ten times that time and what
the machine's noise adds."""

import pathlib
import statistics
import sys
import tempfile

from measure import Cost, run_once, seconds_of, undisturbed

LAYOUT = """
[image]
table = "gpt"

[system]
root = "tree"

[[partition]]
type = "bios-boot"
size = "1MiB"

[[partition]]
type = "esp"
size = "64MiB"
file-system = "vfat"
mount = "/boot/efi"

[[partition]]
type = "linux"
file-system = "ext4"
file-system-uuid = "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3"
mount = "/"
"""

CONFIG = """
bootloader = "grub"

[grub]
files = "/boot/grub"
esp = "/boot/efi"
disk = "/dev/sda"
"""

PARAMETERS = (
    '(boot-parameters (version 1) (label "GNU with Linux-Libre 6.18.{number}") '
    "(root-device (uuid dce #vu8(63 156 26 82 123 30 77 10 156 85 14 141 122 65 182 195))) "
    '(kernel "{kernel}") (kernel-arguments ("modprobe.blacklist=usbmouse,usbkbd" "quiet")) '
    '(initrd "{initrd}") (bootloader-name grub-efi) (bootloader-menu-entries ()) '
    '(locale "en_US.utf8") (store (device (uuid dce '
    "#vu8(63 156 26 82 123 30 77 10 156 85 14 141 122 65 182 195))) "
    '(mount-point "/") (directory-prefix #f) (crypto-devices ())))'
)


def kernel_image(version):
    """The start of a bzImage: enough of its header for its version to be read
    (Documentation/arch/x86/boot.rst, the real-mode kernel header)."""
    image = bytearray(8192)
    image[0x1FE:0x200] = b"\x55\xaa"
    image[0x202:0x206] = b"HdrS"
    image[0x206:0x208] = (0x20F).to_bytes(2, "little")
    image[0x20E:0x210] = (0x1000 - 0x200).to_bytes(2, "little")
    text = version.encode() + b" (builder) #1 SMP\0"
    image[0x1000:0x1000 + len(text)] = text
    return bytes(image)


def make_system(root, count):
    """One kernel for every ten generations, one initrd for every two."""
    profiles = root / "var/guix/profiles"
    store = root / "gnu/store"
    profiles.mkdir(parents=True)
    store.mkdir(parents=True)
    for number in range(1, count + 1):
        kernel = f"{number // 10:032x}-linux-libre-6.18.{number // 10}/bzImage"
        initrd = f"{number // 2:032x}-raw-initrd/initrd.cpio.gz"
        for path, content in ((kernel, kernel_image(f"6.18.{number // 10}-gnu")),
                              (initrd, b"initrd %d" % (number // 2))):
            if not (store / path).exists():
                (store / path).parent.mkdir()
                (store / path).write_bytes(content)
        system = f"{number:032x}-system"
        (store / system).mkdir()
        (store / system / "parameters").write_text(
            PARAMETERS.format(number=number, kernel=f"/gnu/store/{kernel}",
                              initrd=f"/gnu/store/{initrd}"))
        (profiles / f"system-{number}-link").symlink_to(f"/gnu/store/{system}")
    (profiles / "system").symlink_to(f"system-{count}-link")


def measure(cordwainer, work, count):
    folder = work / str(count)
    make_system(folder / "tree", count)
    (folder / "layout.toml").write_text(LAYOUT)
    (folder / "config.toml").write_text(CONFIG)
    command = [cordwainer, "plan", "--image", str(folder / "layout.toml"),
               "--config", str(folder / "config.toml"), "--state", str(folder / "state")]
    run_once(command)  # fills the digest cache
    peak = run_once(command).mebibytes
    with undisturbed():
        cost = Cost(statistics.median(seconds_of(command) for _ in range(25)), peak)
    print(f"plan: {count} generations: {1000 * cost.seconds:.0f} ms, {cost.mebibytes:.1f} MiB")
    return cost


def main():
    cordwainer = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory(prefix="cordwainer-bench-") as name:
        small = measure(cordwainer, pathlib.Path(name), 1000)
        large = measure(cordwainer, pathlib.Path(name), 10000)
    print(f"plan: ratio 10,000 : 1,000  time {large.seconds / small.seconds:.1f}  "
          f"memory {large.mebibytes / small.mebibytes:.1f}")
    failed = []
    if small.seconds > 0.050:
        failed.append("1,000 generations take more than 50 ms")
    if small.mebibytes > 32:
        failed.append("1,000 generations take more than 32 MiB")
    if large.seconds > 12 * small.seconds:
        failed.append("10,000 generations grow worse than linearly")
    if failed:
        sys.exit("plan: " + "; ".join(failed))


if __name__ == "__main__":
    main()
