"""A handful of boots of a real Linux: the kernel finds its root and reads a file there. Slow (about
ten seconds each), so everything else uses fakes."""

from boot_test import BIOS_CONFIG, DEFAULT, UEFI_CONFIG, config
from crypt_test import LUKS_UUID, PASSPHRASE, unlock
from harness import layouts, system
from harness.initrd import kernel, kernel_folder, real_initrd
from harness.lab import has_line
from harness.machine import ARM64_UEFI, BIOS, UEFI
from harness.system import ROOT_UUID, GuixGeneration


def real_tree(lab, settings, architecture="amd64", luks_key=None, arguments=(), **options):
    """Two generations of a system with a Debian kernel."""
    image = kernel(lab.parts, architecture).read_bytes()
    initrd = real_initrd(lab.parts, architecture, luks_key)
    console = "console=ttyAMA0" if architecture == "arm64" else "console=ttyS0"
    tree = lab.tree()
    system.add_guix_generations(tree, [
        GuixGeneration(number, image, initrd, f"Real, try {number}",
                       [console, "quiet", f"try={number}", *arguments], **options)
        for number in (1, 2)])
    system.add_config(tree, settings)
    return tree


def boots(lab, image, firmware, number, choose=DEFAULT, file_system="ext4", **options):
    text = lab.boot(image, firmware, choose=choose, expect="BOOTED done", memory=1024, limit=200,
                    **options)
    has_line(text, f"BOOTED generation={number}")
    has_line(text, f"BOOTED root-uuid={ROOT_UUID}")
    has_line(text, f"BOOTED root-type={file_system}")
    has_line(text, "BOOTED file=this root, read by the kernel")
    line = next(line for line in text.splitlines() if "BOOTED command-line=" in line)
    assert f" try={number}" in line, line


def test_ext4_on_bios_and_uefi(lab):
    tree = real_tree(lab, config(BIOS_CONFIG, UEFI_CONFIG))
    image = lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.ESP + layouts.root(tree))
    boots(lab, image, BIOS, 2)
    boots(lab, image, UEFI, 2)
    boots(lab, image, BIOS, 1, choose=(1, 0))


def test_btrfs_subvolume(lab):
    tree = real_tree(lab, config(BIOS_CONFIG), arguments=["rootflags=subvol=@root"],
                     prefix="/@root")
    folder = kernel_folder(lab.parts, "amd64")
    modules = next((folder / "lib/modules").iterdir())
    head = layouts.image(guest_kernel=kernel(lab.parts, "amd64"), guest_modules=modules)
    subvolumes = ('subvolumes = [{ name = "@root", mount = "/" }, '
                  '{ name = "@home", mount = "/home" }]\n')
    image = lab.image(head + layouts.BIOS_BOOT
                      + layouts.root(tree, "btrfs", size="256MiB", more=subvolumes))
    boots(lab, image, BIOS, 2, file_system="btrfs")
    boots(lab, image, BIOS, 1, choose=(1, 0), file_system="btrfs")


def test_luks2_on_bios(lab):
    tree = real_tree(lab, config(BIOS_CONFIG), luks_key=PASSPHRASE.encode(),
                     arguments=[f"luks={LUKS_UUID}"], root="/dev/mapper/cryptroot", store=None,
                     crypto=[LUKS_UUID])
    image = lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree)
                      + layouts.luks(2, PASSPHRASE, LUKS_UUID))
    boots(lab, image, BIOS, 2, before=unlock())


def test_arm64(lab):
    parts = lab.parts / "arm64/usr"
    tree = real_tree(lab, config(UEFI_CONFIG, 'platforms = ["arm64-efi"]\n',
                                 f'platform-packages = {{ arm64-efi = "{parts}" }}\n'),
                     "arm64", kernel_name="Image")
    image = lab.image(layouts.image() + layouts.ESP + layouts.root(tree))
    boots(lab, image, ARM64_UEFI, 2)
    boots(lab, image, ARM64_UEFI, 1, choose=(1, 0))
