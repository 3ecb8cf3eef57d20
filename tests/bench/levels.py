#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is the promise kept? Genuine mail of a replayed stream that reaches scores 40, 60, 80, where 10, 1 and .1 in 1000 are
promised: by direction, stratum, history and kind of the sender, and tenths of the time; and what is caught and held in the
first weeks. Counts are followed by the rate in 1000 and its 95 % interval.

usage: levels.py MANIFEST RESULTS [--span SPANS] [--from-mail N]
"""
import argparse

import replay_results

NOMINAL = ((40, 10), (60, 1), (80, .1))
SHARES = {"identity": .145, "link": .55, "request": .20, "unbacked": .05, "plain": .005, "client": .05}  # engine/scoring/options.hpp
HISTORIES = ((0, "first mail"), (3, "1-2 mails"), (10, "3-9"), (50, "10-49"), (float("inf"), "50 and more"))
WEEK = 7 * 86400


def history(mail):
    return next(name for limit, name in HISTORIES if mail.history <= 0 and limit == 0 or 0 < mail.history < limit)


def sender(mail):
    return "bulk" if mail.kind == "ham-bulk" else "persons" if mail.person else "robots"


def row(name, mails, share=1.0, of=None):
    """`share` of what is promised to `of` mails is for these."""
    cells = []
    for score, nominal in NOMINAL:
        count = sum(m.score >= score for m in mails)
        of_all = len(mails) if of is None else of
        low, high = (1000 * x for x in replay_results.interval(count, of_all))
        rate = 1000 * count / of_all if of_all else 0
        mark = " " if low <= nominal * share <= high else "!"
        cells.append(f"{count:4d} {rate:7.2f} [{low:.2f}-{high:.2f}]{mark}")
    print(f"{name:<26}{len(mails):6d}  " + "  ".join(f"{cell:<30}" for cell in cells).rstrip())


def grouped(mails, key, names):
    groups = {}
    for mail in mails:
        groups.setdefault(key(mail), []).append(mail)
    return [(name, groups[name]) for name in names if name in groups]


def levels(mails):
    for direction in ("inbound", "outbound", "internal"):
        some = [m for m in mails if m.direction == direction]
        if not some:
            continue
        print(f"\n{direction:<26}{'mails':>6}  " + "  ".join(f"{f'score {s}: promised {n}':<30}" for s, n in NOMINAL).rstrip())
        row("all", some)
        for name, group in grouped(some, history, [name for _, name in HISTORIES]):
            row("  " + name, group)
        for name, group in grouped(some, sender, ("persons", "robots", "bulk")):
            row("  " + name, group)
        for name, group in grouped(some, lambda m: m.stratum, SHARES):
            row(f"  {name}, {SHARES[name]:.0%} of all", group, SHARES[name], len(some))
        first, last = some[0].time, some[-1].time
        tenth = lambda m: min(9, int(10 * (m.time - first) / max(1, last - first)))
        for name, group in grouped(some, tenth, range(10)):
            row(f"  tenth {name + 1} of the time", group)
    print("\n! promised rate outside the interval; a stratum's promise is its share of the budget, in mails of the direction")


def curve(mails):
    print(f"\n{'weeks':<10}{'learned':>8}{'genuine':>9}{'tagged':>8}{'held':>6}  in 1000{'':>8}{'attacks':>8}{'tagged':>8}{'held':>7}")
    start, learned, week, width = mails[0].time, 0, 0, 1
    while start + week * WEEK <= mails[-1].time:
        some = [m for m in mails if week <= (m.time - start) / WEEK < week + width]
        learned += sum(m.learned for m in some)
        ham, bad = [m for m in some if m.genuine], [m for m in some if m.attack and m.kind[:5] != "story"]
        tagged, held = (sum(m.verdict == v if v == "tag" else m.held for m in ham) for v in ("tag", "held"))
        line = f"{f'{week}-{week + width}':<10}{learned:>8}{len(ham):>9}{tagged:>8}{held:>6}"
        if ham:
            line += f"  {1000 * tagged / len(ham):6.1f}{1000 * held / len(ham):7.2f}"
        if bad:
            seen, kept = sum(m.verdict != "pass" for m in bad), sum(m.held for m in bad)
            line = f"{line:<50}{len(bad):>7}{seen / len(bad):>8.2f}{kept / len(bad):>7.2f}"
        print(line)
        week, width = week + width, max(1, week + width)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest")
    parser.add_argument("results")
    parser.add_argument("--span", default="", help="only mails of these spans (letters)")
    parser.add_argument("--from-mail", type=int, default=0, help="leave out what came before so many learned mails")
    options = parser.parse_args()
    mails = replay_results.read(options.manifest, options.results)
    learned, counted = 0, []
    for mail in mails:
        learned += mail.learned
        if (mail.genuine and not mail.after_story and learned > options.from_mail
                and (not options.span or mail.span in options.span)):
            counted.append(mail)
    levels(counted)
    curve(mails)


if __name__ == "__main__":
    main()
