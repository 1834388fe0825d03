"""A machine with a real Debian userland (scripts/make-userland) on a disk that `cordwainer image` has
made: the boot volume, and the root with the generations. Its generations' kernels are fakes, so it
is started by QEMU itself, with a real kernel, and every write to its disk is logged."""

import contextlib
import json

from . import layouts, living, write_log
from .initrd import kernel
from .machine import BIOS, Machine
from .system import ROOT_UUID, add_config, toml_string

BOOT_UUID = "7d0c53f1-2c1f-4e66-8f0b-3f0d7a9c1e55"
FAT_UUID = "3C1A-9D52"
# The root is mounted; what /etc/fstab names too. Then the console has a shell.
_RC = r"""
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
[ ! -d /sys/firmware/efi ] || mount -t efivarfs efivarfs /sys/firmware/efi/efivars
mount -a || echo "LIVING no fstab"
stty -echo
export PS1= PS2=
exec busybox setsid busybox cttyhack sh -c 'echo "LIVING $(cat /proc/cmdline)"; exec dash'
"""


def content(number, kind, size):
    """The bytes of an initrd, or what a kernel ends with: other ones for each generation, and not
    all zero."""
    line = f"{kind} of generation {number}, ".encode()
    return (line * (size // len(line) + 1))[:size]


def kernel_of(lab, number, efi=False):
    """A fake kernel as large as a few clusters, different for each generation; in the fake's header it
    is 64 KiB at most."""
    fake = lab.fake("program-x86_64.efi" if efi else "bzimage")
    return fake + content(number, "kernel", 50000)


def initrd_of(number):
    return content(number, "initrd", 150000)


def userland(lab):
    path = lab.parts / "userland/debian"
    if not path.is_dir():
        raise FileNotFoundError(f"no {path}: run scripts/make-userland, as ./test does")
    return path


def tree(lab, boot, config, *, efi=False, more=()):
    """The tree of a system with the first generation, and what the next ones are made of. `boot`: the
    mount point of the boot volume, its file system, and its UUID or None where it is the root.
    `more`: files by path."""
    root = lab.tree()
    place, kind, uuid = boot
    options = "rw,umask=077" if kind == "vfat" else "rw,noatime"
    mounts = "" if uuid is None else f"UUID={uuid} {place} {kind} {options} 0 2\n"
    files = {
        "etc/rc": _RC,
        "etc/fstab": mounts,
        **dict(more),
    }
    for number in (1, 2, 3):
        files[f"srv/kernel-{number}"] = kernel_of(lab, number, efi)
        files[f"srv/initrd-{number}"] = initrd_of(number)
    for path, data in files.items():
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.encode() if isinstance(data, str) else data)
    for mount_point in ("proc", "sys", "tmp", "run", place.lstrip("/")):
        (root / mount_point).mkdir(parents=True, exist_ok=True)
    for folder in ("usr/bin", "usr/local/bin"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "usr/local/bin/poweroff").symlink_to("/bin/busybox")
    lab.run("strip", "-o", root / "usr/bin/cordwainer", lab.cordwainer_program)
    add_config(root, config)
    lab.cordwainer("generation", "add", "--root", root, *add(1, root))
    return root


def add(number, root=""):
    """The arguments of `generation add`."""
    return ["--kernel", f"{root}/srv/kernel-{number}", "--initrd", f"{root}/srv/initrd-{number}",
            "--cmdline", f"try={number}", "--label", f"Debian-{number}",
            "--created", f"2026-01-0{number}T00:00:00Z"]


def root_partition(lab, system):
    """The partition of the tree `system` and of the userland around it."""
    more = 'mount = "/"\ncontents = [{ from = ' + toml_string(userland(lab)) + " }]\n"
    return layouts.root(system, size="content + 64MiB", more=more)


@contextlib.contextmanager
def started(lab, disk, log, firmware=BIOS, *, dump=None, limit=300):
    """Boots the disk with its writes logged, up to the shell; `dump`: a second disk."""
    write_log.create(log)
    image = lab.folder / "living-initrd"
    image.write_bytes(living.initrd(lab, file_systems=["xfs", "btrfs"]))
    extra = write_log.drive(disk, log)
    if dump is not None:
        extra += ["-drive", f"if=none,id=dump,format=raw,cache=unsafe,file={dump}",
                  "-device", "virtio-blk-pci,drive=dump"]
    with Machine(None, firmware, kernel=kernel(lab.parts, "amd64"), initrd=image, memory=768,
                 append=f"console=ttyS0 quiet root={ROOT_UUID} rootflags=noatime", limit=limit,
                 extra=extra) as machine:
        shell = living.Living(machine)
        shell.wait()
        yield shell


def partitions(lab, image):
    """[(start, size)] in bytes."""
    table = json.loads(lab.run("sfdisk", "--json", image))["partitiontable"]
    return [(entry["start"] * 512, entry["size"] * 512) for entry in table["partitions"]]


def package_with_another_build(platform):
    """A shell command that makes another GRUB package of the same modules in the tree at $1: the byte
    at the end of a module means nothing to GRUB, and the core image is another one."""
    module = {"i386-pc": "biosdisk", "x86_64-efi": "part_gpt"}[platform]
    return (f'mkdir -p "$1/opt/lib/grub" && cp -r /usr/lib/grub/{platform} "$1/opt/lib/grub/" && '
            f'printf "\\0" >>"$1/opt/lib/grub/{platform}/{module}.mod"')

