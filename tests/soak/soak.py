#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Load and faults: what becomes of mail, of learning, and what `kith status` and the log say, a line a fault.

usage: soak.py [--short] [--messages N] [--kills N] [--only PATTERN] [--older DIR] [GROUP ...]

--short      small numbers, as contrib/check runs them
--messages   of the run that watches memory and descriptors (200,000)
--kills      of the learner in the middle of a commit (100)
--only       cases whose title the pattern is found in
--older      build tree of an older version, for the upgrade with both versions' programs
GROUP        load learner milter store disk clock upgrade; all without any

The table is Markdown on standard output, progress goes to standard error. Exit status 1 when a case failed. Needs root, Postfix,
and KITH_BUILD_DIR (contrib/soak sees to it).
"""

import argparse
import os
import re
import signal
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases  # noqa: E402
import soak_site  # noqa: E402
from kith_site import PROGRAMS, Unavailable, program  # noqa: E402
from postfix import require  # noqa: E402

COLUMNS = ('mail', 'learning', 'status', 'log')


def cell(text):
    return re.sub(r'\s+', ' ', re.sub(r'/tmp/kith-[\w-]+?/', '', text)).replace('|', '\\|')


def run_case(case, options):
    """the case's line: what it says of each column, or why it failed"""
    began = time.monotonic()
    line = {'fault': case.title(options), 'ok': True}
    try:
        line.update(zip(COLUMNS, case.run(options)))
    except Unavailable:
        raise
    except Exception:
        line['ok'] = False
        line['mail'] = 'FAILED: see standard error'
        traceback.print_exc(limit=-2)
    line['seconds'] = time.monotonic() - began
    print('%s  %s (%.0f s)' % ('ok    ' if line['ok'] else 'FAILED', line['fault'], line['seconds']), file=sys.stderr, flush=True)
    return line


def print_table(lines):
    print('| fault | ' + ' | '.join(COLUMNS) + ' |')
    print('|---' * (len(COLUMNS) + 1) + '|')
    for line in lines:
        print('| ' + ' | '.join(cell(line.get(x, '')) for x in ('fault', *COLUMNS)) + ' |')


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split('\n\n')[1].replace('usage: ', ''))
    parser.add_argument('--short', action='store_true')
    parser.add_argument('--messages', type=int)
    parser.add_argument('--kills', type=int)
    parser.add_argument('--only', default='')
    parser.add_argument('--older', default='')
    parser.add_argument('groups', nargs='*', choices=[[], *cases.GROUPS])
    options = parser.parse_args()
    options.messages = options.messages or (4000 if options.short else 200000)
    options.kills = options.kills or (10 if options.short else 100)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is removed then, too
    try:
        require()
        for name in PROGRAMS:
            program(soak_site.BUILD, name)
        lines = [run_case(case, options) for group in options.groups or cases.GROUPS for case in cases.GROUPS[group]
                 if re.search(options.only, case.title(options)) and case.wanted(options)]
    except Unavailable as e:
        print('soak: cannot run: %s' % e, file=sys.stderr)
        sys.exit(1)
    print_table(lines)
    sys.exit(0 if lines and all(line['ok'] for line in lines) else 1)


if __name__ == '__main__':
    main()
