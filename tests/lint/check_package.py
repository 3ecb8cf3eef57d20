#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""debian/ and the rest of the tree say the same: what is needed to build (debian/control, contrib/packages.txt), what is installed and
named (manual pages, README.Debian's lines for the mail servers)."""
import re

import tree

# Debian's own tools have the compiler and make, and the tools of packaging are of no use without them.
ONLY_PACKAGED = {"debhelper-compat", "dh-apparmor", "systemd"}
ONLY_LISTED = {"g++"}


def build_needs():
    text = re.search(r"^Build-Depends:(.*?)^\S", tree.read("debian/control"), re.M | re.S)[1]
    return {re.match(r"\S+", part.strip())[0] for part in text.split(",") if part.strip()}


def listed_needs():
    needs, build = set(), False
    for line in tree.read("contrib/packages.txt").splitlines():
        if line.startswith("#"):
            build = line == "# build"
        elif build and line:
            needs.add(line)
    return needs


def main():
    packaged, listed = build_needs() - ONLY_PACKAGED, listed_needs() - ONLY_LISTED
    problems = [f"debian/control: Build-Depends lacks {x}, which contrib/packages.txt has" for x in sorted(listed - packaged)]
    problems += [f"contrib/packages.txt: lacks {x}, which debian/control has" for x in sorted(packaged - listed)]
    readme = tree.read("debian/kith-milter.README.Debian")
    m4 = next(x for x in tree.read("conf/sendmail/kith.m4").splitlines() if x.startswith("INPUT_MAIL_FILTER"))
    snippet = [x for x in tree.read("conf/postfix/main.cf.snippet").splitlines() if re.match(r"\w+ = ", x)]
    lines = {x.strip() for x in readme.splitlines()}
    problems += [f"README.Debian: lacks the line {x}" for x in [m4] if x not in lines]
    for line in snippet:
        name = line.split(" = ")[0]
        if name != "milter_default_action" and not any(x.startswith(name + " = ") for x in lines):
            problems.append(f"README.Debian: says nothing of {name}, which main.cf.snippet has")
    tree.finish(problems, "debian/")


if __name__ == "__main__":
    main()
