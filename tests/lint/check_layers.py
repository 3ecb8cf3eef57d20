#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The include table of ARCHITECTURE.md: which folder may include which, one door for each C library, and nothing of the
outside world (clock, files, log, randomness) in pure code. check_layers_test.py shows that it finds what it should."""
import re
import sys

import tree

# Folder -> folders it may include, besides itself.
MAY_INCLUDE = {
    "base": "",
    "geo": "base",
    "message": "base",
    "documents": "base message",
    "model": "base",
    "features": "base message model",
    "profile": "base features model",
    "scoring": "base features message model profile",
    "journal": "base features scoring",
    "accounts": "base features journal message model",
    "policy": "accounts base features journal scoring",
    "store": "base",
    "config": "accounts base documents features journal message policy scoring store",
    "intake": "base config geo journal",
    "assess": "accounts base config features journal message model policy profile scoring store",
    "learner": "accounts assess base config documents features journal message model policy profile scoring store",
    "milter": "accounts assess base config documents features geo journal learner message model policy profile scoring store",
    "admin": "accounts assess base config documents features geo intake journal learner message model policy profile scoring store",
}

# Include (regular expression) -> the only files (prefixes) that may have it.
DOORS = {
    r"lmdb\.h": ["engine/store/store.cpp"],
    r"gmime/.*": ["engine/message/gmime_door.cpp"],
    r"glib.*|gio/.*": ["engine/message/gmime_door.cpp"],
    r"yaml-cpp/.*": ["engine/config/"],
    r"libmilter/.*": ["milter/glue.cpp"],
    r"sodium.*": ["engine/base/hash.cpp"],
    r"poppler/.*": ["engine/documents/pdf_door.cpp"],
    r"archive(_entry)?\.h": ["engine/documents/archive_door.cpp"],
    r"curl/.*": ["engine/admin/webhook.cpp"],
    r"boost/.*": ["engine/intake/http_door.cpp"],
    r"expat\.h": ["engine/documents/xml_text.cpp"],
    r"seccomp\.h": ["engine/documents/sandbox.cpp"],
    r"gumbo\.h": ["engine/message/"],
    r"magic\.h": ["engine/message/"],
    r"libpsl\.h": ["engine/message/"],
    r"maxminddb\.h": ["engine/geo/geo_databases.cpp"],
    r"unicode/.*": ["engine/base/", "engine/message/", "engine/features/"],
    r"zstd\.h": ["engine/journal/"],
    r"syslog\.h": ["engine/base/log.cpp"],
    r"systemd/.*": ["engine/base/notify.cpp"],
    r"nlohmann/.*": ["engine/admin/", "engine/intake/"],
    r"CLI/.*": ["engine/admin/", "engine/intake/main.cpp", "engine/learner/", "milter/main.cpp"],
    r"flatbuffers/.*|.*_generated\.h": ["engine/accounts/", "engine/profile/", "engine/journal/", "engine/learner/"],
    r"Eigen/.*": ["engine/model/", "engine/scoring/"],
}

# Facts come in as parameters there; see MAY_INCLUDE for the folders they may know.
PURE = ("accounts", "model", "features", "policy", "profile", "scoring", "assess")
# The edge of assess: the milter's door to it, with threads, deadline and the opened store.
EDGES = ("engine/assess/judge.", "engine/assess/judges.", "engine/assess/store_memory.")
IMPURE_INCLUDES = re.compile(
    r"engine/base/(log|unique_fd|os_error)\.hpp|fstream|iostream|filesystem|thread|mutex|random|unistd\.h|fcntl\.h|"
    r"sys/(stat|socket|mman)\.h|time\.h|ctime|syslog\.h")
IMPURE_TEXT = re.compile(
    r"\b(SystemClock|system_clock\s*::\s*now|steady_clock\s*::\s*now|random_device|getenv|std::rand|time\s*\(\s*(NULL|nullptr|0)\s*\))")
SMFI = re.compile(r"\bsmfi_\w+\s*\(")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def layer_of(path):
    parts = path.split("/")
    if parts[0] == "milter":
        return "milter"
    return parts[1] if parts[0] == "engine" and len(parts) > 2 else None


def is_pure(path):
    return layer_of(path) in PURE and not path.startswith(EDGES)


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)


def check_include(path, layer, kind, target):
    """One problem of one include, or None."""
    for pattern, doors in DOORS.items():
        if re.fullmatch(pattern, target) and not any(path.startswith(door) for door in doors):
            return f"<{target}> may be included by {' and '.join(doors)} only"
    if re.fullmatch(r"Eigen/.*", target) and path.endswith(".hpp"):
        return "Eigen stays out of headers"
    if is_pure(path) and IMPURE_INCLUDES.fullmatch(target):
        return f"{layer} is pure code and must not include {target}"
    if kind == '"' and not target.startswith(("engine/", "milter/", "tests/")):
        return f'"{target}": name the file from the top of the tree'
    if target.startswith("tests/"):
        return "product code must not include tests"
    other = layer_of(target)
    if other is None or other == layer:
        return None
    if other not in MAY_INCLUDE:
        return f"{other} is no folder of the include table"
    if other not in MAY_INCLUDE[layer].split():
        return f"{layer} must not include {other} ({target})"
    return None


def check(path, text):
    """Problems of one file."""
    layer = layer_of(path)
    if layer is None:
        return []
    if layer not in MAY_INCLUDE:
        return [f"{path}: {layer} is no folder of the include table"]
    problems = []
    for found in INCLUDE.finditer(text):
        problem = check_include(path, layer, found.group(1), found.group(2))
        if problem:
            line = text.count("\n", 0, found.start(2)) + 1
            problems.append(f"{path}:{line}: {problem}")
    code = without_comments(text)
    if is_pure(path) and (found := IMPURE_TEXT.search(code)):
        problems.append(f"{path}: {layer} is pure code and must not use {found.group(1)}")
    if path != "milter/glue.cpp" and (found := SMFI.search(code)):
        problems.append(f"{path}: {found.group(0)}...) outside milter/glue.cpp")
    return problems


def main():
    problems = []
    sources = [p for p in tree.files() if p.endswith((".cpp", ".hpp", ".def"))]
    for path in sources:
        problems += check(path, tree.read(path))
    if len(sources) < 20:
        problems.append("found hardly any source: wrong folder?")
    tree.finish(problems, "the include table")


if __name__ == "__main__":
    sys.exit(main())
