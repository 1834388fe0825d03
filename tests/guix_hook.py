#!/usr/bin/env python3
"""Runs the installer that docs/guix.md gives a <bootloader>, with Guile itself.

    guix_hook.py GUILE docs/guix.md

Guix calls it on the machine and for another root; it must run `cordwainer install` there, and fail
where that fails. A program stands in for cordwainer, which says how it was called.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path


def installer_of(manual):
    """The expression behind the manual's `(installer #~`: up to its last closing parenthesis."""
    found = re.search(r"\(installer\s+#~", manual)
    assert found, "the manual has no (installer #~…)"
    depth = 0
    for token in re.finditer(r';[^\n]*|"(?:\\.|[^"\\])*"|[()]', manual[found.end():]):
        depth += {"(": 1, ")": -1}.get(token.group(), 0)
        if depth == 0:
            return manual[found.end():found.end() + token.end()]
    raise AssertionError("the installer in the manual is not closed")


def calls(guile, installer, scratch, ending, mount_point):
    """(whether it ended well, the arguments of cordwainer) where that one ends so."""
    program = scratch / "cordwainer"
    program.write_text(f'#!/bin/sh\necho "$@" > {scratch}/arguments\n{ending}\n')
    program.chmod(0o755)
    expression = installer.replace("/usr/local/bin/cordwainer", str(program))
    run = subprocess.run([guile, "--no-auto-compile", "-c",
                          f'({expression} #f "cordwainer" {mount_point})'],
                         capture_output=True, text=True, timeout=60)
    return run.returncode == 0, (scratch / "arguments").read_text().strip()


def main():
    guile, manual = sys.argv[1:]
    installer = installer_of(Path(manual).read_text())
    wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        for ending, well in (("exit 0", True), ("exit 3", True), ("exit 1", False),
                             ("exit 2", False), ("kill -9 $$", False)):
            for mount_point, root in (("#f", "/"), ('"/mnt"', "/mnt")):
                got = calls(guile, installer, Path(directory), ending, mount_point)
                if got != (well, f"install --root {root}"):
                    print(f"cordwainer: {ending}, mount point {mount_point}: {got}")
                    wrong += 1
    print(f"{wrong} wrong" if wrong else "the installer does as cordwainer's status says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
