#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs the build into a folder of its own and compares what is there with installed.txt; units must have all their
directories filled in."""
import argparse
import os
import re
import subprocess
import tempfile

import tree

PREFIX = "prefix/of/kith"


def install(cmake, build, folder):
    run = subprocess.run([cmake, "--install", build, "--prefix", os.path.join(folder, PREFIX)], capture_output=True,
                         text=True, check=False)
    return [] if run.returncode == 0 else [f"cmake --install failed:\n{run.stdout}{run.stderr}"]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", required=True)
    arguments.add_argument("--cmake", required=True)
    chosen = arguments.parse_args()
    wanted = tree.read("tests/lint/installed.txt").split()
    with tempfile.TemporaryDirectory() as folder:
        problems = install(chosen.cmake, chosen.build, folder)
        root = os.path.join(folder, PREFIX)
        found = sorted(os.path.relpath(os.path.join(at, name), root) for at, _, names in os.walk(root) for name in names)
        problems += [f"{path}: not installed" for path in wanted if path not in found]
        problems += [f"{path}: installed, but not in tests/lint/installed.txt" for path in found if path not in wanted]
        for path in found:
            if path.endswith((".service", ".conf")):
                left = re.findall(r"@\w+@", tree.read(path, root))
                problems += [f"{path}: {word} is not filled in" for word in left]
    tree.finish(problems, f"{len(found)} installed files")


if __name__ == "__main__":
    main()
