"""Images that start a fake kernel: which entry, which command line and which initrd GRUB picked, on
each firmware, partition table and place of the kernels."""

from harness import layouts, system
from harness.lab import area, has_line
from harness.machine import ARM64_UEFI, BIOS, UEFI, UEFI32
from harness.system import ROOT_UUID, GuixGeneration

BIOS_CONFIG = 'disk = ["/dev/disk/by-id/the-disk"]\n'
UEFI_CONFIG = 'esp = ["/boot/efi"]\n'
# The entry that the menu has chosen is taken at once, without waiting for the countdown.
DEFAULT = (0,)


def config(*lines, timeout=3):
    """The configuration file: GRUB, with these further lines of its table."""
    return (f'bootloader = "grub"\n[grub]\nfiles = "/boot/grub"\ntimeout = {timeout}\n'
            + "".join(lines))


def guix_tree(lab, settings, generations=None):
    """A system with three generations whose kernel is the fake."""
    tree = lab.tree()
    if generations is None:
        generations = [
            GuixGeneration(number, lab.fake("bzimage"), b"initrd of %d" % number * 50,
                           f"The system, try {number}", [f"try={number}", "quiet"])
            for number in (1, 2, 3)]
    system.add_guix_generations(tree, generations)
    system.add_config(tree, settings)
    return tree


def is_generation(text, number, arguments):
    """Fails where the fake kernel was not given exactly what Guix gives that generation."""
    line = next((line for line in text.splitlines() if line.startswith("cmdline: ")), "")
    link = f"/var/guix/profiles/system-{number}-link"
    wanted = f"root={ROOT_UUID} gnu.system={link} gnu.load={link}/boot {arguments}"
    if not line.startswith("cmdline: BOOT_IMAGE=") or line.split(" ", 2)[2] != wanted:
        raise AssertionError(f"the command line is\n{line}\nnot\n{wanted}")
    return line.split(" ", 2)[1].removeprefix("BOOT_IMAGE=")


def boots_all(lab, image, *firmwares):
    """The newest generation by default, and the oldest one from the submenu."""
    for firmware in firmwares:
        text = lab.boot(image, firmware, choose=DEFAULT)
        is_generation(text, 3, "try=3 quiet")
        has_line(text, f"initrd: {area(b'initrd of 3' * 50)}")
        text = lab.boot(image, firmware, choose=(1, 1))
        is_generation(text, 1, "try=1 quiet")
        has_line(text, f"initrd: {area(b'initrd of 1' * 50)}")


def test_bios_gpt(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG))
    boots_all(lab, lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree)), BIOS)


def test_bios_mbr(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG))
    boots_all(lab, lab.image(layouts.image("mbr") + layouts.root(tree)), BIOS)


def test_uefi(lab):
    tree = guix_tree(lab, config(UEFI_CONFIG))
    boots_all(lab, lab.image(layouts.image() + layouts.ESP + layouts.root(tree)), UEFI)


def test_one_image_for_bios_and_uefi(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG, UEFI_CONFIG))
    layout = layouts.image() + layouts.BIOS_BOOT + layouts.ESP + layouts.root(tree)
    boots_all(lab, lab.image(layout), BIOS, UEFI)


def test_32_and_64_bit_uefi(lab):
    """Small machines have 64-bit processors with 32-bit firmware: one image starts on both."""
    tree = guix_tree(lab, config(UEFI_CONFIG, 'platforms = ["x86_64-efi", "i386-efi"]\n'))
    boots_all(lab, lab.image(layouts.image() + layouts.ESP + layouts.root(tree)), UEFI32, UEFI)


def test_hybrid_mbr(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG, UEFI_CONFIG))
    layout = (layouts.image("hybrid-mbr") + layouts.BIOS_BOOT
              + layouts.ESP + 'hybrid-type = "0x0c"\n' + layouts.root(tree))
    image = lab.image(layout)
    mbr = image.read_bytes()[:512]
    types = {mbr[446 + 16 * i + 4] for i in range(4)}
    assert {0x0c, 0xee} <= types, types
    is_generation(lab.boot(image, BIOS, choose=DEFAULT), 3, "try=3 quiet")
    is_generation(lab.boot(image, UEFI, choose=DEFAULT), 3, "try=3 quiet")


def test_arm64_fake(lab):
    generation = GuixGeneration(1, lab.fake("program-aarch64.efi"), b"unused", "Arm", ["one", "two"],
                                kernel_name="Image")
    parts = lab.parts / "arm64/usr"
    tree = guix_tree(lab, config(UEFI_CONFIG, 'platforms = ["arm64-efi"]\n',
                                 f'platform-packages = {{ arm64-efi = "{parts}" }}\n'),
                     [generation])
    text = lab.boot(lab.image(layouts.image() + layouts.ESP + layouts.root(tree)), ARM64_UEFI)
    is_generation(text.replace("options: ", "cmdline: "), 1, "one two")


def test_kernels_are_read_in_place(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG))
    text = lab.boot(lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree)),
                    choose=DEFAULT)
    kernel = is_generation(text, 3, "try=3 quiet")
    assert kernel.startswith("/gnu/store/"), kernel


def test_kernels_are_copied_when_asked(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG, "copy-kernels = true\n"))
    image = lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree))
    boots_all(lab, image, BIOS)
    kernel = is_generation(lab.boot(image, choose=DEFAULT), 3, "try=3 quiet")
    assert kernel.startswith("/boot/grub/cordwainer/kernels/"), kernel


