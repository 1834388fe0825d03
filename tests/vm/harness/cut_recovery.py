"""What the next run makes of the states that power cuts leave of a machine (cut_machine.py): in each it
recovers, one more file is written beside what it left, and readers judge that.

The run is in the machine's own userland, with a real kernel's file systems: in a guest, or under the
kernel that runs this, where it has them; without KVM that takes a fifth of the time.
"""

import contextlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from . import cut_states, debian, living, media, write_log
from .cut_machine import laid_out
from .initrd import kernel
from .machine import BIOS, Machine, die_with_parent

_GUEST = r"""
mount -t tmpfs tmpfs /tmp
mkdir /usr
mount -t ext4 -o ro /dev/vdb /usr
stty -echo
export PS1= PS2=
setsid cttyhack sh -c 'echo "LIVING $(cat /proc/cmdline)"; exec sh'
"""
# In a mount namespace of its own: in /dev there is nothing but the state's disk, as in a guest.
_HERE = r"""
unset TMPDIR
mount -t tmpfs tmpfs /mnt
for name in null zero urandom random $1 $1p1 $1p2 $1p3; do
    [ ! -e /dev/$name ] || cp -a /dev/$name /mnt/$name
done
for part in '' 1 2 3; do ln -s $1${part:+p$part} /mnt/vda$part; done
ln -s /proc/self/fd /mnt/fd
mount --move /mnt /dev
exec sh 2>&1
"""


@dataclass
class _Recoverer:
    """Where the next run of states is: its shell, the machine's /usr there (in which nothing changes),
    and the sectors of the disk that were written since that was asked last."""
    run: Callable
    usr: str
    written: Callable


@contextlib.contextmanager
def _guest(lab, path, disk, limit):
    """A guest with nothing but busybox, which can mount the disk's file systems one state after the
    other. /usr comes from a disk of its own: QEMU need not translate the same programs again for each
    state."""
    log = lab.folder / "recovery-log"
    write_log.create(log)
    image, usr = lab.folder / "recovery-initrd", lab.folder / "usr.img"
    if not image.exists():
        image.write_bytes(media.initrd(lab, _GUEST))
        lab.run("mke2fs", "-q", "-t", "ext4", "-d", debian.userland(lab) / "usr", usr, "400M")
        for command in (f"write {lab.folder}/tree/usr/bin/cordwainer bin/cordwainer",
                        "set_inode_field bin/cordwainer mode 0100755"):
            lab.run("debugfs", "-w", "-R", command, usr)
    extra = write_log.drive(path, log) + [
        "-drive", f"if=none,id=usr,format=raw,readonly=on,file={usr}",
        "-device", "virtio-blk-pci,drive=usr"]
    with Machine(None, kernel=kernel(lab.parts, "amd64"), initrd=image, memory=1024, limit=limit,
                 append="console=ttyS0 quiet", extra=extra) as machine:
        shell = living.Living(machine)
        shell.wait()
        yield _Recoverer(shell.run, "/usr", write_log.Tail(log).sectors)


def _can_be_here(case):
    """Whether the kernel that runs this may mount the case's file systems from a file. Not under
    UEFI, whose variables would be this machine's own."""
    known = {line.split()[-1] for line in Path("/proc/filesystems").read_text().splitlines()}
    return (case.firmware == BIOS and os.geteuid() == 0 and {case.kind, "ext4"} <= known
            and os.path.exists("/dev/loop-control"))


