"""The power of machines is cut on which other installers work, for comparison: GRUB's own with
grub-mkconfig, and systemd-boot's with kernel-install. Here a state is right where any kernel boots with
its initrd. States in which all files of one moment are there are taken to boot; the others are booted.
"""

from . import boot_readers, cut_cases, cut_machine, cut_states, debian, layouts
from .boot_judges import Judge, boot_code
from .cut_machine import Machinery, Operation
from .machine import UEFI


class AnyMoment(Judge):
    """The files of any of the snapshots, all of them, and its boot code."""

    _OTHERWISE = ("loader/random-seed", "grub/grubenv")

    def needs(self, number):
        return {path: data for path, data in self.snapshots[number].files.items()
                if path not in self._OTHERWISE}

    def _alive(self, disk, allowed):
        code = boot_code(disk) if self.snapshots[0].boot_code else b""
        lack = "the boot code is of no moment"
        for number in allowed:
            if code == self.snapshots[number].boot_code:
                lack = self.lacks(disk, self.needs(number))
                if not lack:
                    return {number}, None
        return set(), lack


def survey(lab, case, recording, *, reorderings, most_booted, stride=1):
    """Prints how many states there are that a loader sees differently, how many of them are no
    moment's, and how many of those do not boot, of `most_booted` of them; the three numbers, and how
    many were booted."""
    judge = case.judge(lab, case.readers, recording.snapshots)
    everything = range(len(recording.snapshots))
    seen, unclear = set(), []
    with cut_machine.laid_out(lab, case, recording, "state") as (path, disk):
        for number, state in enumerate(cut_states.states(disk, recording.writes, reorderings)):
            if number % stride == 0 and state.watched not in seen:
                seen.add(state.watched)
                if judge.problem(path, everything):
                    unclear.append(state.watched)
    print(f"{case.name}: {len(seen)} states, {len(unclear)} between two moments", flush=True)
    chosen = set(unclear[::max(1, -(-len(unclear) // most_booted))])
    booted, dead = len(chosen), 0
    with cut_machine.laid_out(lab, case, recording, "booted") as (path, disk):
        for state in cut_states.states(disk, recording.writes, reorderings):
            if state.watched in chosen:
                chosen.remove(state.watched)
                problem = cut_machine.boots(path, case, (1, 2, 3), limit=40,
                                            failures=(r"grub rescue>", r"(?m)^.?grub>",
                                                      r"UEFI Interactive Shell",
                                                      r"No bootable (device|option)"))
                dead += bool(problem)
    print(f"{case.name}: of {booted} of those that were booted {dead} do not boot", flush=True)
    return len(seen), len(unclear), booted, dead


def grub_install(lab):
    """GRUB of BIOS, /boot an ext4 of its own, as Debian sets it up."""
    other = lab.folder / "other"
    lab.run("sh", "-c", debian.package_with_another_build("i386-pc"), "sh", other)
    more = {str(path.relative_to(other)): path.read_bytes()
            for path in other.rglob("*") if path.is_file()}
    more["etc/default/grub"] = "GRUB_TIMEOUT=0\nGRUB_DISABLE_OS_PROBER=true\nGRUB_TERMINAL=console\n"
    tree = debian.tree(lab, ("/boot", "ext4", debian.BOOT_UUID), 'bootloader = "none"\n', more=more)
    disk = lab.image(layouts.image() + layouts.BIOS_BOOT
                     + cut_cases.boot_partition("64MiB", "ext4") + debian.root_partition(lab, tree))
    install = "grub-install --target=i386-pc /dev/vda && "
    menu = "grub-mkconfig -o /boot/grub/grub.cfg"

    def kernel(number):
        return (f"cp /srv/kernel-{number} /boot/vmlinuz-6.1.0-{number} && "
                f"cp /srv/initrd-{number} /boot/initrd.img-6.1.0-{number} && sync && ")
    offset, _ = debian.partitions(lab, disk)[1]
    readers = [boot_readers.Debugfs(lab.folder / "copied", offset)]
    return Machinery("grub-install and grub-mkconfig", disk, 2, 3, "ext4", "/boot", [
        Operation("a kernel is added", kernel(2) + menu, 2),
        Operation("the loader is upgraded",
                  f"cp -r /opt/lib/grub/i386-pc /usr/lib/grub/ && sync && {install}{menu}", 2),
        Operation("a kernel is added", kernel(3) + menu, 3),
        Operation("a kernel goes", f"rm /boot/*-6.1.0-2 && {menu}", 3),
        Operation("all is written", "sync", 3),
    ], readers, AnyMoment, setup=[kernel(1) + install + menu])


def bootctl(lab):
    """systemd-boot, as bootctl installs and updates it; kernels as kernel-install adds them."""
    program = "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
    # bootctl updates to a newer version, which the program names in a section of its own.
    data = (debian.userland(lab) / program).read_bytes()
    at = data.index(b"#### LoaderInfo: systemd-boot 252")
    newer = data[:at] + data[at:at + 64].replace(b"boot 252", b"boot 253") + data[at + 64:]
    more = {
        "opt/newer.efi": newer,
        "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
        "etc/kernel/cmdline": "quiet\n",
        "etc/kernel/install.conf": "layout=bls\nBOOT_ROOT=/boot/efi\n",
    }
    tree = debian.tree(lab, ("/boot/efi", "vfat", debian.FAT_UUID), 'bootloader = "none"\n',
                       efi=True, more=more)
    disk = lab.image(layouts.image() + cut_cases.esp_partition()
                     + debian.root_partition(lab, tree))
    relaxed = "export SYSTEMD_RELAX_ESP_CHECKS=1; "
    options = "--esp-path=/boot/efi --no-variables"

    def kernel(number):
        return f"kernel-install add 6.1.0-{number} /srv/kernel-{number} /srv/initrd-{number}"
    return Machinery("bootctl and kernel-install", disk, 1, 2, "vfat", "/boot/efi", [
        Operation("a kernel is added", kernel(2), 2),
        Operation("the loader is upgraded",
                  f"{relaxed}cp /opt/newer.efi /{program} && sync && bootctl update {options}", 2),
        Operation("a kernel is added", kernel(3), 3),
        Operation("a kernel goes", "kernel-install remove 6.1.0-2", 3),
        Operation("all is written", "sync", 3),
    ], [boot_readers.Mtools(lab.folder / "copied", *debian.partitions(lab, disk)[0])], AnyMoment,
        UEFI, setup=[f"{relaxed}bootctl install --make-entry-directory=yes {options} && {kernel(1)}"])
