#!/usr/bin/env python3
"""Checks that each folder of src/ includes only what the top CMakeLists.txt lets it use.

    include_directions.py SOURCE_DIRECTORY
"""

import re
import sys
from pathlib import Path


def allowed_folders(cmake):
    """{folder: the folders it may include} from the cordwainer_folder(NAME USES ...) lines."""
    allowed = {}
    for name, arguments in re.findall(r"^cordwainer_folder\((\w+)([^)]*)\)", cmake, re.M):
        uses = re.search(r"\bUSES\b(.*?)(?:\bLIBRARIES\b|$)", arguments, re.S)
        allowed[name] = {name, *(uses.group(1).split() if uses else ())}
    return allowed


def violations(source):
    allowed = allowed_folders((source / "CMakeLists.txt").read_text())
    folders = sorted(path.name for path in (source / "src").iterdir() if path.is_dir())
    for folder in folders:
        if folder not in allowed:
            yield f"src/{folder}: has no cordwainer_folder line in CMakeLists.txt"
            continue
        for path in sorted((source / "src" / folder).rglob("*.[ch]*")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if match and match.group(1).split("/")[0] not in allowed[folder]:
                    yield (f'{path.relative_to(source)}:{number}: {folder} may not include '
                           f'"{match.group(1)}" (it may: {", ".join(sorted(allowed[folder]))})')


def main():
    found = list(violations(Path(sys.argv[1])))
    print("\n".join(found) if found else "every include points downwards")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
