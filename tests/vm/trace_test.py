"""A run with nothing to do writes nothing, and reads no content of a kernel, an initrd or an installed
file: judged from all system calls that the run made, on a living machine.

What it may read: the program's own libraries, what the kernel tells (/proc, /sys), the configuration,
the generations' data, its own state and inventories, the lists of GRUB's package (which modules need
which), the boot sector, and of a disk what tells what is on it. A kernel that was read once has its
digest in the state."""

import base64
import re
import shutil
import zlib

from harness import layouts, living, system
from harness.machine import BIOS, UEFI
from install_test import CONFIG, ESP_UUID, SYSTEMD_BOOT, generations

CALL = re.compile(r"^(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+|\?)(.*)$")
DESCRIPTOR = re.compile(r"^(\d+)<([^<>]*)(?:<[^>]*>)?>")
# Calls that change files, directories or devices whatever their arguments are.
WRITING = {"write", "pwrite64", "writev", "pwritev", "pwritev2", "sendfile", "copy_file_range",
           "splice", "vmsplice", "tee", "ftruncate", "truncate", "fallocate", "rename", "renameat",
           "renameat2", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "link", "linkat",
           "symlink", "symlinkat", "mknod", "mknodat", "chmod", "fchmod", "fchmodat", "chown",
           "fchown", "lchown", "fchownat", "utime", "utimes", "utimensat", "futimesat", "setxattr",
           "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "mount",
           "umount2", "fsync", "fdatasync", "sync", "syncfs", "sync_file_range", "msync", "creat",
           "io_uring_setup", "io_submit", "process_vm_writev"}
READING = {"read", "pread64", "readv", "preadv", "preadv2"}
# Requests of ioctl() that only ask.
ASKING = {"BLKGETSIZE64", "BLKSSZGET", "BLKPBSZGET", "BLKIOMIN", "BLKIOOPT", "BLKALIGNOFF",
          "BLKGETDISKSEQ", "CDROM_GET_CAPABILITY", "CDROMREADTOCHDR", "BLKGETZONESZ", "TCGETS",
          "TIOCGWINSZ", "FS_IOC_GETFLAGS", "FIBMAP", "FIGETBSZ", "FS_IOC_FIEMAP",
          "HDIO_GETGEO", "FDGETFDCSTAT", "CDROM_LAST_WRITTEN", "CDROM_DRIVE_STATUS",
          "LOOP_GET_STATUS64", "BTRFS_IOC_TREE_SEARCH", "BTRFS_IOC_INO_LOOKUP"}
STATE = "/var/lib/cordwainer"
LOCK = f"{STATE}/lock"
READABLE = (r"/(usr/)?lib(64|/[\w-]+)?/[\w.+-]+\.so[\w.]*", r"/etc/ld\.so\.cache", r"/proc/.*",
            r"/sys/.*", r"/etc/cordwainer/config\.toml", r"/etc/fstab", r"/dev/urandom",
            r"/var/guix/profiles/.*", r"/gnu/store/[a-z0-9]+-system(-\d+)*/parameters",
            rf"{STATE}/(installed\.json|digests|machine-digests|lock)",
            rf"{STATE}/(records/\d+\.json|recipes/[0-9a-f]+)",
            r"/usr/lib/grub/[\w-]+/\w+\.(lst|sh)",
            r"/boot/(grub|efi)/(EFI/)?cordwainer/inventory\.[01]",
            r"/boot/grub/cordwainer/grubenv")  # whether a boot is asked for once


