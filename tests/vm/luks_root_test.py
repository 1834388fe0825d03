"""A machine that lives inside LUKS, on the kernel's device mapper: what is installed there boots
once GRUB has opened the container."""

from crypt_test import LUKS_UUID, PASSPHRASE, unlock
from harness import layouts, living, system
from harness.machine import BIOS
from harness.system import GuixGeneration
from install_test import CONFIG, NEXT_GENERATION


def test_a_new_generation_boots(lab):
    tree = lab.tree()
    living.furnish(lab, tree)
    system.add_guix_generations(tree, [
        GuixGeneration(1, living.linux(lab), living.initrd(lab, PASSPHRASE.encode()),
                       "Encrypted, try 1",
                       ["console=ttyS0", "quiet", f"luks={LUKS_UUID}", "try=1"],
                       root="/dev/mapper/cryptroot", store=None, crypto=[LUKS_UUID])])
    system.add_config(tree, CONFIG)
    disk = lab.image(layouts.image() + layouts.BIOS_BOOT
                     + layouts.root(tree, size="content + 64MiB")
                     + layouts.luks(2, PASSPHRASE, LUKS_UUID))
    for number in (1, 2):
        with living.start(disk, BIOS, before=unlock()) as machine:
            assert f"try={number}" in machine.command_line, machine.command_line
            assert " / " in machine.run("grep '^/dev/mapper/cryptroot ' /proc/mounts")
            if number == 1:
                assert "nothing to do" in machine.run("cordwainer install")
                machine.run(NEXT_GENERATION)
                printed = machine.run("cordwainer install")
                assert "by default 2 boots" in printed, printed
            assert "nothing to do" in machine.run("cordwainer install")
            assert "as they were written" in machine.run("cordwainer verify")
            machine.stop()
