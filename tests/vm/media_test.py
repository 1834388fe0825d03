"""Live file targets and disks on real media: a guest stages, replaces and removes files and is
killed, nothing unmounted. Then the image is read by programs that replay no journal, as loaders do."""

import subprocess

from harness import media, power_cut
from harness.power_cut import FILES, MODULE, NEW, OLD, STRANGER, grub_reads, sparse

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
ABSENT = ("cordwainer/k/gone.mod", "cordwainer/exchange", "CORDWAIN.X00")


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


def test_vfat_directories_of_others_stay(lab):
    """Where nothing is made none is made larger: neither the root, nor one on the way, nor one in
    which a file is exchanged."""
    disk = sparse(lab, 64)
    lab.run("mkfs.fat", "-F", "32", "-s", "1", disk)
    text = media.run(lab, disk, """
mount -t vfat /dev/vda /mnt
mkdir -p /mnt/EFI/ours /mnt/loader
cp /old /mnt/loader/live
media_probe /mnt stage=EFI/ours/new/a=/old replace=loader/live=/new settle
for place in . EFI EFI/ours EFI/ours/new loader; do
    echo "SIZE $place $(stat -c %s /mnt/$place)"
done""", FILES)
    sizes = {place: int(size) for _, place, size in
             (line.split() for line in text.splitlines() if line.startswith("SIZE "))}
    assert sizes["."] == sizes["EFI"] == sizes["loader"] == 512, sizes
    assert all(sizes[place] >= 16384 for place in ("EFI/ours", "EFI/ours/new")), sizes
    check_fat(lab, disk)


def test_vfat_many_files(lab):
    """More files at once than a process may have open, and directories that need not grow."""
    disk = sparse(lab, 64)
    lab.run("mkfs.fat", "-F", "32", "-s", "1", disk)
    names = [f"cordwainer/k/p/{number}.mod" for number in range(300)]
    text = media.run(lab, disk, f"""
mount -t vfat /dev/vda /mnt
ulimit -n 1024
media_probe /mnt {" ".join(f"stage={name}=/old" for name in names)} settle
for place in cordwainer cordwainer/k cordwainer/k/p; do
    echo "SIZE $(stat -c %s /mnt/$place) $(ls -A /mnt/$place | grep -c room)"
done
media_probe /mnt {" ".join(f"remove={name}" for name in names[1:])} settle
ls -R /mnt""", FILES)
    sizes = [line.split()[1:] for line in text.splitlines() if line.startswith("SIZE ")]
    assert len(sizes) == 3 and all(int(size) >= 16384 for size, _ in sizes), sizes
    assert all(left == "0" for _, left in sizes), sizes
    check_fat(lab, disk)
    assert grub_reads(lab, disk, names[0], OLD)
    assert all(grub_reads(lab, disk, name, None) for name in names[1::60])


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
media_probe /mnt replace=LOADER=/old stage=CORDWAIN.X00=/new settle
umount /mnt""", FILES)
    share_chain(disk, b"CORDWAINX00", b"LOADER     ")
    text = media.run(lab, disk, """
mount -t vfat /dev/vda /mnt
media_probe /mnt look=LOADER look=CORDWAIN.X00
media_probe /mnt remove=CORDWAIN.X00 settle
media_probe /mnt write=cordwainer/inventory.0=/old
media_probe /mnt replace=LOADER=/new
media_probe /mnt replace=LOADER=/module stage=cordwainer/more=/new settle""", FILES)
    warnings = [line for line in text.splitlines() if line.startswith("PROBE warning ")]
    assert all("shares its clusters with" in line for line in warnings), warnings
    assert "/mnt/CORDWAIN.X00 shares its clusters with /mnt/LOADER" in warnings[0], warnings
    assert "/mnt/CORDWAIN.X01" in "".join(warnings), warnings
    for path, content in {"LOADER": MODULE, "CORDWAIN.X00": OLD, "cordwainer/more": NEW,
                          "CORDWAIN.X01": OLD, "cordwainer/inventory.0": OLD}.items():
        assert grub_reads(lab, disk, path, content), path
    assert grub_reads(lab, disk, "CORDWAIN.X02", None)


# Power cuts: of each medium a few of the states that power_cut_test.py judges all of.


def test_power_cut_ext4(lab):
    power_cut.cut_everywhere(lab, power_cut.ext4, power_cut.judge_with_grub, stride=11)


def test_power_cut_xfs(lab):
    power_cut.cut_everywhere(lab, power_cut.xfs, power_cut.judge_with_grub, stride=11)


def test_power_cut_btrfs(lab):
    power_cut.cut_everywhere(lab, power_cut.btrfs, power_cut.judge_with_grub, stride=11)


def test_power_cut_vfat(lab):
    power_cut.cut_everywhere(lab, power_cut.vfat, power_cut.judge_with_mtools, stride=9)


def test_power_cut_vfat_then_fsck(lab):
    """Files that share their clusters are separated when the system starts: the live one is kept."""
    disk = power_cut.vfat(lab)
    wrong = {name: problem for name, problem in power_cut.judged(
        lab, disk, "vfat", power_cut.judge_after_fsck, before=power_cut.BEFORE_GAP,
        change=power_cut.CHANGE_GAP) if problem}
    assert not wrong, wrong


def test_power_cut_vfat_recovery(lab):
    power_cut.recover_everywhere(lab, stride=8)


def test_power_cut_is_seen(lab):
    """A rename over the live file leaves states that do not boot, and the judge sees them."""
    disk = power_cut.vfat(lab)
    states = power_cut.judged(lab, disk, "vfat", power_cut.judge_with_mtools, change="""
mount -t {type} /dev/vda /mnt
media_probe /mnt/grub stage=cordwainer/k/a.mod=/module settle
cp /new /mnt/grub/grub.new && sync && mv /mnt/grub/grub.new /mnt/grub/grub.cfg
media_probe /mnt/grub settle write=cordwainer/inventory.1=/new""")
    assert any(problem for _, problem in states)
