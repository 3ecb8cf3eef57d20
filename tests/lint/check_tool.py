#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one outside tool over the files it is for. A tool that is missing is a failure."""
import re
import shutil
import subprocess
import sys

import tree

IGNORED_WORDS = "tests/lint/codespell-ignore.txt"
FOREIGN = ("LICENSE", IGNORED_WORDS, "contrib/demo/", "tests/unit/message/", "tests/unit/features/")


def shell_scripts(paths):
    for path in paths:
        if path.startswith(tree.DATA):
            continue
        head = tree.read(path)[:64]
        if re.match(r"#!\s*/(usr/)?bin/(env )?(ba|da)?sh\b", head) or (
                path.startswith("debian/") and path.endswith((".postinst", ".postrm", ".preinst", ".prerm"))):
            yield path


def is_prose(path):
    """Not: foreign languages, old bytes, the licence."""
    return not (path.startswith(tree.DATA) or "/ask.d/" in path or path.startswith(FOREIGN))


def plan(tool, paths):
    """(command, package, files)"""
    if tool == "format":
        return ["clang-format-16", "--dry-run", "-Werror"], "clang-format-16", [p for p in paths if tree.is_source(p)]
    if tool == "mandoc":
        return ["mandoc", "-Tlint", "-Wwarning"], "mandoc", [p for p in paths if re.fullmatch(r"man/.*\.[1-8]", p)]
    if tool == "shellcheck":
        return ["shellcheck", "-x"], "shellcheck", list(shell_scripts(paths))
    if tool == "codespell":
        return ["codespell", f"--ignore-words={IGNORED_WORDS}"], "codespell", [p for p in paths if is_prose(p)]
    sys.exit(f"unknown tool {tool}")


def main():
    tool = sys.argv[1]
    command, package, files = plan(tool, tree.files())
    if shutil.which(command[0]) is None:
        sys.exit(f"{command[0]} is not installed; apt-get install {package}")
    if not files:
        sys.exit(f"no files for {command[0]}: wrong folder?")
    run = subprocess.run(command + files, cwd=tree.ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, errors="replace")
    failed = run.returncode
    if tool == "format":  # the files are enough: contrib/format puts them right
        for path in sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", run.stdout, re.M))):
            print(f"{path}: not formatted; run contrib/format")
    else:
        print(run.stdout, end="")
    print(f"{command[0]}: {len(files)} files, {'problems' if failed else 'good'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
