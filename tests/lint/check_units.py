#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The systemd units as systemd-analyze sees them: no word of them unknown, and no more exposed than they were (0.0 to 10.0, its
own measure). Whether kith works with what they leave it: tests/e2e/units_test.py."""
import argparse
import os
import re
import shutil
import subprocess
import tempfile

import tree

# What is left: milter: sockets of the network (milter.socket may be one), the socket's group; learner: limits of kith-extract;
# accounts: sockets of the network; quarantine: root, for the queue; alerts: the webhook's network.
MOST_EXPOSED = {"kith-milter": 1.5, "kith-learner": 0.7, "kith-learner@": 0.7, "kith-accounts": 1.1, "kith-quarantine": 3.0,
                "kith-alerts": 1.4}


def problems_of(name, folder, most):
    path = os.path.join(folder, f"{name}.service")
    run = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, check=False)
    found = [f"{name}: {line}" for line in (run.stdout + run.stderr).splitlines()]
    run = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", path], capture_output=True, text=True,
                         check=False)
    overall = re.search(r"Overall exposure level for \S+: ([0-9.]+)", run.stdout)
    if overall is None:
        return found + [f"{name}: systemd-analyze security said: {run.stdout}{run.stderr}"]
    if float(overall[1]) > most:
        found.append(f"{name}: exposure level {overall[1]}, not {most} at most:\n{run.stdout}")
    return found


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", required=True)
    chosen = arguments.parse_args()
    problems = []
    if shutil.which("systemd-analyze") is None:
        tree.finish(["systemd-analyze is not installed; apt-get install systemd"], "")
    with tempfile.TemporaryDirectory() as folder:
        for name, most in MOST_EXPOSED.items():
            unit = tree.read(os.path.join(chosen.build, "conf", f"{name}.service"))
            # The programs need not be installed for this.
            with open(os.path.join(folder, f"{name}.service"), "w", encoding="utf-8") as f:
                f.write(re.sub(r"(?m)^(ExecStart|ExecReload)=\S*/kith\S*", r"\1=/bin/true", unit))
            problems += problems_of(name, folder, most)
    tree.finish(problems, f"{len(MOST_EXPOSED)} units")


if __name__ == "__main__":
    main()
