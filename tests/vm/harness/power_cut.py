"""A change of a file target on a real medium, its writes logged, and what a power cut can have left of
it: each state of the disk is laid out from the log (write_log.py) and judged by programs that replay
no journal, as loaders do."""

import itertools
import subprocess

from . import media, write_log

OLD = b"the old menu\n" * 400
NEW = b"the new menu, which is longer\n" * 700
MODULE = bytes(range(256)) * 300
STRANGER = b"somebody else's\n"
FILES = {"old": OLD, "new": NEW, "module": MODULE}


def sparse(lab, mebibytes, name="medium"):
    disk = lab.folder / name
    with open(disk, "wb") as file:
        file.truncate(mebibytes << 20)
    return disk


def grub_reads(lab, disk, path, content):
    """Whether GRUB's own readers find the content; of a file that is not there, None is right."""
    if content is None:
        listing = lab.run("grub-fstest", disk, "ls", f"(loop0)/{path.rpartition('/')[0]}/")
        return path.rpartition("/")[2] not in listing.split()
    expected = lab.folder / "expected"
    expected.write_bytes(content)
    done = subprocess.run(["grub-fstest", disk, "cmp", f"(loop0)/{path}", expected],
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    return done.returncode == 0 and not done.stdout.strip() and not done.stderr.strip()


def ext4(lab):
    disk = sparse(lab, 32)
    lab.run("mke2fs", "-q", "-t", "ext4", disk)
    return disk


def xfs(lab):
    disk = sparse(lab, 300)
    lab.run("mkfs.xfs", "-q", disk)
    return disk


def btrfs(lab):
    disk = sparse(lab, 110)
    lab.run("mkfs.btrfs", "-q", disk)
    return disk


def vfat(lab):
    disk = sparse(lab, 34)
    lab.run("mkfs.fat", "-F", "32", "-s", "1", disk)
    return disk


BEFORE = """
mount -t {type} /dev/vda /mnt && mkdir -p /mnt/grub && echo "somebody else's" >/mnt/grub/theirs
media_probe /mnt/grub write=cordwainer/inventory.0=/old stage=cordwainer/k/gone.mod=/module \
    settle replace=grub.cfg=/old
umount /mnt"""
CHANGE = """
mount -t {type} /dev/vda /mnt
media_probe /mnt/grub write=cordwainer/inventory.1=/new stage=cordwainer/k/a.mod=/module settle \
    replace=grub.cfg=/new remove=cordwainer/k/gone.mod settle write=cordwainer/inventory.0=/new"""


def judge_with_grub(lab, disk):
    """What is wrong with a state of the disk, as GRUB sees it; None if it boots."""
    menus = [menu for menu in (OLD, NEW) if grub_reads(lab, disk, "grub/grub.cfg", menu)]
    if len(menus) != 1:
        return "neither the old menu nor the new one"
    module = "cordwainer/k/gone.mod" if menus == [OLD] else "cordwainer/k/a.mod"
    if not grub_reads(lab, disk, f"grub/{module}", MODULE):
        return f"the menu is there without {module}"
    return None if grub_reads(lab, disk, "grub/theirs", STRANGER) else "a stranger's file is gone"


def judge_with_mtools(lab, disk):
    """The same as mtools see it."""
    def read(path):
        return subprocess.run(["mtype", "-i", disk, f"::grub/{path}"], capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60).stdout
    menu = read("grub.cfg")
    if menu not in (OLD, NEW):
        return "neither the old menu nor the new one"
    module = "cordwainer/k/gone.mod" if menu == OLD else "cordwainer/k/a.mod"
    if read(module) != MODULE:
        return f"the menu is there without {module}"
    return None if read("theirs") == STRANGER else "a stranger's file is gone"


# A menu in another directory than the inventory, behind a gap that is large enough for what it is
# exchanged with.
BEFORE_GAP = """
mount -t {type} /dev/vda /mnt && mkdir /mnt/a
echo gone >/mnt/a/a-name-that-takes-several-directory-entries.txt
media_probe /mnt write=z/inventory.0=/old replace=a/menu=/old
rm /mnt/a/*.txt
umount /mnt"""
CHANGE_GAP = """
mount -t {type} /dev/vda /mnt
media_probe /mnt write=z/inventory.1=/new replace=a/menu=/new replace=a/menu=/old"""


def judge_after_fsck(lab, disk):
    """What is wrong with the menu of CHANGE_GAP, also after the check that systems run when they
    start: it separates files that share their clusters, and empties one of the two."""
    checked = lab.folder / "checked"
    lab.run("cp", "--sparse=always", disk, checked)
    subprocess.run(["fsck.fat", "-a", checked], capture_output=True, timeout=60, check=False)
    for when, medium in (("after the cut", disk), ("after fsck.fat", checked)):
        menu = subprocess.run(["mtype", "-i", medium, "::a/menu"], capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60).stdout
        if menu not in (OLD, NEW):
            return f"{when} there is neither the old menu nor the new one"
    return None


def record(lab, disk, kind, before=BEFORE, change=CHANGE):
    """Runs a change on a prepared disk, its writes logged: the disk before, and the writes."""
    media.run(lab, disk, before.format(type=kind), FILES)
    content = disk.read_bytes()
    log = lab.folder / "log"
    write_log.create(log)
    media.run(lab, disk, change.format(type=kind), FILES, write_log.drive(disk, log))
    writes = write_log.read(log)
    assert sum(write.flush for write in writes) >= 5, "a log without flushes says nothing"
    return content, writes


def judged(lab, disk, kind, judge, *, reorderings=60, stride=1, before=BEFORE, change=CHANGE):
    """Every `stride`-th state that a cut can leave: its name, and what is wrong with it or None."""
    content, writes = record(lab, disk, kind, before, change)
    print(f"{kind}: {len(writes)} entries of the log")
    state = lab.folder / "state"
    states = write_log.Replay(content, state, writes).states(reorderings)
    for name in itertools.islice(states, 0, None, stride):
        yield name, judge(lab, state)


def cut_everywhere(lab, make, judge, *, reorderings=60, stride=1):
    """No state of a cut is one that `judge` finds anything wrong with."""
    kind = make.__name__
    count = 0
    wrong = []
    for name, problem in judged(lab, make(lab), kind, judge, reorderings=reorderings,
                                stride=stride):
        count += 1
        if problem:
            wrong.append(f"{name}: {problem}")
    print(f"{kind}: {count} states, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)


RECOVER = """
for disk in /dev/vd?; do
    mount -t vfat $disk /mnt &&
    media_probe /mnt/grub write=cordwainer/inventory.1=/new write=cordwainer/inventory.0=/new \
        stage=cordwainer/k/a.mod=/module settle replace=grub.cfg=/new \
        remove=cordwainer/k/gone.mod stage=cordwainer/more=/old settle \
        replace=grub.cfg=/module replace=grub.cfg=/new
    grep -q "/mnt vfat rw" /proc/mounts || echo "MEDIA bad $disk"
    umount /mnt || echo "MEDIA bad $disk"
done"""


def recover_everywhere(lab, *, stride=1, batch_size=20):
    """The next run after a cut, on every state of vfat: it completes, and nothing of what it writes
    has clusters that another file has, which would go with that one."""
    disk = vfat(lab)
    before, writes = record(lab, disk, "vfat")
    state = lab.folder / "state"
    states = []
    for name in itertools.islice(write_log.Replay(before, state, writes).states(), 0, None, stride):
        states.append((name, lab.folder / f"state-{len(states)}"))
        lab.run("cp", "--sparse=always", state, states[-1][1])
    wrong = []
    shared = 0
    for start in range(0, len(states), batch_size):
        batch = states[start:start + batch_size]
        text = media.run(lab, None, RECOVER, FILES, media.drives(path for _, path in batch),
                         limit=120)
        shared += text.count("PROBE warning")
        for number, (name, path) in enumerate(batch):
            problem = judge_with_mtools(lab, path)
            if f"MEDIA bad /dev/vd{chr(ord('a') + number)}" in text:
                problem = "the recovery failed"
            if problem:
                wrong.append(f"{name}: {problem}")
    print(f"vfat: {len(states)} states recovered, {shared} with shared clusters, {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)
