"""Roots inside LUKS: GRUB asks for the passphrase on the serial console, opens the container, and
finds menu and kernels in it; what it cannot open is refused by name."""

from boot_test import BIOS_CONFIG, DEFAULT, UEFI_CONFIG, config
from harness import layouts, system
from harness.lab import area, has_line
from harness.machine import BIOS, UEFI
from harness.system import GuixGeneration

LUKS_UUID = "9b2f6c10-44d7-4e8a-b1f3-5c0de7a98821"
PASSPHRASE = "open sesame"


def crypt_tree(lab, settings):
    """Two generations as Guix writes them for a mapped root: no store device, one container."""
    tree = lab.tree()
    system.add_guix_generations(tree, [
        GuixGeneration(number, lab.fake("bzimage"), b"initrd of %d" % number * 50,
                       f"Encrypted, try {number}", [f"try={number}"], root="/dev/mapper/cryptroot",
                       store=None, crypto=[LUKS_UUID])
        for number in (1, 2)])
    system.add_config(tree, settings)
    return tree


def unlock(passphrase=PASSPHRASE):
    def talk(machine):
        machine.expect("(?i)enter passphrase")
        machine.send(passphrase + "\r")
    return talk


def boots(lab, image, firmware):
    for choose, number in ((DEFAULT, 2), ((1, 0), 1)):
        text = lab.boot(image, firmware, before=unlock(), choose=choose, limit=100)
        line = next(line for line in text.splitlines() if line.startswith("cmdline: "))
        assert line.split(" ", 2)[2].startswith("root=/dev/mapper/cryptroot "), line
        assert line.endswith(f" try={number}"), line
        has_line(text, f"initrd: {area(b'initrd of %d' % number * 50)}")


def test_luks1_bios(lab):
    tree = crypt_tree(lab, config(BIOS_CONFIG))
    layout = (layouts.image() + layouts.BIOS_BOOT + layouts.root(tree)
              + layouts.luks(1, PASSPHRASE, LUKS_UUID))
    boots(lab, lab.image(layout), BIOS)


def test_luks2_bios(lab):
    tree = crypt_tree(lab, config(BIOS_CONFIG))
    layout = (layouts.image() + layouts.BIOS_BOOT + layouts.root(tree)
              + layouts.luks(2, PASSPHRASE, LUKS_UUID))
    boots(lab, lab.image(layout), BIOS)


def test_luks2_uefi(lab):
    tree = crypt_tree(lab, config(UEFI_CONFIG))
    layout = (layouts.image() + layouts.ESP + layouts.root(tree)
              + layouts.luks(2, PASSPHRASE, LUKS_UUID))
    boots(lab, lab.image(layout), UEFI)


def test_a_wrong_passphrase_boots_nothing(lab):
    tree = crypt_tree(lab, config(BIOS_CONFIG))
    layout = (layouts.image() + layouts.BIOS_BOOT + layouts.root(tree)
              + layouts.luks(2, PASSPHRASE, LUKS_UUID))
    image = lab.image(layout)
    with lab.machine(image) as machine:
        unlock("wrong")(machine)
        machine.expect("(?i)invalid passphrase|access denied", failures=())


def test_argon2_is_refused_by_name(lab):
    tree = crypt_tree(lab, config(BIOS_CONFIG))
    layout = (layouts.image() + layouts.BIOS_BOOT + layouts.root(tree)
              + layouts.luks(2, PASSPHRASE, LUKS_UUID, pbkdf="argon2id", iterations=4, memory=32,
                             parallel=1))
    image = lab.folder / "disk.img"
    said = lab.cordwainer("image", lab.write("layout.toml", layout), "-o", image, status=1)
    assert "argon2id" in said.lower(), said
    assert not image.exists()


def test_argon2_with_a_boot_partition_that_grub_can_read(lab):
    """What GRUB cannot read is copied to where it can: beside the menu."""
    tree = crypt_tree(lab, config(BIOS_CONFIG))
    boot = ('[[partition]]\ntype = "linux"\nsize = "32MiB"\nfile-system = "ext4"\n'
            'mount = "/boot"\n')
    layout = (layouts.image() + layouts.BIOS_BOOT + boot + layouts.root(tree)
              + layouts.luks(2, PASSPHRASE, LUKS_UUID, pbkdf="argon2id", iterations=4, memory=32,
                             parallel=1))
    text = lab.boot(lab.image(layout))
    line = next(line for line in text.splitlines() if line.startswith("cmdline: "))
    assert line.startswith("cmdline: BOOT_IMAGE=/grub/cordwainer/kernels/"), line
    assert line.endswith(" try=2"), line
