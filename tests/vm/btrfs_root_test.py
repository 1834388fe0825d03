"""A machine that lives on a btrfs subvolume: a new generation is installed there, and boots."""

from harness import layouts, living, system
from harness.initrd import kernel, kernel_folder
from harness.machine import BIOS
from harness.system import GuixGeneration
from install_test import CONFIG, installs_the_next


def test_subvolume_root(lab):
    tree = lab.tree()
    living.furnish(lab, tree)
    system.add_guix_generations(tree, [
        GuixGeneration(1, living.linux(lab), living.initrd(lab, file_systems=["btrfs"]),
                       "On a subvolume, try 1",
                       ["console=ttyS0", "quiet", "rootflags=subvol=@root", "try=1"],
                       prefix="/@root")])
    system.add_config(tree, CONFIG)
    modules = next((kernel_folder(lab.parts, "amd64") / "lib/modules").iterdir())
    head = layouts.image(guest_kernel=kernel(lab.parts, "amd64"), guest_modules=modules)
    subvolumes = ('subvolumes = [{ name = "@root", mount = "/" }, '
                  '{ name = "@home", mount = "/home" }]\n')
    disk = lab.image(head + layouts.BIOS_BOOT
                     + layouts.root(tree, "btrfs", size="320MiB", more=subvolumes))
    installs_the_next(disk, BIOS)
