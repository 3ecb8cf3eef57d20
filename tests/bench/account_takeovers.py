#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takeovers of own accounts on a small made-up site (tests/support/account_site.py), judged by the built program: most are found
in time, ordinary use stays within the budget, and the evaluation counts right.

usage: account_takeovers.py KITH
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import account_results  # noqa: E402

DAY = account_results.DAY


def counts_right():
    """Two takeovers, one found in time and one too late, and two incidents of ordinary use, one of the learning week."""
    labels = {"start": 0, "days": 21, "takeovers": [
        {"attack": "a", "kind": "x", "account": "anna", "start": 10 * DAY, "end": 12 * DAY, "first_outbound": 11 * DAY},
        {"attack": "b", "kind": "x", "account": "bert", "start": 10 * DAY, "end": 16 * DAY, "first_outbound": 11 * DAY}]}
    steps = [{"account": account, "time": day * DAY, "opened": opened} for account, day, opened in
             (("carl", 2, True), ("anna", 9, True), ("anna", 11, True), ("anna", 11.5, False), ("bert", 15, True))]
    numbers, takeovers, false = account_results.evaluate(labels, steps, 7)
    assert numbers["found"] == 1 and numbers["in_time"] == .5 and numbers["day_2"] == .5, numbers
    assert numbers["false_a_week"] == .5 and numbers["false_while_learning"] == 1, numbers
    assert len(takeovers) == 2 and len(false) == 2


def main():
    counts_right()
    with tempfile.TemporaryDirectory() as folder:
        stream, labels, config = (os.path.join(folder, name) for name in ("stream", "labels", "kith.yaml"))
        subprocess.run([sys.executable, os.path.join(HERE, "..", "support", "account_site.py"), "--seed", "5", "--accounts", "400",
                        "--days", "28", "--attacks", "12", "--attacks-from", "10", "--labels", labels, "--out", stream], check=True)
        with open(config, "w", encoding="utf-8") as f:
            f.write("site:\n  domains: own.example\n")
        done = subprocess.run([sys.argv[1], "--config", config, "replay", "--accounts", stream], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stderr
        with open(labels, encoding="utf-8") as f:
            numbers, _, _ = account_results.evaluate(json.load(f), [json.loads(line) for line in done.stdout.splitlines()], 7)
    print(json.dumps(numbers, indent=1))
    assert numbers["in_time"] >= .7, "fewer takeovers are found in time than was measured when this was written (.83)"
    assert numbers["false_a_week"] <= 4, "more incidents of ordinary use than the budget of 3 a week, with room for chance"


if __name__ == "__main__":
    main()
