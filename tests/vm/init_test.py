"""A living machine is looked at, a configuration is proposed for it, and what that installs boots."""

from harness import layouts, living, system
from harness.machine import BIOS, UEFI
from harness.system import GuixGeneration
from firmware_test import OTHERS, REMOVABLE, entries, order
from install_test import NEXT_GENERATION
from switch_test import disk_with_esp

ESP_UUID = "3C1A-9D52"


def boots_as_proposed(lab, disk, firmware, found):
    """Lets init replace the image's configuration, and installs and boots the next generation with
    it. `found`: what init must say of the machine."""
    with living.start(disk, firmware) as machine:
        assert "config.toml exists" in machine.run("cordwainer init --yes", status=1)
        machine.run("cp /etc/cordwainer/config.toml /tmp/before")
        shown = machine.run("cordwainer init --force </dev/null", status=1)
        assert "no terminal" in shown, shown
        for text in found:
            assert text in shown, (text, shown)
        machine.machine.send("cordwainer init --force\n")
        machine.machine.expect(r"write it\? \[y/N\] ")
        machine.machine.send("n\n")
        machine.machine.expect("nothing was written")
        machine.run("cmp /tmp/before /etc/cordwainer/config.toml")
        assert "written: /etc" in machine.run("cordwainer init --yes --force")
        machine.run("! cmp -s /tmp/before /etc/cordwainer/config.toml")
        machine.run(NEXT_GENERATION)
        printed = machine.run("cordwainer install")
        assert "by default 2 boots" in printed, printed
        assert "as they were written" in machine.run("cordwainer verify")
        machine.stop()
    with living.start(disk, firmware) as machine:
        assert "try=2" in machine.command_line, machine.command_line
        machine.stop()


def tree_with(lab, config, mounts=()):
    tree = lab.tree()
    living.furnish(lab, tree, mounts=mounts)
    system.add_guix_generations(tree, [GuixGeneration(
        1, living.linux(lab), living.initrd(lab), "Living, try 1",
        ["console=ttyS0", "quiet", "try=1"])])
    system.add_config(tree, config)
    return tree


def test_on_a_bios(lab):
    tree = tree_with(lab, 'bootloader = "grub"\n[grub]\nfiles = "/boot/grub"\n'
                          'disk = "/dev/vda"\ntimeout = 3\n')
    disk = lab.image(layouts.image() + layouts.BIOS_BOOT
                     + layouts.root(tree, size="content + 64MiB"))
    boots_as_proposed(lab, disk, BIOS, ["BIOS, x86_64", "GPT with a BIOS boot partition",
                                        "boot code: GRUB", "disk = { ptuuid = "])


def test_on_uefi(lab):
    tree = tree_with(lab, 'bootloader = "grub"\n[grub]\nfiles = "/boot/grub"\n'
                          'esp = "/boot/efi"\ntimeout = 3\n',
                     mounts=[f"UUID={ESP_UUID} /boot/efi vfat rw,umask=077 0 2"])
    disk = lab.image(layouts.image() + layouts.ESP + f'file-system-uuid = "{ESP_UUID}"\n'
                     + layouts.root(tree, size="content + 64MiB"))
    boots_as_proposed(lab, disk, UEFI, ["UEFI, 64-bit, x86_64, Secure Boot off",
                                        "at /boot/efi: EFI/BOOT/BOOTX64.EFI",
                                        'esp = ["/boot/efi"]'])


def test_beside_another_system(lab):
    """Where the firmware's list names another loader, init proposes an entry in front of it."""
    disk, variables = disk_with_esp(lab), lab.folder / "variables"
    with living.start(disk, UEFI, variables=variables) as machine:
        assert "removable" not in machine.run("cordwainer init --yes --force")
        machine.run(OTHERS)
        before = order(machine)
        printed = machine.run("cordwainer init --yes --force")
        assert "Other: EFI/OT.EFI" in printed, printed
        assert "removable = false" in printed, printed
        machine.run("cordwainer install")
        machine.run(f"test ! -e {REMOVABLE}")
        [ours] = entries(machine, r"\EFI\cordwainer\grubx64.efi")
        assert order(machine) == [ours, *before], order(machine)
        machine.stop()
    with living.start(disk, UEFI, variables=variables) as machine:
        assert "try=1" in machine.command_line, machine.command_line
        machine.stop()
