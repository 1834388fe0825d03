"""The harness and the fakes themselves, with a GRUB that carries its menu in memory: what the other
tests rely on to fail."""

import os
import time

from harness.lab import area, has_line
from harness.machine import ARM64_UEFI, BIOS, UEFI, BootFailure, Machine

INITRD = b"what an initrd holds" * 100

MENU = """
set timeout=9
insmod all_video
menuentry "zero" { linux /bzimage one "two three" ; initrd /initrd }
menuentry "one" { multiboot /multiboot a b ; module /initrd for the kernel ; module /initrd }
menuentry "two" { linux /no-such-kernel }
submenu "more" {
    menuentry "older" { linux /bzimage older }
    menuentry "oldest" { linux /bzimage oldest }
}
"""


def standalone(lab, platform, menu, files, modules):
    """A GRUB image of that platform with a menu and files inside."""
    out = lab.folder / f"grub-{platform}"
    config = lab.write(f"{platform}.cfg", menu)
    options = ["-d", lab.parts / "arm64/usr/lib/grub/arm64-efi"] if "arm64" in platform else []
    lab.run("grub-mkstandalone", *options, "-O", platform, "-o", out, "--locales=", "--themes=",
            "--fonts=", f"--install-modules=normal {modules}",
            *(["--modules=biosdisk"] if platform == "i386-pc" else []),
            f"boot/grub/grub.cfg={config}", *(f"{name}={path}" for name, path in files.items()))
    return out


def x86_machine(lab, firmware, menu=MENU, **options):
    (lab.folder / "initrd").write_bytes(INITRD)
    files = {"bzimage": lab.fakes / "bzimage", "multiboot": lab.fakes / "multiboot",
             "initrd": lab.folder / "initrd"}
    platform = "i386-pc" if firmware == BIOS else "x86_64-efi"
    image = standalone(lab, platform, menu, files, "linux multiboot all_video sleep")
    if firmware == UEFI:
        return Machine(firmware=UEFI, kernel=image, **options)
    # In the gap after an MBR, GRUB's boot sector and core image need no change.
    core = image.read_bytes()
    disk = lab.folder / "disk.img"
    with open("/usr/lib/grub/i386-pc/boot.img", "rb") as boot:
        disk.write_bytes(boot.read() + core + bytes(-len(core) % 512) + bytes(1 << 20))
    return Machine(disk, **options)


def check_menu(lab, firmware):
    with x86_machine(lab, firmware) as machine:
        machine.expect("oldest|more")
        machine.choose(0)
        text = machine.expect_power_off()
    has_line(text, 'cmdline: BOOT_IMAGE=/bzimage one "two three"')
    has_line(text, f"initrd: {area(INITRD)}")
    with x86_machine(lab, firmware) as machine:
        machine.expect("more")
        machine.choose(1)
        text = machine.expect_power_off()
    has_line(text, "cmdline: a b")
    has_line(text, f"module: {area(INITRD)} for the kernel")
    has_line(text, f"module: {area(INITRD)} ")
    with x86_machine(lab, firmware) as machine:
        machine.expect("more")
        machine.choose(3, 1)
        text = machine.expect_power_off()
    has_line(text, "cmdline: BOOT_IMAGE=/bzimage oldest")
    has_line(text, "initrd: 00000000 00000000")


def test_bios_menu(lab):
    check_menu(lab, BIOS)


def test_uefi_menu(lab):
    check_menu(lab, UEFI)


def test_arm64_fake(lab):
    files = {"image": lab.fakes / "program-aarch64.efi"}
    menu = 'linux /image "one" two\nboot\n'
    image = standalone(lab, "arm64-efi", menu, files, "linux")
    with Machine(firmware=ARM64_UEFI, kernel=image) as machine:
        has_line(machine.expect_power_off(), "options: BOOT_IMAGE=/image one two")


def test_efi_fake_reads_the_initrd(lab):
    (lab.folder / "initrd").write_bytes(INITRD)
    with Machine(firmware=ARM64_UEFI, kernel=lab.fakes / "program-aarch64.efi",
                 initrd=lab.folder / "initrd", append="some options") as machine:
        text = machine.expect_power_off()
    has_line(text, f"initrd: {area(INITRD)}")
    has_line(text, "options: some options initrd=initrd")


def test_chainloaded_boot_sector(lab):
    disk = lab.folder / "disk.img"
    disk.write_bytes(lab.fake("boot_sector") + bytes(1 << 20))
    with Machine(disk) as machine:
        has_line(machine.expect_power_off(), "FAKE-BOOT-SECTOR")


def expect_failure(lab, menu, wanted, marker="FAKE-DONE", **options):
    started = time.monotonic()
    with x86_machine(lab, BIOS, menu, **options) as machine:
        process = machine._process.pid
        try:
            machine.expect(marker)
        except BootFailure as failure:
            if wanted not in str(failure):
                raise AssertionError(f"not what was wanted: {failure}") from failure
        else:
            raise AssertionError("the failure was not seen")
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return time.monotonic() - started
    raise AssertionError("the machine still runs")


def test_a_printed_error_fails_at_once(lab):
    seconds = expect_failure(lab, "linux /no-such-kernel\nboot\n", "not found", limit=100)
    assert seconds < 50, f"it took {seconds} s"


def test_a_hang_fails_at_the_limit(lab):
    expect_failure(lab, "sleep 1000\n", "within 3 s", limit=3)


def test_a_power_off_without_the_marker_fails(lab):
    expect_failure(lab, "linux /bzimage\nboot\n", "before 'BOOTED'", marker="BOOTED", limit=30)
