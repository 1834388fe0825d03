"""What the menu's settings do to the machine that boots."""

import struct
import time
import zlib

from boot_test import BIOS_CONFIG, UEFI_CONFIG, config, guix_tree, is_generation
from harness import layouts
from harness.lab import MENU, area, has_line
from harness.machine import BIOS, UEFI, Machine


def bios_image(lab, *settings, timeout=3):
    tree = guix_tree(lab, config(BIOS_CONFIG, *settings, timeout=timeout))
    return lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree)), tree


def chainload(lab, firmware, content, entry):
    """Boots the entry after the generations of a system with another loader at /boot/other."""
    tree = guix_tree(lab, config(UEFI_CONFIG if firmware == UEFI else BIOS_CONFIG,
                                 '[[grub.menu-entries]]\nlabel = "Another loader"\n', entry))
    (tree / "boot").mkdir()
    (tree / "boot/other").write_bytes(content)
    partition = layouts.ESP if firmware == UEFI else layouts.BIOS_BOOT
    image = lab.image(layouts.image() + partition + layouts.root(tree))
    with Machine(image, firmware) as machine:
        machine.expect(MENU)
        lines = machine.text.splitlines()
        # Entries of the user come after the newest generation, before or after the older ones.
        order = [line.strip(" *|\u2502") for line in lines]
        entries = [line for line in order if line.startswith(("The system", "Another", "Older"))]
        position = next((i for i, line in enumerate(entries) if line.startswith("Another")), 1)
        machine.choose(position)
        machine.expect("FAKE-DONE")
        return machine.expect_power_off()


def test_chainload_of_a_boot_sector(lab):
    text = chainload(lab, BIOS, lab.fake("boot_sector"), 'chainload = "/boot/other"\n')
    has_line(text, "FAKE-BOOT-SECTOR")


def test_chainload_of_an_efi_program(lab):
    text = chainload(lab, UEFI, lab.fake("program-x86_64.efi"), 'efi = "/boot/other"\n')
    has_line(text, "FAKE-EFI")


def test_timeout_minus_one_waits(lab):
    image, _ = bios_image(lab, timeout=-1)
    with Machine(image) as machine:
        machine.expect("to select which entry")
        time.sleep(4)
        machine.read_on(0.1)
        assert "FAKE-LINUX" not in machine.text, machine.text
        machine.choose(0)
        machine.expect("FAKE-DONE")


def test_hidden_menu(lab):
    image, _ = bios_image(lab, 'timeout-style = "hidden"\n', timeout=1)
    text = lab.boot(image)
    is_generation(text, 3, "try=3 quiet")
    assert "Older generations" not in text and "to select which" not in text, text


def test_default_by_generation(lab):
    image, _ = bios_image(lab, "default-generation = 1\n", timeout=0)
    is_generation(lab.boot(image), 1, "try=1 quiet")


def test_serial_line(lab):
    """With its own console on the screen, GRUB shows the menu on the serial line it is told."""
    image, _ = bios_image(lab, "serial = { unit = 0, speed = 115200 }\n", timeout=5)
    with Machine(image, graphics=True) as machine:
        machine.expect(MENU)
        machine.choose(1, 1)
        machine.expect("FAKE-DONE")
        is_generation(machine.expect_power_off(), 1, "try=1 quiet")


# Of the password "sesame", made with grub-mkpasswd-pbkdf2 -c 1000.
SESAME = "grub.pbkdf2.sha512.1000.70F819D232D6D663CE917D268F93F6FA.0EC18EEAE4E9B0B05B6DBEA331638CE89B55EFA3B01FEF32D77D0240BEE561B2"


def test_superuser_password(lab):
    image, _ = bios_image(lab, f'superuser = {{ name = "root", password-hash = "{SESAME}", '
                               "lock-entries = true }\n", timeout=-1)
    for password, outcome in (("wrong", "Access denied|error: access denied"), ("sesame", "FAKE-DONE")):
        with Machine(image) as machine:
            machine.expect("to select which entry")
            machine.choose(0)
            machine.expect("username:")
            machine.send("root\r")
            machine.expect("password:")
            machine.send(password + "\r")
            machine.expect(outcome, failures=())
            if outcome != "FAKE-DONE":
                assert "FAKE-LINUX" not in machine.text


def test_microcode_first_and_extra_initrd_last(lab):
    first, last = b"micro" * 4, b"secret!!" * 3
    tree = guix_tree(lab, config(BIOS_CONFIG, 'microcode = ["/boot/ucode.img"]\n',
                                 'extra-initrd = "/boot/secrets.img"\n'))
    (tree / "boot").mkdir()
    (tree / "boot/ucode.img").write_bytes(first)
    (tree / "boot/secrets.img").write_bytes(last)
    text = lab.boot(lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree)))
    has_line(text, f"initrd: {area(first + b'initrd of 3' * 50 + bytes(2) + last)}")


def png(width, height, colour):
    """A picture of one colour (PNG specification, sections 5 and 11)."""
    def chunk(name, data):
        return (struct.pack(">I", len(data)) + name + data
                + struct.pack(">I", zlib.crc32(name + data)))
    rows = (b"\0" + bytes(colour) * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def pixels_of(picture, colour):
    """How many pixels of a 24-bit PNG have that colour, and how many there are."""
    data, at, packed, size = picture.read_bytes(), 8, b"", (0, 0)
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        if name == b"IHDR":
            width, height, depth, kind = struct.unpack(">IIBB", data[at + 8:at + 18])
            assert (depth, kind) == (8, 2), (depth, kind)
            size = (width, height)
        elif name == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += 12 + length
    raw, stride, above, count = zlib.decompress(packed), size[0] * 3, bytes(size[0] * 3), 0
    for row in range(size[1]):
        kind, line = raw[row * (stride + 1)], bytearray(raw[row * (stride + 1) + 1:][:stride])
        for i in range(stride):
            left = line[i - 3] if i >= 3 else 0
            corner = above[i - 3] if i >= 3 else 0
            if kind == 4:  # the nearest of left, above and corner to left + above - corner
                near = left + above[i] - corner
                guess = min((abs(near - value), order, value)
                            for order, value in enumerate((left, above[i], corner)))[2]
            else:
                guess = (0, left, above[i], (left + above[i]) // 2)[kind]
            line[i] = (line[i] + guess) & 255
        above = bytes(line)
        count += sum(above[i:i + 3] == bytes(colour) for i in range(0, stride, 3))
    return count, size[0] * size[1]


def test_background_picture(lab):
    colour = (200, 40, 120)
    tree = guix_tree(lab, config(BIOS_CONFIG, 'terminal-outputs = ["gfxterm"]\n'
                                 'gfxmode = "640x480"\n'
                                 'theme = { background = "/boot/back.png" }\n', timeout=-1))
    (tree / "boot").mkdir()
    (tree / "boot/back.png").write_bytes(png(64, 48, colour))
    image = lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree))
    picture = lab.folder / "screen.png"
    lab.cordwainer("try", image, "--bios", "--screenshot", picture, "--after", "8")
    count, total = pixels_of(picture, colour)
    assert total == 640 * 480 and count > total / 2, (count, total)


def test_locale_and_keyboard_layout(lab):
    image, _ = bios_image(lab, 'locale = "de_DE.utf8"\n',
                          'keyboard-layout = "de"\n')
    with Machine(image) as machine:
        machine.expect("markierte Eintrag|Eingabetaste|Betriebssystem")
        machine.expect("FAKE-DONE")
        is_generation(machine.expect_power_off(), 3, "try=3 quiet")
