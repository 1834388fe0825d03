"""From one generation to another and back, each with the bootloader that it was installed with."""

import contextlib
import shutil

from harness import layouts, living, system
from harness.machine import BIOS, UEFI
from install_test import NEXT_GENERATION, bios_disk, generations

ESP_UUID = "3C1A-9D52"
STATE = "/var/lib/cordwainer"
GRUB = """\
bootloader = "grub"

[grub]
files = "/boot/grub"
esp = "/boot/efi"
timeout = 0
"""
SYSTEMD_BOOT = 'bootloader = "systemd-boot"\n[systemd-boot]\nesp = "/boot/efi"\ntimeout = 0\n'


@contextlib.contextmanager
def booted(disk, firmware, number, **options):
    """The machine, which must have booted this generation."""
    with living.start(disk, firmware, **options) as machine:
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
        # A file that is written is exchanged for another one.
        files = f"cd {STATE}; for name in installed records/1; do"
        machine.run(f"{files} ln $name.json $name.was; done")
        for command in "install", "switch 1":
            assert "nothing to do" in machine.run(f"cordwainer {command}")
            machine.run(f"{files} [ $name.json -ef $name.was ] || exit 1; done")
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


def test_the_configuration_chooses_the_default(lab):
    disk = bios_disk(lab)
    with booted(disk, BIOS, 1) as machine:
        machine.run(NEXT_GENERATION)
        machine.run("sed -i 's/^timeout.*/&\\ndefault-generation = 1/' /etc/cordwainer/config.toml")
        printed = machine.run("cordwainer install")
        assert "by default 1 boots" in printed, printed
        assert "nothing to do" in machine.run("cordwainer install")
        shown = machine.run("cordwainer status")
        assert "Boots next: generation 1" in shown, shown
        assert "the configuration made it the default" in shown, shown
        printed = machine.run("cordwainer switch --once 2")
        assert "generation 2 boots next, once; then 1 again" in printed, printed
        machine.stop()
    with booted(disk, BIOS, 2) as machine:
        printed = machine.run("cordwainer delete 1", status=1)
        assert "generation 1 is not deleted: it boots by default" in printed, printed
        machine.stop()
    with booted(disk, BIOS, 1) as machine:
        printed = machine.run("cordwainer switch 2")
        assert "generation 2 does not boot by default" in printed, printed
        assert "by default 1 boots" in printed or "nothing to do" in printed, printed
        machine.stop()


def disk_with_esp(lab, config=GRUB, partitions="", programs=()):
    tree = lab.tree()
    living.furnish(lab, tree, mounts=[f"UUID={ESP_UUID} /boot/efi vfat rw,umask=077 0 2"],
                   programs=programs)
    shutil.copytree("/usr/lib/systemd/boot/efi", tree / "usr/lib/systemd/boot/efi")
    system.add_guix_generations(tree, generations(lab, 1))
    system.add_config(tree, config)
    esp = layouts.ESP.replace("48MiB", "96MiB") + f'file-system-uuid = "{ESP_UUID}"\n'
    return lab.image(layouts.image() + partitions + esp
                     + layouts.root(tree, size="content + 96MiB"))


def configure(machine, config):
    machine.run("cat >/etc/cordwainer/config.toml <<'END'\n" + config + "END\n")


def test_across_bootloaders(lab):
    disk = disk_with_esp(lab)
    with booted(disk, UEFI, 1) as machine:
        machine.run(NEXT_GENERATION)
        configure(machine, SYSTEMD_BOOT)
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
        # The kernel is started by other means from now on.
        configure(machine, 'bootloader = "none"\n')
        assert "what was installed is removed" in machine.run("cordwainer install")
        assert machine.run("find /boot/efi -type f") == ""
        assert "nothing is installed" in machine.run("cordwainer install")
        machine.stop()


def test_what_was_recorded_is_installed_again(lab):
    disk = disk_with_esp(lab)
    with booted(disk, UEFI, 1) as machine:
        machine.run(NEXT_GENERATION)
        configure(machine, SYSTEMD_BOOT)
        machine.run("cordwainer install")
        # GRUB cannot be planned any more, and one byte of what was made then is another.
        machine.run("rm -r /usr/lib/grub /usr/bin/grub-mkimage")
        machine.run(f"cd {STATE}; o=objects/$(grep -o '\"object\": \"[0-9a-f]*\"' records/1.json | "
                    "head -n 1 | cut -d '\"' -f 4); echo $o >/tmp/name; cp $o /tmp/good; "
                    "tr '\\000' '\\001' </tmp/good >$o")
        found = machine.run("cordwainer switch 1", status=1)
        assert "is damaged" in found and "nothing was changed" in found, found
        assert "nothing to do" in machine.run("cordwainer install")
        machine.run(f"cd {STATE}; cp /tmp/good $(cat /tmp/name)")
        printed = machine.run("cordwainer switch 1")
        assert "grub is installed" in printed and "what was recorded" in printed, printed
        machine.run("[ -z \"$(find /boot/efi/loader -name '*.conf' 2>/dev/null)\" ]")
        machine.stop()
    with booted(disk, UEFI, 1) as machine:
        machine.stop()


def test_boot_code_that_bios_starts_keeps_its_files(lab):
    disk = disk_with_esp(lab, GRUB + 'disk = "/dev/vda"\n', layouts.BIOS_BOOT)
    with booted(disk, BIOS, 1) as machine:
        # Another bootloader, which this machine's firmware cannot start.
        configure(machine, SYSTEMD_BOOT)
        printed = machine.run("cordwainer install")
        assert "systemd-boot is installed" in printed, printed
        assert "/dev/vda is no longer a target" in printed, printed
        machine.stop()
    with booted(disk, BIOS, 1) as machine:
        # The same bootloader, without the disk.
        configure(machine, GRUB)
        printed = machine.run("cordwainer install")
        assert "cordwainer install --forget /dev/vda" in printed, printed
        machine.stop()
    with booted(disk, BIOS, 1) as machine:
        configure(machine, SYSTEMD_BOOT)
        machine.run("cordwainer install --forget /dev/vda")
        machine.run("[ ! -e /boot/grub/cordwainer ] && [ ! -e /boot/grub/grub.cfg ]")
        assert "nothing to do" in machine.run("cordwainer install")
        machine.stop()
    with booted(disk, UEFI, 1) as machine:
        machine.stop()


def test_a_former_target_that_is_away(lab):
    on_disk = GRUB.replace('esp = "/boot/efi"\n', "") + 'disk = "/dev/vda"\n'
    disk = disk_with_esp(lab, GRUB + 'disk = "/dev/vda"\n', layouts.BIOS_BOOT)
    with booted(disk, BIOS, 1) as machine:
        machine.run("umount /boot/efi")
        configure(machine, on_disk)
        modules = "ls /boot/grub/cordwainer/*/x86_64-efi/normal.mod"
        for done in "grub is installed", "nothing to do":
            printed = machine.run("cordwainer install", status=3)
            assert done in printed, printed
            assert "/boot/efi was a target of an earlier installation and is not there" in printed
            machine.run(modules)
        machine.run(f"mount -t vfat UUID={ESP_UUID} /boot/efi")
        assert "grub is installed" in machine.run("cordwainer install")
        assert machine.run("find /boot/efi -type f") == ""
        machine.run(modules, status=1)
        machine.stop()
    with booted(disk, BIOS, 1) as machine:
        machine.stop()
