"""From one generation to another and back, each with the bootloader that it was installed with."""

import contextlib
import shutil

from harness import layouts, living, system
from harness.machine import BIOS, UEFI
from install_test import NEXT_GENERATION, bios_disk, generations

ESP_UUID = "3C1A-9D52"
GRUB = """\
bootloader = "grub"

[grub]
files = "/boot/grub"
esp = "/boot/efi"
timeout = 0
"""
SYSTEMD_BOOT = 'bootloader = "systemd-boot"\n[systemd-boot]\nesp = "/boot/efi"\ntimeout = 0\n'


@contextlib.contextmanager
def booted(disk, firmware, number):
    """The machine, which must have booted this generation."""
    with living.start(disk, firmware) as machine:
        assert f"try={number}" in machine.command_line.split(), machine.command_line
        yield machine


def test_back_and_forwards(lab):
    disk = bios_disk(lab)
    with booted(disk, BIOS, 1) as machine:
        machine.run(NEXT_GENERATION)
        machine.run("cordwainer install")
        # Without a restart in between, and without a new generation to go to.
        printed = machine.run("cordwainer switch --previous")
        assert "by default 1 boots" in printed, printed
        assert "system-1-link" in machine.run("readlink /var/guix/profiles/system")
        assert "nothing to do" in machine.run("cordwainer install")
        found = machine.run("cordwainer switch 7", status=1)
        assert "there is no generation 7" in found, found
        assert "no generation before 1" in machine.run("cordwainer switch --previous", status=1)
        machine.stop()
    with booted(disk, BIOS, 1) as machine:
        # Boots 2 by default, while 1 stays the system's current generation.
        assert "by default 2 boots" in machine.run("cordwainer switch 2 --boot-only")
        assert "system-1-link" in machine.run("readlink /var/guix/profiles/system")
        assert "nothing to do" in machine.run("cordwainer install")
        machine.stop()
    with booted(disk, BIOS, 2) as machine:
        # A newer generation ends that.
        machine.run("cd /var/guix/profiles; cp -a system-2-link system-3-link; "
                    "ln -sfn system-3-link system")
        assert "by default 3 boots" in machine.run("cordwainer install")
        # The number 2 means another generation now: the record of the old one does not apply.
        machine.run("cd /var/guix/profiles; old=$(readlink system-2-link); cp -a $old $old-again; "
                    "ln -sfn $old-again system-2-link")
        printed = machine.run("cordwainer switch 2")
        assert "an earlier generation of this number" in printed, printed
        machine.stop()
    with booted(disk, BIOS, 2) as machine:
        machine.stop()


def uefi_disk(lab):
    tree = lab.tree()
    living.furnish(lab, tree, mounts=[f"UUID={ESP_UUID} /boot/efi vfat rw,umask=077 0 2"])
    shutil.copytree("/usr/lib/systemd/boot/efi", tree / "usr/lib/systemd/boot/efi")
    system.add_guix_generations(tree, generations(lab, 1))
    system.add_config(tree, GRUB)
    esp = layouts.ESP.replace("48MiB", "96MiB") + f'file-system-uuid = "{ESP_UUID}"\n'
    return lab.image(layouts.image() + esp + layouts.root(tree, size="content + 96MiB"))


def test_across_bootloaders(lab):
    disk = uefi_disk(lab)
    with booted(disk, UEFI, 1) as machine:
        machine.run(NEXT_GENERATION)
        machine.run("cat >/etc/cordwainer/config.toml <<'END'\n" + SYSTEMD_BOOT + "END\n")
        assert "systemd-boot is installed" in machine.run("cordwainer install")
        # Nothing of GRUB's is left, neither beside the kernels nor on the ESP.
        machine.run("[ ! -e /boot/grub/cordwainer ] && [ ! -e /boot/grub/grub.cfg ]")
        machine.run("grep -q systemd-boot /boot/efi/EFI/BOOT/BOOTX64.EFI")
        assert "nothing to do" in machine.run("cordwainer install")
        machine.stop()
    with booted(disk, UEFI, 2) as machine:
        assert "grub is installed" in machine.run("cordwainer switch 1")
        machine.run("[ -z \"$(find /boot/efi/loader -name '*.conf' 2>/dev/null)\" ]")
        machine.run("grep -q GRUB /boot/efi/EFI/BOOT/BOOTX64.EFI")
        assert "as they were written" in machine.run("cordwainer verify")
        machine.stop()
    with booted(disk, UEFI, 1) as machine:
        assert "systemd-boot is installed" in machine.run("cordwainer switch 2")
        machine.stop()
    with booted(disk, UEFI, 2) as machine:
        machine.stop()
