# SPDX-License-Identifier: Apache-2.0
"""Runs inside tests/support/systemd_box, on a fresh Debian with Postfix: what an admin does with the package in a year, in some
minutes. Writes down what it sees to /srv/share/facts.json; what of it is right is said in package_test.py."""

import hashlib
import json
import os
import pwd
import subprocess
import sys

SHARE = '/srv/share'
sys.path.insert(0, os.path.join(SHARE, 'tree/tests/support'))
import system_site as site  # noqa: E402
from waiting import wait_until  # noqa: E402

OLD, NEW = (os.path.join(SHARE, x) for x in ('old.deb', 'new.deb'))
OWN = ('/etc/kith', '/var/lib/kith', '/var/spool/kith', '/run/kith', '/var/spool/postfix/kith')
MAIN_CF = ('/etc/postfix/main.cf', '/etc/postfix/master.cf')


def command(*argv):
    p = site.run(*argv, check=False, env=dict(os.environ, DEBIAN_FRONTEND='noninteractive'))
    return {'status': p.returncode, 'out': p.stdout, 'err': p.stderr}


def digest(*paths):
    out = hashlib.sha256()
    for path in paths:
        with open(path, 'rb') as f:
            out.update(f.read())
    return out.hexdigest()


def installed():
    return command('dpkg-query', '-W', '-f', '${db:Status-Abbrev}${Version}', 'kith-milter')['out'].split()


def units():
    out = {}
    for unit in site.UNITS:
        lines = command('systemctl', 'show', unit, '-p', 'ActiveState,UnitFileState,NRestarts,Type,WatchdogUSec')['out'].splitlines()
        out[unit] = dict(x.split('=', 1) for x in lines)
    return out


def user():
    try:
        return list(pwd.getpwnam('_kith'))
    except KeyError:
        return None


def here():
    """which of kith's own directories are there, with mode and owner"""
    out = {}
    for path in OWN:
        if os.path.exists(path):
            s = os.stat(path)
            out[path] = [oct(s.st_mode & 0o7777), pwd.getpwuid(s.st_uid).pw_name]
    return out


def seen():
    """{queue id: action} of everything kith has a record of"""
    p = site.kith('--json', 'list', '--all', '--limit', '100000', check=False)
    return {m['queue_id']: m['action'] for m in json.loads(p.stdout).get('mails', []) if m.get('queue_id')} if p.returncode == 0 else {}


def state():
    return {'installed': installed(), 'units': units(), 'user': user(), 'here': here(), 'postfix': digest(*MAIN_CF)}


class Sender:
    """mails of the story in turn, each as often as is wanted under a Message-ID of its own"""

    def __init__(self, story, postfix):
        self.story, self.postfix, self.sent = story, postfix, 0

    def next(self, kind):
        of_kind = [m for m in self.story if m['kind'] == kind]
        self.sent += 1
        mail = of_kind[self.sent % len(of_kind)]
        left, right = mail['message_id'].strip('<>').split('@')
        new = '%s%04d@%s' % (left[:-4], self.sent, right)
        raw = mail['raw'].replace(mail['message_id'].strip('<>').encode(), new.encode())
        return dict(mail, raw=raw, message_id=new)

    def delivered(self, kind='story-warning'):
        """queue id, when the mail has arrived"""
        mail = self.next(kind)
        queue_id = site.send(self.postfix, mail)
        self.postfix.wait_delivered(mail['rcpts'][0], mail['message_id'], 60)
        return queue_id

    def held(self):
        queue_id = site.send(self.postfix, self.next('story-attack'))
        self.postfix.wait_held(queue_id, 60)
        site.wait_recorded(queue_id)
        return queue_id