class Trace:
    """What one process did: `wrote` and `read` hold what it must not have done, as lines of the
    trace; `blocks` the ranges (first byte, bytes) that it read, by device; `lines` counts."""

    def __init__(self, text, objects=()):
        self.wrote = []
        self.read = []
        self.blocks = {}
        self.lines = 0
        self._objects = objects  # names of small objects that may be read
        self._positions = {}
        for line in text.splitlines():
            match = CALL.match(line)
            if match:
                self.lines += 1
                self._judge(line, match.group(1), match.group(2), match.group(3))

    def _judge(self, line, call, arguments, result):
        found = DESCRIPTOR.match(arguments)
        number, path = (int(found.group(1)), found.group(2)) if found else (None, "")
        failed = result.startswith("-")
        if call in ("open", "openat", "openat2"):
            self._open(line, arguments, result)
        elif call == "lseek" and not failed:
            self._positions[number] = int(result)
        elif call in READING:
            if not failed:
                self._read(line, number, path, arguments, int(result), call.startswith("p"))
        elif call == "mmap" and "MAP_ANONYMOUS" not in arguments:
            if "PROT_WRITE" in arguments and "MAP_SHARED" in arguments:
                self.wrote.append(line)
            mapped = re.search(r", (\d+)<([^<>]*)>, ", arguments)
            if not mapped or not self._may_read(mapped.group(2)):
                self.read.append(line)
        elif call == "ioctl":
            request = arguments.split(", ")[1]
            if request not in ASKING:
                self.wrote.append(line)
        elif call in WRITING and not (call == "write" and number in (1, 2)):
            self.wrote.append(line)
        elif call in ("execve", "fork", "vfork", "clone", "clone3") and self.lines > 1:
            self.wrote.append(line)  # what a program of somebody else's does is not looked at

    def _open(self, line, arguments, result):
        opened = re.match(r"(\d+)", result)
        if opened:
            self._positions[int(opened.group(1))] = 0
        path = re.search(r'"((?:[^"\\]|\\.)*)"', arguments)
        lock = path and path.group(1) in (LOCK, "lock")
        if re.search(r"O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE", arguments) and not lock:
            self.wrote.append(line)

    def _read(self, line, number, path, arguments, count, placed):
        if path.startswith("/dev/") and path != "/dev/urandom":
            at = int(arguments.rsplit(", ", 1)[1]) if placed else self._positions.get(number, 0)
            if not placed:
                self._positions[number] = at + count
            if count > 0:
                self.blocks.setdefault(path, []).append((at, count))
        elif not self._may_read(path):
            self.read.append(line)

    def _may_read(self, path):
        if path.startswith(f"{STATE}/objects/"):
            return path.rpartition("/")[2] in self._objects
        return any(re.fullmatch(pattern, path) for pattern in READABLE)


def record(machine, command):
    """Runs a command of cordwainer under a tracer: what it printed, and its trace."""
    # O_DIRECT reads and libblkid's are 512 bytes and more; the content itself is not needed.
    printed = machine.run(f"strace -f -qq -y -s 0 -e signal=none -o /tmp/trace {command}")
    # One process: with a second one lines begin with its number in front of everything.
    text = machine.run("sed 's/^[0-9]* *//' /tmp/trace | gzip -c | base64 -w 76")
    packed = base64.b64decode("".join(text.split()))
    return printed, zlib.decompress(packed, 31).decode("utf-8", "replace")


def small_objects(machine):
    """The names of the objects that have 512 bytes: boot sectors."""
    found = machine.run(f"find {STATE}/objects -type f -size -2 -exec stat -c '%s %n' {{}} +")
    return {line.rpartition("/")[2] for line in found.splitlines() if line.startswith("512 ")}


def partitions(machine, disk):
    """First byte and number of bytes of each partition of a disk, by name."""
    listing = machine.run(f"cd /sys/block/{disk}; for p in {disk}*; do "
                          "echo $p $(cat $p/start) $(cat $p/size); done")
    return {name: (512 * int(start), 512 * int(size))
            for name, start, size in (line.split() for line in listing.splitlines())}


def reads_in(trace, disk, partition, places):
    """What was read of a partition, through its own node and through the disk's: (first byte of the
    partition, bytes), sorted."""
    start, size = places[partition]
    reads = [(at - start, count) for at, count in trace.blocks.get(f"/dev/{disk}", ())
             if start < at + count and at < start + size]
    return sorted(reads + trace.blocks.get(f"/dev/{partition}", []))


def nothing_to_do(lab, machine):
    """The trace of a run with nothing to do, judged."""
    machine.run("cordwainer install")
    assert "nothing to do" in machine.run("cordwainer install")
    machine.run("sleep 3; cordwainer install")  # digests are kept of files that rest for a moment
    machine.run("sync; sleep 1; touch /tmp/mark")
    printed, text = record(machine, "cordwainer install")
    assert "nothing to do" in printed, printed
    (lab.folder / "trace").write_text(text)
    trace = Trace(text, small_objects(machine))
    assert trace.lines > 200 and f"{STATE}/installed.json" in text, text[:2000]
    assert not trace.wrote, "\n".join(trace.wrote[:20])
    assert not trace.read, "\n".join(trace.read[:20])
    # libblkid looks for the signatures of everything that it knows, at most 1 MiB of that (ZFS).
    assert trace.blocks and all(sum(count for _, count in reads) < 3 << 19
                                for reads in trace.blocks.values()), trace.blocks
    changed = machine.run("find / $(awk '$3 == \"vfat\" { print $2 }' /proc/mounts) "
                          "-xdev -newer /tmp/mark").split()
    assert set(changed) <= {"/tmp", LOCK}, changed
    return trace


