#!/usr/bin/env python3
"""Runs one test function of a VM test file, as ctest does:

    run.py FILE FUNCTION

The function gets a Lab (harness/lab.py), whose folder is removed when it passes and kept, with its
path printed, when it fails. By hand: CORDWAINER=… CORDWAINER_FAKES=… CORDWAINER_PARTS=… run.py ….
"""

import importlib.util
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness.lab import Lab  # noqa: E402: found through the line above


def main(path, function):
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lab = Lab(f"{Path(path).stem}.{function}")
    try:
        getattr(module, function)(lab)
    except BaseException:
        traceback.print_exc()
        print(f"the files of this test are kept in {lab.folder}", file=sys.stderr)
        return 1
    lab.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
