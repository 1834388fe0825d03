"""The machines whose power is cut: one for each kind of boot volume, with the operations that change
it: a new generation, a changed menu, an upgrade of the loader, back and forwards, a generation that
goes."""

from . import boot_readers, debian, layouts
from .boot_judges import GrubJudge, SystemdBootJudge
from .cut_machine import Machinery, Operation
from .machine import UEFI

_ONE, _TWO = "/etc/cordwainer/config.toml", "/etc/cordwainer/two.toml"


def _add(number):
    words = " ".join(f"'{word}'" for word in debian.add(number))
    return f"cordwainer generation add {words}"


def _install(config):
    return f"cordwainer install --config {config}"


def _operations():
    return [
        Operation("a generation is added", _add(2), 1, _install(_ONE), (1, 2)),
        Operation("it is installed", _install(_ONE), 2),
        Operation("the loader is upgraded", _install(_TWO), 2),
        Operation("another generation is added", _add(3), 2, _install(_TWO), (4, 5)),
        Operation("that is installed", _install(_TWO), 3),
        Operation("back to the first", "cordwainer switch 1", 1),
        Operation("forwards to the last", "cordwainer switch 3", 3),
        Operation("a generation is deleted", f"cordwainer delete 2 --config {_TWO}", 3),
    ]


def _image(lab, boot, config, partitions, more, *, efi=False, table="gpt", options=()):
    """An image; `boot`: as debian.tree() has it."""
    tree = debian.tree(lab, boot, config, efi=efi, more=more)
    return lab.image(layouts.image(table) + partitions + debian.root_partition(lab, tree),
                     "disk.img", *options)


def _grub(lab, boot, partitions, platform, targets, **options):
    config = (f'bootloader = "grub"\n[grub]\nfiles = "{boot[0]}/grub"\n{targets}timeout = 0\n'
              "copy-kernels = true\n")
    other = lab.folder / "other"
    lab.run("sh", "-c", debian.package_with_another_build(platform), "sh", other)
    more = {str(path.relative_to(other)): path.read_bytes()
            for path in other.rglob("*") if path.is_file()}
    more[_TWO] = config + f'platform-packages = {{ {platform} = "/opt" }}\n'
    return _image(lab, boot, config, partitions, more, **options)


def boot_partition(size, kind, uuid=debian.BOOT_UUID):
    return (f'[[partition]]\ntype = "linux"\nsize = "{size}"\nfile-system = "{kind}"\n'
            + (f'file-system-uuid = "{uuid}"\nmount = "/boot"\n' if kind != "none" else ""))


_ON_DISK = 'disk = "/dev/vda"\n'
# mkfs.btrfs takes none that a device of this machine has, as another case's loop device may.
_BTRFS_UUID = "b4a2f0c6-9d13-4f5e-8c77-61e0a9d2b358"


def ext4(lab):
    """GRUB of BIOS, its menu and kernels on an ext4 of their own."""
    disk = _grub(lab, ("/boot", "ext4", debian.BOOT_UUID),
                 layouts.BIOS_BOOT + boot_partition("64MiB", "ext4"), "i386-pc", _ON_DISK)
    offset, _ = debian.partitions(lab, disk)[1]
    readers = [boot_readers.Grub("(loop0,gpt2)", every_module=False),
               boot_readers.Debugfs(lab.folder / "copied", offset)]
    return Machinery("ext4", disk, 2, 3, "ext4", "/boot", _operations(), readers, GrubJudge)


def btrfs(lab):
    """The same on btrfs."""
    disk = _grub(lab, ("/boot", "btrfs", _BTRFS_UUID),
                 layouts.BIOS_BOOT + boot_partition("160MiB", "btrfs", _BTRFS_UUID), "i386-pc", _ON_DISK)
    return Machinery("btrfs", disk, 2, 3, "btrfs", "/boot", _operations(),
                     [boot_readers.Grub("(loop0,gpt2)")], GrubJudge)


