"""One boot of a generation, and then the default again: what asks for it is gone, whatever happens."""

from harness import layouts, living, system
from harness.machine import BIOS, UEFI
from install_test import CONFIG, NEXT_GENERATION, bios_disk, generations
from switch_test import SYSTEMD_BOOT, booted, disk_with_esp

ONE_SHOT = "/sys/firmware/efi/efivars/LoaderEntryOneShot-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
THIRD_GENERATION = ("cd /var/guix/profiles; cp -a system-2-link system-3-link; "
                    "ln -sfn system-3-link system")


def status_says(machine, *texts):
    shown = machine.run("cordwainer status")
    for text in texts:
        assert text in shown, (text, shown)


def asks_for(machine, number, then):
    """Asks for one boot of a generation, which must change nothing else."""
    printed = machine.run(f"cordwainer switch --once {number}")
    assert f"generation {number} boots next, once; then {then} again" in printed, printed
    assert f"system-{then}-link" in machine.run("readlink /var/guix/profiles/system")
    assert "asked for already" in machine.run(f"cordwainer switch --once {number}")
    status_says(machine, f"Boots next: generation {number}", "for one boot", "as it was installed")
    assert "as they were written" in machine.run("cordwainer verify")


def boots_once(disk, firmware, number, then, check="true", **options):
    """Boots what was asked for, then what booted before; nothing is damaged by what the loader
    wrote. `check`: a command that must succeed in between."""
    with living.start(disk, firmware, **options) as machine:
        assert f"try={number}" in machine.command_line.split(), machine.command_line
        machine.run(check)
        status_says(machine, f"Boots next: generation {then}", "as it was installed")
        assert "as they were written" in machine.run("cordwainer verify")
        printed = machine.run("sleep 1; touch /tmp/mark; cordwainer install")
        assert "nothing to do" in printed and "once" not in printed, printed
        assert not machine.run("find /boot -newer /tmp/mark").strip()
        machine.stop()
    with living.start(disk, firmware, **options) as machine:
        assert f"try={then}" in machine.command_line.split(), machine.command_line
        machine.stop()


def test_grub_on_ext4(lab):
    disk = bios_disk(lab)
    with booted(disk, BIOS, 1) as machine:
        refused = machine.run(f"{NEXT_GENERATION}; cordwainer switch --once 2", status=1)
        assert "not in the installed menu: `cordwainer install`" in refused, refused
        machine.run("cordwainer install")
        asks_for(machine, 1, then=2)
        machine.stop()
    boots_once(disk, BIOS, 1, then=2)


def test_a_newer_menu_keeps_it(lab):
    disk = bios_disk(lab)
    with booted(disk, BIOS, 1) as machine:
        machine.run(f"{NEXT_GENERATION}; cordwainer install; cordwainer switch 1")
        # The newest, which is no longer that in the next menu.
        asks_for(machine, 2, then=1)
        machine.run(THIRD_GENERATION)
        printed = machine.run("cordwainer install")
        assert "generation 2 still boots next, once" in printed, printed
        kept = machine.run("cordwainer delete 2", status=1)
        assert "it boots next, once" in kept, kept
        status_says(machine, "Boots next: generation 2", "for one boot")

        # A switch means the next boot.
        printed = machine.run("cordwainer switch 1")
        assert "generation 2 was to boot once" in printed and "given up" in printed, printed
        status_says(machine, "Boots next: generation 1")
        asks_for(machine, 2, then=1)
        # Of that number, but another generation: it must not boot in the place of the old one.
        machine.run("cd /var/guix/profiles; old=$(readlink system-2-link); cp -a $old $old-again; "
                    "ln -sfn $old-again system-2-link")
        printed = machine.run("cordwainer install")
        assert "generation 2 was to boot once" in printed and "given up" in printed, printed
        status_says(machine, "Boots next: generation 1")
        assert '"changed": true' in machine.run("cordwainer switch --once 2 --json")
        machine.stop()
    boots_once(disk, BIOS, 2, then=1)


