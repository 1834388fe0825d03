"""A few of the states that power_cut_install_test.py judges, recovers and boots all of, on the media
where most can go wrong."""

from harness import cut_cases, cut_machine, cut_recovery


def _some_of(lab, make, stride):
    case = make(lab)
    del case.operations[3:]  # a generation is added and installed, the loader is upgraded
    recording = cut_machine.record(lab, case)
    assert cut_machine.sees_damage(lab, case, recording)
    wrong, judged = cut_machine.judge_states(lab, case, recording, reorderings=100, stride=stride)
    assert judged >= 30, f"only {judged} states were judged"
    for what in (
            cut_machine.boot_states(lab, case, recording, reorderings=0, samples=2),
            cut_recovery.recover_states(lab, case, recording, reorderings=100, stride=8 * stride)):
        wrong.update(what[0])
    assert not wrong, "\n".join(f"{name}: {problem}" for name, problem in wrong.items())


def test_ext4(lab):
    _some_of(lab, cut_cases.ext4, stride=17)


def test_esp(lab):
    _some_of(lab, cut_cases.esp_systemd_boot, stride=9)
