#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many events a second `kith hunt --accounts` looks at, over the past of a made-up site (tests/support/account_site.py), with the
model that kith brings and with a condition; and what is kept of judgements.

usage: account_hunt_rate.py ACCOUNT_PAST KITH [ACCOUNTS DAYS]
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    past, kith = sys.argv[1:3]
    accounts, days = (sys.argv[3:5] if len(sys.argv) > 4 else ("200", "30"))
    with tempfile.TemporaryDirectory() as folder:
        stream = os.path.join(folder, "stream")
        subprocess.run([sys.executable, os.path.join(HERE, "..", "support", "account_site.py"), "--seed", "5", "--accounts", accounts,
                        "--days", days, "--attacks", "6", "--labels", os.path.join(folder, "labels"), "--out", stream], check=True)
        made = json.loads(subprocess.run([past, stream, folder], check=True, capture_output=True, text=True).stdout)
        for question in (["--model", "energy-sector-hunt"], ["--accounts", "--where", "kind = login and new.network and new.client"]):
            told = subprocess.run([kith, "--json", "--config", os.path.join(folder, "kith.yaml"), "hunt"] + question, check=True,
                                  capture_output=True, text=True).stdout
            answer = json.loads(told)
            looked = answer["looked_at"]
            assert looked["events"] > .8 * made["records"] and looked["unreadable"] == 0, looked
            made[" ".join(question)] = {"events": looked["events"], "events_a_second": round(looked["events"] / looked["seconds"]),
                                        "matches": answer["matches"]}
    print(json.dumps(made, indent=1))
    assert made["judgements"] < made["records"] / 3, "more is kept of what is unusual than was measured when this was written"


if __name__ == "__main__":
    main()
