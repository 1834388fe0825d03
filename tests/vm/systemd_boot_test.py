"""Images that start with systemd-boot: which entry, which command line and which initrds it picked,
and what bootctl makes of the menu. The kernel is a fake EFI program, or Debian's."""

import os
import re
import time

from harness import layouts, system
from harness.initrd import kernel, real_initrd
from harness.lab import area, has_line
from harness.machine import ARM64_UEFI, UEFI
from harness.system import ROOT_UUID, GuixGeneration

XBOOTLDR = ('[[partition]]\ntype = "xbootldr"\nsize = "48MiB"\nfile-system = "vfat"\n'
            'mount = "/boot"\n')


def config(*lines, timeout=0):
    return ('bootloader = "systemd-boot"\n[systemd-boot]\nesp = ["/boot/efi"]\n'
            f"timeout = {timeout}\n" + "".join(lines))


def fake_tree(lab, settings, generations=None, current=None, program="program-x86_64.efi"):
    """A system with three generations whose kernel is the fake."""
    tree = lab.tree()
    if generations is None:
        generations = [
            GuixGeneration(number, lab.fake(program), b"initrd of %d" % number * 48,
                           f"The system, try {number}", [f"try={number}", "quiet"])
            for number in (1, 2, 3)]
    system.add_guix_generations(tree, generations, current)
    system.add_config(tree, settings)
    return tree


def image_of(lab, tree, partitions=layouts.ESP):
    return lab.image(layouts.image() + partitions + layouts.root(tree))


def is_generation(text, number, arguments, directory="/EFI/cordwainer"):
    """Fails where the fake was not given what Guix gives that generation, behind its initrds, which
    the loader names."""
    line = next((line for line in text.splitlines() if line.startswith("options: ")), "")
    words = line.removeprefix("options: ").split(" ")
    while words[0].startswith("initrd="):
        initrd = words.pop(0).removeprefix("initrd=").replace("\\", "/")
        assert initrd.startswith(f"{directory}/kernels/"), initrd
    link = f"/var/guix/profiles/system-{number}-link"
    wanted = f"root={ROOT_UUID} gnu.system={link} gnu.load={link}/boot {arguments}"
    assert " ".join(words) == wanted, f"the command line is\n{line}\nnot\n{wanted}"


def choose(position):
    """Goes to the entry at a position, counted from 0, of a menu whose first entry is marked."""
    def before(machine):
        machine.expect("The system, try")
        time.sleep(0.5)
        for _ in range(position):
            machine.send("\x1b[B")
            time.sleep(0.2)
        machine.send("\r")
    return before


def test_newest_boots_by_default(lab):
    image = image_of(lab, fake_tree(lab, config()))
    text = lab.boot(image, UEFI)
    is_generation(text, 3, "try=3 quiet")
    has_line(text, f"initrd: {area(b'initrd of 3' * 48)}")


def test_old_generation_chosen_in_the_menu(lab):
    image = image_of(lab, fake_tree(lab, config(timeout=-1)))
    text = lab.boot(image, UEFI, before=choose(2))
    is_generation(text, 1, "try=1 quiet")
    has_line(text, f"initrd: {area(b'initrd of 1' * 48)}")


def test_older_default(lab):
    image = image_of(lab, fake_tree(lab, config(), current=1))
    is_generation(lab.boot(image, UEFI), 1, "try=1 quiet")


def test_sorting_is_by_number(lab):
    """Ten is newer than nine; without loader.conf's word the first entry boots."""
    generations = [GuixGeneration(number, lab.fake("program-x86_64.efi"), b"i",
                                  f"The system, try {number}", [f"try={number}"])
                   for number in (1, 9, 10)]
    image = image_of(lab, fake_tree(lab, config(), generations, current=1))
    esp = f"{image}@@{esp_offset(lab, image)}"
    lab.run("mdel", "-i", esp, "::loader/loader.conf")
    lab.run("mcopy", "-i", esp, lab.write("loader.conf", "timeout 1\n"), "::loader/loader.conf")
    is_generation(lab.boot(image, UEFI), 10, "try=10")


def test_boot_partition(lab):
    image = image_of(lab, fake_tree(lab, config('boot = "/boot"\n')), layouts.ESP + XBOOTLDR)
    text = lab.boot(image, UEFI)
    is_generation(text, 3, "try=3 quiet", directory="/cordwainer")
    has_line(text, f"initrd: {area(b'initrd of 3' * 48)}")


