"""What `cordwainer image` must not do: write anywhere else, touch the host's firmware, or leave half
an image when it fails."""

import os
import re
import resource
from pathlib import Path

from boot_test import BIOS_CONFIG, UEFI_CONFIG, config, guix_tree
from crypt_test import LUKS_UUID, PASSPHRASE
from harness import layouts
from harness.initrd import kernel, kernel_folder

# Devices that hold nothing; QEMU looks for the last one.
HARMLESS = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
            "/dev/ptmx", "/dev/sgx_vepc"}
# System calls that change a path without opening it.
CHANGING = ("rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat",
            "mknod", "mknodat", "link", "linkat", "symlink", "symlinkat", "truncate", "chmod",
            "fchmodat", "chown", "lchown", "fchownat", "utime", "utimes", "utimensat", "futimesat",
            "setxattr", "lsetxattr", "removexattr", "mount", "umount2", "pivot_root", "swapon")
CALL = re.compile(r"^(\w+)\((.*)$")
PATH = re.compile(r'(?:(AT_FDCWD|\d+)<((?:[^>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"')


def paths_of(arguments):
    """The absolute paths among a traced call's arguments."""
    for _, folder, text in PATH.findall(arguments):
        yield os.path.normpath(os.path.join(folder or "/", text))


def misdeeds(traces, allowed):
    """The traced calls that a build has no business to make."""
    for trace in traces:
        for line in trace.read_text(errors="replace").splitlines():
            match = CALL.match(line)
            if not match:
                continue
            call, arguments = match.groups()
            if any(path.startswith("/sys/firmware/efi") for path in paths_of(arguments)):
                yield line
                continue
            opens = call in ("open", "openat", "openat2", "creat")
            writes = call == "creat" or opens and re.search(
                r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND", arguments)
            if not writes and call not in CHANGING:
                continue
            paths = list(paths_of(arguments))
            if call in ("symlink", "symlinkat"):
                paths = paths[1:]  # the first is what the link says
            for path in paths:
                inside = any(path == str(good) or path.startswith(f"{good}/") for good in allowed)
                own = path.startswith("/proc/self/") or re.match(r"/proc/\d+/", path)
                if not inside and path not in HARMLESS and not own:
                    yield line


def trace_build(lab, layout, *options):
    """Builds an image under a tracer, with everything that may be written in one folder; fails on
    anything else."""
    out, temporary = lab.folder / "out", lab.folder / "temporary"
    traces = lab.folder / "traces"
    for folder in (out, temporary, traces):
        folder.mkdir()
    path = lab.write("layout.toml", layout)
    lab.run("strace", "--seccomp-bpf", "-ff", "-y", "-qq", "-s", "4096", "-e", "trace=%file",
            "-e", "signal=none", "-o", traces / "t", lab.cordwainer_program, "image", path, "-o",
            out / "disk.img", *options, env={**os.environ, "TMPDIR": str(temporary)})
    found = sorted(traces.iterdir())
    bad = list(misdeeds(found, [out, temporary]))
    assert not bad, "\n".join(bad[:20])
    assert [entry.name for entry in out.iterdir()] == ["disk.img"]
    assert not list(temporary.iterdir()), list(temporary.iterdir())
    # The trace itself must have seen the build: its image, and more programs than one.
    text = "".join(trace.read_text(errors="replace") for trace in found)
    assert str(out) in text and len(found) > 3, len(found)
    return text


def test_the_trace_sees_misdeeds(lab):
    """The judgement itself: it would fail if a build did one of these."""
    trace = lab.folder / "t.1"
    for line in ('openat(AT_FDCWD</root>, "notes", O_WRONLY|O_CREAT, 0644) = 3',
                 'openat(AT_FDCWD</root>, "/dev/vda", O_RDWR) = 3',
                 'symlink("/tmp/ok/a", "/etc/a") = 0',
                 'openat(5</sys>, "firmware/efi/efivars", O_RDONLY) = -1 ENOENT',
                 'stat("/sys/firmware/efi", 0x7ffc) = -1 ENOENT',
                 'rename("/tmp/ok/a", "/etc/passwd") = 0',
                 'mkdirat(AT_FDCWD</boot>, "grub", 0755) = 0'):
        trace.write_text(line + "\n")
        assert list(misdeeds([trace], ["/tmp/ok"])), line
    for line in ('openat(AT_FDCWD</tmp/ok>, "a", O_RDWR|O_CREAT, 0644) = 3',
                 'openat(AT_FDCWD</root>, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3',
                 'symlink("/usr/lib/a", "/tmp/ok/a") = 0',
                 'openat(AT_FDCWD</root>, "/dev/null", O_RDWR) = 3'):
        trace.write_text(line + "\n")
        assert not list(misdeeds([trace], ["/tmp/ok"])), line


def test_a_build_writes_nothing_else(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG, UEFI_CONFIG))
    swap = '[[partition]]\ntype = "swap"\nsize = "8MiB"\nfile-system = "swap"\n'
    trace_build(lab, layouts.image() + layouts.BIOS_BOOT + layouts.ESP + swap + layouts.root(tree))


