#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone, with the include folders of the build (compile_commands.json)."""
import argparse
import concurrent.futures
import json
import os
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
            elif word.startswith("-I"):
                options[(word,)] = None
    return [word for option in options for word in option]


def compile_alone(compiler, options, header):
    run = subprocess.run(
        [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-x", "c++", "-include", header, *options, "/dev/null"],
        cwd=tree.ROOT, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else f"{header} does not compile alone:\n{run.stderr}"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", required=True)
    arguments.add_argument("--compiler", required=True)
    chosen = arguments.parse_args()
    options = ["-I", tree.ROOT, *include_options(chosen.build)]
    headers = [p for p in tree.files() if tree.is_source(p) and p.endswith(".hpp")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda header: compile_alone(chosen.compiler, options, header), headers)
    problems = [result for result in results if result]
    if len(headers) < 20:
        problems.append("found hardly any header: wrong folder?")
    tree.finish(problems, f"{len(headers)} headers")


if __name__ == "__main__":
    main()
