# SPDX-License-Identifier: Apache-2.0
"""Runs inside tests/support/systemd_box, as root beside the units: starts them as README.md says, sends mail, and writes down what
it sees to /srv/share/facts.json. What of it is right is said in units_test.py."""

import functools
import json
import os
import pwd
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

import waiting  # beside this file: units_test.py copies it along

wait_until = functools.partial(waiting.wait_until, seconds=60)

SHARE = '/srv/share'
SOCKET = '/var/spool/postfix/kith/kith.sock'
UNITS = ('kith-learner', 'kith-milter')
TIMED = ('kith-alerts', 'kith-quarantine')
# What the MTA offers (milter protocol 6): all changes; no silent steps, so that each has its answer.
ACTIONS, STEPS = 0x1FF, 0x7F


def run(*argv):
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120)
    return {'status': p.returncode, 'out': p.stdout, 'err': p.stderr}


def show(unit, *properties):
    out = run('systemctl', 'show', unit, '-p', ','.join(properties))['out']
    return dict(x.split('=', 1) for x in out.splitlines() if '=' in x)


def log(unit):
    return run('journalctl', '--no-pager', '-o', 'cat', '-u', unit)['out']


def status_of(pid):
    """what the kernel says of a process's rights"""
    with open('/proc/%s/status' % pid, encoding='ascii', errors='replace') as f:
        lines = [x.split(':', 1) for x in f if ':' in x]
    return {k: ' '.join(v.split()) for k, v in lines if k in ('Uid', 'Gid', 'Groups', 'NoNewPrivs', 'Seccomp') or k.startswith('Cap')}


class Mta:
    """One connection with one mail, made as the user that the MTA's smtpd runs as."""

    def __init__(self):
        postfix = pwd.getpwnam('postfix')
        os.setgroups([])
        os.setegid(postfix.pw_gid)
        os.seteuid(postfix.pw_uid)
        try:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(30)
            self.socket.connect(SOCKET)
        finally:
            os.seteuid(0)
            os.setegid(0)
        self.ask('O', struct.pack('!LLL', 6, ACTIONS, STEPS))

    def packet(self, letter, data=b''):
        self.socket.sendall(struct.pack('!L', len(data) + 1) + letter.encode() + data)

    def exactly(self, n):
        out = b''
        while len(out) < n:
            more = self.socket.recv(n - len(out))
            if not more:
                raise EOFError('the filter hung up')
            out += more
        return out

    def answer(self):
        length = struct.unpack('!L', self.exactly(4))[0]
        data = self.exactly(length)
        return chr(data[0]), data[1:]

    def ask(self, letter, data=b''):
        self.packet(letter, data)
        return self.answer()

    def send(self, raw, sender, rcpt):
        """names of the header fields that kith adds"""
        self.ask('C', b'mx.partner.example\0' + b'4' + struct.pack('!H', 25) + b'192.0.2.7\0')
        self.ask('H', b'mx.partner.example\0')
        self.ask('M', b'<%s>\0' % sender.encode())
        self.ask('R', b'<%s>\0' % rcpt.encode())
        head, body = raw.split(b'\n\n', 1)
        for line in head.split(b'\n'):
            name, value = line.split(b': ', 1)
            self.ask('L', name + b'\0' + value + b'\0')
        self.ask('N')
        body = body.replace(b'\n', b'\r\n')
        for at in range(0, len(body), 65535):
            self.ask('B', body[at : at + 65535])
        self.packet('D', b'Ei\0' + b'4UNITS%d\0' % time.monotonic_ns())
        self.packet('E')
        added = []
        while True:
            letter, data = self.answer()
            if letter in 'acrty':
                return {'answer': letter, 'added': added}
            if letter == 'i':
                added.append(data[4:].split(b'\0')[0].decode())


def mail(number, attachment=None):
    head = 'From: Anna <anna@partner.example>\nTo: ben@site.example\nSubject: plan\nMessage-ID: <%d@partner.example>\nMIME-Version: 1.0\n' % number
    if not attachment:
        return (head + 'Content-Type: text/plain\n\nthe plan is ready\n').encode()
    return (
        head + 'Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nour invoice\n--x\n'
        'Content-Type: application/pdf; name="invoice.pdf"\nContent-Transfer-Encoding: base64\n\n%s\n--x--\n' % attachment
    ).encode()


def kith(*arguments):
    return run(sys.argv[1], '--config', sys.argv[2], *arguments)


def index():
    out = kith('--json', 'list', '--all')
    return json.loads(out['out']).get('mails', []) if out['status'] == 0 else []


def files(*roots):
    """[path, type, mode, user] of everything below"""
    out = []
    for root in roots:
        for at, directories, names in os.walk(root):
            for path in [at] + [os.path.join(at, x) for x in names]:
                s = os.lstat(path)
                out.append([path, stat.filemode(s.st_mode)[0], oct(s.st_mode & 0o7777), pwd.getpwuid(s.st_uid).pw_name])
            directories.sort()
    return out


def what_it_may_write(pid):
    """which files a process with all rights, but in the unit's mounts, can make"""
    out = {}
    for path in ('/usr/probe', '/etc/probe', '/var/probe', '/var/lib/probe', '/home/probe', '/root/probe', '/var/lib/kith/probe'):
        p = run('nsenter', '-t', pid, '-m', '--', 'touch', path)
        out[path] = p['status'] == 0
        if out[path]:
            run('nsenter', '-t', pid, '-m', '--', 'rm', path)
    return out


