# SPDX-License-Identifier: Apache-2.0
"""An SMTP server that keeps what it is given: where the Sendmail of the end-to-end tests delivers, and the content filter of a
Postfix. Listens on a free loopback port. Covered by tests/e2e/mta_test.py.
"""

import socketserver
import threading

from serving import Serving


class _Session(socketserver.StreamRequestHandler):
    timeout = 60

    def reply(self, line):
        self.wfile.write(line.encode() + b'\r\n')

    def handle(self):
        try:
            self.reply('220 sink ESMTP')
            mail_from, rcpts = '', []
            while True:
                line = self.rfile.readline(8192).decode('utf-8', 'surrogateescape').rstrip('\r\n')
                verb = line[:4].upper()
                if verb in ('', 'QUIT'):
                    self.reply('221 bye')
                    return
                if verb == 'EHLO':
                    self.wfile.write(b'250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE\r\n')
                elif verb == 'MAIL':
                    mail_from, rcpts = self.address(line), []
                    self.reply('250 ok')
                elif verb == 'RCPT':
                    rcpts.append(self.address(line))
                    self.reply('250 ok')
                elif verb == 'DATA':
                    self.reply('354 go on')
                    raw = self.data()
                    if raw is None:
                        return
                    self.reply(self.server.sink.take(mail_from, rcpts, raw))
                else:
                    self.reply('250 ok')
        except OSError:
            return  # the client has gone, or the sink is being stopped

    @staticmethod
    def address(line):
        return line[line.index('<') + 1 : line.index('>')]

    def data(self):
        lines = []
        while True:
            line = self.rfile.readline()
            if not line:
                return None
            if line == b'.\r\n':
                return b''.join(lines)
            lines.append(line[1:] if line.startswith(b'.') else line)


class Sink(Serving, socketserver.ThreadingTCPServer):
    """Use as a context manager. hand_on: called with (mail_from, rcpts, raw) for each mail; what it returns is the reply."""

    request_queue_size = 100

    def __init__(self, hand_on=None):
        super().__init__(('127.0.0.1', 0), _Session)
        self.sink, self.port = self, self.server_address[1]
        self._hand_on, self._lock, self._mails = hand_on, threading.Lock(), []

    def take(self, mail_from, rcpts, raw):
        """keeps a mail; the reply"""
        with self._lock:
            self._mails.append((mail_from, list(rcpts), raw))
        return self._hand_on(mail_from, rcpts, raw) if self._hand_on else '250 ok'

    def mails(self):
        """[(envelope sender, recipients, bytes with CRLF)], in the order in which they came"""
        with self._lock:
            return list(self._mails)
