#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documentation says is what the tables in the code say: configuration keys (keys.def against conf/kith.yaml and
man/kith.yaml.5), features (man/kith-features.7), indicators and tags (man/kith-indicators.7), subcommands (man/kith.1), include table
(CONTRIBUTING.md), version (CMakeLists.txt, CHANGELOG.md, debian/changelog)."""
import argparse
import json
import os
import re
import subprocess

import tree
from check_layers import MAY_INCLUDE


def exists(path):
    return os.path.exists(os.path.join(tree.ROOT, path))


def plain(text):
    """Text of a manual page or comment without its escapes, blanks folded."""
    for escape, char in (("\\(en", "-"), ("\\(em", "-"), ("\\(aq", "'"), ("\\(dq", '"'), ("\\&", ""), ("\\-", "-"),
                         ("\\e", "\\")):
        text = text.replace(escape, char)
    return " ".join(text.split())


def key_facts(key):
    """The line about a key in the manual page: type, range, default, restart."""
    facts = key["type"]
    if key["range"]:
        facts += ", " + key["range"].replace("..", " to ").replace("|", ", ")
    return f"({facts}; default: {key['default']}{'; restart' if key['restart'] else ''})"


def config_problems(keys):
    page = tree.read("man/kith.yaml.5")
    entries = {}
    for name, body in re.findall(r"^\.It Ic (\S+)\n(.*?)(?=^\.(?:It|El|Ss|Sh))", page, re.M | re.S):
        entries.setdefault(name, plain(body))
    problems = []
    for key in keys:
        entry = entries.pop(key["path"], None)
        wanted = plain(key_facts(key) + " " + key["description"])
        if entry is None:
            problems.append(f"man/kith.yaml.5: key {key['path']} is missing")
        elif entry != wanted:
            problems.append(f"man/kith.yaml.5: {key['path']}: is  {entry}\n    must be  {wanted}")
    problems += [f"man/kith.yaml.5: {name} is no key" for name in entries]
    # conf/kith.yaml: commented-out keys; tests/unit/config/conf_files_test.cpp compares values and descriptions.
    shipped = re.findall(r"^\s*#([a-z_0-9]+):", tree.read("conf/kith.yaml"), re.M)
    wanted = [key["path"].split(".")[-1] for key in keys]
    if sorted(shipped) != sorted(wanted):
        problems.append(f"conf/kith.yaml: keys differ from the table: {sorted(set(shipped) ^ set(wanted))}")
    return problems


def names_in_page(page, names, what):
    """Each name heads an entry (.It, .Ss) of the page."""
    if not exists(page):
        return [f"{page} is missing"]
    heads = [plain(line) for line in re.findall(r"^\.(?:It|Ss)\s+(.*)$", tree.read(page), re.M)]
    problems = []
    for name in names:
        if not any(re.search(rf"(^|[\s\"(]){re.escape(name)}($|[\s\",)])", head) for head in heads):
            problems.append(f"{page}: {what} {name} has no entry (.It or .Ss)")
    return problems


def meanings_in_page(page, meanings, what):
    """Each name heads an entry that begins with its meaning as a sentence; what an admin does about it may follow."""
    entries = {plain(name): plain(" ".join(body.splitlines()))
               for name, body in re.findall(r"^\.It Sy ([^\n]+)\n(.*?)(?=^\.(?:It|El|Ss|Sh))", tree.read(page), re.M | re.S)}
    return [f"{page}: {what} {name}: is  {entries.get(name)}\n    must begin with  {wanted}"
            for name, meaning in meanings
            for wanted in [meaning[0].upper() + meaning[1:]] if not re.match(re.escape(wanted) + "[.:]", entries.get(name, ""))]


METRIC_TYPES = {"Number": "number", "Text": "text", "Texts": "texts", "Flag": "yes or no"}


def metric_problems():
    """man/kith-models.5 has the tables of metrics, word for word."""
    return (metric_table_problems("engine/policy/metrics.def", ".Ss Metrics\n", ".Ss Metrics of accounts\n") +
            metric_table_problems("engine/policy/account_metrics.def", ".Ss Metrics of accounts\n", ".Ss Bounds\n"))


def metric_table_problems(table, begin, end):
    rows = re.findall(r'^METRIC(_FAMILY|)(?:_CLOSED)?\(\w+, "([^"]+)", (\w+), "([^"]+)"[,)]', tree.read(table), re.M)
    wanted = [(name + (".NAME" if family else ""), METRIC_TYPES[kind], meaning[0].upper() + meaning[1:] + ".")
              for family, name, kind, meaning in rows]
    page = tree.read("man/kith-models.5")
    section = page[page.index(begin):page.index(end)]
    found = [(name, kind, plain(body)) for name, kind, body in
             re.findall(r"^\.It Sy (\S+) Pq ([^\n]+)\n(.*?)(?=^\.(?:It|El))", section, re.M | re.S)]
    problems = [f"man/kith-models.5: metric {row[0]}: entry missing or other than in {table}" for row in wanted if row not in found]
    return problems + [f"man/kith-models.5: {row[0]} is no metric" for row in found if row not in wanted] + (
        [] if wanted else [f"{table}: no rows"])


def table_rows(path, macro):
    if not exists(path):
        return []
    text = re.sub(r"//[^\n]*|^#[^\n]*", "", tree.read(path), flags=re.M)
    return re.findall(macro, text, re.M)


def version_problems():
    found = re.search(r"project\(kith VERSION (\S+)", tree.read("CMakeLists.txt"))
    if not found:
        return ["CMakeLists.txt: no version"]
    version = found.group(1)
    problems = []
    newest = re.search(r"^## \[([^\]]+)\]", tree.read("CHANGELOG.md"), re.M)
    if not newest or newest.group(1) != version:
        problems.append(f"CHANGELOG.md: the newest entry is not [{version}]")
    if exists("debian/changelog"):
        packaged = re.match(r"kith \((?:\d+:)?([^)-]+)", tree.read("debian/changelog"))
        # 0.1.0~rc1 is a version on its way to 0.1.0.
        if not packaged or packaged.group(1).split("~")[0] != version:
            problems.append(f"debian/changelog: the newest entry is not of version {version}")
    return problems


def include_table_problems():
    """CONTRIBUTING.md shows the include table as check_layers.py checks it."""
    rows = dict(re.findall(r"^\| `([a-z/]+)` \| ([^|]*) \|", tree.read("CONTRIBUTING.md"), re.M))
    problems = []
    for folder, others in MAY_INCLUDE.items():
        name = "milter" if folder == "milter" else f"engine/{folder}"
        shown = sorted(rows.get(name, "?").replace(",", " ").split())
        if shown != (sorted(others.split()) or ["nothing"]):
            problems.append(f"CONTRIBUTING.md: row {name} of the include table must be: {', '.join(sorted(others.split())) or 'nothing'}")
    return problems


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--config-keys", required=True, help="program that prints the keys as JSON")
    chosen = arguments.parse_args()
    keys = json.loads(subprocess.run([chosen.config_keys], check=True, capture_output=True, text=True).stdout)
    features = table_rows("engine/features/features.def", r"^(?:FEATURE|ASK)\(\s*\d+\s*,\s*(\w+)")
    indicators = table_rows("engine/scoring/indicators.def", r'^INDICATOR\([^"]*"([^"]+)", "([^"]+)"')
    account_indicators = table_rows("engine/accounts/account_indicators.def",
                                    r'^ACCOUNT_INDICATOR\(\d+, \w+, "([^"]+)", "[^"]*", "([^"]+)"\)')
    tags = table_rows("engine/scoring/tags.def", r'^TAG\(\w+, "([^"]+)", "([^"]+)"')
    commands = table_rows("engine/admin/commands.def", r'^KITH_COMMAND\([^"]*"([^"]+)"')
    problems = config_problems(keys)
    if not (keys and features and indicators and account_indicators and tags and commands):
        problems.append(f"a table is empty: {len(keys)} keys, {len(features)} features, {len(indicators)} indicators, "
                        f"{len(tags)} tags, {len(commands)} commands")
    problems += names_in_page("man/kith-features.7", features, "feature")
    problems += meanings_in_page("man/kith-indicators.7", indicators, "indicator")
    problems += meanings_in_page("man/kith-indicators.7", tags, "tag")
    problems += meanings_in_page("man/kith-indicators.7", account_indicators, "indicator of accounts")
    problems += names_in_page("man/kith.1", commands, "command")
    problems += metric_problems()
    problems += version_problems()
    problems += include_table_problems()
    tree.finish(problems, "the documentation")


if __name__ == "__main__":
    main()
