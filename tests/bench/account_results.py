#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `kith replay --accounts` made of a stream of tests/support/account_site.py: takeovers with an incident before or at their
first mail, by the second day, and incidents of ordinary use a week."""
import argparse
import json

DAY = 86400


def evaluate(labels, steps, learning_days):
    """The numbers, and a line a takeover."""
    opened = [s for s in steps if s["opened"]]
    takeovers, of_takeovers = [], set()
    for t in labels["takeovers"]:
        mine = [s for s in opened if s["account"] == t["account"] and t["start"] - 3600 <= s["time"] <= t["end"] + 2 * DAY]
        of_takeovers.update(id(s) for s in mine)
        first = min((s["time"] for s in mine), default=None)
        deadline = t["first_outbound"] if t["first_outbound"] is not None else t["end"]
        takeovers.append({**t, "found": first, "in_time": first is not None and first <= deadline,
                          "day_2": first is not None and first <= t["start"] + 2 * DAY})
    false = [s for s in opened if id(s) not in of_takeovers]
    begin = labels["start"] + learning_days * DAY
    later = [s for s in false if s["time"] >= begin]
    weeks = max(1e-9, (labels["days"] - learning_days) / 7)
    count = max(1, len(takeovers))
    return {"takeovers": len(takeovers),
            "found": sum(t["found"] is not None for t in takeovers) / count,
            "in_time": sum(t["in_time"] for t in takeovers) / count,
            "day_2": sum(t["day_2"] for t in takeovers) / count,
            "false_a_week": len(later) / weeks,
            "false_while_learning": len(false) - len(later)}, takeovers, false


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("labels")
    arguments.add_argument("steps", help="output of kith replay --accounts")
    arguments.add_argument("--learning-days", type=float, default=7)
    arguments.add_argument("--each", action="store_true", help="a line for each takeover and each false incident")
    chosen = arguments.parse_args()
    with open(chosen.labels, encoding="utf-8") as f:
        labels = json.load(f)
    with open(chosen.steps, encoding="utf-8") as f:
        steps = [json.loads(line) for line in f]
    numbers, takeovers, false = evaluate(labels, steps, chosen.learning_days)
    for name, value in numbers.items():
        print(f"{name:22} {value:.3f}" if isinstance(value, float) else f"{name:22} {value}")
    kinds = sorted({t["kind"] for t in takeovers})
    for kind in kinds:
        mine = [t for t in takeovers if t["kind"] == kind]
        print(f"  {kind:10} {len(mine):3}  in time {sum(t['in_time'] for t in mine):3}  day 2 {sum(t['day_2'] for t in mine):3}  "
              f"found {sum(t['found'] is not None for t in mine):3}")
    if chosen.each:
        for t in takeovers:
            when = "never" if t["found"] is None else f"{(t['found'] - t['start']) / 3600:.1f} h"
            print(f"{t['attack']:14} {t['account']} {when}{'' if t['in_time'] else '  LATE'}")
        for s in false:
            print(f"false day {(s['time'] - labels['start']) / DAY:.1f} {s['account']} {s['nats']} {s['text']}")


if __name__ == "__main__":
    main()
