"""Other people's programs judge what `cordwainer image` wrote."""

import json
import os
import time

from boot_test import BIOS_CONFIG, UEFI_CONFIG, config, guix_tree
from crypt_test import LUKS_UUID, PASSPHRASE, crypt_tree
from harness import layouts
from harness.initrd import kernel, kernel_folder


def partitions(lab, image):
    """[(start, size, type)] in bytes, as sfdisk reads them."""
    table = json.loads(lab.run("sfdisk", "--json", image))["partitiontable"]
    return [(entry["start"] * 512, entry["size"] * 512, entry["type"])
            for entry in table["partitions"]]


def cut(lab, image, partition, name):
    """One partition as a file of its own."""
    start, size, _ = partition
    out = lab.folder / name
    lab.run("dd", f"if={image}", f"of={out}", "bs=1M", f"skip={start}B", f"count={size}B",
            "iflag=skip_bytes,count_bytes", "conv=sparse", "status=none")
    return out


def check_menus(lab, file_system):
    """Every grub.cfg of an ext4 image passes grub-script-check; their number."""
    folder = lab.folder / "menus"
    folder.mkdir()
    lab.run("debugfs", "-R", f"rdump /boot/grub {folder}", file_system)
    menus = sorted(folder.rglob("*.cfg"))
    for menu in menus:
        lab.run("grub-script-check", menu)
    return len(menus)


def test_gpt_vfat_ext4(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG, UEFI_CONFIG))
    image = lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.ESP + layouts.root(tree))
    said = lab.run("sgdisk", "-v", image)
    assert "No problems found" in said, said
    lab.run("sfdisk", "--verify", image)
    boot, esp, root = partitions(lab, image)
    assert boot[2].upper() == "21686148-6449-6E6F-744E-656564454649", boot
    lab.run("fsck.fat", "-n", "-v", cut(lab, image, esp, "esp"))
    file_system = cut(lab, image, root, "root")
    lab.run("e2fsck", "-f", "-n", file_system)
    assert check_menus(lab, file_system) >= 2


def test_mbr(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG))
    image = lab.image(layouts.image("mbr") + layouts.root(tree))
    lab.run("sfdisk", "--verify", image)
    lab.run("e2fsck", "-f", "-n", cut(lab, image, partitions(lab, image)[0], "root"))


def test_hybrid_mbr(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG, UEFI_CONFIG))
    image = lab.image(layouts.image("hybrid-mbr") + layouts.BIOS_BOOT + layouts.ESP
                      + 'hybrid-type = "0x0c"\n' + layouts.root(tree))
    said = lab.run("sgdisk", "-v", image)
    assert "MBR: hybrid" in lab.run("sgdisk", "-p", image) or "No problems found" in said, said


def test_swap(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG))
    swap = ('[[partition]]\ntype = "swap"\nsize = "8MiB"\nfile-system = "swap"\n'
            'file-system-label = "pages"\n')
    image = lab.image(layouts.image() + layouts.BIOS_BOOT + swap + layouts.root(tree))
    file = cut(lab, image, partitions(lab, image)[1], "swap")
    assert 'LABEL="pages"' in lab.run("blkid", "-p", file)


def test_luks_headers(lab):
    for version in (1, 2):
        tree = lab.folder / "tree"
        if not tree.exists():
            tree = crypt_tree(lab, config(BIOS_CONFIG))
        image = lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree)
                          + layouts.luks(version, PASSPHRASE, LUKS_UUID), f"luks{version}.img")
        container = cut(lab, image, partitions(lab, image)[1], f"container{version}")
        said = lab.run("cryptsetup", "luksDump", container)
        assert LUKS_UUID in said and "pbkdf2" in said.lower() or version == 1, said
        key = lab.write("key", PASSPHRASE)
        lab.run("cryptsetup", "open", "--test-passphrase", "--key-file", key, "--disable-locks",
                container)


def test_btrfs(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG))
    folder = kernel_folder(lab.parts, "amd64")
    modules = next((folder / "lib/modules").iterdir())
    head = layouts.image(guest_kernel=kernel(lab.parts, "amd64"), guest_modules=modules)
    for name, more in (("plain", ""), ("subvolumes", 'subvolumes = [{ name = "@", mount = "/" }]\n')):
        image = lab.image(head + layouts.BIOS_BOOT
                          + layouts.root(tree, "btrfs", size="160MiB", more=more), f"{name}.img")
        said = lab.run("btrfs", "check", cut(lab, image, partitions(lab, image)[1], name))
        assert "no error found" in said, said


def test_two_builds_are_identical(lab):
    """Of the same tree in another place, later, under another name."""
    first = guix_tree(lab, config(BIOS_CONFIG, UEFI_CONFIG))
    second = lab.folder / "elsewhere/tree"
    second.parent.mkdir()
    lab.run("cp", "-a", first, second)
    swap = '[[partition]]\ntype = "swap"\nsize = "8MiB"\nfile-system = "swap"\n'
    for table, boot in (("gpt", layouts.BIOS_BOOT), ("mbr", "")):
        layout = layouts.image(table) + boot + layouts.ESP + swap + layouts.root("tree")
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
        one = lab.image(layout, f"{table}.img", env=environment)
        time.sleep(1.1)
        two = lab.image(layout, f"elsewhere/{table}-again.img", env=environment)
        lab.run("cmp", one, two)
