"""A real initrd: a static busybox, the kernel's modules for QEMU's disks and the file systems of the
tests, and an init that reports what it was booted as:

    BOOTED generation=2
    BOOTED command-line=...
    BOOTED root-uuid=...
    BOOTED file=<the content of /etc/proof on the root>
    BOOTED done

and switches the machine off. It understands `root=` with a UUID, a label or a device, `rootflags=`,
and `luks=UUID`, a container that it opens with the key in /key before it looks for the root.
"""

import re
import shutil
import subprocess
from pathlib import Path

from .cpio import Archive

_MODULES = ("virtio_pci", "virtio_blk", "ata_piix", "ahci", "sd_mod", "btrfs")
LUKS_MODULES = ("dm_crypt", "ecb", "xts", "algif_skcipher")  # xts is made of ecb

_INIT = r"""#!/bin/busybox sh
set -f  # a command line may hold patterns
b=/bin/busybox
$b mkdir -p /proc /sys /dev /root /run
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
say() { $b echo "BOOTED $*" >/dev/console; }
$b echo >/dev/console # the loader left the cursor somewhere in a line
finish() { $b sync; $b poweroff -f; }
$b echo 3 >/proc/sys/kernel/printk
for module in $($b cat /modules); do $b insmod "/lib/$module" || say "no module $module"; done

root= flags=ro generation= luks=
for word in $($b cat /proc/cmdline); do
    case $word in
        root=*) root=${word#root=} ;;
        rootflags=*) flags=ro,${word#rootflags=} ;;
        luks=*) luks=${word#luks=} ;;
        cordwainer.generation=*) generation=${word#*=} ;;
        gnu.system=*/system-*-link) generation=${word#*system-}; generation=${generation%-link} ;;
    esac
done
say "generation=$generation"
say "command-line=$($b cat /proc/cmdline)"

# The device of a UUID or a label, once the kernel has it.
find_device() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        case $1 in
            /dev/*) [ -b "$1" ] && { $b echo "$1"; return; } ;;
            *) $b findfs "UUID=$1" 2>/dev/null && return
               $b findfs "LABEL=$1" 2>/dev/null && return ;;
        esac
        $b sleep 0.1
    done
    return 1
}
if [ -n "$luks" ]; then
    device=$(find_device "$luks") || { say "no container $luks"; finish; }
    cryptsetup open --key-file /key "$device" cryptroot || { say "cannot open $device"; finish; }
fi
device=$(find_device "$root") || { say "no root $root"; finish; }
$b mount -o "$flags" "$device" /root || { say "cannot mount $device"; finish; }
type=$($b awk '$2 == "/root" { print $3 }' /proc/mounts)
# The UUID as the superblock has it: ext4's at 1024 + 0x68, btrfs's at 65536 + 0x20.
case $type in ext4) offset=1128 ;; btrfs) offset=65568 ;; *) offset= ;; esac
[ -z "$offset" ] || say "root-uuid=$($b hexdump -s "$offset" -n 16 -v -e '1/1 "%02x"' "$device" |
    $b sed 's/\(........\)\(....\)\(....\)\(....\)/\1-\2-\3-\4-/')"
say "root-type=$type"
say "file=$($b cat /root/etc/proof)"
say "done"
finish
"""


def kernel_folder(parts, architecture):
    """Where scripts/fetch-packages has put a kernel of that Debian architecture."""
    folder = Path(parts) / architecture
    if not any(folder.glob("boot/vmlinuz-*")):
        raise FileNotFoundError(f"no kernel in {folder}: run scripts/fetch-packages")
    return folder


def kernel(parts, architecture):
    return next(kernel_folder(parts, architecture).glob("boot/vmlinuz-*"))


def modules_for(folder, names):
    """The files of the kernel modules `names` in a kernel_folder, each after those that it needs;
    built-in ones left out."""
    files = {path.name.removesuffix(".ko").replace("-", "_"): path
             for path in (folder / "lib/modules").rglob("*.ko")}
    order = []

    def visit(name):
        path = files.get(name)
        if path is None or path in order:
            return
        # The .modinfo section holds NUL-terminated "key=value" strings.
        needs = re.search(rb"\0depends=([^\0]*)\0", path.read_bytes())
        for need in (needs.group(1).decode().split(",") if needs else ()):
            visit(need.replace("-", "_"))
        # Soft dependencies that the file systems cannot mount without.
        if name == "btrfs":
            for need in ("crc32c_generic", "libcrc32c", "xxhash_generic", "blake2b_generic"):
                visit(need)
        order.append(path)

    for name in names:
        visit(name)
    return order


def _with_libraries(archive, program):
    """Adds a program of this machine with the shared libraries that it names."""
    archive.add(f"bin/{Path(program).name}", Path(program).read_bytes(), 0o755)
    listing = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    libraries = set(re.findall(r"(/\S+) \(0x", listing))
    # Loaded when a thread ends, so named nowhere.
    libraries.update(str(path) for path in Path("/lib/x86_64-linux-gnu").glob("libgcc_s.so.1"))
    for library in sorted(libraries):
        archive.add(library.lstrip("/"), Path(library).read_bytes(), 0o755)


def add_cryptsetup(archive, key):
    """Adds what opens a LUKS container with `key`, which is put into /key."""
    archive.add("key", key, 0o600)
    _with_libraries(archive, shutil.which("cryptsetup", path="/sbin:/usr/sbin:/bin:/usr/bin"))
    archive.folder("run/cryptsetup")


def real_initrd(parts, architecture="amd64", luks_key=None):
    """The bytes of an initrd for the kernel of that architecture."""
    folder = kernel_folder(parts, architecture)
    busybox = folder / "bin/busybox"
    if not busybox.exists():
        busybox = Path(shutil.which("busybox") or "/bin/busybox")
    archive = Archive()
    archive.add("init", _INIT.encode(), 0o755)
    archive.add("bin/busybox", busybox.read_bytes(), 0o755)
    archive.character_device("dev/console", 5, 1)
    names = _MODULES + (LUKS_MODULES if luks_key is not None else ())
    modules = modules_for(folder, names)
    for path in modules:
        archive.add(f"lib/{path.name}", path.read_bytes())
    archive.add("modules", "\n".join(path.name for path in modules).encode())
    if luks_key is not None:
        add_cryptsetup(archive, luks_key)
    return archive.bytes()