BLOCK = "/boot/grub/cordwainer/grubenv"


def put_block(machine, *lines):
    """Makes it a block with these variables, in its place."""
    text = "\\n".join(("# GRUB Environment Block", *lines)) + "\\n"
    machine.run(f"{{ printf '{text}'; head -c 1024 /dev/zero | tr '\\000' '#'; }} | "
                "head -c 1024 >/tmp/b; "
                f"dd if=/tmp/b of={BLOCK} conv=notrunc 2>/dev/null; sync")


def test_a_damaged_block_is_made_anew(lab):
    disk = bios_disk(lab)
    with booted(disk, BIOS, 1) as machine:
        machine.run(f"{NEXT_GENERATION}; cordwainer install")
        for spoil, heal in (
                (f"dd if=/dev/zero of={BLOCK} bs=512 count=1 conv=notrunc 2>/dev/null", "install"),
                (f"dd if=/dev/zero of={BLOCK} bs=512 count=1 seek=1 conv=notrunc 2>/dev/null",
                 "verify --repair"),
                (f"truncate -s 100 {BLOCK}", "install")):
            asks_for(machine, 1, then=2)
            machine.run(spoil)
            shown = machine.run("cordwainer status", status=3)
            assert "is no environment block of GRUB" in shown, shown
            assert "`cordwainer install` makes a new one" in shown, shown
            shown = machine.run("cordwainer verify", status=1)
            assert "is no environment block of GRUB" in shown, shown
            printed = machine.run(f"cordwainer {heal}")
            assert "it is made anew, and a boot that was asked for once" in printed, printed
            status_says(machine, "Boots next: generation 2", "as it was installed")
            assert "as they were written" in machine.run("cordwainer verify")
            assert "nothing to do" in machine.run("cordwainer install")
        # Nothing is wrong with one that only others have used.
        put_block(machine, "others=1", "saved_entry=x")
        for command in "install", "verify --repair":
            assert "environment block" not in machine.run(f"cordwainer {command}")
            machine.run(f"cmp {BLOCK} /tmp/b")
        asks_for(machine, 1, then=2)
        machine.run(f"grep -q others=1 {BLOCK}")
        machine.stop()
    boots_once(disk, BIOS, 1, then=2)


def test_what_others_ask_for(lab):
    disk = bios_disk(lab)
    with booted(disk, BIOS, 1) as machine:
        machine.run(f"{NEXT_GENERATION}; cordwainer install")
        put_block(machine, "next_entry=memtest")
        status_says(machine, "Boots next: not known", "memtest is no generation of this menu")
        printed = machine.run("cordwainer install")
        assert 'asks for "memtest" once' in printed, printed
        machine.run(f"cmp {BLOCK} /tmp/b")
        printed = machine.run("cordwainer switch 1")
        assert 'asks for "memtest" once; that is given up: 1 is to boot next' in printed, printed
        status_says(machine, "Boots next: generation 1")
        # The state is lost, and with it what was asked for by whom.
        asks_for(machine, 2, then=1)
        machine.run("rm -r /var/lib/cordwainer/*.json")
        printed = machine.run("cordwainer switch 1")
        assert "generation 2 was to boot once" in printed and "given up" in printed, printed
        machine.stop()
    with booted(disk, BIOS, 1) as machine:
        machine.stop()


def test_grub_on_fat(lab):
    tree = lab.tree()
    living.furnish(lab, tree, mounts=["UUID=3C1A-9D52 /boot vfat rw,umask=077 0 2"])
    system.add_guix_generations(tree, generations(lab, 1))
    system.add_config(tree, CONFIG)
    boot = ('[[partition]]\ntype = "linux"\nsize = "96MiB"\nfile-system = "vfat"\n'
            'mount = "/boot"\nfile-system-uuid = "3C1A-9D52"\n')
    disk = lab.image(layouts.image() + layouts.BIOS_BOOT + boot
                     + layouts.root(tree, size="content + 64MiB"))
    with booted(disk, BIOS, 1) as machine:
        machine.run(f"{NEXT_GENERATION}; cordwainer install")
        asks_for(machine, 1, then=2)
        machine.stop()
    boots_once(disk, BIOS, 1, then=2)