def test_nothing_to_do_on_grub(lab):
    tree = lab.tree()
    living.furnish(lab, tree, programs=["/usr/bin/strace"])
    system.add_guix_generations(tree, generations(lab, 1))
    system.add_config(tree, CONFIG)
    disk = lab.image(layouts.image() + layouts.BIOS_BOOT
                     + layouts.root(tree, size="content + 64MiB"))
    with living.start(disk, BIOS) as machine:
        trace = nothing_to_do(lab, machine)
        places = partitions(machine, "vda")
        (lab.folder / "blocks").write_text(f"{places} {trace.blocks} "
                                           f"{reads_in(trace, 'vda', 'vda1', places)}")
        assert (0, 512) in trace.blocks["/dev/vda"], trace.blocks  # the boot sector
        assert reads_in(trace, "vda", "vda1", places) == [], places
        machine.stop()


def test_nothing_to_do_on_systemd_boot(lab):
    tree = lab.tree()
    living.furnish(lab, tree, programs=["/usr/bin/strace"],
                   mounts=[f"UUID={ESP_UUID} /boot/efi vfat rw,umask=077 0 2"])
    shutil.copytree("/usr/lib/systemd/boot/efi", tree / "usr/lib/systemd/boot/efi")
    system.add_guix_generations(tree, generations(lab, 1))
    system.add_config(tree, SYSTEMD_BOOT)
    esp = layouts.ESP.replace("48MiB", "96MiB") + f'file-system-uuid = "{ESP_UUID}"\n'
    disk = lab.image(layouts.image() + esp + layouts.root(tree, size="content + 64MiB"))
    with living.start(disk, UEFI) as machine:
        trace = nothing_to_do(lab, machine)
        (lab.folder / "blocks").write_text(f"{trace.blocks}")
        machine.stop()


def test_the_judgement_sees_misdeeds(lab):
    """It would fail if a run did one of these."""
    for line in ('write(5</boot/grub/grub.cfg>, ""..., 512) = 512',
                 'pwrite64(5</dev/vda>, ""..., 512, 0) = 512',
                 'openat(3</boot>, "grub.new", O_WRONLY|O_CREAT|O_EXCL, 0644) = 7</boot/grub.new>',
                 'unlinkat(3</boot>, "grub.cfg", 0) = 0',
                 'fsync(5</boot/grub/grub.cfg>) = 0',
                 'ioctl(5</boot>, FIFREEZE, 0) = 0',
                 'mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3</etc/x>, 0) = 0x7f0000000000',
                 'execve("/usr/bin/grub-mkimage", ["grub-mkimage"...], 0x7ffc /* 9 vars */) = 0'):
        assert Trace("getpid() = 7\n" + line).wrote, line
    for path in ("/gnu/store/abc-linux-6.1.0/bzImage", "/boot/grub/grub.cfg",
                 "/usr/lib/grub/i386-pc/linux.mod", f"{STATE}/objects/12ab",
                 "/boot/efi/EFI/cordwainer/kernels/12-bzImage"):
        assert Trace(f'read(5<{path}>, ""..., 4096) = 4096').read, path
        assert Trace(f"mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3<{path}>, 0) = 0x7f00").read, path
    trace = Trace('openat(AT_FDCWD</>, "/dev/vda", O_RDONLY) = 5</dev/vda>\n'
                  'lseek(5</dev/vda>, 1048576, SEEK_SET) = 1048576\n'
                  'read(5</dev/vda>, ""..., 512) = 512\nread(5</dev/vda>, ""..., 512) = 512\n'
                  'pread64(5</dev/vda>, ""..., 512, 0) = 512\n'
                  'read(6</dev/vda1>, ""..., 1024) = 1024\n')
    assert trace.blocks["/dev/vda"] == [(1048576, 512), (1049088, 512), (0, 512)], trace.blocks
    places = {"vda1": (1048576, 1048576)}
    assert reads_in(trace, "vda", "vda1", places) == [(0, 512), (0, 1024), (512, 512)]
    assert not trace.wrote and not trace.read
    trace = Trace('write(1</dev/console>, "nothing"..., 8) = 8\n'
                  f'read(4<{STATE}/installed.json>, ""..., 4096) = 812\n'
                  f'read(4<{STATE}/objects/12ab>, ""..., 4096) = 512\n'
                  f'openat(AT_FDCWD</>, "{LOCK}", O_RDWR|O_CREAT, 0644) = 3<{LOCK}>\n',
                  {"12ab"})
    assert not trace.wrote and not trace.read, (trace.wrote, trace.read)
