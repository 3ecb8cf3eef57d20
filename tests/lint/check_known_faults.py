#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/known-faults.md against the tests: every fault is a row; one that is said to be tested is named by a test in the file the
row says, one that cannot occur is named by none; every id that a test bears is a row."""
import re
import sys

import tree

LIST = "tests/known-faults.md"
ID = re.compile(r"\b(?:PROTO|PARSE|RES|STORE|CFG|SEC|FP)-\d{2}\b")
# Names of tests: Catch2's, perhaps of several string literals, and Python's methods (a fault's id is in their docstring).
CATCH = re.compile(r'TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
PYTHON = re.compile(r'def test_\w+\(self\):\n\s+"""(.*?)"""', re.S)
ROW = re.compile(r"^\| (\S+) \| ([^|]+) \| ([^|]+) \|$")
CANNOT = "cannot occur: "


def ids_in_tests(root):
    """{id: files whose tests bear it}"""
    found = {}
    for path in tree.files(root):
        if path.startswith("tests/") and path.endswith((".cpp", ".py")):
            names = (CATCH if path.endswith(".cpp") else PYTHON).findall(tree.read(path, root))
            for fault in {i for name in names for i in ID.findall(name)}:
                found.setdefault(fault, set()).add(path)
    return found


def rows_of(text):
    return [m.groups() for m in map(ROW.match, text.splitlines()) if m and ID.fullmatch(m[1])]


def problems_in(root=tree.ROOT):
    rows, tested, problems = rows_of(tree.read(LIST, root)), ids_in_tests(root), []
    text = tree.read(LIST, root)
    seen = [row[0] for row in rows]
    problems += [f"{LIST}: {i} is there twice" for i in sorted({i for i in seen if seen.count(i) > 1})]
    problems += [f"{LIST}: {i} stands in the text and has no row" for i in sorted(set(ID.findall(text)) - set(seen))]
    problems += [f"{', '.join(sorted(tested[i]))}: {i} has no row in {LIST}" for i in sorted(set(tested) - set(seen))]
    declared = re.search(r"^(\d+) faults\b", text, re.M)
    if not declared or int(declared[1]) != len(rows):
        problems.append(f"{LIST}: must say \"{len(rows)} faults\"")
    for fault, what, how in rows:
        if how.startswith(CANNOT):
            if len(how) < len(CANNOT) + 20:
                problems.append(f"{LIST}: {fault}: why can it not occur?")
            if fault in tested:
                problems.append(f"{LIST}: {fault} cannot occur and is tested in {', '.join(sorted(tested[fault]))}")
            continue
        for path in how.split(", "):
            if path not in tested.get(fault, ()):
                problems.append(f"{LIST}: {fault}: no test of that name in {path}")
        missing = tested.get(fault, set()) - set(how.split(", "))
        problems += [f"{LIST}: {fault} is tested in {path}, too" for path in sorted(missing)]
    return problems


if __name__ == "__main__":
    tree.finish(problems_in(*sys.argv[1:]), "the list of known faults")
