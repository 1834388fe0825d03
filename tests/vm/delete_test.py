"""Generations that go, and the menu without them."""

from harness import living
from harness.machine import BIOS
from install_test import NEXT_GENERATION, bios_disk, next_generation

STATE = "/var/lib/cordwainer"
ROOTS = "/var/guix/gcroots/cordwainer"


def test_a_deleted_generation_leaves_the_menu_first(lab):
    disk = bios_disk(lab)
    with living.start(disk, BIOS) as machine:
        machine.run(NEXT_GENERATION)
        machine.run("cordwainer install")
        assert "running" in machine.run("cordwainer list")
        refused = machine.run("cordwainer delete 1", status=1)
        assert "it is the one that runs" in refused, refused
        refused = machine.run("cordwainer delete 2", status=1)
        assert "it boots by default" in refused, refused
        machine.stop()
    with living.start(disk, BIOS) as machine:
        assert "try=2" in machine.command_line, machine.command_line
        machine.run("cordwainer pin 1")
        assert "it is pinned" in machine.run("cordwainer delete 1", status=1)
        machine.run("cordwainer unpin 1")
        machine.run("grep -rq try=1 /boot/grub")
        old = machine.run("readlink /var/guix/profiles/system-1-link").strip().split("/")[-1]
        machine.run(f"[ -L {ROOTS}/{old} ]")
        # A damaged record is in nobody's way; what it needs is kept, as nobody knows what that is.
        machine.run(next_generation(3))
        machine.run(f"echo x >{STATE}/records/77.json")
        assert "by default 3 boots" in machine.run("cordwainer install")
        newest = machine.run("readlink /var/guix/profiles/system-3-link").strip().split("/")[-1]
        machine.run("cordwainer switch 2")
        assert "deleted: 3" in machine.run("cordwainer delete 3")
        machine.run(f"[ -L {ROOTS}/{newest} ]")
        assert f"{STATE}/records/77.json" in machine.run("cordwainer gc")
        machine.run(f"rm {STATE}/records/77.json")
        printed = machine.run("cordwainer delete 1")
        assert "deleted: 1" in printed, printed
        machine.run("grep -rq try=1 /boot/grub", status=1)
        machine.run(f"[ ! -L /var/guix/profiles/system-1-link ] && [ ! -e {STATE}/records/1.json ]")
        machine.run(f"[ ! -L {ROOTS}/{old} ] && [ ! -L {ROOTS}/{newest} ]")
        assert "nothing to do" in machine.run("cordwainer install")
        assert "as they were written" in machine.run("cordwainer verify")
        # A lost inventory: nobody knows any more what there is.
        machine.run("mv /boot/grub/cordwainer/inventory.* /tmp")
        lost = machine.run("cordwainer verify", status=1)
        assert "there is no inventory any more" in lost and "as they were" not in lost, lost
        assert "repaired" in machine.run("cordwainer verify --repair")
        assert "as they were written" in machine.run("cordwainer verify")
        machine.stop()
    with living.start(disk, BIOS) as machine:
        assert "try=2" in machine.command_line, machine.command_line
        machine.stop()
