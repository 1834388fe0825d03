"""`cordwainer try`: the firmware that it picks, the terminal, the picture, and the image it leaves as
it was."""

import hashlib
import struct

from boot_test import BIOS_CONFIG, UEFI_CONFIG, config, guix_tree, is_generation
from harness import layouts
from harness.machine import plain


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tried(lab, image, *options):
    """What `try` showed on its terminal, the image being unchanged."""
    before = digest(image)
    text = plain(lab.cordwainer("try", image, *options))
    assert digest(image) == before
    return text


def both_image(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG, UEFI_CONFIG))
    return lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.ESP + layouts.root(tree))


def test_bios_and_uefi(lab):
    image = both_image(lab)
    for option, firmware in (("--bios", "SeaBIOS"), ("--uefi", "BdsDxe")):
        text = tried(lab, image, option)
        is_generation(text, 3, "try=3 quiet")
        assert firmware in text, text


def test_the_firmware_is_picked_by_the_image(lab):
    tree = guix_tree(lab, config(UEFI_CONFIG))
    image = lab.image(layouts.image() + layouts.ESP + layouts.root(tree))
    assert "BdsDxe" in tried(lab, image)


def test_picture_of_the_menu(lab):
    image = both_image(lab)
    picture = lab.folder / "menu.png"
    before = digest(image)
    lab.cordwainer("try", image, "--bios", "--screenshot", picture, "--after", "2")
    assert digest(image) == before
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n"), data[:8]
    width, height = struct.unpack(">II", data[16:24])
    # Text mode on a VGA screen, and more on it than black.
    assert (width, height) == (720, 400), (width, height)
    assert len(data) > 2000, len(data)
