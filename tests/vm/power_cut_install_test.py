"""Every state that a power cut can leave of a machine on which cordwainer works: all prefixes of its
disk's writes, each write of a flush epoch lost, and seeded reorderings. In each the loader finds the
old menu or the new one with all its files, and the next run completes it. `./test --power-cut`."""

from harness import cut_cases, cut_machine, cut_others, cut_recovery

REORDERINGS = 500
BOOTED = 16


def _all_of(lab, make):
    case = make(lab)
    recording = cut_machine.record(lab, case)
    wrong, _ = cut_machine.judge_states(lab, case, recording, reorderings=REORDERINGS)
    more, booted = cut_machine.boot_states(lab, case, recording, reorderings=REORDERINGS,
                                           samples=BOOTED)
    wrong.update(more)
    assert booted >= 12, f"only {booted} states were booted"
    more, _ = cut_recovery.recover_states(lab, case, recording, reorderings=REORDERINGS)
    wrong.update(more)
    assert not wrong, "\n".join(f"{name}: {problem}" for name, problem in wrong.items())


def test_ext4(lab):
    _all_of(lab, cut_cases.ext4)


def test_xfs(lab):
    _all_of(lab, cut_cases.xfs)


def test_btrfs(lab):
    _all_of(lab, cut_cases.btrfs)


def test_bios(lab):
    _all_of(lab, cut_cases.bios)


def test_esp_grub(lab):
    _all_of(lab, cut_cases.esp_grub)


def test_esp_systemd_boot(lab):
    _all_of(lab, cut_cases.esp_systemd_boot)


def _survey(lab, make):
    case = make(lab)
    recording = cut_machine.record(lab, case)
    seen, *_ = cut_others.survey(lab, case, recording, reorderings=REORDERINGS, most_booted=100)
    assert seen >= 100, f"only {seen} states: what was recorded?"


def test_other_grub_install(lab):
    """For comparison: how many states do not boot. Nothing is demanded of them."""
    _survey(lab, cut_others.grub_install)


def test_other_bootctl(lab):
    """The same for systemd-boot's own installer."""
    _survey(lab, cut_others.bootctl)
