"""Every state that a power cut can leave of a change on each medium: all prefixes of the writes, each
write of a flush epoch lost, and seeded reorderings. Takes minutes: `./test --power-cut`."""

from harness import power_cut

REORDERINGS = 500


def test_ext4(lab):
    power_cut.cut_everywhere(lab, power_cut.ext4, power_cut.judge_with_grub,
                             reorderings=REORDERINGS)


def test_xfs(lab):
    power_cut.cut_everywhere(lab, power_cut.xfs, power_cut.judge_with_grub,
                             reorderings=REORDERINGS)


def test_btrfs(lab):
    power_cut.cut_everywhere(lab, power_cut.btrfs, power_cut.judge_with_grub,
                             reorderings=REORDERINGS)


def test_vfat(lab):
    power_cut.cut_everywhere(lab, power_cut.vfat, power_cut.judge_with_mtools,
                             reorderings=REORDERINGS)


def test_vfat_recovery(lab):
    power_cut.recover_everywhere(lab)
