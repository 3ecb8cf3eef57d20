# SPDX-License-Identifier: Apache-2.0
"""The side of saslauthd(8) that an MTA's Cyrus SASL talks to: a Unix socket that says whether a password is right, so that the
end-to-end tests log in without accounts on the machine. Covered by tests/e2e/mta_test.py.
"""

import os
import socketserver
import struct

from serving import Serving


class _Request(socketserver.StreamRequestHandler):
    timeout = 20

    def handle(self):
        try:
            user, password, _service, realm = (self._field() for _ in range(4))
            name = user + '@' + realm if realm and '@' not in user else user
            answer = b'OK' if self.server.passwords.get(name) == password else b'NO'
            self.wfile.write(struct.pack('>H', len(answer)) + answer)
        except (OSError, struct.error):
            return  # the MTA has gone

    def _field(self):
        return self.rfile.read(struct.unpack('>H', self.rfile.read(2))[0]).decode('utf-8', 'replace')


class Saslauthd(Serving, socketserver.ThreadingUnixStreamServer):
    """Use as a context manager. Answers on `path`, which every user may use; passwords: {login: password}."""

    def __init__(self, path, passwords):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        super().__init__(path, _Request)
        os.chmod(path, 0o666)
        self.passwords = dict(passwords)


def configuration(socket_path):
    """what Cyrus SASL's NAME.conf must say to ask there"""
    return 'pwcheck_method: saslauthd\nsaslauthd_path: %s\nmech_list: PLAIN LOGIN\n' % socket_path
