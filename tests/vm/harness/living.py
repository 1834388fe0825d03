"""A machine that lives: a system whose root is written to, with busybox, GRUB's package and the
program under test in it, which the test talks to over its serial console.

    with living.start(disk) as machine:
        machine.run("cordwainer install")
        machine.stop()
"""

import contextlib
import re
import shutil
import subprocess
from pathlib import Path

from .cpio import Archive
from .initrd import LUKS_MODULES, add_cryptsetup, kernel, kernel_folder, modules_for
from .machine import BIOS, Machine

_MODULES = ("virtio_pci", "virtio_blk", "ext4", "vfat", "nls_cp437", "nls_ascii", "nls_iso8859_1",
            "efivarfs", "dm_mod")
# Root and what /etc/fstab names are mounted; then the console has a shell inside the root.
_INIT = r"""#!/bin/busybox sh
set -f
b=/bin/busybox
$b mkdir -p /proc /sys /dev /root
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
echo 3 >/proc/sys/kernel/printk
for module in $($b cat /modules); do
    case $module in efivarfs.ko) [ -d /sys/firmware/efi ] || continue ;; esac
    $b insmod "/lib/$module" || echo "LIVING no module $module"
done
for word in $($b cat /proc/cmdline); do
    case $word in
        root=*) root=${word#root=} ;;
        rootflags=*) flags=",${word#rootflags=}" ;;
        luks=*) luks=${word#luks=} ;;
    esac
done
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    device=$($b findfs "UUID=${luks:-$root}" 2>/dev/null) && break
    $b sleep 0.1
done
if [ -n "$luks" ]; then
    cryptsetup open --key-file /key "$device" cryptroot || echo "LIVING no container $luks"
    device=$root
fi
$b mount -o "rw$flags" "$device" /root || { echo "LIVING no root $root"; $b poweroff -f; }
for place in proc sys dev; do $b mkdir -p /root/$place; $b mount --move /$place /root/$place; done
exec $b switch_root /root /bin/busybox sh /etc/rc </dev/console >/dev/console 2>&1
"""
_RC = r"""
export PATH=/usr/bin:/bin HOME=/ LC_ALL=C
/bin/busybox --install -s /bin
mkdir -p /tmp /run
mount -t tmpfs tmpfs /tmp
[ ! -d /sys/firmware/efi ] || mount -t efivarfs efivarfs /sys/firmware/efi/efivars
while read -r device place type options _; do
    [ -n "$device" ] || continue
    mkdir -p "$place"
    mount -t "$type" -o "$options" "$(findfs "$device")" "$place" || echo "LIVING no $place"
done </etc/fstab
stty -echo
PS1= PS2= setsid cttyhack sh -c 'echo "LIVING $(cat /proc/cmdline)"; exec sh'
poweroff -f
"""


def initrd(lab, luks_key=None, file_systems=()):
    """The initrd of a living machine's kernel. With `luks_key` it opens the container `luks=UUID`,
    as cryptroot. `file_systems`: those that the machine has besides ext4 and vfat; btrfs and xfs are
    the most of an initrd that has them, and each takes long to start."""
    archive = Archive()
    archive.add("init", _INIT.encode(), 0o755)
    archive.add("bin/busybox", _busybox().read_bytes(), 0o755)
    archive.character_device("dev/console", 5, 1)
    modules = modules_for(kernel_folder(lab.parts, "amd64"),
                          _MODULES + tuple(file_systems)
                          + (LUKS_MODULES if luks_key is not None else ()))
    for path in modules:
        archive.add(f"lib/{path.name}", path.read_bytes())
    archive.add("modules", "\n".join(path.name for path in modules).encode())
    if luks_key is not None:
        add_cryptsetup(archive, luks_key)
    return archive.bytes()


def linux(lab):
    return kernel(lab.parts, "amd64").read_bytes()


def furnish(lab, tree, mounts=(), programs=()):
    """Puts into the tree `tree` what a living machine needs. `mounts`: lines of /etc/fstab."""
    tree = Path(tree)
    _put(tree, "/bin/busybox", _busybox())
    (tree / "bin/sh").symlink_to("busybox")
    (tree / "etc/rc").write_text(_RC)
    (tree / "etc/fstab").write_text("".join(line + "\n" for line in mounts))
    stripped = lab.folder / "cordwainer"
    lab.run("strip", "-o", stripped, lab.cordwainer_program)
    _put(tree, "/usr/bin/cordwainer", stripped)
    for program in (lab.cordwainer_program, "/usr/bin/grub-mkimage", *programs):
        put_libraries(tree, program)
    for program in ("/usr/bin/grub-mkimage", *programs):
        _put(tree, program, program)
    for platform in ("i386-pc", "x86_64-efi"):
        shutil.copytree(f"/usr/lib/grub/{platform}", tree / f"usr/lib/grub/{platform}")


def _busybox():
    return Path(shutil.which("busybox") or "/bin/busybox")


def _put(tree, place, source):
    path = tree / str(place).lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, path)
    path.chmod(0o755)


def put_libraries(tree, program):
    listing = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    libraries = set(re.findall(r"(/\S+) \(0x", listing))
    libraries.update(str(path) for path in Path("/lib/x86_64-linux-gnu").glob("libgcc_s.so.1"))
    for library in sorted(libraries):
        _put(tree, library, library)


class Living:
    """The shell of a running machine."""

    def __init__(self, machine):
        self.machine = machine
        self.command_line = ""  # that the machine was booted with

    def wait(self, choose=()):
        """Waits for the shell, through the loader's menu to the entry at the positions `choose`."""
        if choose:
            self.machine.expect(r"automatically in \d+s|to select which entry")
            self.machine.choose(*choose)
        self.command_line = self.machine.expect(r"LIVING (?!no /)(.*)\n").group(1)
        assert "no root" not in self.command_line, self.command_line

    def run(self, command, status=0):
        """Runs a shell command; what it printed. Another status is a failure."""
        self.machine.send(f"( {command}\n) 2>&1; echo \"RAN $?\"\n")
        found = self.machine.expect(r"(?s)(.*?)RAN (\d+)\n", failures=(r"Kernel panic",))
        output, ended = found.group(1), int(found.group(2))
        assert ended == status, f"{command!r} ended with {ended}, not {status}:\n{output}"
        return output

    def stop(self):
        """Switches the machine off, everything unmounted."""
        self.machine.send("cd /; umount -a -r 2>/dev/null; sync; poweroff -f\n")
        return self.machine.expect_power_off()


@contextlib.contextmanager
def start(disk, firmware=BIOS, *, choose=(), before=None, **options):
    """Boots `disk`, which the machine may change, up to its shell. `before(machine)` talks to the
    loader."""
    options = {"memory": 768, "limit": 200, "writable": True, **options}
    with Machine(disk, firmware, **options) as machine:
        if before is not None:
            before(machine)
        living = Living(machine)
        living.wait(choose)
        yield living
