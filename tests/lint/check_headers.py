#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone. Where a source includes the header before anything else, its own compilation has shown that;
the others are compiled here, with the include folders of the build (compile_commands.json)."""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import subprocess

import tree


def include_options(build):
    """-I, -isystem and -D options of all compile commands, each once."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        commands = json.load(f)
    options = {}
    for command in commands:
        words = shlex.split(command["command"])
        for i, word in enumerate(words):
            if word == "-isystem":
                options[("-isystem", words[i + 1])] = None
            elif word.startswith(("-I", "-D")):
                options[(word,)] = None
    return [word for option in options for word in option]


def compile_alone(compiler, options, header):
    run = subprocess.run(
        [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-x", "c++", "-include", header, *options, "/dev/null"],
        cwd=tree.ROOT, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else f"{header} does not compile alone:\n{run.stderr}"


def shown_by_build(sources):
    """Headers that stand first in some source."""
    found = set()
    for source in sources:
        first = re.search(r'^\s*#\s*include\s+["<]([^">]+)[">]', tree.read(source), re.M)
        if first:
            found.add(first.group(1))
    return found


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", required=True)
    arguments.add_argument("--compiler", required=True)
    chosen = arguments.parse_args()
    options = ["-I", tree.ROOT, *include_options(chosen.build)]
    sources = [p for p in tree.files() if tree.is_source(p)]
    headers = [p for p in sources if p.endswith(".hpp")]
    shown = shown_by_build(p for p in sources if p.endswith(".cpp"))
    alone = [p for p in headers if p not in shown]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda header: compile_alone(chosen.compiler, options, header), alone)
    problems = [result for result in results if result]
    if len(headers) < 20:
        problems.append("found hardly any header: wrong folder?")
    tree.finish(problems, f"{len(headers)} headers, {len(alone)} of them compiled here")


if __name__ == "__main__":
    main()