def look(facts):
    story, mailboxes = site.write_firm('/tmp/firm')
    postfix = site.SystemPostfix(mailboxes)
    postfix.set_up()
    sender = Sender(story, postfix)

    facts['before'] = state()
    facts['install'] = dict(command('dpkg', '--install', OLD), **state())
    sender.delivered()  # nobody has told Postfix
    facts['install']['doctor'] = site.kith_json('doctor', check=False)
    facts['install']['config'] = digest('/etc/kith/kith.yaml')
    facts['install']['profiles'] = sorted(x for x in os.listdir('/etc/apparmor.d') if 'kith' in x)

    facts['passive'] = {}
    site.configure(site.site_yaml('passive'))
    site.restart_services()
    postfix.paste(facts['install']['doctor']['postfix_lines'])
    facts['passive']['mail'] = sender.delivered('story-attack')
    site.wait_recorded(facts['passive']['mail'])
    facts['passive']['doctor'] = site.kith_json('doctor', check=False)
    command('rm', '-rf', '/var/spool/postfix/kith')  # as with Postfix purged and installed again
    facts['passive']['restart'] = command('systemctl', 'restart', 'kith-milter')
    facts['passive']['reload'] = command('systemctl', 'reload', 'kith-milter')
    facts['passive']['socket'] = site.check_of_doctor('socket.chroot')
    # From nothing, as the test begins with what it imports.
    command('systemctl', 'stop', *site.UNITS)
    command('rm', '-rf', '/var/lib/kith/store', '/var/lib/kith/journal')

    facts['autopkgtest'] = command(os.path.join(SHARE, 'tree/debian/tests/held-mail'))
    if facts['autopkgtest']['status'] != 0:
        raise RuntimeError('debian/tests/held-mail failed')
    held = [sender.held() for _ in range(2)]
    before = seen()
    facts['held'] = {'ids': held, 'seen': len(before)}

    facts['upgrade'] = dict(command('dpkg', '--install', NEW), **state())
    wait_until(lambda: site.check_of_doctor('socket') == ('ok', 'kith-milter answers at its socket'), 'the milter', 60)
    facts['upgrade'].update(config=digest('/etc/kith/kith.yaml'), own=digest(site.CONFIG), lost=sorted(set(before) - set(seen())),
                            where=[postfix.where(x) for x in held], holding=site.check_of_doctor('postfix.holding'),
                            release=command('kith', 'release', held[0]), held=sender.held())
    wait_until(lambda: postfix.where(held[0]) is None, 'the released mail to be delivered', 60)

    facts['remove'] = dict(command('dpkg', '--remove', 'kith-milter'), **state())
    sender.delivered('story-attack')  # main.cf still names the socket
    facts['remove'].update(where=postfix.where(held[1]), profiles=sorted(x for x in os.listdir('/etc/apparmor.d') if 'kith' in x))
    facts['by_hand'] = [command('postsuper', '-H', held[1]), command('postqueue', '-i', held[1])]
    wait_until(lambda: postfix.where(held[1]) is None, 'the mail let go by hand to be delivered', 60)

    facts['reinstall'] = dict(command('dpkg', '--install', NEW), **state())
    wait_until(lambda: site.check_of_doctor('socket') == ('ok', 'kith-milter answers at its socket'), 'the milter', 60)
    facts['reinstall'].update(lost=sorted(set(before) - set(seen())), held=sender.held(), holding=site.check_of_doctor('postfix.holding'))

    facts['purge'] = dict(command('dpkg', '--purge', 'kith-milter'), **state())
    sender.delivered('story-attack')
    facts['purge']['left'] = command('find', '/etc', '/var', '/run', '/usr', '-name', '*kith*', '-not', '-path', '/var/mail/*')['out'].split()

    facts['afresh'] = dict(command('dpkg', '--install', NEW), **state())
    wait_until(lambda: site.check_of_doctor('socket') == ('ok', 'kith-milter answers at its socket'), 'the milter', 60)
    facts['afresh'].update(seen=len(seen()), mail=sender.delivered('story-attack'))


def main():
    facts = {}
    try:
        look(facts)
    except Exception as e:  # pylint: disable=broad-except
        facts['trouble'] = '%s: %s' % (type(e).__name__, e)
    facts['log'] = {x: subprocess.run(['journalctl', '--no-pager', '-o', 'cat', '-u', x], capture_output=True, text=True,
                                      check=False).stdout[-4000:] for x in site.UNITS}
    with open(os.path.join(SHARE, 'facts.json'), 'w', encoding='utf-8') as f:
        json.dump(facts, f, indent=1)


if __name__ == '__main__':
    main()
