#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README.md's table of mail servers against tests/e2e/mta_test.py: a row for each case that a test describes, "yes" where a server has
that test, "no: " and the reason where it has not."""
import ast
import re
import sys

import tree

README, TESTS = "README.md", "tests/e2e/mta_test.py"
SERVERS = {"Postfix": "OnPostfix", "Sendmail": "OnSendmail"}
SHARED = "Cases"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.M)
TABLE = re.compile(r"^\| case .*\n\|[-|]+\|\n((?:\|.*\n)*)", re.M)


def cases_of(source):
    """{case: servers that have a test of it}; a test without a description is none"""
    found = {}
    for node in ast.parse(source).body:
        servers = [s for s, name in SERVERS.items() if isinstance(node, ast.ClassDef) and node.name in (name, SHARED)]
        for test in node.body if servers else []:
            if isinstance(test, ast.FunctionDef) and test.name.startswith("test_") and ast.get_docstring(test):
                found.setdefault(ast.get_docstring(test).split("\n\n")[0].replace("\n", " "), set()).update(servers)
    return found


def problems_in(root=tree.ROOT):
    cases = cases_of(tree.read(TESTS, root))
    table = TABLE.search(tree.read(README, root))
    rows = ROW.findall(table[1]) if table else []
    problems = [f"{README}: no row \"{case}\", which {TESTS} has" for case in cases if case not in [r[0] for r in rows]]
    problems += [f"{README}: \"{case}\" is there twice" for case in {r[0] for r in rows if [q[0] for q in rows].count(r[0]) > 1}]
    for case, *cells in rows:
        if case not in cases:
            problems.append(f"{README}: no test in {TESTS} is described as \"{case}\"")
            continue
        for server, cell in zip(SERVERS, cells):
            tested = server in cases[case]
            if tested and cell != "yes":
                problems.append(f"{README}: \"{case}\" is tested with {server}: the cell must be \"yes\"")
            if not tested and not re.fullmatch(r"no: .{10,}", cell):
                problems.append(f"{README}: \"{case}\" is not tested with {server}: the cell must be \"no: \" and why")
    return problems


if __name__ == "__main__":
    tree.finish(problems_in(*sys.argv[1:]), "the table of mail servers")
