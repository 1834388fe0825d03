"""Live file targets and disks on real media: a guest stages, replaces and removes files and is
killed, nothing unmounted. Then the image is read by programs that replay no journal, as loaders do."""

import subprocess

from harness import media, write_log

OLD = b"the old menu\n" * 400
NEW = b"the new menu, which is longer\n" * 700
MODULE = bytes(range(256)) * 300
STRANGER = b"somebody else's\n"
FILES = {"old": OLD, "new": NEW, "module": MODULE}
SCRIPT = """
mount -t {type} {options} /dev/vda /mnt && mkdir -p /mnt/grub && echo "somebody else's" >/mnt/grub/theirs
media_probe /mnt/grub write=cordwainer/inventory.0=/old replace=grub.cfg=/old \
    stage=cordwainer/k/gone.mod=/module settle
media_probe /mnt/grub write=cordwainer/inventory.1=/new stage=cordwainer/k/a.mod=/module \
    stage=cordwainer/kernel=/module settle \
    replace=grub.cfg=/new replace=first=/module look=grub.cfg remove=cordwainer/k/gone.mod settle
media_probe /mnt/grub look=grub.cfg
"""
PRESENT = {"grub.cfg": NEW, "first": MODULE, "theirs": STRANGER, "cordwainer/k/a.mod": MODULE,
           "cordwainer/kernel": MODULE, "cordwainer/inventory.0": OLD,
           "cordwainer/inventory.1": NEW}
ABSENT = ("cordwainer/k/gone.mod", "cordwainer/exchange")


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


def check_with_grub(lab, disk, folder="grub"):
    for path, content in PRESENT.items():
        assert grub_reads(lab, disk, f"{folder}/{path}", content), path
    for path in ABSENT:
        assert grub_reads(lab, disk, f"{folder}/{path}", None), path


def check_looks(text):
    """The stamp is the same for the next process."""
    looks = [line for line in text.splitlines() if line.startswith("PROBE grub.cfg ")]
    assert len(looks) == 2 and looks[0] == looks[1] and f" {len(NEW)} " in looks[0], looks


def run(lab, disk, kind, options=""):
    text = media.run(lab, disk, SCRIPT.format(type=kind, options=options), FILES)
    check_looks(text)
    return text


def test_ext4(lab):
    disk = sparse(lab, 64)
    lab.run("mke2fs", "-q", "-t", "ext4", disk)
    run(lab, disk, "ext4")
    check_with_grub(lab, disk)
    assert "needs_recovery" in lab.run("dumpe2fs", "-h", disk), "it must not have been unmounted"


def test_xfs(lab):
    disk = sparse(lab, 300)
    lab.run("mkfs.xfs", "-q", disk)
    run(lab, disk, "xfs")
    check_with_grub(lab, disk)


def test_btrfs(lab):
    disk = sparse(lab, 128)
    lab.run("mkfs.btrfs", "-q", disk)
    run(lab, disk, "btrfs")
    check_with_grub(lab, disk)


def test_vfat(lab):
    disk = sparse(lab, 64)
    lab.run("mkfs.fat", "-F", "32", "-s", "1", disk)
    run(lab, disk, "vfat")
    check_fat(lab, disk)
    check_with_grub(lab, disk)


def check_fat(lab, disk):
    """No complaint but the mark that it is in use."""
    output = subprocess.run(["fsck.fat", "-n", disk], stdin=subprocess.DEVNULL, text=True,
                            capture_output=True, timeout=60).stdout
    for wrong in ("Reclaimed", "share", "unused", "Truncating", "free cluster"):
        assert wrong not in output, output


def share_chain(disk, name, other):
    """Gives the directory entry `name` (11 bytes) the first cluster and the size of `other`."""
    image = bytearray(disk.read_bytes())
    entry, source = (next(at for at in positions(image, name)), next(
        at for at in positions(image, other)))
    for start, end in ((20, 22), (26, 32)):
        image[entry + start:entry + end] = image[source + start:source + end]
    disk.write_bytes(image)


def positions(image, name):
    """Where directory entries of that short name are."""
    at = image.find(name)
    while at >= 0:
        if at % 32 == 0:
            yield at
        at = image.find(name, at + 1)


