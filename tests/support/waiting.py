# SPDX-License-Identifier: Apache-2.0
"""How every Python test waits: for a condition, with a deadline. Needs nothing beside it, so that it can be copied to where there is
no source tree."""

import time


def wait_until(condition, what, seconds=20.0):
    """Polls until condition() is true and returns its value; TimeoutError naming `what` after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError('waited %g s for %s' % (seconds, what() if callable(what) else what))
        time.sleep(0.02)
