# SPDX-License-Identifier: Apache-2.0
"""The project's files for the lints, and how a lint ends."""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Bytes that are data (mail, old formats, fuzz inputs) and not text of ours.
DATA = ("tests/corpus/", "tests/fuzz/corpus/", "tests/golden/")


def files(root=ROOT):
    """Paths relative to `root`, sorted; build folders, .git and what git ignores by name left out."""
    found = []
    for folder, names, here in os.walk(root):
        top = folder == root
        names[:] = [n for n in names if n not in (".git", "__pycache__", "node_modules")
                    and not (top and (n == "build" or n.startswith("build-") or n.startswith("obj-")))]
        for name in here:
            path = os.path.relpath(os.path.join(folder, name), root)
            if not name.endswith((".pyc", "~", ".swp")) and path != "CMakeUserPresets.json":
                found.append(path)
    return sorted(found)


def is_source(path):
    return path.endswith((".cpp", ".hpp")) and path.split("/")[0] in ("engine", "milter", "tests", "contrib")


def read(path, root=ROOT):
    with open(os.path.join(root, path), encoding="utf-8", errors="surrogateescape") as f:
        return f.read()


def finish(problems, what):
    """Prints the problems, one a line, and ends the lint."""
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems in {what}")
    sys.exit(1 if problems else 0)
