"""Runs that are ended from outside, and media that do not take what is written: what booted before
still boots, the message says what to do, and the next run completes it."""

from harness import living
from harness.machine import BIOS
from install_test import bios_disk

# A second set of GRUB's modules, which makes another core image: switching to it is all that an
# upgrade does. The byte at the end of a module means nothing to GRUB.
OTHER_PACKAGE = ("mkdir -p /opt/lib; cp -a /usr/lib/grub /opt/lib/grub; "
                 "printf '\\0' >>/opt/lib/grub/i386-pc/biosdisk.mod; "
                 "cp /etc/cordwainer/config.toml /etc/one.toml; "
                 "cp /etc/one.toml /etc/two.toml; "
                 "echo 'platform-packages = { i386-pc = \"/opt\" }' >>/etc/two.toml")


def upgrade(number):
    return f"cordwainer install --config /etc/{('one', 'two')[number % 2]}.toml"


def killed_after(command, milliseconds, signal):
    return (f"{command} >/tmp/out 2>&1 & pid=$!; usleep {milliseconds * 1000}; "
            f"kill -{signal} $pid 2>/dev/null; wait $pid; echo \"ended $?\"; cat /tmp/out")


def test_killed_at_any_moment(lab):
    disk = bios_disk(lab)
    stopped = 0
    with living.start(disk, BIOS, limit=280) as machine:
        machine.run(OTHER_PACKAGE)
        for turn in range(1, 13):
            signal = ("KILL", "TERM")[turn % 2]
            printed = machine.run(killed_after(upgrade(turn), 150 * turn, signal))
            if "ended 0" not in printed:
                stopped += 1
                if signal == "TERM" and "ended 143" not in printed:
                    assert "stopped by a signal" in printed, printed
            printed = machine.run(upgrade(turn))
            assert "is installed" in printed or "nothing to do" in printed, printed
            assert "nothing to do" in machine.run(upgrade(turn))
        config = ("one", "two")[turn % 2]
        verified = machine.run(f"cordwainer verify --config /etc/{config}.toml")
        assert "as they were written" in verified, verified
        # Of the upgrades nothing is left but the last.
        assert machine.run("ls -d /boot/grub/cordwainer/*/ | wc -l").strip() == "1"
        machine.stop()
    assert stopped >= 4, f"only {stopped} runs were cut off"
    with living.start(disk, BIOS) as machine:
        machine.stop()


def test_killed_and_booted_before_the_next_run(lab):
    disk = bios_disk(lab)
    with living.start(disk, BIOS) as machine:
        machine.run(OTHER_PACKAGE)
        machine.run(killed_after(upgrade(1), 600, "KILL"))
        machine.stop()
    with living.start(disk, BIOS) as machine:
        machine.run(upgrade(1))
        machine.stop()
    with living.start(disk, BIOS) as machine:
        assert "nothing to do" in machine.run(upgrade(1))
        machine.stop()


def test_media_that_take_nothing(lab):
    disk = bios_disk(lab)
    with living.start(disk, BIOS) as machine:
        machine.run(OTHER_PACKAGE)
        menu = machine.run("md5sum /boot/grub/cordwainer/*/grub.cfg")
        # Nearly full: refused before the first byte.
        machine.run("dd if=/dev/zero of=/rest bs=64k count=16; dd if=/dev/zero of=/fill bs=64k; "
                    "rm /rest; sync")
        printed = machine.run(upgrade(1), status=1)
        assert "MiB" in printed and "target files" in printed, printed
        assert menu == machine.run("md5sum /boot/grub/cordwainer/*/grub.cfg")
        machine.run("rm /fill; sync")
        # Read-only.
        machine.run("mount -o remount,ro /")
        printed = machine.run(upgrade(1), status=1)
        assert "Read-only file system" in printed, printed
        machine.run("mount -o remount,rw /")
        assert "is installed" in machine.run(upgrade(1))
        assert "as they were written" in machine.run("cordwainer verify --config /etc/two.toml")
        machine.stop()
    with living.start(disk, BIOS) as machine:
        machine.stop()
