# SPDX-License-Identifier: Apache-2.0
"""A manifest and what `kith replay` printed for it, read together; shared by levels.py and ablation.

Labels are optional keys of the manifest that kith itself never reads: "label" (ham, attack, placebo; absent: ham), "kind",
"person" (false: a robot), "span" (a part of the stream), "after_story" (mail shortly after an attack on its sender).
"""
import json
import math
import sys

HELD = ("quarantine", "tempfail", "reject")


class Mail:
    def __init__(self, entry, result):
        self.time = entry["time"]
        self.learned = entry.get("learn") is not False
        self.genuine = entry.get("label", "ham") == "ham" and not str(entry.get("kind", "")).startswith("story")
        self.attack = entry.get("label") == "attack"
        self.kind = entry.get("kind", "ham")
        self.person = entry.get("person", True)
        self.span = entry.get("span", "")
        self.after_story = bool(entry.get("after_story"))
        self.authenticated = bool(entry.get("auth_user"))
        self.direction = result["direction"]
        self.stratum = result["stratum"]
        self.history = result["history"]
        self.score = result["score"]
        self.verdict = result["verdict"]
        self.us = result["us"]
        self.held = self.verdict in HELD


def read(manifest, results):
    """All mails in the manifest's order. Ends the program when the two do not belong together."""
    with open(results, encoding="utf8") as f:
        by_id = {r["id"]: r for r in map(json.loads, f)}
    mails = []
    with open(manifest, encoding="utf8") as f:
        for line in f:
            if not line.strip():
                continue
            entry = json.loads(line)
            if entry["id"] not in by_id:
                sys.exit(f"{results} has no mail {entry['id']} of {manifest}")
            mails.append(Mail(entry, by_id[entry["id"]]))
    return mails


def threshold(scores, rate):
    """The smallest score that at most `rate` of the scores reach; None when they are too few to say."""
    if len(scores) * rate < 1:
        return None
    ordered = sorted(scores, reverse=True)
    allowed = int(len(ordered) * rate)
    return math.nextafter(ordered[allowed], math.inf) if allowed < len(ordered) else 0.0


def _beta(a, b, x):
    """Regularised incomplete beta function by its continued fraction (Lentz)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 1000):
        for term in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                     -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d, c = 1 / (1 + term * d), 1 + term / c
            value *= c * d
        if abs(c * d - 1) < 1e-12:
            break
    return front * value


def _quantile(p, a, b):
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _beta(a, b, middle) < p else (low, middle)
    return (low + high) / 2


def interval(k, n):
    """Clopper and Pearson's 95 % interval of a share."""
    if n == 0:
        return 0.0, 1.0
    return (_quantile(.025, k, n - k + 1) if k else 0.0, _quantile(.975, k + 1, n - k) if k < n else 1.0)
