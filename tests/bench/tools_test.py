#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The measuring tools count right: levels.py and ablation on made-up results whose numbers can be worked out by hand, and
replay_costs on a week of the synthetic firm.

usage: tools_test.py REPLAY_COSTS
"""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
DAY = 86400


def write(path, lines):
    with open(path, "w", encoding="utf8") as f:
        f.writelines(json.dumps(line) + "\n" for line in lines)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


def result(number, score, **more):
    verdict = "quarantine" if score >= 60 else "tag" if score >= 40 else "pass"
    return {"id": str(number), "score": score, "verdict": verdict, "direction": "inbound", "stratum": "link", "history": 5,
            "us": 7, **more}


def levels(folder):
    """1,000 genuine mails, one a quarter of an hour: 20 reach 40, of these 3 reach 60; 10 attacks, 4 tagged and 2 held."""
    manifest, results = [], []
    for i in range(1000):
        manifest.append({"id": str(i), "time": i * 900, "kind": "ham", "person": i % 2 == 0, "span": "T"})
        results.append(result(i, 70 if i < 3 else 45 if i < 20 else 5, history=0 if i < 100 else 60))
    for i in range(1000, 1010):
        manifest.append({"id": str(i), "time": 8 * DAY, "kind": "A1", "label": "attack", "learn": False, "span": "T"})
        results.append(result(i, 90 if i < 1002 else 41 if i < 1006 else 0))
    manifest.append({"id": "x", "time": 9 * DAY, "kind": "ham", "after_story": True, "span": "T"})
    results.append(result("x", 99))
    write(f"{folder}/manifest.jsonl", manifest)
    write(f"{folder}/results.jsonl", results)
    out = run(f"{HERE}/levels.py", f"{folder}/manifest.jsonl", f"{folder}/results.jsonl")
    rows = {line[:26].strip(): line[26:].split() for line in out.splitlines()}
    # Clopper and Pearson for 20 and 3 of 1000: [12.26, 30.72] and [.62, 8.74] in 1000.
    assert rows["all"][:5] == ["1000", "20", "20.00", "[12.26-30.72]!", "3"], rows["all"]
    assert rows["all"][5:7] == ["3.00", "[0.62-8.74]"], rows["all"]
    assert rows["first mail"][:3] == ["100", "20", "200.00"], rows["first mail"]
    assert rows["50 and more"][:3] == ["900", "0", "0.00"], rows["50 and more"]
    assert rows["persons"][:2] == ["500", "10"] and rows["robots"][:2] == ["500", "10"], out
    link = [cells for name, cells in rows.items() if name.startswith("link, ")]
    assert [cells[:3] for cells in link] == [["1000", "20", "20.00"]], out
    weeks = {line.split()[0]: line.split()[1:] for line in out[out.index("\nweeks"):].splitlines()[2:]}
    # 672 quarters of an hour a week; the mail after the story is learned and genuine all the same.
    assert weeks["0-1"][:4] == ["672", "672", "17", "3"], weeks
    assert weeks["1-2"] == ["1001", "329", "0", "1", "0.0", "3.04", "10", "0.60", "0.20"], weeks


def ablation(folder):
    """Without the feature `client` the attack falls below the genuine mail that scored highest; without another, nothing."""
    manifest = [{"id": str(i), "time": i, "kind": "ham", "span": "T"} for i in range(1000)]
    manifest += [{"id": "a", "time": 2000, "kind": "A1", "label": "attack", "span": "T"},
                 {"id": "b", "time": 2001, "kind": "A1", "label": "attack", "span": "T"}]
    write(f"{folder}/ablation.jsonl", manifest)
    genuine = [result(i, i / 20) for i in range(1000)]
    write(f"{folder}/nothing.jsonl", genuine + [result("a", 90), result("b", 10)])
    write(f"{folder}/client.jsonl", genuine + [result("a", 49), result("b", 10)])
    program = f"{folder}/kith"
    with open(program, "w", encoding="utf8") as f:
        f.write(f'#!/bin/sh\n[ "$1" = replay ] && [ "$2" = {folder}/ablation.jsonl ] || exit 1\n'
                f'case "$3 $4" in "--without client") cat {folder}/client.jsonl ;; *) cat {folder}/nothing.jsonl ;; esac\n')
    os.chmod(program, 0o755)
    out = run(f"{HERE}/ablation", "--kith", program, "--by", "client,name", "--spans", "T", f"{folder}/ablation.jsonl")
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    assert rows["(nothing)"][:3] == ["0.500", "0.500", "0.500"], out
    # 49 is above 98 in 100 of the genuine mail: below the scores that 1 in 100 reach.
    assert rows["client"] == ["-0.500", "-0.500", "-0.500", "A1", "-0.50"], out
    assert rows["name"][:3] == ["0.000", "0.000", "0.000"], out
    assert "ask_pay" in run(sys.executable, "-c", f"import runpy; print(runpy.run_path({HERE + '/ablation'!r})['features']())")


def costs(folder, program):
    run(sys.executable, f"{HERE}/../../contrib/demo/firm.py", "--out", folder + "/firm", "--days", "14", "--probes", "0")
    out = run(program, folder + "/firm/manifest.jsonl")
    for line in (r"^\d+ mails, [1-9]\d* a second", r"^features to verdict: p50 [1-9]", r"together p50 [1-9]\d\d",
                 r"full buffers \(20000, 12000\): [1-9]", r"^examples kept: .* in [1-9]\d+ records"):
        assert re.search(line, out, re.M), f"no line {line} in\n{out}"


with tempfile.TemporaryDirectory() as work:
    levels(work)
    ablation(work)
    costs(work, sys.argv[1])
