#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""conf/completion/kith, asked by a real bash as it is asked at the keyboard, offers every subcommand and every option that the help of
the built program names."""
import argparse
import os
import re
import subprocess

import tree

ASK = """\
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_kith kith; printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(kith, *words):
    run = subprocess.run(["bash", "-c", ASK, "ask", os.path.join(tree.ROOT, "conf/completion/kith"), kith, *words],
                         capture_output=True, text=True, check=False)
    return set(run.stdout.split()) | ({f"(bash said: {run.stderr})"} if run.stderr else set())


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--kith", required=True)
    kith = arguments.parse_args().kith
    commands = re.findall(r'^KITH_COMMAND\([^"]*"([^"]+)"', tree.read("engine/admin/commands.def"), re.M)
    problems = []
    missing = set(commands) - offered(kith, "")
    problems += [f"kith <Tab>: lacks {x}" for x in sorted(missing)]
    if offered(kith, "expl") != {"explain"}:
        problems.append(f"kith expl<Tab>: {sorted(offered(kith, 'expl'))}, not explain alone")
    for command in commands:
        text = subprocess.run([kith, command, "--help"], capture_output=True, text=True, check=True).stdout
        options = set(re.findall(r"--[a-z][a-z-]+", text.split("Options:")[-1].split("Subcommands:")[0]))
        found = offered(kith, command, "--")
        problems += [f"kith {command} --<Tab>: lacks {x}" for x in sorted(options - found)]
        problems += [f"kith {command} --<Tab>: {x}" for x in sorted(found) if not x.startswith("--")]
    if not {"list", "show", "close"} & offered(kith, "incident", ""):
        problems.append(f"kith incident <Tab>: {sorted(offered(kith, 'incident', ''))}")
    tree.finish(problems, f"the completion of {len(commands)} commands")


if __name__ == "__main__":
    main()
