"""What the menu's settings do to the machine that boots."""

import time

from boot_test import BIOS_CONFIG, UEFI_CONFIG, config, guix_tree, is_generation
from harness import layouts
from harness.lab import MENU, area, has_line
from harness.machine import BIOS, UEFI, Machine


def bios_image(lab, *settings):
    tree = guix_tree(lab, config(BIOS_CONFIG).replace("timeout = 3\n", "") + "".join(settings))
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
    image, _ = bios_image(lab, "timeout = -1\n")
    with Machine(image) as machine:
        machine.expect("to select which entry")
        time.sleep(4)
        machine.read_on(0.1)
        assert "FAKE-LINUX" not in machine.text, machine.text
        machine.choose(0)
        machine.expect("FAKE-DONE")


def test_hidden_menu(lab):
    image, _ = bios_image(lab, 'timeout = 1\ntimeout-style = "hidden"\n')
    text = lab.boot(image)
    is_generation(text, 3, "try=3 quiet")
    assert "Older generations" not in text and "to select which" not in text, text


def test_default_by_generation(lab):
    image, _ = bios_image(lab, "timeout = 0\ndefault-generation = 1\n")
    is_generation(lab.boot(image), 1, "try=1 quiet")


def test_serial_line(lab):
    """With its own console on the screen, GRUB shows the menu on the serial line it is told."""
    image, _ = bios_image(lab, "timeout = 5\nserial = { unit = 0, speed = 115200 }\n")
    with Machine(image, graphics=True) as machine:
        machine.expect(MENU)
        machine.choose(1, 1)
        machine.expect("FAKE-DONE")
        is_generation(machine.expect_power_off(), 1, "try=1 quiet")


# Of the password "sesame", made with grub-mkpasswd-pbkdf2 -c 1000.
SESAME = "grub.pbkdf2.sha512.1000.70F819D232D6D663CE917D268F93F6FA.0EC18EEAE4E9B0B05B6DBEA331638CE89B55EFA3B01FEF32D77D0240BEE561B2"


def test_superuser_password(lab):
    settings = ("timeout = -1\n"
                f'superuser = {{ name = "root", password-hash = "{SESAME}", lock-entries = true }}\n')
    image, _ = bios_image(lab, settings)
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