@contextlib.contextmanager
def _here(lab, path, disk, _):
    usr = lab.folder / "usr"
    if not usr.exists():
        shutil.copytree(debian.userland(lab) / "usr", usr, symlinks=True)
        shutil.copy2(lab.folder / "tree/usr/bin/cordwainer", usr / "bin/cordwainer")
    with contextlib.ExitStack() as ends:
        loop = lab.run("losetup", "--find", "--show", path).strip()
        ends.callback(lab.run, "losetup", "--detach", loop)
        # What another file had there before, if anything.
        subprocess.run(["partx", "--delete", loop], capture_output=True, check=False)
        lab.run("partx", "--add", loop)
        ends.callback(lab.run, "partx", "--delete", loop)
        shell = ends.enter_context(subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", _HERE, "sh",
             Path(loop).name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=die_with_parent))
        ends.callback(shell.stdin.close)

        def run(command):
            shell.stdin.write(f"( {command}\n)\necho \"RAN $?\"\n")
            shell.stdin.flush()
            said = []
            for line in shell.stdout:
                if line.startswith("RAN "):
                    status = int(line.split()[1])
                    assert status == 0, f"{command!r} ended with {status}:\n{''.join(said)}"
                    return "".join(said)
                said.append(line)
            raise AssertionError(f"the shell ended before {command!r}:\n{''.join(said)}")

        yield _Recoverer(run, str(usr), lambda: list(disk.strangers()))


def _recovery(case, command, usr):
    place = f"/mnt{case.mount_point}"
    boot = ("" if case.root == case.volume else
            f"mount -t {case.kind} -o {'umask=077' if case.kind == 'vfat' else 'noatime'} "
            f"/dev/vda{case.volume} {place} && ")
    return (f"mount -t ext4 -o noatime /dev/vda{case.root} /mnt && {boot}"
            f"mount --bind {usr} /mnt/usr || exit; "
            "for d in proc sys dev; do mount --bind /$d /mnt/$d || exit; done; "
            "mount -t tmpfs tmpfs /mnt/tmp; mount -t tmpfs tmpfs /mnt/run; "
            "export PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8; "
            f"chroot /mnt sh -c 'exec 2>/tmp/said; {command} && "
            f"cp /srv/initrd-3 {case.mount_point}/one-more && "
            f"sync {case.mount_point}/one-more {case.mount_point} || "
            "{ cat /tmp/said; exit 1; }; grep shares /tmp/said; :'")


# What the kernel still knows of the disk is not what the next state has.
_CLEAN = ("cd /; for d in tmp run proc sys dev usr; do umount /mnt/$d; done; "
          "umount /mnt{place} 2>/dev/null; umount /mnt && blockdev --flushbufs /dev/vda")


def recover_states(lab, case, recording, *, reorderings, stride=1, here=False, a_recoverer=150,
                   limit=900):
    """Runs the next run, and writes one more file, in every `stride`-th state, and judges what is then
    on the disk, nothing unmounted: {name: problem} of the wrong ones, and how many states there
    were. With `here` not in a guest where that can be."""
    start = _here if here and _can_be_here(case) else _guest
    judge = case.judge(lab, case.readers, recording.snapshots)
    wrong, seen, shared = {}, set(), 0

    def due(disk):
        for number, state in enumerate(cut_states.states(disk, recording.writes, reorderings)):
            operation = recording.running(state.end)
            if number % stride == 0 and (state.digest, operation) not in seen:
                seen.add((state.digest, operation))
                yield state

    with laid_out(lab, case, recording, "recovered") as (path, disk):
        states = due(disk)
        state = next(states, None)
        while state is not None:
            with start(lab, path, disk, limit) as recoverer:
                for _ in range(a_recoverer):
                    number = recording.running(state.end)
                    operation = case.operations[number - 1]
                    problem = None
                    try:
                        said = recoverer.run(_recovery(case, operation.again or operation.command,
                                                       recoverer.usr))
                    except AssertionError as failure:
                        problem, said = f"the recovery failed: {failure}", ""
                    if problem is None:
                        allowed = ({number} if operation.completes
                                   else recording.allowed(state.end) | {number + 1})
                        problem = judge.problem(path, allowed)
                        both = judge.shared()
                        shared += bool(both)
                        if both and "shares its clusters with" not in said:
                            problem = problem or f"clusters are shared, and nothing said so: {both}"
                    if problem:
                        wrong[f"{state.name} ({operation.name})"] = problem
                    recoverer.run(_CLEAN.format(place=case.mount_point))
                    disk.restore(recoverer.written())
                    state = next(states, None)
                    if state is None:
                        break
    print(f"{case.name}: {len(seen)} states recovered, {shared} with shared clusters, "
          f"{len(wrong)} wrong", flush=True)
    return wrong, len(seen)
