"""What the next run makes of the states that power cuts leave of a machine (cut_machine.py): in each it
recovers, or says to run fsck.fat first, one more file is written beside what it left, and readers
judge that.

The run is in the machine's own userland, on its disk, under User-mode Linux: a Linux that is a process
of this machine has every file system, too, and without KVM it takes a third of a virtual machine's time.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

from . import cut_states
from .cut_machine import laid_out
from .machine import die_with_parent

_MODULES = ("nls/nls_cp437", "nls/nls_ascii", "nls/nls_iso8859-1", "fat/fat", "fat/vfat")
# The shell reads the console as a script: it prompts for nothing. What is typed before stty is lost.
_INIT = r"""#!/bin/busybox sh
/bin/busybox stty -echo -opost
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
for module in /lib/*; do insmod $module; done
for part in '' 1 2 3; do ln -s ubda$part /dev/vda$part; done
echo "RAN 0"
exec sh /dev/console </dev/null 2>&1
"""


class _Linux:
    """Context manager: a Linux whose disk is the file `disk`, /dev/vda, and whose root is `folder`,
    made here, with nothing but busybox."""

    def __init__(self, folder, disk):
        self._root = folder
        self._disk = disk
        self._process = None

    def __enter__(self):
        if not self._root.exists():
            for name in ("bin", "dev", "lib", "mnt", "proc", "sys"):
                (self._root / name).mkdir(parents=True)
            shutil.copy2("/bin/busybox", self._root / "bin")
            [modules] = Path("/usr/lib/uml/modules").iterdir()
            for name in _MODULES:
                shutil.copy2(modules / f"kernel/fs/{name}.ko", self._root / "lib")
            init = self._root / "init"
            init.write_text(_INIT)
            init.chmod(0o755)
        # A group of its own: the processes inside are processes here.
        self._process = subprocess.Popen(
            ["linux.uml", "mem=512M", "quiet", "root=/dev/root", "rw", "rootfstype=hostfs",
             f"rootflags={self._root}", "init=/init", f"ubd0={self._disk}", "con=null",
             "con0=fd:0,fd:1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, preexec_fn=die_with_parent)
        self._answer("the start")
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def run(self, command):
        """What the shell command prints; AssertionError where it fails."""
        self._process.stdin.write(f"( {command}\n)\necho \"RAN $?\"\n")
        self._process.stdin.flush()
        return self._answer(command)

    def _answer(self, command):
        said = []
        for line in self._process.stdout:
            if line.startswith("RAN "):
                status = int(line.split()[1])
                assert status == 0, f"{command!r} ended with {status}:\n{''.join(said)}"
                return "".join(said)
            said.append(line)
        raise AssertionError(f"Linux ended in {command!r}:\n{''.join(said)}")


def _recovery(case, command):
    place = f"/mnt{case.mount_point}"
    boot = ("" if case.root == case.volume else
            f"&& mount -t {case.kind} -o {'umask=077' if case.kind == 'vfat' else 'noatime'} "
            f"/dev/vda{case.volume} {place}")
    return (f"mount -t ext4 -o noatime /dev/vda{case.root} /mnt {boot} || exit; "
            "for d in proc sys dev; do mount -o bind /$d /mnt/$d || exit; done; "
            "mount -t tmpfs tmpfs /mnt/tmp; mount -t tmpfs tmpfs /mnt/run; "
            "export PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8; "
            f"chroot /mnt sh -c 'exec 2>/tmp/said; {command} && "
            f"cp /srv/initrd-3 {case.mount_point}/one-more && "
            f"sync {case.mount_point}/one-more {case.mount_point} || "
            "{ cat /tmp/said; exit 1; }; grep shares /tmp/said; :'")


# What cordwainer says to do where Linux cannot read a directory that the cut left half made.
def _repair(case):
    device = f"/dev/vda{case.volume}"
    return (f"mount -t ext4 -o noatime /dev/vda{case.root} /mnt && mount -o bind /dev /mnt/dev && "
            f"for _ in 1 2 3 4 5 6; do chroot /mnt /usr/sbin/fsck.fat -a {device} && break; done; "
            f"umount /mnt/dev /mnt && blockdev --flushbufs /dev/vda")


# What the kernel still knows of the disk is not what the next state has.
_CLEAN = ("for d in tmp run proc sys dev; do umount /mnt/$d; done; "
          "umount /mnt{place} 2>/dev/null; umount /mnt && blockdev --flushbufs /dev/vda")


def recover_states(lab, case, recording, *, reorderings, stride=1, a_linux=150):
    """Runs the next run, and writes one more file, in every `stride`-th state, and judges what is then
    on the disk, nothing unmounted: {name: problem} of the wrong ones, and how many states there
    were. Each Linux recovers `a_linux` of them."""
    judge = case.judge(lab, case.readers, recording.snapshots)
    wrong, seen, shared, repaired = {}, set(), 0, 0

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
            with _Linux(lab.folder / "linux", path) as linux:
                for _ in range(a_linux):
                    number = recording.running(state.end)
                    operation = case.operations[number - 1]
                    problem = None
                    command = _recovery(case, operation.again or operation.command)
                    try:
                        try:
                            said = linux.run(command)
                        except AssertionError as failure:
                            if case.kind != "vfat" or 'run "fsck.fat -a" on it' not in str(failure):
                                raise
                            linux.run(_CLEAN.format(place=case.mount_point))
                            linux.run(_repair(case))
                            said = linux.run(command)
                            repaired += 1
                    except AssertionError as failure:
                        problem, said = f"the recovery failed: {failure}", ""
                    if problem is None:
                        problem = judge.problem(path, set(operation.recovered) or {number})
                        both = judge.shared()
                        shared += bool(both)
                        if both and "shares its clusters with" not in said:
                            problem = problem or f"clusters are shared, and nothing said so: {both}"
                    if problem:
                        wrong[f"{state.name} ({operation.name})"] = problem
                    linux.run(_CLEAN.format(place=case.mount_point))
                    disk.restore()
                    state = next(states, None)
                    if state is None:
                        break
            # Hours may pass: what is known by now is told.
            print(f"{case.name}: {len(seen)} states so far, {len(wrong)} wrong", flush=True)
    print(f"{case.name}: {len(seen)} states recovered, {shared} with shared clusters, "
          f"{repaired} after fsck.fat, "
          f"{len(wrong)} wrong", flush=True)
    return wrong, len(seen)