def test_grub_on_xfs(lab):
    """On a disk of its own, where the installation moves to: an image cannot have this file system."""
    uuid = "9b1f6c3e-24d8-4f0a-b7c5-5d0e8a7316f2"
    tree = lab.tree()
    living.furnish(lab, tree, mounts=[f"UUID={uuid} /volume xfs rw 0 2"])
    system.add_guix_generations(tree, generations(lab, 1, file_systems=["xfs"]))
    system.add_config(tree, CONFIG)
    disk = lab.image(layouts.image() + layouts.BIOS_BOOT
                     + layouts.root(tree, size="content + 64MiB"))
    volume = lab.folder / "volume"
    lab.run("truncate", "--size=300M", volume)
    lab.run("mkfs.xfs", "-q", "-m", f"uuid={uuid}", volume)
    extra = ["-drive", f"if=none,id=volume,format=raw,file={volume}",
             "-device", "virtio-blk-pci,drive=volume"]
    with booted(disk, BIOS, 1, extra=extra) as machine:
        machine.run("sed -i s,/boot/grub,/volume/grub, /etc/cordwainer/config.toml")
        machine.run(f"{NEXT_GENERATION}; cordwainer install")
        machine.run("[ ! -e /boot/grub/cordwainer ]")
        asks_for(machine, 1, then=2)
        machine.stop()
    boots_once(disk, BIOS, 1, then=2, extra=extra)


def test_refused_on_btrfs(lab):
    tree = lab.tree()
    living.furnish(lab, tree)
    system.add_guix_generations(tree, generations(lab, 1, file_systems=["btrfs"]))
    system.add_config(tree, CONFIG)
    disk = lab.image(layouts.image() + layouts.BIOS_BOOT
                     + layouts.root(tree, "btrfs", size="320MiB"))
    with booted(disk, BIOS, 1) as machine:
        refused = machine.run("cordwainer switch --once 1", status=1)
        assert "/boot/grub is btrfs, where GRUB cannot write" in refused, refused
        assert "nothing was changed" in refused, refused
        machine.run("[ ! -e /boot/grub/cordwainer/grubenv ]")
        status_says(machine, "Boots next: generation 1", "as it was installed")
        machine.stop()


def test_systemd_boot(lab):
    disk, variables = disk_with_esp(lab, SYSTEMD_BOOT), lab.folder / "variables"
    with living.start(disk, UEFI, variables=variables) as machine:
        machine.run(f"{NEXT_GENERATION}; cordwainer install")
        machine.run("umount /sys/firmware/efi/efivars")
        refused = machine.run("cordwainer switch --once 1", status=1)
        assert "mount -t efivarfs" in refused, refused
        machine.run("mount -t efivarfs -o ro efivarfs /sys/firmware/efi/efivars")
        refused = machine.run("cordwainer switch --once 1", status=1)
        assert "LoaderEntryOneShot" in refused and "Read-only" in refused, refused
        machine.run("mount -o remount,rw /sys/firmware/efi/efivars")
        asks_for(machine, 1, then=2)
        machine.run(f"test -e {ONE_SHOT}")
        assert "it boots next, once" in machine.run(
            f"{THIRD_GENERATION}; cordwainer install; cordwainer switch 2; "
            "cordwainer switch --once 3; cordwainer delete 3", status=1)
        asks_for(machine, 1, then=2)
        machine.stop()
    boots_once(disk, UEFI, 1, then=2, check=f"test ! -e {ONE_SHOT}", variables=variables)