def test_several_initrds_and_nasty_texts(lab):
    """The label decides nothing, and quotation marks reach the kernel as they are."""
    arguments = ["x=$root", "y={a;b}", "z=`q`", "w=\"r s\"", "v=|&<>\\", "u=#", "t='é'"]
    generation = GuixGeneration(1, lab.fake("program-x86_64.efi"), b"the own initrd!!" * 3,
                                "\"The system, try\nlinux /x\" # %s", arguments)
    tree = fake_tree(lab, config('microcode = ["/boot/first one.cpio"]\n',
                                 'extra-initrds = ["/etc/last.cpio"]\n'), [generation])
    (tree / "boot").mkdir()
    (tree / "boot/first one.cpio").write_bytes(b"microcode" * 4)
    (tree / "etc/last.cpio").write_bytes(b"last one" * 5)
    text = lab.boot(image_of(lab, tree), UEFI)
    is_generation(text, 1, " ".join(arguments[:-1]) + " t='\ufffd'")
    has_line(text, f"initrd: {area(b'microcode' * 4 + b'the own initrd!!' * 3 + b'last one' * 5)}")


def test_quoted_command_line(lab):
    """A native generation may have any command line, also one that is quoted as a whole."""
    tree = lab.tree()
    (tree / "boot").mkdir()
    system.add_config(tree, config())
    program = lab.folder / "kernel"
    program.write_bytes(lab.fake("program-x86_64.efi"))
    lab.cordwainer("generation", "add", "--root", tree, "--label", "Native", "--kernel", program,
                   "--cmdline", '"a b" c="d  e"')
    text = lab.boot(image_of(lab, tree), UEFI)
    has_line(text, 'options: "a b" c="d  e" cordwainer.generation=1')


def test_real_kernel(lab):
    content, initrd = kernel(lab.parts, "amd64").read_bytes(), real_initrd(lab.parts, "amd64")
    tree = fake_tree(lab, config(), [
        GuixGeneration(number, content, initrd, f"The system, try {number}",
                       ["console=ttyS0", "quiet", f"try={number}"]) for number in (1, 2)])
    image = image_of(lab, tree, layouts.ESP.replace("48MiB", "96MiB"))
    text = lab.boot(image, UEFI, expect="BOOTED done", memory=1024, limit=200)
    has_line(text, "BOOTED generation=2")
    has_line(text, f"BOOTED root-uuid={ROOT_UUID}")
    has_line(text, "BOOTED file=this root, read by the kernel")


def test_arm64(lab):
    package = lab.parts.resolve() / "arm64/usr/lib/systemd/boot/efi"
    tree = fake_tree(lab, config('platforms = ["arm64-efi"]\n', f'package = "{package}"\n'),
                     program="program-aarch64.efi")
    text = lab.boot(image_of(lab, tree), ARM64_UEFI)
    is_generation(text, 3, "try=3 quiet")
    has_line(text, f"initrd: {area(b'initrd of 3' * 48)}")


def esp_offset(lab, image):
    """The first byte of the ESP."""
    found = re.search(r"start= *(\d+),.*type=C12A7328", lab.run("sfdisk", "--dump", image))
    return int(found.group(1)) * 512


def bootctl(lab, image, *arguments):
    """What bootctl says of the image's ESP. It asks that the directory be a file system's root, so
    the files are put on one, in a mount namespace of its own."""
    files, mounted = lab.folder / "esp", lab.folder / "mounted"
    for folder in (files, mounted):
        folder.mkdir()
    lab.run("mcopy", "-s", "-n", "-i", f"{image}@@{esp_offset(lab, image)}", "::*", files)
    script = ('mount -t tmpfs none "$1" && cp -a "$0/." "$1" && { place=$1; shift; "$@"; '
              'status=$?; umount "$place"; exit $status; }')
    # Root needs no user namespace, and in a chroot it can have none.
    alone = (("--propagation", "unchanged") if os.geteuid() == 0 else ("--map-root-user",))
    environment = dict(os.environ, SYSTEMD_RELAX_ESP_CHECKS="1", SYSTEMD_RELAX_XBOOTLDR_CHECKS="1")
    return lab.run("unshare", *alone, "--mount", "sh", "-c", script, files, mounted,
                   lab.parts / "bootctl/amd64/usr/bin/bootctl", f"--esp-path={mounted}", *arguments,
                   env=environment)


def test_bootctl_agrees(lab):
    image = image_of(lab, fake_tree(lab, config(), current=2))
    text = bootctl(lab, image, "list", "--no-pager")
    entries = text.split("\n\n")
    titles = [re.search(r"title: (.*)", entry).group(1) for entry in entries if "title: " in entry]
    assert [re.search(r"try (\d)", title).group(1) for title in titles] == ["3", "2", "1"], text
    assert [("(default)" in title) for title in titles] == [False, True, False], text
    for word in ("No such file", "Unknown", "error", "Failed"):
        assert word not in text, text