def test_kernels_are_copied_to_a_boot_partition_that_the_files_are_on(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG, "copy-kernels = true\n"))
    boot = ('[[partition]]\ntype = "linux"\nsize = "32MiB"\nfile-system = "ext4"\n'
            'mount = "/boot"\n')
    image = lab.image(layouts.image() + layouts.BIOS_BOOT + boot + layouts.root(tree))
    boots_all(lab, image, BIOS)
    kernel = is_generation(lab.boot(image, choose=DEFAULT), 3, "try=3 quiet")
    assert kernel.startswith("/grub/cordwainer/kernels/"), kernel


def test_qcow2(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG))
    image = lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree), "disk.qcow2",
                      "--format", "qcow2")
    is_generation(lab.boot(image, disk_format="qcow2"), 3, "try=3 quiet")


METACHARACTERS = "a $root ${prefix} 'b' \"c\" ; { d } | & < > \\e \\\\ # (f) * ? ~ ` ! $(halt) %s é"


def test_a_label_of_metacharacters(lab):
    generations = [
        GuixGeneration(number, lab.fake("bzimage"), b"i", METACHARACTERS,
                       ["x=$root", "y={a;b}", "z=`q`", "w=\"r s\"", "v=|&<>", "u=#", f"t={number}"])
        for number in (1, 2)]
    tree = guix_tree(lab, config(BIOS_CONFIG), generations)
    image = lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree))
    # GRUB's loaders move a quotation mark to the front of its word; Linux reads both alike.
    arguments = 'x=$root y={a;b} z=`q` "w=r s" v=|&<> u=# t='
    # The label is on the screen as it is, and decides nothing.
    text = lab.boot(image)
    is_generation(text, 2, arguments + "2")
    assert "a $root ${prefix} 'b' \"c\" ; { d } | & < > \\e" in text, text
    is_generation(lab.boot(image, choose=(1, 0)), 1, arguments + "1")


def test_a_label_with_newlines_and_a_closing_brace(lab):
    label = "one\n} menuentry 'two' { halt\n}\n"
    tree = guix_tree(lab, config(BIOS_CONFIG),
                     [GuixGeneration(1, lab.fake("bzimage"), b"i", label, ["first=\n", "last"])])
    image = lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree))
    text = lab.boot(image)
    assert " last\n" in text, text


def test_multiboot(lab):
    generation = GuixGeneration(
        1, lab.fake("multiboot"), None, "Hurd-shaped", ["verbose"], kernel_name="gnumach",
        multiboot_modules=[["/gnu/store/module-1/exec", "exec", "first", "$(task=create)"],
                           ["/gnu/store/module-2/ld.so", "second"]])
    for firmware, settings, partition in ((BIOS, BIOS_CONFIG, layouts.BIOS_BOOT),
                                          (UEFI, UEFI_CONFIG, layouts.ESP)):
        tree = lab.tree(f"tree-{firmware}")
        system.add_guix_generations(tree, [generation])
        for name, content in (("module-1/exec", b"exec" * 99), ("module-2/ld.so", b"ld" * 77)):
            path = tree / "gnu/store" / name
            path.parent.mkdir()
            path.write_bytes(content)
        system.add_config(tree, config(settings))
        text = lab.boot(lab.image(layouts.image() + partition + layouts.root(tree),
                                  f"{firmware}.img"), firmware)
        has_line(text, f"module: {area(b'exec' * 99)} exec first $(task=create)")
        has_line(text, f"module: {area(b'ld' * 77)} second")
        # The Hurd's own name of its root is in front of what Guix has stored.
        assert f"root=part:2:device:hd0 root={ROOT_UUID}" in text and "verbose" in text, text


def test_old_generation_stays_default_when_it_is_current(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG))
    profile = tree / "var/guix/profiles/system"
    profile.unlink()
    profile.symlink_to("/var/guix/profiles/system-2-link")
    image = lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree))
    is_generation(lab.boot(image), 2, "try=2 quiet")


def test_native_generations(lab):
    tree = lab.tree()
    (tree / "boot").mkdir()
    system.add_config(tree, config(BIOS_CONFIG))
    kernel = lab.folder / "kernel"
    kernel.write_bytes(lab.fake("bzimage"))
    for number in (1, 2):
        first, second = lab.folder / "first", lab.folder / "second"
        first.write_bytes(b"first of %d!" % number * 4)   # a multiple of 4: GRUB pads each initrd
        second.write_bytes(b"second" * number)
        lab.cordwainer("generation", "add", "--root", tree, "--label", f"Native {number}",
                       "--kernel", kernel, "--initrd", first, "--initrd", second,
                       "--cmdline", f"root=UUID={ROOT_UUID} native={number}")
    image = lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree))
    for number, choose in ((2, ()), (1, (1, 0))):
        text = lab.boot(image, choose=choose)
        line = next(line for line in text.splitlines() if line.startswith("cmdline: "))
        assert line.split(" ", 2)[2] == (f"root=UUID={ROOT_UUID} native={number} "
                                         f"cordwainer.generation={number}"), line
        has_line(text, f"initrd: {area(b'first of %d!' % number * 4 + b'second' * number)}")