def xfs(lab):
    """The same on xfs, which images cannot have: the partition is formatted afterwards."""
    none = lab.write("none.toml", 'bootloader = "none"\n')
    disk = _grub(lab, ("/boot", "xfs", debian.BOOT_UUID),
                 layouts.BIOS_BOOT + boot_partition("320MiB", "none"), "i386-pc", _ON_DISK,
                 options=("--config", none))
    offset, size = debian.partitions(lab, disk)[1]
    volume = lab.folder / "volume"
    with open(volume, "wb") as file:
        file.truncate(size)
    lab.run("mkfs.xfs", "-q", "-m", f"uuid={debian.BOOT_UUID}", volume)
    lab.run("dd", f"if={volume}", f"of={disk}", "bs=1M", f"seek={offset}B", "oflag=seek_bytes",
            "conv=sparse,notrunc", "status=none")
    return Machinery("xfs", disk, 2, 3, "xfs", "/boot", _operations(),
                     [boot_readers.Grub("(loop0,gpt2)")], GrubJudge,
                     setup=[f"cordwainer install --config {_ONE}"])


def bios(lab):
    """The core image in the gap behind an MBR; the boot volume is the root, and the loader is
    upgraded again and again."""
    disk = _grub(lab, ("/boot", "ext4", None), "", "i386-pc", _ON_DISK, table="mbr")
    offset, _ = debian.partitions(lab, disk)[0]
    readers = [boot_readers.Grub("(loop0,msdos1)/boot", every_module=False),
               boot_readers.Debugfs(lab.folder / "copied", offset, "/boot")]
    operations = [
        Operation("an upgrade", _install(_TWO), 1),
        Operation("and back", _install(_ONE), 1),
        Operation("a generation is added", _add(2), 1, _install(_TWO), (1, 4)),
        Operation("an upgrade with it", _install(_TWO), 2),
        Operation("back to the first", "cordwainer switch 1", 1),
        Operation("and forwards", "cordwainer switch 2", 2),
    ]
    return Machinery("bios", disk, 1, 1, "ext4", "/boot", operations, readers, GrubJudge)


def esp_partition():
    return layouts.ESP.replace("48MiB", "96MiB") + f'file-system-uuid = "{debian.FAT_UUID}"\n'


def _esp_readers(lab, disk):
    return [boot_readers.Mtools(lab.folder / "copied", *debian.partitions(lab, disk)[0]),
            boot_readers.Grub("(loop0,gpt1)", every_module=False)]


def esp_grub(lab):
    """GRUB of UEFI, all of it on the EFI system partition."""
    disk = _grub(lab, ("/boot/efi", "vfat", debian.FAT_UUID), esp_partition(), "x86_64-efi",
                 'esp = "/boot/efi"\n')
    # An upgrade is more than a thousand writes here.
    operations = [
        Operation("a generation is added", _add(2), 1, _install(_ONE), (1, 2)),
        Operation("it is installed", _install(_ONE), 2),
        Operation("the loader is upgraded", _install(_TWO), 2),
        Operation("a generation is deleted", f"cordwainer delete 1 --config {_TWO}", 2),
    ]
    return Machinery("esp-grub", disk, 1, 2, "vfat", "/boot/efi", operations,
                     _esp_readers(lab, disk), GrubJudge, UEFI)


def esp_systemd_boot(lab):
    """systemd-boot. Another build of it differs in its last byte."""
    config = 'bootloader = "systemd-boot"\n[systemd-boot]\nesp = "/boot/efi"\ntimeout = 0\n'
    program = "systemd-bootx64.efi"
    with open(f"/usr/lib/systemd/boot/efi/{program}", "rb") as file:
        more = {f"opt/{program}": file.read() + b"\0", _TWO: config + 'package = "/opt"\n'}
    disk = _image(lab, ("/boot/efi", "vfat", debian.FAT_UUID), config, esp_partition(), more, efi=True)
    return Machinery("esp-systemd-boot", disk, 1, 2, "vfat", "/boot/efi",
                     _operations(), _esp_readers(lab, disk), SystemdBootJudge, UEFI)