def watch(unit):
    """with a watchdog of two seconds: whether signs of life go on coming, and what becomes of a process that gives none"""
    folder = '/run/systemd/system/%s.service.d' % unit
    os.makedirs(folder)
    with open(os.path.join(folder, 'watchdog.conf'), 'w', encoding='ascii') as f:
        f.write('[Service]\nWatchdogSec=2\n')
    as_shipped = show(unit, 'WatchdogUSec')['WatchdogUSec']
    run('systemctl', 'daemon-reload')
    run('systemctl', 'restart', unit)
    signs = set()

    def three():
        signs.add(show(unit, 'WatchdogTimestampMonotonic')['WatchdogTimestampMonotonic'])
        return len(signs) >= 4  # the first is the start

    wait_until(three, 'three signs of life of ' + unit)
    before = show(unit, 'NRestarts', 'MainPID')
    os.kill(int(before['MainPID']), signal.SIGSTOP)
    wait_until(lambda: show(unit, 'NRestarts')['NRestarts'] == '1' and show(unit, 'SubState')['SubState'] == 'running',
               unit + ' to be started again by the watchdog')
    os.remove(os.path.join(folder, 'watchdog.conf'))
    run('systemctl', 'daemon-reload')
    return {'as_shipped': as_shipped, 'restarts': [before['NRestarts'], show(unit, 'NRestarts')['NRestarts']], 'log': 'Watchdog timeout' in log(unit)}


def refused_reload():
    """of a broken configuration: what systemctl says, and with what the milter goes on"""
    with open(sys.argv[2], encoding='utf-8') as f:
        good = f.read()
    with open(sys.argv[2], 'a', encoding='utf-8') as f:
        f.write('mode: nonsense\n')
    refused = run('systemctl', 'reload', 'kith-milter')
    log_after = log('kith-milter')
    with open(sys.argv[2], 'w', encoding='utf-8') as f:
        f.write(good.replace('mode: tag', 'mode: passive'))
    changed = kith('status')
    with open(sys.argv[2], 'w', encoding='utf-8') as f:
        f.write(good)
    return dict(refused, state=show('kith-milter', 'SubState')['SubState'], log=log_after, changed=changed['out'], back=kith('status')['out'])


def look(facts):
    facts['sysusers'] = run('systemd-sysusers', 'kith.conf')
    facts['tmpfiles'] = run('systemd-tmpfiles', '--create', 'kith.conf')
    facts['start'] = run('systemctl', 'start', *UNITS)
    facts['units'] = {}
    for unit in UNITS:
        state = show(unit, 'ActiveState', 'SubState', 'MainPID', 'NRestarts')
        facts['units'][unit] = dict(state, process=status_of(state['MainPID']))
    learner, milter = (facts['units'][x]['MainPID'] for x in UNITS)

    wait_until(lambda: os.path.isdir('/var/lib/kith/attachments'), 'the directory of documents')
    facts['mail'] = Mta().send(mail(1), 'anna@partner.example', 'ben@site.example')
    wait_until(lambda: len(index()) == 1, 'the mail in the index')
    with open(os.path.join(SHARE, 'invoice.base64'), encoding='ascii') as f:
        facts['invoice'] = Mta().send(mail(2, f.read()), 'anna@partner.example', 'ben@site.example')
    wait_until(lambda: len(index()) == 2 and index()[0]['attached'] not in ('none', 'waiting'), 'the document to be read')
    facts['documents'] = json.loads(kith('--json', 'show', index()[0]['id'])['out'])['documents']
    facts['large'] = Mta().send(mail(3) + b'x' * 76 * 40000, 'anna@partner.example', 'ben@site.example')

    facts['files'] = files('/var/lib/kith', '/var/spool/kith', '/run/kith', '/var/spool/postfix/kith')
    facts['may_write'] = {'kith-learner': what_it_may_write(learner), 'kith-milter': what_it_may_write(milter)}
    facts['refused'] = refused_reload()
    facts['reload'] = run('systemctl', 'reload', 'kith-milter')
    wait_until(lambda: 'reload' in log('kith-milter'), 'the reload')
    facts['status'] = kith('status')

    facts['watchdog'] = {x: watch(x) for x in UNITS}
    milter = show('kith-milter', 'MainPID')['MainPID']
    os.kill(int(milter), signal.SIGKILL)
    wait_until(lambda: show('kith-milter', 'NRestarts')['NRestarts'] == '2' and show('kith-milter', 'SubState')['SubState'] == 'running', 'the milter to be started again')
    facts['after_restart'] = Mta().send(mail(4), 'anna@partner.example', 'ben@site.example')
    facts['timers'] = {}
    for unit in TIMED:
        facts['timers'][unit] = dict(run('systemctl', 'start', unit), **show(unit, 'Result', 'ExecMainStatus'), log=log(unit))
    facts['stop'] = run('systemctl', 'stop', *UNITS)
    facts['stopped'] = {x: show(x, 'ActiveState', 'Result', 'ExecMainStatus') for x in UNITS}


def main():
    facts = {}
    try:
        look(facts)
    except Exception as e:  # pylint: disable=broad-except
        facts['trouble'] = '%s: %s' % (type(e).__name__, e)
    facts['log'] = {x: log(x) for x in UNITS}
    with open(os.path.join(SHARE, 'facts.json'), 'w', encoding='utf-8') as f:
        json.dump(facts, f, indent=1)


if __name__ == '__main__':
    main()
