"""An EFI system partition that is mounted only when somebody looks, as systemd's automounts and the
kernel's autofs have it: it is found by every command, looked at before or not."""

import shutil

from firmware_test import GRUB
from harness import layouts, living, system
from harness.machine import UEFI
from install_test import ESP_UUID, NEXT_GENERATION, generations

AUTOFS = "/usr/lib/x86_64-linux-gnu/autofs"
# A direct mount, which is given up again after a second; the daemon's helpers are busybox's.
START = f"""
mkdir -p /boot/efi /var/run
echo '/- file:/etc/auto.direct --timeout=1' >/etc/auto.master
echo "/boot/efi -fstype=vfat,umask=077 :$(findfs UUID={ESP_UUID})" >/etc/auto.direct
/usr/sbin/automount --timeout=1 /etc/auto.master
for _ in $(seq 50); do grep -q ' /boot/efi autofs ' /proc/mounts && break; sleep 0.2; done
grep ' /boot/efi autofs ' /proc/mounts
"""
MOUNTED = "grep -q ' /boot/efi vfat ' /proc/mounts"


def given_up(machine):
    machine.run(f"for _ in $(seq 100); do {MOUNTED} || exit 0; sleep 0.2; done; exit 1")


def test_an_esp_that_nobody_has_looked_at(lab):
    tree = lab.tree()
    living.furnish(lab, tree, programs=["/usr/sbin/automount"])
    shutil.copytree(AUTOFS, tree / AUTOFS.lstrip("/"))
    for name in ("lookup_file.so", "parse_sun.so", "mount_generic.so"):
        living.put_libraries(tree, f"{AUTOFS}/{name}")
    system.add_guix_generations(tree, generations(lab, 1, file_systems=("autofs4",)))
    system.add_config(tree, GRUB)
    esp = layouts.ESP.replace("48MiB", "96MiB") + f'file-system-uuid = "{ESP_UUID}"\n'
    disk = lab.image(layouts.image() + esp + layouts.root(tree, size="content + 96MiB"))
    with living.start(disk, UEFI) as machine:
        machine.run(START)
        machine.run(NEXT_GENERATION)
        for command, shown in (("init --yes --config /tmp/new.toml; grep ^esp /tmp/new.toml",
                                'esp = ["/boot/efi"]'),
                               ("plan", "by default: 1 → 2"), ("install", "by default 2 boots"),
                               ("install", "nothing to do"), ("status", "as it was installed."),
                               ("verify", "as they were written")):
            given_up(machine)
            printed = machine.run(f"cordwainer {command}")
            assert shown in printed, (command, printed)
            machine.run(MOUNTED)
        machine.stop()
