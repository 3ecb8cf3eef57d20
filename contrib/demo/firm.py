#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A synthetic firm's mail: two months of it, for the demo, for `kith import`, and for measuring with `kith replay`.

usage: firm.py --out DIR [--days 60] [--seed 1] [--stories] [--end YYYY-MM-DD] [--story-time EPOCH] [--probes 60]

The same arguments give the same bytes: no clock, no network, no other input. Writes into DIR
  mail.mbox                    genuine mail only, in time order, as delivered (Return-Path, the site's own Received), for `kith import`
  inbound.mbox, outbound.mbox  the same, one direction each
  stream.mbox, manifest.jsonl  all mail in time order with labels (ARCHITECTURE.md, "Measuring"), for `kith replay`
  kith.yaml                    the site's part of a configuration (domains, authserv_id)
  story/*.eml, story/story.json  the story: four mails of a supplier whose account was taken over, four genuine warnings
  people.json                  who is who, for reading
The firm buys, builds and sells pumps, so invoices, orders, payments, drawings and links to shared folders are its every day, and
the attacks stay on their thread's topic half of the time. Every name, number and text is made up; domains are reserved ones
(.example, .test), addresses documentation or private ones. Covered by tests/e2e/firm_test.py.
"""

import argparse
import calendar
import collections
import copy
import datetime
import json
import math
import os
import random
import re
import sys
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients as C  # noqa: E402
from words import FIRST, LANG, LAST, PLACES, TOPICS  # noqa: E402

OWN = 'halvern.example'
OWN_MX = 'mx.halvern.example'
DAY = 86400
PUBLIC_HOSTS = [
    'docs.teampages.example',
    'share.cloudbox.example',
    'forms.askly.example',
    'sign.paperpen.example',
    'd.sendbig.example',
    'drive.nimbusdesk.example',
    'pages.notewall.example',
]
NEWS_HOSTS = [
    'www.pumpworld.example',
    'www.dailyledger.example',
    'maps.atlasweb.example',
    'www.standards-shop.example',
    'www.railplanner.example',
    'www.hotelfinder.example',
    'www.weatherfront.example',
    'video.clipshelf.example',
    'www.customs-info.example',
    'www.tradefair.example',
    'www.forgeforum.example',
    'jobs.talentnet.example',
]
SYLL = 'bal cor dan fel gor hex jun kal lim mor nor pex quo ral sol tur vak wim xan zed tra bro kli sto pre gli dra'.split()
ASCII = str.maketrans(
    {
        'ä': 'ae',
        'ö': 'oe',
        'ü': 'ue',
        'ß': 'ss',
        'é': 'e',
        'è': 'e',
        'í': 'i',
        'Í': 'I',
        'Á': 'A',
        'ú': 'u',
        'ñ': 'n',
        'ó': 'o',
        'ł': 'l',
        'Ł': 'L',
        'ą': 'a',
        'ę': 'e',
        'ż': 'z',
        'ê': 'e',
        'ç': 'c',
        'ã': 'a',
        'ô': 'o',
        'Ö': 'Oe',
        'Ü': 'Ue',
        ' ': '-',
        "'": '',
    }
)


def rng_for(seed, *what):
    return random.Random('%s/%s' % (seed, '/'.join(str(x) for x in what)))


def crc(*what):
    return zlib.crc32('/'.join(str(x) for x in what).encode())


def last_sunday(year, month):
    d = calendar.monthrange(year, month)[1]
    return d - (datetime.date(year, month, d).weekday() + 1) % 7


def zone(kind):
    """Function time -> minutes east of UTC; `kind` a number, or 'eu0'/'eu1' for western/central Europe with summer time."""
    if isinstance(kind, int):
        return lambda t: kind
    base = 60 if kind == 'eu1' else 0

    def f(t):
        y = datetime.datetime.fromtimestamp(t, datetime.timezone.utc).year
        a, b = (calendar.timegm((y, mth, last_sunday(y, mth), 1, 0, 0)) for mth in (3, 10))
        return base + (60 if a <= t < b else 0)

    return f


class Company:
    """An organisation with a domain and servers; also the carrier of a free-mail provider or a mailing service."""

    def __init__(self, world, serial, name, domain, kind, tz, dkim=True, dmarc=True, v6=False):
        r = rng_for(world.seed, 'company', domain)
        self.serial, self.name, self.domain, self.kind, self.server_tz = serial, name, domain, kind, zone(tz)
        self.tenant = C.uuid(r)
        self.dmarc = dmarc and dkim
        self.bounce_domain = domain
        self.submit = 'smtp.hostfarm.example'
        fields = r.choice(
            [
                'From:To:Subject:Date:Message-ID:Content-Type:MIME-Version',
                'from:date:to:cc:subject:references',
                'Date:From:To:References:In-Reply-To:Subject:From',
                'mime-version:references:from:date:message-id:subject:to:cc',
            ]
        )
        sel = {'cloud': 'selector1', 'freepost': '20230601', 'hoster': 'hf2024', 'esp': 'k1'}.get(
            kind
        ) or r.choice(['mail', 'dkim', 's2022', 'default'])
        self.dkim = (domain, sel, fields) if dkim else None
        block = '198.51.100' if serial % 2 else '203.0.113'
        self.fixed = (
            '2001:db8:%x::25' % (0x1000 + serial) if v6 else '192.0.2.%d' % (10 + serial % 200),
            'mail.%s' % domain,
        )
        self.block = block
        self.products = [
            ''.join(r.choice(SYLL) for _ in range(2 + r.randrange(2))).capitalize()
            + r.choice(['', '', ' %d' % r.randrange(2, 90), '-%s' % r.choice('ABCX')])
            for _ in range(7)
        ]
        self.projects = [
            r.choice(['Project ', 'Plant ', '', '', 'Line '])
            + ''.join(r.choice(SYLL) for _ in range(2)).capitalize()
            for _ in range(6)
        ]
        self.places = r.sample(PLACES, 4)
        self.refstyle = r.choice(
            ['{y}-{n4}', 'PO{n6}', '{n5}', 'A{n4}/{y2}', 'RE-{n5}', '45{n6}', '{n3}.{n3}']
        )
        self.share = (r.choice(PUBLIC_HOSTS), domain.split('.')[0]) if r.random() < 0.55 else None
        self.hot = r.sample(LANG['en']['items'], 8)
        self.item_ix = [r.randrange(1000) for _ in range(7)]

    def exit(self, rng):
        """(address, verified name, HELO) of the server that talks to the site's MX"""
        if self.kind == 'cloud':
            n = rng.randrange(20, 60)
            return (
                '2001:db8:c10d:%x::%x' % (0x100 + n % 7, n),
                'mail-eur05on2%03d.outbound.protection.cloudoffice.example' % n,
                'EUR05-%s-obe.outbound.protection.cloudoffice.example' % 'ABCD'[n % 4],
            )
        if self.kind == 'freepost':
            n = rng.randrange(30, 60)
            return (
                '2001:db8:4864:20::%x' % (0x300 + n),
                'mail-ed1-x%x.freepost.example' % (0x300 + n),
                'mail-ed1-x%x.freepost.example' % (0x300 + n),
            )
        if self.kind == 'hoster':
            n = rng.randrange(1, 6)
            return ('%s.%d' % (self.block, 40 + n), 'mo%d.hostfarm.example' % n, 'mo%d.hostfarm.example' % n)
        if self.kind == 'esp':
            n = rng.randrange(1, 9)
            return (
                '2001:db8:%x::%x' % (0xE500 + self.serial % 3, n),
                'o%d.sendwell.example' % (n + 10 * (self.serial % 3)),
                'o%d.sendwell.example' % (n + 10 * (self.serial % 3)),
            )
        return (*self.fixed, self.fixed[1])


class Person:
    """Someone, or a program, who writes mail: constant habits from a seed of its own."""

    robot = own = False

    def __init__(self, world, company, first, last, lang, client, tz, local=None):
        addr = (local or world.local(first, last, company)) + '@' + company.domain
        r = self.rng = rng_for(world.seed, 'person', addr)
        self.world, self.company, self.first, self.addr, self.lang, self.client, self.tz = (
            world,
            company,
            first,
            addr,
            lang,
            client,
            zone(tz),
        )
        self.name = (
            ('%s %s' % (first, last)).strip() if r.random() < 0.85 or not last else '%s, %s' % (last, first)
        )
        self.form = r.choice(['plain', 'plain', 'plain', 'quoted'])
        self.charset = {
            'de': ['utf-8', 'utf-8', 'iso-8859-1', 'windows-1252'],
            'pl': ['utf-8', 'iso-8859-2'],
        }.get(lang, ['utf-8', 'utf-8', 'iso-8859-1', 'us-ascii'])[r.randrange(2 if lang == 'pl' else 4)]
        if client in ('freepost', 'applemail', 'iphone'):
            self.charset = 'utf-8'
        self.bottom = client in ('mutt', 'thunderbird', 'sogo') and r.random() < 0.5
        self.number, self.node, self.version = '%03d' % r.randrange(100, 1000), alpha(r), r.randrange(2)
        self.font = r.choice(['Calibri', 'Arial', 'Aptos', 'Verdana'])
        self.msgid_host, self.web = (
            '%s.%s' % (r.choice(['pc12', 'ws4', 'web1', 'srv', 'app']), company.domain),
            'www.' + company.domain,
        )
        ip = '%s.%d' % (
            r.choice(
                [
                    '203.0.113',
                    '198.51.100',
                    '192.168.%d' % r.randrange(9),
                    '10.%d.%d' % (r.randrange(9), r.randrange(200)),
                ]
            ),
            r.randrange(10, 250),
        )
        self.sub = (
            ip,
            r.choice(
                [
                    '[%s]' % ip,
                    'pc-%s.lan.test' % self.number,
                    'dyn%s.netline.example' % self.number,
                    '%s-nb' % first.translate(ASCII).lower().strip('-/.'),
                ]
            ),
            0,
        )
        L = LANG[lang]
        self.hello, self.bye = r.choice(L['hello']), r.choice(L['bye'])
        self.greets, self.wordy, self.linky, self.attachy = (
            r.choice([0.95, 0.9, 0.6, 0.2]),
            r.choice([1, 2, 2, 3, 4]),
            r.choice([0, 0, 0.06, 0.12, 0.3]),
            r.choice([0.05, 0.1, 0.2, 0.35]),
        )
        self.sig_every = r.choice([1, 1, 0.3, 0])
        self.title = r.choice(
            {
                'de': ['Einkauf', 'Vertrieb', 'Konstruktion', 'Buchhaltung', 'Versand'],
                'en': ['Purchasing', 'Sales', 'Engineering', 'Accounts', 'Logistics'],
            }.get(lang, ['Export', 'Service', 'Administration'])
        )
        self.phone = '+%d 555 01%02d %d' % (
            r.choice([49, 44, 33, 39, 34, 31, 48, 351]),
            r.randrange(100),
            r.randrange(10, 99),
        )
        self.colleagues, self.second, self.second_from = [], None, 0
        self.weight = r.paretovariate(1.3)

    def spin(self, text, rng, ctx):
        """Makes the choices of a phrase (this person has favourites) and fills the slots."""

        def pick(mo):
            alts = mo.group(1).split('|')
            return alts[crc(self.addr, mo.group(1)) % len(alts)] if rng.random() < 0.7 else rng.choice(alts)

        text = re.sub(r'\[([^\[\]]*)\]', pick, text)
        return re.sub(r'\{(\w+)\}', lambda mo: str(ctx(mo.group(1))), text)

    def signature(self):
        if self.robot:
            return ''
        return '%s\n%s, %s\n%s\nhttps://%s/' % (
            self.name,
            self.title,
            self.company.name,
            self.phone,
            self.web,
        )


def alpha(r):
    return r.choice(['AM', 'DB', 'VI', 'PR', 'AS', 'HE']) + r.choice(['0', '4', '5', '8', '9'])


class Mail:
    offset = None
    parent = None
    quoted = ''
    plain_only = False
    reply_to = calendar = report = None
    kind, story, after_story, client, transport, shown, sub, label = (
        'ham',
        None,
        False,
        None,
        None,
        None,
        None,
        None,
    )
    bulk = False

    def __init__(self, **kw):
        self.cc, self.refs, self.attach, self.headers, self.links = [], [], [], [], 0
        self.mail_from = None
        self.__dict__.update(kw)


class Slots:
    """What a thread is about; three quarters of a thread's slots repeat."""

    def __init__(self, rng, lang, company, own_names):
        self.rng, self.lang, self.company, self.names = rng, lang, company, own_names
        self.fixed = {
            k: self.fresh(k) for k in ('ref', 'item', 'item2', 'prod', 'proj', 'doc', 'place', 'money')
        }

    def fresh(self, k):
        r, L, c = self.rng, LANG[self.lang], self.company
        if k == 'ref':
            return c.refstyle.format(
                y=2026,
                y2=26,
                n3=r.randrange(100, 999),
                n4=r.randrange(1000, 9999),
                n5=r.randrange(10000, 99999),
                n6=r.randrange(100000, 999999),
            )
        if k in ('item', 'item2'):
            return (
                L['items'][r.choice(c.item_ix) % len(L['items'])]
                if r.random() < 0.8
                else r.choice(L['items'])
            )
        if k == 'qty':
            return r.choice(
                [2, 4, 6, 8, 10, 12, 16, 20, 24, 25, 40, 50, 60, 80, 100, 120, 150, 200, 250, 400]
            )
        if k == 'day':
            return r.choice(L['days'])
        if k == 'date':
            return (
                '%02d.%02d.' % (r.randrange(1, 29), r.randrange(1, 13))
                if self.lang != 'en'
                else '%d %s' % (r.randrange(1, 29), r.choice(C.MON))
            )
        if k == 'money':
            return (
                '%d.%03d,%02d EUR' % (r.randrange(1, 60), r.randrange(1000), r.choice([0, 0, 50, 80, 95]))
                if self.lang not in ('en',)
                else 'EUR %d,%03d.%02d' % (r.randrange(1, 60), r.randrange(1000), r.choice([0, 0, 50, 80]))
            )
        if k == 'place':
            return r.choice(c.places)
        if k == 'prod':
            return r.choice(c.products)
        if k == 'proj':
            return r.choice(c.projects)
        if k == 'doc':
            return r.choice(L['docs'])
        if k == 'weeks':
            return r.randrange(2, 16)
        if k == 'iban':
            return iban(r)
        if k == 'who':
            return r.choice(self.names)
        raise KeyError(k)

    def __call__(self, k):
        return self.fixed[k] if k in self.fixed and self.rng.random() < 0.75 else self.fresh(k)


def iban(r):
    bban = '%018d' % r.randrange(10**18)
    return 'DE%02d%s' % (98 - int(bban + '131400') % 97, bban)


class World:
    def __init__(self, args):
        self.seed, self.days, self.args = args.seed, args.days, args
        end = datetime.datetime.strptime(args.end, '%Y-%m-%d').replace(tzinfo=datetime.timezone.utc)
        self.end = int(end.timestamp())
        self.start = self.end - args.days * DAY
        self.locals = set()
        self.mails = []
        self.serial = 0
        self.own_company = self.company('Halvern Pumps', OWN, 'own', 'eu1')
        self.make_people()

    def company(self, name, domain, kind, tz, **kw):
        self.serial += 1
        return Company(self, self.serial, name, domain, kind, tz, **kw)

    def local(self, first, last, company):
        style = crc(company.domain) % 4
        f, n = first.translate(ASCII).lower().split('/')[0], last.translate(ASCII).lower()
        base = {0: f + '.' + n, 1: f[0] + n, 2: n, 3: f[0] + '.' + n}[style] or 'x'
        base = re.sub(r'[^a-z0-9.-]', '', base)
        k = 0
        while (base + (str(k) if k else ''), company.domain) in self.locals:
            k += 1
        base += str(k) if k else ''
        self.locals.add((base, company.domain))
        return base

    def make_people(self):
        r = rng_for(self.seed, 'people')
        own_clients = [
            'outlook16',
            'outlook16',
            'outlook16',
            'thunderbird',
            'thunderhtml',
            'outlook16',
            'roundcube',
            'applemail',
        ]
        own_langs = [
            ('de', 'en'),
            ('de', 'en', 'fr'),
            ('de', 'en', 'it'),
            ('de', 'pl', 'en'),
            ('de', 'nl', 'en'),
            ('de', 'es', 'en'),
            ('de', 'en'),
            ('de', 'fr', 'en'),
            ('en', 'de'),
            ('de', 'en', 'pt'),
            ('de', 'en'),
            ('de', 'it', 'en'),
            ('de', 'en', 'pl'),
            ('en', 'es'),
            ('de', 'en', 'nl'),
            ('de', 'en'),
        ]
        self.own = []
        for i, langs in enumerate(own_langs):
            lang = langs[0]
            p = Person(
                self, self.own_company, *self.name(r, lang, i), lang, own_clients[i % len(own_clients)], 'eu1'
            )
            p.own, p.langs = True, langs
            ip = '10.20.%d.%d' % (1 + i % 3, 20 + i)
            p.sub = (ip, '[%s]' % ip, 0)
            p.form = 'plain'
            self.own.append(p)
        self.ext = []
        langs = (
            ['de'] * 26
            + ['en'] * 24
            + ['fr'] * 8
            + ['it'] * 8
            + ['es'] * 6
            + ['nl'] * 6
            + ['pl'] * 6
            + ['pt'] * 4
        )
        r.shuffle(langs)
        by_lang = collections.Counter(langs)
        tail = dict(
            de=['Werke', 'Technik', 'Guss', 'Antriebe', 'Logistik', 'Planung', 'Stahl', 'Anlagen'],
            en=['Castings', 'Water', 'Controls', 'Freight', 'Seals', 'Engineering', 'Works'],
        )
        self.companies = []
        clientset = dict(
            cloud=['outlook365'],
            own=['exchange', 'outlook16', 'thunderbird', 'sogo', 'horde', 'mutt', 'roundcube', 'applemail'],
            hoster=['outlook16', 'thunderbird', 'thunderhtml', 'applemail', 'roundcube', 'iphone', 'android'],
            freepost=['freepost'],
        )
        for lang, count in sorted(by_lang.items()):
            left = count
            while left > 0:
                size = min(left, r.choice([1, 2, 2, 3, 4]))
                kind = r.choice(['cloud', 'cloud', 'own', 'own', 'own', 'hoster', 'hoster', 'freepost'])
                stem = ''.join(r.choice(SYLL) for _ in range(2)) + r.choice(['', 'a', 'o', 'um', 'er'])
                name = (
                    stem.capitalize()
                    + ' '
                    + r.choice(tail.get(lang, ['Group', 'SA', 'Industria', 'Tecnica']))
                )
                tz = {'en': r.choice(['eu0', 'eu0', 'eu0', -300, 330, 480]), 'pt': 'eu0'}.get(lang, 'eu1')
                if kind == 'freepost':
                    size = 1
                    comp = self.company(name, 'freepost.example', 'freepost', -480)
                else:
                    comp = self.company(
                        name,
                        '%s.example' % stem if r.random() < 0.7 else '%s-%s.example' % (stem, lang),
                        kind,
                        tz,
                        dkim=r.random() < 0.75,
                        dmarc=r.random() < 0.6,
                        v6=r.random() < 0.4,
                    )
                people = []
                for _ in range(size):
                    p = Person(
                        self,
                        comp,
                        *self.name(r, lang, r.randrange(1000)),
                        lang,
                        r.choice(clientset[kind]),
                        tz
                    )
                    p.langs = (lang,)
                    people.append(p)
                for p in people:
                    p.colleagues = [x for x in people if x is not p]
                    opts = [o for o in self.own if lang in o.langs]
                    p.partners = r.sample(opts, min(len(opts), r.choice([1, 2, 2, 3])))
                    if r.random() < 0.15 and p.client not in ('freepost', 'iphone', 'android'):
                        p.second, p.second_from = r.choice(['iphone', 'android', 'roundcube']), 0
                    elif r.random() < 0.06 and kind != 'cloud':
                        p.second, p.second_from = r.choice(clientset[kind]), self.start + int(
                            self.days * DAY * r.uniform(0.3, 0.8)
                        )
                self.companies.append(comp)
                self.ext += people
                left -= size
        # The story's supplier: many partners, steady habits, never a link to anything but its own site.
        comp = self.company('Wexcombe Castings', 'wexcombe-castings.example', 'own', 'eu0')
        comp.share = None
        p = Person(self, comp, 'Ruth', 'Wexcombe', 'en', 'outlook16', 'eu0', local='ruth.wexcombe')
        p.name, p.langs, p.partners, p.linky, p.second, p.weight = (
            'Ruth Wexcombe',
            ('en',),
            [o for o in self.own if 'en' in o.langs][:6],
            0,
            None,
            4,
        )
        p.hello, p.greets, p.wordy = 'Hello {who},', 0.95, 2
        p.sub = ('198.51.100.77', 'RUTH-PC', 0)
        self.supplier = p
        self.companies.append(comp)
        self.ext.append(p)
        self.roles = {k: Stub(k + '@' + OWN, k.capitalize()) for k in ('info', 'invoices', 'sales', 'it')}
        self.robots = self.make_robots(r)

    def name(self, r, lang, i):
        first, last = FIRST[lang].split(), LAST[lang].split(' ') if lang not in ('nl',) else [
            'van Oosterdrecht',
            'Terwolde',
            'Kuipersma',
            'Hoogmeer',
            'de Zandwaard',
        ]
        return first[i % len(first)], last[(i // 3 + r.randrange(len(last))) % len(last)]

    # -- robots ------------------------------------------------------------------------------------------------------

    def make_robots(self, r):
        """(person, mails a workday, kind of text, who gets it)"""
        out = []

        def robot(name, local, domain, kind, client, lang, rate, text, **kw):
            comp = self.company(name, domain, kind, 'eu1' if lang != 'en' else 'eu0', **kw)
            p = Person(self, comp, name, '', lang, client, 'eu1' if lang != 'en' else 'eu0', local=local)
            p.robot, p.name, p.langs = True, name, (lang,)
            if kind == 'esp':
                comp.bounce_domain = 'bounce.' + domain
            out.append((p, rate, text))
            return p

        for i, (name, lang) in enumerate(
            (
                ('Pump World', 'en'),
                ('Fluidtechnik Brief', 'de'),
                ('Einkauf heute', 'de'),
                ('Ledger Morning', 'en'),
                ('Usine Hebdo', 'fr'),
                ('Messe Rundschau', 'de'),
                ('Valve Review', 'en'),
                ('Mercato Pompe', 'it'),
                ('Steuer Aktuell', 'de'),
                ('Norm und Blatt', 'de'),
                ('Safety First', 'en'),
                ('Rynek Pomp', 'pl'),
            )
        ):
            robot(
                name,
                'news',
                '%s.example' % name.lower().replace(' ', '-'),
                'esp',
                'newsletter',
                lang,
                0.9 if i < 6 else 0.4,
                'newsletter',
            )
        robot('Service Desk Corvex', 'support', 'corvex-desk.example', 'own', 'znuny', 'en', 6, 'ticket')
        robot('Ticketsystem Lumenta', 'hilfe', 'lumenta.example', 'own', 'znuny', 'de', 5, 'ticket')
        robot(
            'Hauptbank Altweiler',
            'mitteilung',
            'hauptbank-altweiler.example',
            'own',
            'javamail',
            'de',
            3,
            'bank',
        )
        robot('Northam Trust', 'alerts', 'northamtrust.example', 'own', 'javamail', 'en', 2, 'bank')
        robot(
            'Schraubenshop',
            'shop',
            'schraubenshop.example',
            'hoster',
            'phpmailer',
            'de',
            4,
            'shop',
            dkim=False,
        )
        robot('Seal Store', 'orders', 'sealstore.example', 'own', 'phpmailer', 'en', 3, 'shop')
        robot('Paketdienst Blitzo', 'info', 'blitzo-paket.example', 'own', 'javamail', 'de', 8, 'parcel')
        robot(
            'Fastlane Freight', 'tracking', 'fastlane-freight.example', 'cloud', 'javamail', 'en', 5, 'parcel'
        )
        robot('Watchtower', 'alarm', 'watchtower.example', 'own', 'cron', 'en', 9, 'monitor', v6=True)
        robot('Backup Store', 'report', 'backupstore.example', 'own', 'python', 'en', 3, 'monitor')
        robot('Tenderportal', 'noreply', 'tenderportal.example', 'own', 'portal', 'de', 4, 'portal')
        robot('Zeitwerk', 'noreply', 'zeitwerk.example', 'esp', 'portal', 'de', 3, 'portal')
        robot('Telefonnetz Rechnung', 'rechnung', 'telefonnetz.example', 'own', 'javamail', 'de', 1, 'bill')
        robot('Energie Sandvig', 'billing', 'energie-sandvig.example', 'own', 'phpmailer', 'en', 1, 'bill')
        robot('Teampages', 'notify', 'teampages.example', 'esp', 'portal', 'en', 4, 'share')
        robot('Cloudbox', 'no-reply', 'cloudbox.example', 'esp', 'newsletter', 'de', 3, 'share')
        return out

    def robot_mail(self, p, text, day, rng):
        de = p.lang == 'de'
        t = day + int(rng.gauss(9.5 if text in ('newsletter', 'bank') else 12, 2.5) * 3600)
        s = Slots(
            rng,
            p.lang,
            rng.choice(self.companies) if text in ('share', 'ticket') else p.company,
            [o.first for o in self.own],
        )
        tok = C.alnum(rng, 24)
        to = [rng.choice(self.own)]
        attach = []
        L = LANG[p.lang]
        if text == 'newsletter':
            heads = [
                p.spin(rng.choice(L[rng.choice(TOPICS)] + L['extra']), rng, s)
                for _ in range(4 + crc(p.addr) % 3)
            ]
            own = '%s\n\n%s\n\n%s' % (
                p.name,
                '\n\n'.join('%s\nhttps://%s/a/%s' % (h, p.web, C.alnum(rng, 8).lower()) for h in heads),
                'https://%s/u/%s' % (p.web, tok[:12]),
            )
            subject, to = '%s: %s' % (p.name, heads[0][:60]), rng.sample(self.own, 1)
        elif text == 'ticket':
            n = rng.randrange(20260000, 20269999)
            subject = '[Ticket#%d] %s' % (n, p.spin(rng.choice(L['subjects']['quality']), rng, s))
            own = (
                'Ihre Anfrage %d wurde bearbeitet.\n\n%s\n%s\n\nhttps://desk.%s/ticket/%d'
                if de
                else 'Your request %d has been updated.\n\n%s\n%s\n\nhttps://desk.%s/ticket/%d'
            ) % (
                n,
                p.spin(rng.choice(L['quality']), rng, s),
                p.spin(rng.choice(L['meeting'] + L['delivery']), rng, s),
                p.company.domain,
                n,
            )
        elif text == 'bank':
            subject = (
                ('Neue Mitteilung in Ihrem Postfach' if de else 'Account notice')
                if rng.random() < 0.6
                else ('Umsatz %s' if de else 'Booking %s') % s('money')
            )
            own = (
                'Guten Tag,\n\nauf Ihrem Konto wurde ein Umsatz von %s gebucht. Einzelheiten nach Anmeldung unter https://%s/'
                if de
                else 'Dear customer,\n\na booking of %s was made on your account. Details after you log in at https://%s/'
            ) % (s('money'), p.web)
            to = [self.roles['invoices']]
        elif text == 'shop':
            ref = s('ref')
            subject = ('Ihre Bestellung %s' if de else 'Your order %s') % ref
            own = (
                'Vielen Dank für Ihre Bestellung %s.\n\n%d x %s\n%d x %s\nSumme %s\n\nStatus: https://%s/order/%s'
                if de
                else 'Thank you for your order %s.\n\n%d x %s\n%d x %s\nTotal %s\n\nStatus: https://%s/order/%s'
            ) % (ref, s('qty'), s('item'), s('qty'), s('item2'), s('money'), p.web, tok[:10])
        elif text == 'parcel':
            n = rng.randrange(10**11, 10**12)
            subject = ('Sendung %d: %s' if de else 'Shipment %d: %s') % (
                n,
                rng.choice(
                    ['zugestellt', 'unterwegs', 'kommt morgen']
                    if de
                    else ['delivered', 'in transit', 'arrives tomorrow']
                ),
            )
            own = (
                'Ihre Sendung %d aus %s ist in der Zustellung.\nVerfolgen: https://%s/t/%d'
                if de
                else 'Your shipment %d from %s is on its way.\nTrack: https://%s/t/%d'
            ) % (n, s('place'), p.web, n)
        elif text == 'monitor':
            host = rng.choice(['srv-erp', 'srv-mail', 'nas2', 'switch-hall', 'ups1', 'cam-gate', 'plc7'])
            subject = (
                rng.choice(['PROBLEM', 'RECOVERY', 'REPORT'])
                + ' '
                + host
                + ' '
                + rng.choice(['disk', 'load', 'ping', 'backup', 'temperature'])
            )
            own = 'Host: %s\nState: %s\nValue: %d %%\nDuration: %d min\n' % (
                host,
                subject.split()[0],
                rng.randrange(3, 99),
                rng.randrange(1, 300),
            )
            to, t = [self.roles['it']], day + rng.randrange(DAY)
        elif text == 'portal':
            subject = (
                'Neue Ausschreibung: %s'
                if p.addr.startswith('noreply@tender')
                else 'Erinnerung: Zeiten erfassen %s'
            ) % s('proj')
            own = 'Guten Tag,\n\n%s\n%s\n\nZum Portal: https://portal.%s/%s/%s' % (
                p.spin(rng.choice(L['offer']), rng, s),
                p.spin(rng.choice(L['extra']), rng, s),
                p.company.domain,
                rng.choice(['a', 'liste', 'detail']),
                tok,
            )
        elif text == 'bill':
            subject = ('Ihre Rechnung %s' if de else 'Your bill %s') % s('ref')
            own = (
                'Anbei Ihre Rechnung über %s. Der Betrag wird abgebucht.\nKonto %s\nhttps://%s/rechnungen'
                if de
                else 'Attached is your bill over %s. The amount will be debited.\nAccount %s\nhttps://%s/bills'
            ) % (s('money'), p.number, p.web)
            to, attach = [self.roles['invoices']], [('pdf', '%s.pdf' % s('ref').replace('/', '-'))]
        else:
            who = rng.choice([x for x in self.ext if x.company.share] or self.ext)
            host, tenant = who.company.share or (PUBLIC_HOSTS[0], who.company.domain.split('.')[0])
            subject = ('%s hat "%s" freigegeben' if de else '%s shared "%s"') % (
                who.name,
                s('doc') + ' ' + s('prod'),
            )
            own = (
                '%s hat ein Dokument für Sie freigegeben.\n\n%s\n\nÖffnen: https://%s/%s/%s'
                if de
                else '%s shared a document with you.\n\n%s\n\nOpen: https://%s/%s/%s'
            ) % (who.name, s('doc') + ' ' + s('proj'), host, tenant, tok)
            to = [rng.choice(getattr(who, 'partners', self.own))]
        auto = [('Auto-Submitted', 'auto-generated')] if text in ('ticket', 'monitor', 'parcel') else []
        return Mail(
            time=t,
            sender=p,
            to=to,
            subject=subject,
            own=own,
            lang=p.lang,
            headers=auto,
            attach=attach,
            bulk=True,
            links=own.count('http'),
            slots=s,
        )

    # -- people ------------------------------------------------------------------------------------------------------

    def own_link(self, p, rng, slots):
        """a link that is usual for the writer: own site, or the company's tenant on a shared host; now and then something new"""
        c = p.company
        x = rng.random()
        if x < 0.35:
            return 'https://%s/%s/%s' % (
                rng.choice(NEWS_HOSTS),
                rng.choice(['news', 'a', 'item', 'route', 'p']),
                C.alnum(rng, 8).lower(),
            )
        if c.share and x < 0.8:
            return 'https://%s/%s/%s' % (c.share[0], c.share[1], C.alnum(rng, 22))
        return 'https://%s/%s/%s' % (
            p.web,
            rng.choice(['download', 'en', 'docs']),
            slots('prod').lower().replace(' ', '-'),
        )

    def write(self, p, reader, lang, topic, slots, rng, first, links=True):
        """own text of one mail of a conversation, without quotes: (text, links, attachments)"""
        L = LANG[lang]
        lines = []
        if rng.random() < p.greets:
            hello = p.hello if lang == p.lang else L['hello'][crc(p.addr, lang) % len(L['hello'])]
            lines += [hello.replace('{who}', reader.first), '']
        body = []
        n = max(1, int(rng.gauss(p.wordy + (1 if first else 0), 1)))
        if not first and rng.random() < 0.45:
            body.append(rng.choice(L['ack']))
        pool = L[topic]
        body += [
            rng.choice(pool) if rng.random() < 0.75 else rng.choice(L[rng.choice(TOPICS)]) for _ in range(n)
        ]
        if rng.random() < 0.3:
            body.append(rng.choice(L['extra']))
        attach, nlinks = [], 0
        if rng.random() < p.attachy * (1.5 if first else 0.7):
            kind = rng.choice(
                {
                    'drawing': ['pdf', 'stp', 'png'],
                    'quality': ['jpg', 'jpg', 'pdf'],
                    'invoice': ['pdf'],
                    'travel': ['pdf'],
                }.get(topic, ['pdf', 'pdf', 'xlsx', 'docx'])
            )
            body.append(rng.choice(L['attach']))
            stem = (
                rng.choice([slots('ref'), slots('prod'), slots('proj')]).replace('/', '-').replace(' ', '_')
            )
            attach.append((kind, '%s.%s' % (stem, kind)))
        link = ''
        if links and rng.random() < p.linky + 0.06:
            link, nlinks = self.own_link(p, rng, slots), 1
            body.append(rng.choice(L['links']))
        get = lambda k: link if k == 'link' else slots(k)  # noqa: E731
        said = []
        for x in body:
            x = p.spin(x, rng, get)
            if x not in said:
                said.append(x)
        lines += ['\n'.join(said)] if crc(p.addr, 'para') % 2 else [' '.join(said)]
        lines += ['', (p.bye if lang == p.lang else L['bye'][crc(p.addr, lang) % len(L['bye'])])]
        if rng.random() < p.sig_every:
            lines += [
                '-- ' if p.client in ('thunderbird', 'mutt', 'roundcube', 'sogo', 'thunderhtml') else '',
                p.signature(),
            ]
            nlinks += 1
        else:
            lines.append(p.first)
        return '\n'.join(lines), nlinks, attach

    def worktime(self, p, t, rng):
        """the next moment from t on that is in p's working hours"""
        for _ in range(20):
            local = t + p.tz(t) * 60
            d = datetime.datetime.fromtimestamp(local, datetime.timezone.utc)
            if d.weekday() < 5 and 7 <= d.hour < 18 or rng.random() < 0.03:
                return t
            t += (18 - d.hour) * 3600 if 7 > d.hour else (24 - d.hour + 7) * 3600
            t += rng.randrange(10800) - 9 * 3600 * (7 > d.hour)
        return t

    def thread(self, start, rng, a=None, b=None, length=None, topic=None, gap=None, internal=False):
        """one conversation between an outsider a and an own person b, or among own people"""
        a = a or rng.choices(self.ext, [x.weight for x in self.ext])[0]
        b = b or rng.choice(a.partners)
        lang = rng.choice([x for x in a.langs if x in b.langs] or ['en'])
        topic = (
            topic or TOPICS[crc(a.addr, rng.choice('1112')) % len(TOPICS)]
            if rng.random() < 0.6
            else rng.choice(TOPICS)
        )
        slots = Slots(
            rng, lang, a.company if not internal else self.own_company, [o.first for o in self.own[:8]]
        )
        starter, other = (a, b) if rng.random() < 0.55 else (b, a)
        subject = starter.spin(rng.choice(LANG[lang]['subjects'][topic]), rng, slots)
        n = length or rng.choice([1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8])
        cc = []
        if rng.random() < 0.3:
            cc = [rng.choice([o for o in self.own if o is not b])]
        if a.colleagues and rng.random() < 0.2:
            cc = cc + [rng.choice(a.colleagues)]
        t, prev, refs, out = start, None, [], []
        for i in range(n):
            w, reader = (starter, other) if i % 2 == 0 else (other, starter)
            if i and w is a and a.colleagues and rng.random() < 0.06:
                w = rng.choice(a.colleagues)
            t = self.worktime(w, t, rng)
            text, links, attach = self.write(w, reader, lang, topic, slots, rng, i == 0)
            m = Mail(
                time=t,
                sender=w,
                to=[reader],
                cc=[c for c in cc if c not in (w, reader)],
                subject=subject if not i else LANG[w.lang]['re'] + subject,
                own=text,
                lang=lang,
                parent=prev,
                refs=list(refs),
                links=links,
                attach=attach,
                topic=topic,
                slots=slots,
            )
            if topic == 'meeting' and i == 0 and C.CLIENTS[w.client][0] and rng.random() < 0.4:
                m.calendar = (
                    'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:%s\r\nSUMMARY:%s\r\nDTSTART:%s\r\nORGANIZER:mailto:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'
                    % (
                        C.hexs(rng, 24),
                        subject,
                        datetime.datetime.fromtimestamp(t + 3 * DAY, datetime.timezone.utc).strftime(
                            '%Y%m%dT%H0000Z'
                        ),
                        w.addr,
                    )
                )
            if w.second and t >= w.second_from and (w.second_from or rng.random() < 0.25):
                m.client = w.second
            m.mid = C.message_id(m.client or w.client, w, t, rng)
            out.append(m)
            refs.append(m.mid)
            prev = m
            t += (
                int(gap * rng.uniform(0.6, 1.4))
                if gap
                else int(rng.lognormvariate(math.log(3 * 3600), 1.1)) + 120
            )
        return [m for m in out if m.time < self.end]

    def stranger(self, start, rng):
        """somebody who never wrote before: a new customer, an applicant, a salesman"""
        lang = rng.choice(['de', 'de', 'en', 'en', 'fr', 'it', 'pl'])
        kind = rng.choice(['freepost', 'freepost', 'hoster', 'own', 'cloud'])
        stem = ''.join(rng.choice(SYLL) for _ in range(3))
        comp = self.company(
            stem.capitalize(),
            'freepost.example' if kind == 'freepost' else stem + '.example',
            kind,
            'eu1',
            dkim=rng.random() < 0.8,
            v6=rng.random() < 0.4,
        )
        p = Person(
            self,
            comp,
            *self.name(rng, lang, rng.randrange(999)),
            lang,
            {'freepost': 'freepost', 'cloud': 'outlook365'}.get(kind)
            or rng.choice(['outlook16', 'thunderbird', 'iphone', 'applemail', 'roundcube', 'phpmailer']),
            'eu1'
        )
        p.langs, p.partners, p.linky = (
            (lang,),
            [o for o in self.own if lang in o.langs][:3] or self.own[:2],
            0.3,
        )
        return self.thread(
            start,
            rng,
            a=p,
            length=rng.choice([1, 1, 1, 2, 3]),
            topic=rng.choice(['offer', 'offer', 'meeting', 'order']),
        )

    def generate(self):
        mails = []
        weekend = {5: 0.06, 6: 0.04}
        for d in range(self.days):
            day = self.start + d * DAY
            wd = datetime.datetime.fromtimestamp(day, datetime.timezone.utc).weekday()
            rng = rng_for(self.seed, 'day', d)
            scale = weekend.get(wd, 1)
            for _ in range(round(scale * rng.gauss(38, 4))):
                mails += self.thread(day + int(rng.uniform(6.5, 17) * 3600), rng)
            for _ in range(round(scale * rng.gauss(8, 2))):
                a, b = rng.sample(self.own, 2)
                b = b if set(a.langs) & set(b.langs) else self.own[0] if a is not self.own[0] else self.own[1]
                mails += self.thread(
                    day + int(rng.uniform(7, 16) * 3600),
                    rng,
                    a=a,
                    b=b,
                    length=rng.choice([1, 2, 2, 3]),
                    internal=True,
                )
            for _ in range(round(scale * rng.choice([1, 2, 2, 3]))):
                mails += self.stranger(day + int(rng.uniform(7, 17) * 3600), rng)
            for p, rate, text in self.robots:
                k = int(rate * (scale if text != 'monitor' else 1)) + (rng.random() < (rate * scale) % 1)
                for _ in range(k):
                    mails.append(self.robot_mail(p, text, day, rng))
        # four open threads of the story's supplier, each ending with a question of ours
        rng = rng_for(self.seed, 'openthreads')
        day = self.end - 3 * DAY
        while datetime.datetime.fromtimestamp(day, datetime.timezone.utc).weekday() > 2:
            day -= DAY
        self.story_threads = []
        for i, b in enumerate(self.supplier.partners[:4]):
            th = []
            while len(th) < 4 or not th[-1].sender.own:
                th = self.thread(
                    day + (8 + i) * 3600 + 600,
                    rng,
                    a=self.supplier,
                    b=b,
                    length=rng.choice([4, 5]),
                    gap=5400,
                    topic=('drawing', 'order', 'invoice', 'quality')[i],
                )
                for m in th:
                    m.cc = []
            self.story_threads.append(th)
            mails += th
        mails += self.reflexes(mails)
        for m in mails:
            if not hasattr(m, 'mid'):
                m.mid = C.message_id(
                    m.sender.client,
                    m.sender,
                    m.time,
                    rng_for(self.seed, 'mid', m.sender.addr, m.time, m.subject),
                )
        self.mails = sorted(
            (m for m in mails if self.start <= m.time < self.end), key=lambda m: (m.time, m.mid)
        )

    def reflexes(self, mails):
        """what outbound mail provokes: bounces and automatic replies"""
        out = []
        for m in mails:
            if not m.sender.own or not m.to or m.to[0].addr.endswith('@' + OWN):
                continue
            rng = rng_for(self.seed, 'reflex', m.mid)
            x, p = rng.random(), m.to[0]
            if x < 0.008:
                c = p.company
                d = Person(
                    self,
                    c,
                    'Mail Delivery System',
                    '',
                    'en',
                    'python' if c.kind == 'cloud' else 'cron',
                    'eu0',
                    local='mailer-daemon',
                )
                d.robot, d.name, d.langs = True, 'Mail Delivery System', ('en',)
                t = m.time + rng.randrange(2, 400)
                out.append(
                    Mail(
                        time=t,
                        sender=d,
                        to=[m.sender],
                        subject='Undelivered Mail Returned to Sender',
                        own='The following address failed:\n\n<%s>: %s\n'
                        % (p.addr, rng.choice(['mailbox full', 'user unknown', 'connection timed out'])),
                        lang='en',
                        mail_from='',
                        headers=[('Auto-Submitted', 'auto-replied')],
                        plain_only=True,
                        bulk=True,
                        report='Reporting-MTA: dns; %s\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: 5.2.2\n'
                        % (c.fixed[1], p.addr),
                    )
                )
            elif x < 0.025 and not p.robot and not p.own:
                L = LANG[p.lang]
                s = Slots(rng, p.lang, p.company, [o.first for o in self.own])
                q = copy.copy(p)
                out.append(
                    Mail(
                        time=m.time + rng.randrange(2, 90),
                        sender=q,
                        to=[m.sender],
                        subject={'de': 'Automatische Antwort: '}.get(p.lang, 'Automatic reply: ') + m.subject,
                        own=p.spin(rng.choice(L['extra'] + L['ack']), rng, s) + '\n\n' + p.signature(),
                        lang=p.lang,
                        refs=[m.mid],
                        headers=[('Auto-Submitted', 'auto-replied')],
                        bulk=True,
                    )
                )
        return out

    # -- bytes -------------------------------------------------------------------------------------------------------

    def bytes_of(self, m, tag=''):
        """(message as the site's MX gets it, connection, envelope sender, envelope recipients, auth_user)"""
        p = m.sender
        rng = rng_for(self.seed, 'bytes', m.mid, tag)
        writer = m.writer if hasattr(m, 'writer') else p
        headers, body = C.render(m, writer, m.client or writer.client, rng, LANG[m.lang], m.shown)
        if m.kind != 'ham' and m.kind.endswith('i') or p.own and not m.transport and not m.shown:
            sub = m.sub or p.sub
            helo = sub[1] if sub[1].startswith('[') else '[%s]' % sub[0]
            return (
                C.join(headers, body),
                {'addr': sub[0], 'name': 'unknown', 'helo': helo},
                p.addr,
                [x.addr for x in m.to + m.cc],
                p.addr,
            )
        carrier = m.transport or p
        rcpts = [x.addr for x in m.to + m.cc if x.addr.endswith('@' + OWN)]
        shown_domain = m.shown[1].split('@')[1] if m.shown else None
        top, tail, client = C.trace(
            carrier,
            m.client or carrier.client,
            m.time,
            m.mid,
            (rcpts or [''])[0],
            rng,
            m.sub,
            OWN_MX,
            shown_domain,
        )
        mail_from = (
            m.mail_from
            if m.mail_from is not None
            else 'b-%s@%s' % (C.hexs(rng, 10), carrier.company.bounce_domain)
            if carrier.company.kind == 'esp'
            else carrier.addr
        )
        auto = [h for h in m.headers if C.CLIENTS[m.client or writer.client] and h not in headers]
        return C.join(top + headers + auto + tail, body), client, mail_from, rcpts, None

    # -- attacks -----------------------------------------------------------------------------------------------------

    def lure(self, m, kind, on, rng, host=None, own_greeting=True):
        """own text of an attack mail in m's language; returns text, number of links, host"""
        L, p = LANG[m.lang], m.sender
        slots = m.slots
        link = ''
        if host is None and kind != 'request':
            host = rng.choice(
                [
                    'docs.%s.example' % C.alnum(rng, 7, 'abcdefghjkmnpr'),
                    'drop.%s.example' % C.alnum(rng, 6, 'abcdefghjkmnpr'),
                ]
            )
        if kind != 'request':
            link = 'https://%s/%s/%s' % (host, C.alnum(rng, 6, 'abcdefghikmnoprstu'), C.alnum(rng, 20))
        pool = {
            'link': 'lure_link_' + ('on' if on else 'off'),
            'request': 'lure_req_' + ('on' if on else 'off'),
            'phish': 'phish',
        }[kind]
        fresh = Slots(rng, m.lang, m.sender.company, [o.first for o in self.own])
        get = (
            lambda k: link if k == 'link' else slots.fixed[k] if on and k in slots.fixed else fresh(k)
        )  # noqa: E731
        text = p.spin(rng.choice(L[pool]), rng, get)
        who = m.to[0].first if hasattr(m.to[0], 'first') else ''
        hello = p.hello.replace('{who}', who) if own_greeting else ''
        out = '\n'.join([*([hello, ''] if hello else []), text, '', p.bye, p.first])
        return out, int(bool(link)), host

    def variant(self, d, **kw):
        """an attack mail made from a genuine one"""
        m = copy.copy(d)
        m.attach, m.calendar, m.refs = [], None, list(d.refs)
        m.__dict__.update(kw)
        return m

    def attacks(self, t_d):
        """probes (score and forget), made from later genuine mail of their victims"""
        out = []
        n = self.args.probes
        rng = rng_for(self.seed, 'attacks')
        seen = collections.Counter()
        usable, own_usable = [], []
        for m in self.mails:
            if not m.bulk:
                if m.time >= t_d and seen[m.sender.addr] >= 3:
                    if m.sender.own and not all(x.addr.endswith('@' + OWN) for x in m.to + m.cc):
                        own_usable.append(m)
                    elif not m.sender.own:
                        usable.append(m)
                seen[m.sender.addr] += 1
        rng.shuffle(usable)
        rng.shuffle(own_usable)
        threads = [m for m in usable if m.parent is not None]
        rest = [m for m in usable if m.parent is None]
        used = set()

        def donors(kind, count):
            got = []
            src = (
                threads
                if kind in ('A5', 'A7', 'A8', 'A9')
                else rest + threads
                if kind == 'A6'
                else usable
            )
            for m in src:
                if len(got) == count:
                    break
                if id(m) not in used:
                    used.add(id(m))
                    got.append(m)
            return got

        def emit(m, d, kind, source, **label):
            m.kind, m.donor = kind, d
            m.time = d.time
            m.label = dict(source=source, **label)
            w = m.writer if hasattr(m, 'writer') else m.sender
            seed = rng_for(self.seed, 'amid', kind, d.mid, len(out))
            m.mid = C.message_id(m.client or w.client, w, m.time, seed)
            out.append(m)

        def public_host(d):
            """30 %: a public host that the victim's world uses already, under another tenant's path"""
            if rng.random() < 0.3:
                if d.sender.company.share:
                    return d.sender.company.share[0], True, 'domain'
                return rng.choice([c.share[0] for c in self.companies if c.share]), True, 'site'
            return (
                rng.choice(
                    [
                        'files.%s.example' % w
                        for w in ('quickfolder', 'padshare', 'boardly', 'webcanvas', 'linkdocs')
                    ]
                ),
                False,
                None,
            )

        def greet():
            return rng.choice([('victim', True), ('none', False)])

        foreign = [x for x in self.ext if x.company.kind != 'freepost']
        crooks = []
        for i in range(6):
            c = self.company(
                'Crook %d' % i,
                'hosting%d.example' % i,
                'own',
                rng.choice([0, 60, 180, 330, -300]),
                dkim=False,
                v6=i % 2 == 0,
            )
            p = Person(
                self,
                c,
                'web',
                str(i),
                'en',
                rng.choice(['phpmailer', 'python', 'outlook16', 'roundcube']),
                rng.choice([0, 180, 330, -300]),
                local='www%d' % i,
            )
            crooks.append(p)
        for d in donors('A0', n):
            emit(self.variant(d, attach=d.attach, calendar=d.calendar), d, 'A0', 'own', reencoded=False)
        for lure in (False, True):
            for d in donors('A1', n if not lure else n // 2):
                s = rng.choice([x for x in usable if x.sender is not d.sender])
                v = self.variant(
                    s,
                    to=d.to,
                    cc=d.cc,
                    sender=d.sender,
                    writer=s.sender,
                    transport=rng.choice(crooks),
                    shown=(d.sender.name, d.sender.addr),
                    attach=s.attach,
                )
                if lure:
                    v.slots, v.lang, v.parent, v.refs = d.slots, d.lang, None, []
                    on = rng.random() < 0.5
                    v.own, v.links, host = self.lure(v, 'phish' if not on else 'link', on, rng)
                    emit(
                        v,
                        d,
                        'A1L',
                        'written:' + d.lang,
                        links=v.links,
                        lure='share' if on else 'phish',
                        topic=on,
                        host_known=False,
                        thread=False,
                    )
                else:
                    emit(v, d, 'A1', 'swap')
            withcol = [d for d in usable if d.sender.colleagues and id(d) not in used][
                : n if not lure else n // 2
            ]
            for d in withcol:
                used.add(id(d))
                col = rng.choice(d.sender.colleagues)
                base = next((x for x in usable if x.sender is col), None)
                if base is None:
                    continue
                v = self.variant(
                    base,
                    to=d.to,
                    cc=d.cc,
                    writer=col,
                    transport=col,
                    sender=d.sender,
                    shown=(d.sender.name, d.sender.addr),
                    attach=base.attach,
                )
                if lure:
                    v.slots, v.lang, v.parent, v.refs = d.slots, d.lang, None, []
                    on = rng.random() < 0.5
                    v.own, v.links, host = self.lure(v, 'request' if on else 'link', on, rng)
                    emit(
                        v,
                        d,
                        'A2L',
                        'written:' + d.lang,
                        links=v.links,
                        lure='bec' if on else 'share',
                        topic=on,
                        thread=False,
                    )
                else:
                    emit(v, d, 'A2', 'swap')
        for d in donors('A3', n):
            p = d.sender
            free = rng.random() < 0.4
            local, dom = p.addr.split('@')
            if free:
                c = self.company('x', 'freepost.example', 'freepost', -480)
                addr, cl = (
                    '%s%d@freepost.example'
                    % (re.sub(r'\W', '', p.first.translate(ASCII).lower()), rng.randrange(10, 99)),
                    'freepost',
                )
            else:
                stem, tld = dom.rsplit('.', 1)
                k = rng.randrange(1, len(stem) - 1)
                stem = rng.choice(
                    [
                        stem[:k] + stem[k + 1] + stem[k] + stem[k + 2 :],
                        stem[:k] + stem[k : k + 1] + stem[k:],
                        stem + '-group',
                        stem.replace('l', '1', 1).replace('m', 'rn', 1),
                    ]
                )
                c = self.company('x', stem + '.' + tld, 'hoster', 'eu1')
                addr, cl = local + '@' + c.domain, rng.choice(['outlook16', 'roundcube', 'applemail'])
            q = Person(
                self, c, p.first, '', p.lang, cl, rng.choice(['eu1', 180, 0]), local=addr.split('@')[0]
            )
            q.name, q.hello, q.bye = p.name, p.hello, p.bye
            on, known = rng.random() < 0.5, rng.random() < 0.5
            v = self.variant(d, sender=q, parent=d.parent if known else None, refs=d.refs if known else [])
            v.own, v.links, host = self.lure(v, 'request', on, rng)
            v.victim = p
            emit(v, d, 'A3', 'written:' + d.lang, shown='lookalike' if not free else 'freemail', topic=on)
        for kind in ('A4', 'A5', 'A6', 'A7', 'A8'):
            for d in donors(kind, n):
                kw = {}
                if kind in ('A4', 'A5'):
                    o = rng.choice([x for x in foreign if x.client != d.sender.client])
                    q = copy.copy(o)
                    q.addr, q.name, q.company = d.sender.addr, d.sender.name, d.sender.company
                    ip = '2001:db8:bad%x::%x' % (rng.randrange(16), rng.randrange(1, 999))
                    kw = dict(
                        writer=q,
                        client=o.client,
                        sub=(ip, 'user-pc', 0),
                        offset=rng.choice([0, 180, 330, -300, 480]),
                    )
                v = self.variant(d, **kw)
                on, (gname, g) = rng.random() < 0.5, greet()
                if kind in ('A4', 'A6'):
                    v.parent, v.refs = None, []
                    v.subject = v.sender.spin(rng.choice(LANG[d.lang]['phish']).split('.')[0], rng, d.slots)[
                        :50
                    ]
                    v.own, v.links, host = self.lure(v, 'phish', False, rng, own_greeting=g)
                    emit(v, d, kind, 'written:' + d.lang, links=v.links)
                elif kind in ('A5', 'A7'):
                    v.own, v.links, host = self.lure(v, 'request', on, rng, own_greeting=g)
                    emit(v, d, kind, 'written:' + d.lang, topic=on, greeting=gname)
                else:
                    host, known, by = public_host(d)
                    v.own, v.links, host = self.lure(v, 'link', on, rng, host, g)
                    emit(
                        v,
                        d,
                        kind,
                        'written:' + d.lang,
                        links=1,
                        topic=on,
                        greeting=gname,
                        host_known=known,
                        **({'host_by': by} if by else {})
                    )
        for i, d in enumerate(donors('A9', max(2, n // 6))):
            host, known, by = public_host(d)
            on = rng.random() < 0.5
            people = rng.sample(self.own, 10 + rng.randrange(6))
            for k, o in enumerate(people):
                v = self.variant(d, to=[o], cc=[], parent=d.parent, refs=d.refs)
                v.own, v.links, _ = self.lure(v, 'link', on, rng, host)
                emit(
                    v, d, 'A9', 'written:' + d.lang, links=1, incident='F%02d' % i, topic=on, host_known=known
                )
                v.time, v.session = d.time + 1 + 45 * k, 'F%02d' % i
        half = max(4, n // 2)
        for kind, ds in (
            ('A6i', own_usable[:half]),
            ('A8i', [m for m in own_usable[half:] if m.parent is not None][:half]),
        ):
            for d in ds:
                v = self.variant(d)
                if kind == 'A6i':
                    v.parent, v.refs = None, []
                    v.own, v.links, _ = self.lure(v, 'phish', False, rng)
                    emit(v, d, kind, 'written:' + d.lang, links=v.links)
                else:
                    host, known, by = public_host(d)
                    on, (gname, g) = rng.random() < 0.5, greet()
                    v.own, v.links, _ = self.lure(v, 'link', on, rng, host, g)
                    emit(
                        v,
                        d,
                        kind,
                        'written:' + d.lang,
                        links=1,
                        topic=on,
                        greeting=gname,
                        host_known=known,
                        **({'host_by': by} if by else {})
                    )
        return out

    def story(self, victim, threads, t0, sid, tag, host=None):
        """four attack mails in 20 minutes into four threads, four genuine warnings to everybody an hour later"""
        rng = rng_for(self.seed, 'story', tag)
        out = []
        host = host or rng.choice(['docs.teampages.example', 'share.cloudbox.example'])
        tenant = C.alnum(rng, 7, 'abcdefghikmnoprstu')
        L = LANG[victim.lang]
        off = L['lure_link_off'] * 4
        on = L['lure_link_on'] * 4
        first = rng.randrange(2)
        for i, th in enumerate(threads):
            last = th[-1]
            onto = (i + first) % 2 == 0
            v = Mail(
                time=t0 + 300 * i + rng.randrange(60),
                sender=victim,
                to=[next(x for x in [last.sender] + last.to if x.own)],
                subject=last.subject if last.subject.startswith(L['re']) else L['re'] + th[0].subject,
                own='',
                lang=last.lang,
                parent=last,
                refs=last.refs + [last.mid],
                kind='story-attack',
                story=sid,
                slots=last.slots,
            )
            link = 'https://%s/%s/%s' % (host, tenant, C.alnum(rng, 22))
            fresh = Slots(rng, last.lang, victim.company, [o.first for o in self.own])
            get = (
                lambda k: link
                if k == 'link'
                else last.slots.fixed[k]
                if onto and k in last.slots.fixed
                else fresh(k)
            )  # noqa: E731
            text = victim.spin((on if onto else off)[i], rng, get)
            v.own = '\n'.join(
                [victim.hello.replace('{who}', v.to[0].first), '', text, '', victim.bye, victim.first]
            )
            v.links, v.label = 1, dict(
                source='written:' + last.lang,
                links=1,
                topic=onto,
                greeting='victim',
                host_known=True,
                host_by='site',
            )
            v.mid = C.message_id(victim.client, victim, v.time, rng)
            out.append(v)
        groups = [self.own[k::4] for k in range(4)]
        subjects = {'de': 'Virus-E-Mail', 'en': 'Virus E-Mail'}.get(victim.lang, 'Virus e-mail')
        for i, g in enumerate(groups):
            s = Slots(rng, victim.lang, victim.company, [o.first for o in self.own])
            text = victim.spin(L['warning'][i % len(L['warning'])], rng, s)
            v = Mail(
                time=t0 + 3600 + 120 * i + rng.randrange(60),
                sender=victim,
                to=list(g),
                cc=[o for o in self.own if o not in g],
                subject=subjects,
                own='\n'.join([victim.hello.replace(' {who}', ''), '', text, '', victim.bye, victim.first]),
                lang=victim.lang,
                kind='story-warning',
                story=sid,
                slots=s,
            )
            v.label = dict(source='written:' + victim.lang)
            v.mid = C.message_id(victim.client, victim, v.time, rng)
            out.append(v)
        return out

    def stories(self, t_t, count=6):
        """stories inside the judged span: the attack mails are there to be learned from, wrongly or rightly"""
        out = []
        rng = rng_for(self.seed, 'stories')
        by = collections.defaultdict(list)
        for m in self.mails:
            if (
                not m.bulk
                and m.parent is not None
                and t_t < m.time < self.end - 3 * DAY
                and m.sender.own
                and not m.to[0].own
            ):
                by[m.to[0].addr].append(m)
        names = sorted(by)
        rng.shuffle(names)
        self.struck = {}
        for name in names:
            ms = {}
            for m in by[name]:
                ms[m.sender.addr] = m
            if len(ms) < 2 or name == self.supplier.addr:
                continue
            threads = [[m] for m in (list(ms.values()) + by[name][-8:])][:4]
            if len(threads) < 4:
                continue
            last = max(t[0].time for t in threads)
            t0 = self.worktime(threads[0][0].to[0], last + 7200, rng)
            if t0 > self.end - DAY:
                continue
            sid = 'S%02d' % len(self.struck)
            out += self.story(threads[0][0].to[0], threads, t0, sid, sid)
            self.struck[name] = t0
            if len(self.struck) == count:
                break
        return out


class Stub:
    """an address of the site without a person behind it"""

    own = True
    robot = True

    def __init__(self, addr, name):
        self.addr, self.name, self.first = addr, name, name


def mboxrd(f, sender, t, raw):
    f.write(
        b'From %s %s\n'
        % (
            (sender or 'MAILER-DAEMON').encode(),
            datetime.datetime.fromtimestamp(t, datetime.timezone.utc)
            .strftime('%a %b %e %H:%M:%S %Y')
            .encode(),
        )
    )
    f.write(re.sub(rb'(?m)^(>*From )', rb'>\1', raw))
    f.write(b'\n' if raw.endswith(b'\n') else b'\n\n')


def delivered(w, m, raw, client, mail_from, rcpts, auth_user):
    """what a mailbox holds: the site's own trace on top"""
    rng = rng_for(w.seed, 'own-trace', m.mid)
    who = 'from %s (%s [%s])' % (
        client['helo'],
        client['name'],
        ('IPv6:' if ':' in client['addr'] else '') + client['addr'],
    )
    auth = '\n\t(Authenticated sender: %s)' % auth_user if auth_user else ''
    rcv = 'Received: %s%s\n\tby %s (Postfix) with ESMTP%s id %s\n\tfor <%s>; %s\n' % (
        who,
        auth,
        OWN_MX,
        'SA' if auth_user else 'S',
        C.alnum(rng, 11, 'BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789'),
        (rcpts or [''])[0],
        C.rfc_date(m.time, zone('eu1')(m.time)),
    )
    return (
        ('Return-Path: <%s>\n' % mail_from).encode()
        + (b'' if auth_user else ('Delivered-To: %s\n' % rcpts[0]).encode())
        + rcv.encode()
        + raw
    )


def main():
    ap = argparse.ArgumentParser(description='Writes a synthetic firm\'s mail; same arguments, same bytes.')
    ap.add_argument('--out', required=True)
    ap.add_argument('--days', type=int, default=60)
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--end', default='2026-03-13', help='day after the last one, YYYY-MM-DD')
    ap.add_argument(
        '--stories', action='store_true', help='put stories (attacks that are learned from) into the stream'
    )
    ap.add_argument(
        '--story-time',
        type=int,
        help='when the story of story/ happens, seconds since 1970; default: 9 h on the last day',
    )
    ap.add_argument('--probes', type=int, default=60, help='attacks of each kind in the stream; 0 = none')
    args = ap.parse_args()
    if args.days < 7:
        ap.error('--days: at least 7')
    w = World(args)
    w.generate()
    os.makedirs(os.path.join(args.out, 'story'), exist_ok=True)
    t_d, t_t = w.start + int(args.days * DAY * 0.55), w.start + int(args.days * DAY * 0.68)
    stream = [(m.time, 1, i, m) for i, m in enumerate(w.mails)]
    if args.stories:
        s = w.stories(t_t)
        for m in w.mails:
            if m.sender.addr in w.struck and m.time > w.struck[m.sender.addr]:
                m.after_story = True
        stream += [(m.time, 2, i, m) for i, m in enumerate(s)]
    else:
        w.struck = {}
    if args.probes:
        stream += [(m.time, 0, i, m) for i, m in enumerate(w.attacks(t_d))]
    stream.sort(key=lambda x: x[:3])
    ids = {id(m): 'm%06d' % i for i, (_, _, _, m) in enumerate(stream)}
    history = collections.Counter()
    counts = collections.Counter()
    files = {
        k: open(os.path.join(args.out, k), 'wb')
        for k in ('stream.mbox', 'mail.mbox', 'inbound.mbox', 'outbound.mbox')
    }
    with open(os.path.join(args.out, 'manifest.jsonl'), 'w', encoding='utf-8') as man:
        for t, _, _, m in stream:
            raw, client, mail_from, rcpts, auth_user = w.bytes_of(m)
            f = files['stream.mbox']
            f.write(b'From - %d\n' % t)
            off = f.tell()
            f.write(raw)
            f.write(b'\n')
            victim = m.shown[1] if m.shown else m.victim.addr if hasattr(m, 'victim') else m.sender.addr
            learn = m.kind == 'ham' or m.kind.startswith('story')
            own_only = all(r.endswith('@' + OWN) for r in rcpts)
            direction = 'in' if not auth_user else 'internal' if own_only else 'out'
            row = {
                'id': ids[id(m)],
                'time': t,
                'file': 'stream.mbox',
                'offset': off,
                'length': len(raw),
                'client': client,
                'mail_from': mail_from,
                'rcpts': rcpts,
                'auth_user': auth_user,
                'learn': learn,
                'session': getattr(m, 'session', None),
                'label': 'attack'
                if m.kind not in ('ham', 'A0', 'story-warning')
                else 'placebo'
                if m.kind == 'A0'
                else 'ham',
                'kind': 'ham-bulk'
                if m.kind == 'ham' and C.CLIENTS.get(m.sender.client) and m.sender.client == 'newsletter'
                else m.kind,
                'victim': victim,
                'victim_history': history[victim],
                'span': 'W' if t < t_d else 'D' if t < t_t else 'T',
                'person': not m.sender.robot,
                'story': m.story,
                'direction': direction,
            }
            row.update(m.label or {})
            if hasattr(m, 'donor'):
                row['donor'] = ids[id(m.donor)]
            if m.after_story:
                row['after_story'] = True
            man.write(json.dumps(row, ensure_ascii=False) + '\n')
            counts[row['kind'] if row['kind'] not in ('ham', 'ham-bulk') else 'ham ' + direction] += 1
            if learn:
                history[m.sender.addr] += 1
            if m.kind == 'ham':
                whole = delivered(w, m, raw, client, mail_from, rcpts, auth_user)
                for box in ('mail.mbox', 'outbound.mbox' if auth_user else 'inbound.mbox'):
                    mboxrd(files[box], mail_from, t, whole)
    for f in files.values():
        f.close()
    with open(os.path.join(args.out, 'kith.yaml'), 'w') as f:
        f.write(
            '# made by contrib/demo/firm.py\nsite:\n  domains:\n    - %s\n  authserv_id: %s\n' % (OWN, OWN_MX)
        )
    t0 = args.story_time or w.end + 9 * 3600
    story = w.story(w.supplier, w.story_threads, t0, 'demo', 'demo')
    rows = []
    for i, m in enumerate(story):
        if args.story_time and m.kind == 'story-warning':
            m.time -= 3600  # live, the hour is skipped
        raw, client, mail_from, rcpts, _ = w.bytes_of(m)
        name = '%s-%d.eml' % (m.kind.split('-')[1], i % 4 + 1)
        with open(os.path.join(args.out, 'story', name), 'wb') as f:
            f.write(raw)
        rows.append(
            {
                'file': name,
                'time': m.time,
                'kind': m.kind,
                'subject': m.subject,
                'message_id': m.mid,
                'client': client,
                'mail_from': mail_from,
                'rcpts': rcpts,
                'thread': m.refs[:1],
            }
        )
    with open(os.path.join(args.out, 'story', 'story.json'), 'w', encoding='utf-8') as f:
        json.dump(rows, f, indent=1, ensure_ascii=False)
    with open(os.path.join(args.out, 'people.json'), 'w', encoding='utf-8') as f:
        json.dump(
            [
                {
                    'name': p.name,
                    'addr': p.addr,
                    'own': p.own,
                    'robot': p.robot,
                    'lang': p.lang,
                    'client': p.client,
                }
                for p in w.own + w.ext + [x[0] for x in w.robots]
            ],
            f,
            indent=0,
            ensure_ascii=False,
        )
    print(
        json.dumps(
            {
                'from': w.start,
                'to': w.end,
                'spans': {'D': t_d, 'T': t_t},
                'records': dict(sorted(counts.items())),
                'correspondents': len(w.ext) + len(w.robots),
                'own people': len(w.own),
            },
            ensure_ascii=False,
        )
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
