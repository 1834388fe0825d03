#!/usr/bin/env python3
"""Installing on an ext4 of a loop device, compared with what one would run instead:

    bench/install.py PATH/TO/cordwainer

- `install` with nothing to do, for 1,000 generations: under 0.1 s and 32 MiB, and at least ten times
  faster than `grub-mkconfig` for as many entries on the same volume.
- `install` of one new generation, whose kernel and initrd are copied out of an immutable store: at
  most 1.05 times the bytes of kernel, initrd and menu reach the device, in at most 1.3 times the time
  of `cp`, `sync` and two `sha256sum` of the same files.

Fails where one of these is not so. Needs root and a loop device; mounts are in a namespace of their
own. grub-mkconfig is given a minute; what it has not done by then counts as a minute."""

import ctypes
import os
import pathlib
import signal
import stat
import statistics
import subprocess
import sys
import tempfile
import time

from measure import Cost, run_once, seconds_of, undisturbed
from plan import make_system

MIB = 1 << 20
KERNEL = 12 * MIB
INITRD = 45 * MIB
COUNT = 1000
RUNS = 7
PATIENCE = 60  # seconds
ROOT_UUID = "3f9c1a52-7b1e-4d0a-9c55-0e8d7a41b6c3"  # that the generations name
# GRUB's scripts make no entries for a root on a device of a loop device's name.
NODE = pathlib.Path("/dev/cordwainer-bench")
CONFIG = 'bootloader = "grub"\n[grub]\nfiles = "/boot/grub"\n'
COPYING = CONFIG + "copy-kernels = true\n"


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, **options).stdout


