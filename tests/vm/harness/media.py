"""A guest that changes a file system on its second disk and is killed right afterwards, nothing
unmounted: what is then in the image is all that a loader gets to see."""

from pathlib import Path

from .cpio import Archive
from .initrd import kernel, kernel_folder, modules_for
from .initrd import _with_libraries as with_libraries
from .machine import FAILURES, Machine

_MODULES = ("virtio_pci", "virtio_blk", "btrfs", "xfs", "vfat", "nls_cp437", "nls_ascii",
            "nls_iso8859_1")
_INIT = r"""#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys /dev /mnt /tmp
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
export PATH=/bin
$b --install -s /bin
echo 1 >/proc/sys/kernel/printk
for module in $(cat /modules); do insmod "/lib/$module" || echo "no module $module"; done
for i in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/vda ] && break; sleep 0.1; done
. /script
echo "MEDIA done"
sleep 1000
"""


def initrd(lab, script, files=()):
    """An initrd whose init runs the shell lines `script`, with the probe as `media_probe`; `files`:
    contents by path."""
    archive = Archive()
    folder = kernel_folder(lab.parts, "amd64")
    archive.add("init", _INIT.encode(), 0o755)
    archive.add("bin/busybox", Path("/bin/busybox").read_bytes(), 0o755)
    archive.character_device("dev/console", 5, 1)
    modules = modules_for(folder, _MODULES)
    for path in modules:
        archive.add(f"lib/{path.name}", path.read_bytes())
    archive.add("modules", "\n".join(path.name for path in modules).encode())
    archive.add("script", script.encode())
    stripped = lab.folder / "media_probe"
    lab.run("strip", "-o", stripped, probe(lab))
    with_libraries(archive, stripped)
    for path, content in dict(files).items():
        archive.add(path, content)
    return archive.bytes()


def probe(lab):
    """The program that changes file targets (media_probe.cc)."""
    return lab.fakes.parent / "media_probe"


def drive(disk, *options):
    """QEMU's options for a disk whose writes reach the file: what the guest did not flush too, as
    if its cache were written in the end."""
    return ["-drive", f"if=none,id=disk,format=raw,cache=unsafe,file={disk}",
            "-device", ",".join(["virtio-blk-pci", "drive=disk", *options])]


def drives(disks):
    """The same for many disks: /dev/vda, /dev/vdb and so on."""
    options = []
    for number, disk in enumerate(disks):
        options += ["-drive", f"if=none,id=disk{number},format=raw,cache=unsafe,file={disk}",
                    "-device", f"virtio-blk-pci,drive=disk{number}"]
    return options


def run(lab, disk, script, files=(), disk_options=None, limit=60):
    """Runs `script` with `disk` as /dev/vda in a guest that is killed when it is through: what it
    printed."""
    image = lab.folder / "initrd"
    image.write_bytes(initrd(lab, script, files))
    extra = drive(disk) if disk_options is None else disk_options
    with Machine(kernel=kernel(lab.parts, "amd64"), initrd=image, append="console=ttyS0 panic=-1",
                 limit=limit, extra=extra) as machine:
        machine.expect(r"MEDIA done", failures=FAILURES + (r"PROBE failed.*", r"not found"))
        return machine.text
