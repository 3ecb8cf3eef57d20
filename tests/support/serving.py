# SPDX-License-Identifier: Apache-2.0
"""A socketserver that serves in a thread of its own while it is used as a context manager."""

import threading


class Serving:
    """Mix in before a socketserver class."""

    daemon_threads = True
    _serving = None

    def start(self):
        self._serving = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._serving.start()
        return self

    def stop(self):
        if self._serving:
            self.shutdown()
        self.server_close()

    __enter__ = start

    def __exit__(self, *exc):
        self.stop()