def test_vfat_shared_clusters(lab):
    """What a cut between the two entries of an exchange leaves is never removed."""
    disk = sparse(lab, 64)
    lab.run("mkfs.fat", "-F", "32", "-s", "1", disk)
    media.run(lab, disk, """
mount -t vfat /dev/vda /mnt
media_probe /mnt replace=LOADER=/old stage=cordwainer/exchange=/new settle
umount /mnt""", FILES)
    share_chain(disk, b"EXCHANGE   ", b"LOADER     ")
    text = media.run(lab, disk, """
mount -t vfat /dev/vda /mnt
media_probe /mnt look=LOADER look=cordwainer/exchange
media_probe /mnt remove=cordwainer/exchange settle
media_probe /mnt write=cordwainer/inventory.0=/old
media_probe /mnt replace=LOADER=/new
media_probe /mnt replace=LOADER=/module stage=cordwainer/more=/new settle""", FILES)
    warnings = [line for line in text.splitlines() if line.startswith("PROBE warning ")]
    assert all("shares its clusters with" in line for line in warnings), warnings
    assert "/mnt/cordwainer/exchange shares its clusters with /mnt/LOADER" in warnings[0], warnings
    assert "/mnt/cordwainer/exchange.1" in "".join(warnings), warnings
    for path, content in {"LOADER": MODULE, "cordwainer/exchange": OLD, "cordwainer/more": NEW,
                          "cordwainer/exchange.1": OLD, "cordwainer/inventory.0": OLD}.items():
        assert grub_reads(lab, disk, path, content), path
    assert grub_reads(lab, disk, "cordwainer/exchange.2", None)


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


def record(lab, disk, kind, change=CHANGE):
    """Runs a change on a prepared disk, its writes logged: the disk before, and the writes."""
    media.run(lab, disk, BEFORE.format(type=kind), FILES)
    before = disk.read_bytes()
    log = lab.folder / "log"
    write_log.create(log)
    media.run(lab, disk, change.format(type=kind), FILES, write_log.drive(disk, log))
    writes = write_log.read(log)
    assert sum(write.flush for write in writes) >= 5, "a log without flushes says nothing"
    return before, writes


def wrong_states(lab, disk, kind, judge, *, reorderings=60, change=CHANGE):
    """What is wrong with the states that a cut can leave."""
    before, writes = record(lab, disk, kind, change)
    state = lab.folder / "state"
    count = 0
    wrong = []
    for name in write_log.Replay(before, state, writes).states(reorderings):
        count += 1
        problem = judge(lab, state)
        if problem:
            wrong.append(f"{name}: {problem}")
    print(f"{kind}: {len(writes)} entries of the log, {count} states, {len(wrong)} wrong")
    return wrong


def cut_everywhere(lab, disk, kind, judge):
    wrong = wrong_states(lab, disk, kind, judge)
    assert not wrong, "\n".join(wrong)


def test_power_cut_ext4(lab):
    disk = sparse(lab, 32)
    lab.run("mke2fs", "-q", "-t", "ext4", disk)
    cut_everywhere(lab, disk, "ext4", judge_with_grub)


def test_power_cut_xfs(lab):
    disk = sparse(lab, 300)
    lab.run("mkfs.xfs", "-q", disk)
    cut_everywhere(lab, disk, "xfs", judge_with_grub)


def test_power_cut_btrfs(lab):
    disk = sparse(lab, 110)
    lab.run("mkfs.btrfs", "-q", disk)
    cut_everywhere(lab, disk, "btrfs", judge_with_grub)


def test_power_cut_vfat(lab):
    disk = sparse(lab, 34)
    lab.run("mkfs.fat", "-F", "32", "-s", "1", disk)
    cut_everywhere(lab, disk, "vfat", judge_with_mtools)


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


def test_power_cut_vfat_recovery(lab):
    """The next run after a cut, on every state: it completes, and nothing of what it writes has
    clusters that another file has, which would go with that one."""
    disk = sparse(lab, 34)
    lab.run("mkfs.fat", "-F", "32", "-s", "1", disk)
    before, writes = record(lab, disk, "vfat")
    state = lab.folder / "state"
    states = []
    for name in write_log.Replay(before, state, writes).states():
        states.append((name, lab.folder / f"state-{len(states)}"))
        lab.run("cp", "--sparse=always", state, states[-1][1])
    wrong = []
    shared = 0
    for start in range(0, len(states), 20):
        batch = states[start:start + 20]
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


def test_power_cut_is_seen(lab):
    """A rename over the live file leaves states that do not boot, and the judge sees them."""
    disk = sparse(lab, 34)
    lab.run("mkfs.fat", "-F", "32", "-s", "1", disk)
    wrong = wrong_states(lab, disk, "vfat", judge_with_mtools, change="""
mount -t {type} /dev/vda /mnt
media_probe /mnt/grub stage=cordwainer/k/a.mod=/module settle
cp /new /mnt/grub/grub.new && sync && mv /mnt/grub/grub.new /mnt/grub/grub.cfg
media_probe /mnt/grub settle write=cordwainer/inventory.1=/new""")
    assert wrong
