#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small rules for every file: licence line, line ends, blanks, size, no open ends."""
import os
import re
import sys

import tree

MAX_BYTES = 1 << 20
TEXT = (".cpp", ".hpp", ".def", ".fbs", ".py", ".cmake", ".md", ".yaml", ".json", ".txt", ".service", ".sh")
NEEDS_SPDX = (".cpp", ".hpp", ".fbs", ".py")


def check(path):
    size = os.path.getsize(os.path.join(tree.ROOT, path))
    if size > MAX_BYTES:
        return [f"{path}: {size} bytes; a file has at most {MAX_BYTES}"]
    if path.startswith(tree.DATA) or not path.endswith(TEXT):
        return []
    problems = []
    text = tree.read(path)
    if "\r" in text:
        problems.append(f"{path}: line ends with CR")
    if text and not text.endswith("\n"):
        problems.append(f"{path}: no line end at the end")
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            problems.append(f"{path}:{number}: blank at the end of the line")
        if "\t" in line and path.endswith((".cpp", ".hpp", ".py")):
            problems.append(f"{path}:{number}: tab")
        if re.search(r"\b(TODO(?!\(#)|FIXME|XXX:)", line) and path != "tests/lint/check_tree.py" and not path.endswith(".md"):
            problems.append(f"{path}:{number}: TODO without an issue: TODO(#number)")
    if path.endswith(NEEDS_SPDX) and "SPDX-License-Identifier: Apache-2.0" not in text[:300]:
        problems.append(f"{path}: no SPDX line at the top")
    return problems


def check_quickstart():
    """The demo runs all programs, so quickstart must build them: an old build tree would hide one that it does not."""
    sys.path.insert(0, os.path.join(tree.ROOT, "tests", "support"))
    from kith_site import PROGRAMS  # pylint: disable=import-outside-toplevel

    built = re.search(r"--target ([a-z -]+?) --", tree.read("contrib/quickstart"))
    missing = sorted(set(PROGRAMS) - set(built.group(1).split() if built else ()))
    return [f"contrib/quickstart: does not build {name}, which the demo runs" for name in missing]


def main():
    problems = []
    for path in tree.files():
        problems += check(path)
    problems += check_quickstart()
    tree.finish(problems, "the tree")


if __name__ == "__main__":
    main()