def test_a_luks_build_writes_nothing_else(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG))
    trace_build(lab, layouts.image() + layouts.BIOS_BOOT + layouts.root(tree)
                + layouts.luks(2, PASSPHRASE, LUKS_UUID))


def test_a_btrfs_build_writes_nothing_else(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG))
    folder = kernel_folder(lab.parts, "amd64")
    head = layouts.image(guest_kernel=kernel(lab.parts, "amd64"),
                         guest_modules=next((folder / "lib/modules").iterdir()))
    trace_build(lab, head + layouts.BIOS_BOOT
                + layouts.root(tree, "btrfs", size="160MiB",
                               more='subvolumes = [{ name = "@", mount = "/" }]\n'))


def test_an_image_is_on_the_medium_before_it_has_its_name(lab):
    """So that a power cut leaves the old image, the new one or none."""
    tree = guix_tree(lab, config(BIOS_CONFIG))
    layout = lab.write("layout.toml", layouts.image() + layouts.BIOS_BOOT + layouts.root(tree))
    trace = lab.folder / "trace"
    lab.run("strace", "-y", "-qq", "-e", "trace=fsync,rename,renameat,renameat2", "-e",
            "signal=none", "-o", trace, lab.cordwainer_program, "image", layout, "-o",
            lab.folder / "a.img")
    calls = trace.read_text().splitlines()
    named = next(i for i, call in enumerate(calls) if f'"{lab.folder}/a.img"' in call)
    assert any(re.match(r"fsync\(\d+<.*/disk\.img>\)", call) for call in calls[:named]), calls
    assert any(re.match(rf"fsync\(\d+<{re.escape(str(lab.folder))}>\)", call)
               for call in calls[named:]), calls


def test_the_system_that_goes_in_is_not_changed(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG))
    def state():
        return [(str(path), path.lstat().st_mtime_ns, path.lstat().st_ctime_ns)
                for path in sorted([tree, *tree.rglob("*")])]
    before = state()
    lab.image(layouts.image() + layouts.BIOS_BOOT + layouts.root(tree))
    assert state() == before


def small_layout(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG, UEFI_CONFIG))
    (tree / "large").write_bytes(os.urandom(20 << 20))
    return layouts.image() + layouts.BIOS_BOOT + layouts.ESP + layouts.root(tree)


def fails_cleanly(lab, layout, wanted, command=None, **options):
    """The build fails, says `wanted`, and leaves the image that was there as it was."""
    out = lab.folder / "out"
    out.mkdir(exist_ok=True)
    image = out / "disk.img"
    path = lab.write("layout.toml", layout)
    words = (command or []) + [lab.cordwainer_program, "image", path, "-o", image]
    for before in (None, "the image of yesterday"):
        if before is not None:
            image.write_text(before)
        said = lab.run(*words, status=1, **options)
        for text in wanted:
            assert re.search(text, said), f"no '{text}' in:\n{said}"
        if before is None:
            assert not list(out.iterdir()), list(out.iterdir())
        else:
            assert [entry.name for entry in out.iterdir()] == ["disk.img"]
            assert image.read_text() == before
        image.unlink(missing_ok=True)


def test_disk_full(lab):
    """On a file system of 8 MiB, in a mount namespace of its own."""
    layout = lab.write("layout.toml", small_layout(lab))
    small = lab.folder / "small"
    small.mkdir()
    script = ('mount -t tmpfs -o size=8m none "$1" && { "$2" image "$3" -o "$1/disk.img"; '
              'echo "status $?"; ls -A "$1"; echo "end of list"; umount "$1"; }')
    # Root needs no user namespace, and in a chroot it can have none.
    alone = (("--propagation", "unchanged") if os.geteuid() == 0 else ("--map-root-user",))
    said = lab.run("unshare", *alone, "--mount", "sh", "-c", script, "sh", small,
                   lab.cordwainer_program, layout)
    assert re.search(r"needs \d+ MiB, \d+ MiB more than are free", said), said
    assert re.search(r"status 1\nend of list\n", said), said


def test_file_size_limit(lab):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, 8 << 20))
    # SIGXFSZ stays ignored, so that writing fails instead of ending the program.
    fails_cleanly(lab, small_layout(lab), ["File too large"], preexec_fn=limit,
                  restore_signals=False)


def path_without(lab, tool):
    """A PATH with every program of this machine but one."""
    folder = lab.folder / f"without-{tool}"
    folder.mkdir()
    for source in ("/usr/bin", "/usr/sbin", "/bin", "/sbin"):
        for program in Path(source).iterdir():
            link = folder / program.name
            if program.name != tool and not link.is_symlink():
                link.symlink_to(program)
    return {**os.environ, "PATH": str(folder)}


def test_a_missing_tool_is_named(lab):
    layout = small_layout(lab)
    fails_cleanly(lab, layout, ["mcopy", "install the package mtools"],
                  env=path_without(lab, "mcopy"))


def test_contents_larger_than_the_partition(lab):
    tree = guix_tree(lab, config(BIOS_CONFIG))
    (tree / "large").write_bytes(os.urandom(30 << 20))
    layout = layouts.image() + layouts.BIOS_BOOT + layouts.root(tree, size="16MiB")
    # By how much, and what to set.
    fails_cleanly(lab, layout, [r"\d+ MiB", r"size"])