class Volume:
    """An ext4 on a loop device, mounted; gone when the process is."""

    def __init__(self, work):
        if os.geteuid() != 0:
            sys.exit("install: needs root, for a loop device")
        self.root = work / "volume"
        self.root.mkdir()
        # Mounts of this process alone (CLONE_NEWNS), so that none is left behind.
        if ctypes.CDLL(None, use_errno=True).unshare(0x00020000) != 0:
            sys.exit("install: cannot have mounts of its own")
        run("mount", "--make-rprivate", "/")
        image = work / "ext4"
        with image.open("wb") as file:
            file.truncate(4096 * MIB)
        # Nothing is left for the kernel to write later, which would count as written by a run.
        run("mkfs.ext4", "-q", "-U", ROOT_UUID, "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
        self.device = run("losetup", "--find", "--show", "--direct-io=on", image).strip()
        os.mknod(NODE, 0o600 | stat.S_IFBLK, os.stat(self.device).st_rdev)
        # Access times are the kernel's to write: of a file that is read for the first time.
        run("mount", "-o", "noatime", NODE, self.root)

    def close(self):
        run("umount", "-R", "--lazy", self.root)
        NODE.unlink()
        run("losetup", "--detach", self.device)

    def written(self):
        """The bytes that have reached the device, once all is on it."""
        os.sync()
        name = pathlib.Path(self.device).name
        return 512 * int(pathlib.Path(f"/sys/block/{name}/stat").read_text().split()[6])


def install(cordwainer, root, config):
    return [cordwainer, "install", "--root", root, "--config", config]


def add_linux_kernels(root, count):
    """What grub-mkconfig makes entries of: Debian's names in /boot."""
    for number in range(count):
        (root / f"boot/vmlinuz-6.1.{number}-amd64").write_bytes(b"kernel")
        (root / f"boot/initrd.img-6.1.{number}-amd64").write_bytes(b"initrd")


def mkconfig(root, output):
    """grub-mkconfig in the volume, with this machine's programs: seconds, and entries, or None where
    it was stopped."""
    for name in ("usr", "etc", "dev", "proc", "sys"):
        (root / name).mkdir(exist_ok=True)
        run("mount", "--rbind", f"/{name}", root / name)
    for name in ("bin", "sbin", "lib", "lib64"):
        if not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    (root / "tmp").mkdir(exist_ok=True)
    start = time.monotonic()
    process = subprocess.Popen(["chroot", str(root), "grub-mkconfig", "-o", output],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(PATIENCE)
        entries = (root / output.lstrip("/")).read_text().count("menuentry '")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        entries = None
    seconds = time.monotonic() - start
    # What it had started may not be gone yet where it was stopped: these mounts are this process's
    # own, and go when nothing uses them any more.
    for name in ("usr", "etc", "dev", "proc", "sys"):
        run("umount", "-R", "--lazy", root / name)
    return seconds, entries


def nothing_to_do(cordwainer, volume, work):
    make_system(volume.root, COUNT)
    config = work / "config.toml"
    config.write_text(CONFIG)
    command = install(cordwainer, volume.root, config)
    run_once(command)
    # Digests are kept of files that have been as they are for a moment.
    time.sleep(3)
    run_once(command)
    before = volume.written()
    peak = run_once(command).mebibytes
    with undisturbed():
        cost = Cost(statistics.median(seconds_of(command) for _ in range(25)), peak)
    wrote = volume.written() - before
    (volume.root / "boot").mkdir(exist_ok=True)
    add_linux_kernels(volume.root, COUNT)
    seconds, entries = mkconfig(volume.root, "/tmp/grub.cfg")
    print(f"install: nothing to do, {COUNT} generations: {1000 * cost.seconds:.0f} ms, "
          f"{cost.mebibytes:.1f} MiB, {wrote} bytes written; grub-mkconfig, "
          f"{'not done' if entries is None else f'{entries} entries'} after {seconds:.1f} s, "
          f"{seconds / cost.seconds:.0f} times as long")
    failed = []
    if cost.seconds > 0.1:
        failed.append("a run with nothing to do takes more than 0.1 s")
    if cost.mebibytes > 32:
        failed.append("a run with nothing to do takes more than 32 MiB")
    if wrote > 0:
        failed.append("a run with nothing to do writes")
    if entries is not None and entries < COUNT:
        failed.append("grub-mkconfig has made too few entries to compare with")
    if seconds < 10 * cost.seconds:
        failed.append("grub-mkconfig is not ten times as slow")
    return failed


def add_generation(root, number):
    """Adds a generation with a kernel and an initrd of its own: their paths."""
    store = root / "gnu/store"
    profiles = root / "var/guix/profiles"
    old = os.readlink(profiles / "system-1-link").removeprefix("/")
    parameters = (root / old / "parameters").read_text()
    files = []
    for key, name, size in (("kernel", "linux/bzImage", KERNEL),
                            ("initrd", "raw-initrd/initrd.cpio.gz", INITRD)):
        path = store / f"{number:032x}-new-{name}"
        path.parent.mkdir()
        content = bytearray(os.urandom(size))
        if key == "kernel":
            content[:8192] = bytes(8192)
        path.write_bytes(content)
        before = parameters.split(f'({key} "', 1)[1].split('"', 1)[0]
        parameters = parameters.replace(before, f"/{path.relative_to(root)}")
        files.append(path)
    system = store / f"{number:032x}-new-system"
    system.mkdir()
    (system / "parameters").write_text(parameters)
    (profiles / f"system-{number}-link").symlink_to(f"/{system.relative_to(root)}")
    (profiles / "system").unlink()
    (profiles / "system").symlink_to(f"system-{number}-link")
    return files


def one_new_generation(cordwainer, volume, work):
    make_system(volume.root, 1)
    config = work / "copying.toml"
    config.write_text(COPYING)
    command = install(cordwainer, volume.root, config)
    run_once(command)
    seconds = ([], [])
    ratios = []
    menu = 0
    for turn in range(RUNS):
        files = add_generation(volume.root, turn + 2)
        before = volume.written()
        seconds[0].append(seconds_of(command))
        wrote = volume.written() - before
        menu = max(path.stat().st_size
                   for path in (volume.root / "boot/grub/cordwainer").glob("*/grub.cfg"))
        ratios.append(wrote / (KERNEL + INITRD + menu))
        copies = volume.root / f"copies-{turn}"
        copies.mkdir()
        seconds[1].append(seconds_of(
            ["sh", "-c", 'to=$1; shift; cp "$@" "$to" && sync && sha256sum "$@" && '
             'sha256sum "$to"/*', "sh", str(copies), *map(str, files)]))
        # The volume stays as large as it is: copies and generations do not add up.
        for path in copies.iterdir():
            path.unlink()
    medians = [statistics.median(each) for each in seconds]
    ratio = statistics.median(ratios)
    print(f"install: one new generation of {(KERNEL + INITRD) // MIB} MiB: {medians[0]:.2f} s, "
          f"bytes written {ratio:.3f} times kernel, initrd and menu ({menu} bytes); cp, sync and "
          f"two sha256sum: {medians[1]:.2f} s, ratio {medians[0] / medians[1]:.2f}")
    failed = []
    if ratio > 1.05:
        failed.append("more than 1.05 times what is new is written")
    if medians[0] > 1.3 * medians[1]:
        failed.append("a new generation takes more than 1.3 times copying it by hand")
    return failed


def main():
    cordwainer = str(pathlib.Path(sys.argv[1]).resolve())
    failed = []
    for part in (nothing_to_do, one_new_generation):
        with tempfile.TemporaryDirectory(prefix="cordwainer-bench-") as name:
            volume = Volume(pathlib.Path(name))
            try:
                failed += part(cordwainer, volume, pathlib.Path(name))
            finally:
                volume.close()
    if failed:
        sys.exit("install: " + "; ".join(failed))


if __name__ == "__main__":
    main()
