#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A made-up site of own accounts and what happens on them over some weeks, with takeovers among it; the same for the same seed.
account_site.md describes the lines it writes, and argues how real it is."""
import argparse
import functools
import heapq
import json
import random

DAY = 86400
START = 1_767_571_200  # a Monday, 2026-01-05 00:00 UTC
OWN = "own.example"

DESKTOPS = ["Thunderbird", "Outlook", "Apple Mail", "Evolution", "eM Client"]
PHONES = ["iPhone Mail", "K-9 Mail", "Samsung Email", "Gmail", "Aqua Mail"]
FOLDERS = ["INBOX", "INBOX", "INBOX", "INBOX", "Sent", "Archive", "Projects", "Customers"]


def network(a, b, c):
    return f"{a}.{b}.{c}."


HOME = "DE"
# Others, as far away as they are: name, latitude, longitude.
NEAR = [("AT", 48.2, 16.4), ("FR", 48.9, 2.4), ("NL", 52.4, 4.9), ("PL", 52.2, 21.0), ("CH", 47.4, 8.5), ("IT", 45.5, 9.2)]
FAR = [("US", 40.7, -74.0), ("US", 37.4, -122.1), ("GB", 51.5, -.1), ("ES", 40.4, -3.7), ("TR", 41.0, 29.0), ("IN", 19.1, 72.9),
       ("CN", 31.2, 121.5), ("BR", -23.5, -46.6), ("NG", 6.5, 3.4), ("RU", 55.8, 37.6), ("VN", 10.8, 106.7), ("ID", -6.2, 106.8),
       ("ZA", -26.2, 28.0), ("MX", 19.4, -99.1), ("AE", 25.2, 55.3), ("KR", 37.6, 127.0), ("JP", 35.7, 139.7), ("EG", 30.0, 31.2)]


@functools.lru_cache(maxsize=None)
def whereabouts(prefix):
    """What a database of addresses says of a network "a.b.c": number of the provider, country, latitude, longitude. Of the network
    alone, so that whether it is asked changes nothing else."""
    a = int(prefix.split(".")[0])
    spread = random.Random(prefix)
    home = (HOME, 48 + spread.random() * 6, 7 + spread.random() * 6)
    if a in (192, 198):
        return 64496, HOME, 52.5, 13.4
    if a < 110:                            # homes: five providers of the country
        return (64500 + a - 100, *home)
    if a < 120:                            # carriers: they have everybody at one place
        return 64510 + a - 110, HOME, 50.1, 8.7
    if a < 130:                            # hotels: most by the same five providers, the others in the countries around
        if spread.random() < .7:
            return (64500 + spread.randrange(5), *home)
        i = spread.randrange(len(NEAR))
        return (64520 + 2 * i + spread.randrange(2), *NEAR[i])
    if a < 140:                            # abroad: two or three providers a country
        i = spread.randrange(len(NEAR) + len(FAR))
        return (64540 + 3 * i + spread.randrange(3), *(NEAR + FAR)[i])
    if a < 150:                            # hosters: a third of them in the country
        i = spread.randrange(25)
        return (64700 + i, *(home if i % 3 == 0 else (NEAR + FAR)[i % 11]))
    i = spread.randrange(len(NEAR) + len(FAR))  # bots: other people's computers, some next door
    if spread.random() < .1:
        return (64500 + spread.randrange(5), *home)
    return (64800 + 9 * i + spread.randrange(9), *(NEAR + FAR)[i])


class Places:
    """Networks of the world around the site: which are shared by many, and which by few."""

    def __init__(self, rng):
        self.rng = rng
        self.offices = [("198.51.100.", "office1.own.example"), ("198.51.101.", "office2.own.example"),
                        ("198.51.102.", "office3.own.example")]
        self.vpn = ("198.51.110.", "vpn.own.example")
        self.webmail = ("192.0.2.", "webmail.own.example")
        self.servers = ("192.0.2.", "monitor.own.example")
        # Five providers, each with its customers spread over many small networks; three mobile carriers with few.
        self.homes = [(network(100 + isp, b, c), f"dsl.isp{isp}.example") for isp in range(5) for b in range(8) for c in range(40)]
        self.mobile = [(network(110 + carrier, 0, c), f"mobile{carrier}.example") for carrier in range(3) for c in range(6)]
        self.hotels = [(network(120 + i % 7, i // 200, i % 200), f"hotel{i % 60}.example") for i in range(1400)]
        self.abroad = [(network(130 + i % 9, i // 200, i % 200), "") for i in range(1800)]
        self.hosters = [(network(140 + i % 6, i // 200, i % 200), f"vps{i % 25}.example") for i in range(1200)]
        self.bots = [(network(150 + i % 30, i // 250, i % 250), "") for i in range(6000)]

    def address(self, place):
        return place[0] + str(self.rng.randrange(1, 255))


class Account:
    def __init__(self, number, rng, places):
        self.number = number
        self.name = f"user{number:04d}@{OWN}"
        kind = rng.random()
        self.kind = ("office" if kind < .58 else "field" if kind < .73 else "webmail" if kind < .88 else "shared" if kind < .92
                     else "robot" if kind < .95 else "dormant")
        self.office = rng.choice(places.offices)
        self.home = rng.choice(places.homes)
        self.carrier = rng.randrange(3)
        self.desktop = rng.choice(DESKTOPS)
        self.phone = rng.choice(PHONES) if rng.random() < .75 else None
        self.home_client = self.desktop if rng.random() < .7 else rng.choice(DESKTOPS)
        self.oauth = rng.random() < .3
        self.reads = rng.lognormvariate(3, .7)         # a day
        self.writes = rng.lognormvariate(1, .8)
        self.deletes = rng.lognormvariate(1.2, 1)
        self.home_share = rng.random() * .8
        self.weekend = rng.random() * .5
        self.start_hour = rng.gauss(8, 1.2)
        self.members = [(rng.choice(places.homes), rng.choice(DESKTOPS)) for _ in range(rng.randrange(2, 6))]
        self.first_day = 0 if rng.random() < .96 else rng.randrange(1, 55)
        # Whom one writes to: some colleagues often, partners, now and then somebody new.
        self.partners = [f"user{rng.randrange(2000):04d}@{OWN}" for _ in range(rng.randrange(4, 20))]
        self.partners += [f"p{rng.randrange(30000)}@firm{rng.randrange(3000)}.example" for _ in range(rng.randrange(3, 40))]
        self.travel = None
        self.dynamic = rng.random() < .25
        self.robot_place = (places.servers[0], "monitor.own.example")
        self.vpn_user = rng.random() < .35


class Site:
    def __init__(self, seed, accounts, days, attacks, attacks_from, attacks_until, whereabouts_known=False):
        self.rng = random.Random(seed)
        self.whereabouts_known = whereabouts_known
        self.days = days
        self.places = Places(self.rng)
        self.accounts = [Account(i, self.rng, self.places) for i in range(accounts)]
        self.vpn_day = self.rng.randrange(20, 40)
        self.outage = self.rng.randrange(10, max(11, days - 1))
        self.lines = []
        self.labels = []
        self.sequence = 0
        self.attacks, self.attacks_from, self.attacks_until = attacks, attacks_from, attacks_until

    # --- one line ------------------------------------------------------------------------------
    def emit(self, t, kind, account, place=None, **more):
        t = int(t)
        self.sequence += 1
        line = {"kind": kind, "t": t, "account": account.name if isinstance(account, Account) else account}
        if kind != "mail":
            line["id"] = f"e{self.sequence}"
            line["host"] = f"imap{self.sequence % 3}.{OWN}"
        else:
            line["id"] = f"mail{self.sequence:010d}"
        if place is not None:
            line["addr"] = place if isinstance(place, str) else self.places.address(place)
            if not isinstance(place, str) and place[1]:
                line["name"] = f"h{self.rng.randrange(1, 255)}.{place[1]}"
            if self.whereabouts_known:
                line["asn"], line["country"], line["lat"], line["lon"] = whereabouts(line["addr"].rsplit(".", 1)[0])
        line.update({k: v for k, v in more.items() if v not in (None, "", 0)})
        arrived = t + self.rng.randrange(0, 3)
        day = (t - START) // DAY
        # One host's clock is wrong for a week, and once nothing comes through for three hours.
        if kind != "mail":
            if line["host"].startswith("imap2") and 20 <= day < 27:
                line["t"] = t - 420
            if day == self.outage and 9 * 3600 <= (t - START) % DAY < 12 * 3600:
                arrived = START + day * DAY + 12 * 3600 + self.rng.randrange(120)
            line["arrived"] = arrived
        self.lines.append((arrived, self.sequence, line))
        if kind != "mail" and self.rng.random() < .002:
            self.lines.append((arrived + self.rng.randrange(1, 7200), self.sequence + .5, line))

    def session(self, t, account, place, client, service="imap", reads=0, deletes=0, mails=0, **more):
        rng = self.rng
        session = f"s{self.sequence}"
        address = self.places.address(place)
        mechanism = "xoauth2" if account.oauth and service == "imap" else "plain"
        self.emit(t, "login", account, address, name=f"h.{place[1]}" if place[1] else None, service=service, session=session,
                  client=f'"name" "{client}" "version" "{rng.randrange(80, 130)}.{rng.randrange(9)}"' if client else None,
                  mechanism=mechanism, tls="TLSv1.3 TLS_AES_256_GCM_SHA384", **more)
        if reads:
            parts = 1 if reads < 40 else 3
            for i in range(parts):
                self.emit(t + 20 + i * 600, "read", account, address, session=session, service=service,
                          mailbox=rng.choice(FOLDERS), messages=max(1, int(reads / parts)), bytes=int(reads / parts * 40000))
        if deletes:
            self.emit(t + 900, "delete", account, address, session=session, service=service, mailbox="INBOX",
                      messages=int(deletes))
        for i in range(mails):
            self.mail(t + 300 + i * 400, account, address, client)

    def mail(self, t, account, address, client, rcpts=None, stratum=None, evidence=None, direction=None, attack=None):
        rng = self.rng
        if rcpts is None:
            count = 1 if rng.random() < .8 else rng.randrange(2, 8)
            rcpts = [rng.choice(account.partners) if rng.random() < .93 else f"n{rng.randrange(10 ** 6)}@new{rng.randrange(9999)}.example"
                     for _ in range(count)]
        if stratum is None:
            x = rng.random()
            stratum = "link" if x < .05 else "request" if x < .08 else "plain"
        if evidence is None:
            evidence = rng.expovariate(2.302585)  # P is uniform: C = -log10 P
        if direction is None:
            direction = "internal" if all(r.endswith(OWN) for r in rcpts) else "outbound"
        self.emit(t, "mail", account, address, rcpts=rcpts, direction=direction, stratum=stratum, evidence=round(evidence, 3),
                  agent=client, attack=attack)

    # --- ordinary days -------------------------------------------------------------------------
    def day_of(self, account, day):
        rng, places = self.rng, self.places
        weekend = day % 7 >= 5
        base = START + day * DAY
        if day < account.first_day:
            return
        if account.kind == "robot":
            for i in range(12):
                self.emit(base + i * 7200 + rng.randrange(60), "login", account, account.robot_place, service="imap",
                          mechanism="plain", client="monitor", tls="TLSv1.2 x")
            if account.number % 2:
                self.mail(base + 6 * 3600, account, places.address(account.robot_place), "scanner", rcpts=[rng.choice(account.partners)])
            return
        if account.kind == "dormant" and rng.random() > 1 / 25:
            return
        if account.kind == "shared":
            if weekend and rng.random() < .7:
                return
            for home, client in account.members:
                if rng.random() < .6:
                    place = account.office if rng.random() < .6 else home
                    self.session(base + 3600 * rng.uniform(7, 18), account, place, client, reads=account.reads / 3,
                                 mails=int(rng.random() < .5))
            return
        if weekend and rng.random() > account.weekend:
            if account.phone and rng.random() < .5:
                self.phone(base + 3600 * rng.uniform(8, 22), account)
            return
        self.work(account, base, day)
        self.oddities(account, base, day)

    def phone(self, t, account, reads=None):
        rng = self.rng
        place = self.places.mobile[account.carrier * 6 + rng.randrange(6)] if rng.random() < .7 else account.home
        if account.travel and rng.random() < .6:
            place = account.travel
        self.session(t, account, place, account.phone, reads=account.reads / 6 if reads is None else reads, mails=int(rng.random() < .15))

    def work(self, account, base, day):
        rng, places = self.rng, self.places
        hour = account.start_hour + rng.gauss(0, .6)
        if account.dynamic and rng.random() < .03:  # the provider gives another address
            account.home = rng.choice([h for h in places.homes if h[1] == account.home[1]])
        if account.travel is None and rng.random() < (.012 if account.kind == "field" else .003):
            account.travel = rng.choice(places.hotels if rng.random() < .8 else places.abroad)
            account.travel_until = day + rng.randrange(1, 6)
        if account.travel and day > account.travel_until:
            account.travel = None
        at_home = rng.random() < account.home_share
        place = account.travel or (account.home if at_home else account.office)
        client = account.home_client if at_home else account.desktop
        if account.travel and not account.travel[1] and rng.random() < .7:
            hour += 6
        if account.kind == "webmail":
            place, client = places.webmail, "webmail"
            if account.vpn_user and rng.random() < .1:
                place, client = account.home, account.desktop
        elif account.vpn_user and day >= self.vpn_day and (at_home or account.travel):
            place = places.vpn
        sessions = 1 + rng.randrange(3)
        for i in range(sessions):
            self.session(base + 3600 * (hour + i * 9 / sessions + rng.random()), account, place, client,
                         reads=rng.expovariate(1) * account.reads / sessions,
                         deletes=rng.expovariate(1) * account.deletes / sessions if rng.random() < .6 else 0,
                         mails=min(12, int(rng.expovariate(1) * account.writes / sessions + rng.random())))
        if account.phone and account.kind != "webmail":
            for _ in range(rng.randrange(1, 4)):
                self.phone(base + 3600 * rng.uniform(6.5, 22.5), account)

    def oddities(self, account, base, day):
        """What is rare for one person and happens somewhere every day."""
        rng, places = self.rng, self.places
        t = base + 3600 * rng.uniform(8, 20)
        place = account.travel or (account.home if rng.random() < .4 else account.office)
        if account.phone and rng.random() < .0018:  # a new phone, often of another maker, fetches everything
            if rng.random() < .4:
                account.phone = rng.choice(PHONES)
            self.session(t, account, place, account.phone, reads=rng.uniform(200, 4000))
        if rng.random() < .0012:  # another program on the desk
            account.desktop = rng.choice(DESKTOPS)
            self.session(t, account, place, account.desktop, reads=rng.uniform(200, 8000))
        if rng.random() < .0008:  # moved, or another provider
            account.home = rng.choice(places.homes)
        if rng.random() < .003:  # tidying up
            self.session(t, account, place, account.desktop, deletes=rng.uniform(60, 2500))
        if rng.random() < .004:  # a filter of one's own
            rule = {"folders": [rng.choice(["Lists", "Projects", "Customers"])], "stops": rng.random() < .5, "conditional": True,
                    "marks_seen": rng.random() < .1}
            self.emit(t, "rule-stored", account, place, service="managesieve", rule=rule)
            self.emit(t + 3, "rule-activated", account, place, service="managesieve", rule=rule)
        if rng.random() < .0002:  # mail sent on home, rightly or not
            rule = {"redirects": [f"{account.name.split('@')[0]}@freemail.example"], "keeps_copy": rng.random() < .7}
            self.emit(t, "rule-activated", account, place, service="managesieve", rule=rule)
        if rng.random() < .004:  # a new password; what has the old one fails for a while
            self.emit(t, "credential", account, place, detail="password")
            if account.phone and rng.random() < .6:
                self.emit(t + 600, "login-failed", account, account.home, service="imap", repeats=rng.randrange(3, 60), detail="password")
        if rng.random() < .02:
            self.emit(t - 30, "login-failed", account, place, service="imap", repeats=rng.randrange(1, 3), detail="password")
        if rng.random() < .002:  # an invitation, a survey
            rcpts = [rng.choice(account.partners) if rng.random() < .6 else f"n{rng.randrange(10 ** 6)}@new{rng.randrange(9999)}.example"
                     for _ in range(rng.randrange(20, 150))]
            self.mail(t, account, places.address(place), account.desktop, rcpts=rcpts, stratum="link" if rng.random() < .4 else "plain")
        if rng.random() < .03:  # something suspicious reaches somebody every day
            self.emit(t, "mail", "", None, rcpts=[account.name], direction="inbound", stratum="link",
                      evidence=round(1.5 + rng.expovariate(2.3), 3))

    def guesses(self, day):
        """Passwords are tried all day, on accounts that exist and on others."""
        rng, places = self.rng, self.places
        for _ in range(60):
            t = START + day * DAY + rng.randrange(DAY)
            account = rng.choice(self.accounts)
            name = account.name if rng.random() < .7 else f"guess{rng.randrange(10 ** 6)}@{OWN}"
            self.emit(t, "login-failed", name, rng.choice(places.bots), service=rng.choice(["imap", "pop3", "submission"]),
                      repeats=rng.randrange(1, 4), detail="password")

    # --- takeovers -----------------------------------------------------------------------------
    def take_over(self, number, kinds):
        rng = self.rng
        kind = kinds[number % len(kinds)]
        victims = [a for a in self.accounts if a.kind in ("office", "field", "webmail", "dormant") and a.first_day == 0
                   and not hasattr(a, "taken")]
        account = rng.choice(victims)
        account.taken = True
        start = START + int(rng.uniform(self.attacks_from, self.attacks_until) * DAY)
        if kind == "hijack":  # while the user works
            start += int(rng.uniform(9, 16) * 3600) - start % DAY
        name = f"{kind}-{number}"
        if rng.random() < .6:
            self.emit(start - rng.uniform(.05, 2) * DAY, "mail", "", None, rcpts=[account.name], direction="inbound", stratum="link",
                      evidence=round(1.6 + rng.expovariate(2), 3))
        first_mail, end = getattr(self, kind)(account, start, name)
        self.labels.append({"attack": name, "kind": kind, "account": account.name, "start": start, "end": int(end),
                            "first_outbound": None if first_mail is None else int(first_mail)})

    def foreign(self, t, name, account, place, client, service="imap", mechanism="plain", tls="TLSv1.2 x", session=None):
        address = self.places.address(place)
        self.emit(t, "login", account, address, name=f"h.{place[1]}" if place[1] else None, service=service, mechanism=mechanism,
                  client=f'"name" "{client}"' if client else None, tls=tls, session=session or f"x{self.sequence}", attack=name)
        return address

    def stuffing(self, account, start, name):
        """A password of elsewhere is tried from many networks, fits, and the mailbox is fetched; some days later it sends."""
        rng = self.rng
        for i in range(rng.randrange(2, 9)):
            self.emit(start - 600 + i * 40, "login-failed", account, rng.choice(self.places.bots), service="imap",
                      repeats=rng.randrange(1, 4), detail="password", attack=name)
        t = start
        for _ in range(rng.randrange(1, 4)):
            address = self.foreign(t, name, account, rng.choice(self.places.bots), rng.choice(["", "", "imaplib", "Thunderbird"]))
            for folder in rng.sample(["INBOX", "Sent", "Archive", "Customers"], 2):
                self.emit(t + rng.randrange(60, 900), "read", account, address, mailbox=folder, service="imap",
                          messages=rng.randrange(150, 5000), attack=name)
            t += rng.uniform(.5, 9) * 3600
        if rng.random() < .5:
            return None, t
        mail = t + rng.uniform(.2, 3) * DAY
        address = self.foreign(mail - 60, name, account, rng.choice(self.places.bots), "", service="submission")
        for i in range(rng.randrange(5, 40)):
            self.mail(mail + i * 30, account, address, "", rcpts=[f"v{rng.randrange(10 ** 6)}@elsewhere{rng.randrange(999)}.example"],
                      stratum="link", evidence=rng.uniform(.5, 3), attack=name)
        return mail, mail + 3600

    def hijack(self, account, start, name):
        """A stolen session, while its user works, with the user's own program by name; a rule hides answers; then requests."""
        rng = self.rng
        place = rng.choice(self.places.hosters)
        address = self.foreign(start, name, account, place, account.desktop if rng.random() < .6 else "",
                               mechanism="xoauth2" if account.oauth else "plain", tls="TLSv1.3 x")
        self.emit(start + 300, "read", account, address, mailbox="INBOX", messages=rng.randrange(10, 80), attack=name)
        rule = {"folders": ["RSS Feeds"], "marks_seen": True, "stops": True, "conditional": True, "topics": rng.choice([1, 2, 3, 9])}
        t = start + rng.uniform(.1, 3) * 3600
        self.emit(t, "rule-stored", account, address, service="managesieve", rule=rule, attack=name)
        self.emit(t + 2, "rule-activated", account, address, service="managesieve", rule=rule, attack=name)
        mail = t + rng.uniform(.05, 1.5) * DAY
        for i in range(rng.randrange(2, 8)):
            self.mail(mail + i * 900, account, address, account.desktop, rcpts=[rng.choice(account.partners)], stratum="request",
                      evidence=rng.uniform(.8, 2.5), attack=name)
        return mail, mail + 4 * 3600

    def quiet(self, account, start, name):
        """Somebody reads along for days, from a provider of the same country, with a usual program, not more than its owner."""
        rng = self.rng
        place = rng.choice(self.places.homes if rng.random() < .5 else self.places.hosters)
        client = rng.choice(DESKTOPS)
        for day in range(rng.randrange(6, 14)):
            t = start + day * DAY + rng.uniform(-3, 5) * 3600
            address = self.foreign(t, name, account, place, client, mechanism="xoauth2" if account.oauth else "plain", tls="TLSv1.3 x")
            for folder in ["INBOX"] + (["Sent"] if rng.random() < .5 else []):
                self.emit(t + 120, "read", account, address, mailbox=folder, messages=rng.randrange(8, 40), attack=name)
        return None, start + 14 * DAY

    def mailer(self, account, start, name):
        """Logs in to send, from several networks, hundreds within the hour."""
        rng = self.rng
        places = [rng.choice(self.places.bots) for _ in range(rng.randrange(1, 5))]
        first = None
        for i in range(rng.randrange(60, 300)):
            t = start + i * rng.randrange(5, 20)
            place = places[i % len(places)]
            if i < len(places):
                self.foreign(t, name, account, place, "", service="submission")
            first = first or t + 2
            self.mail(t + 2, account, self.places.address(place), "",
                      rcpts=[f"v{rng.randrange(10 ** 6)}@elsewhere{rng.randrange(999)}.example" for _ in range(rng.randrange(1, 10))],
                      stratum="link", evidence=rng.uniform(.5, 3.5), attack=name)
        return first, start + 7200

    def thread(self, account, start, name):
        """Payment fraud from within a conversation: reads, searches Sent, answers a known partner, deletes the traces."""
        rng = self.rng
        place = rng.choice(self.places.hosters)
        t = start
        for _ in range(rng.randrange(2, 5)):
            address = self.foreign(t, name, account, place, rng.choice(["", account.desktop, "Outlook"]), tls="TLSv1.2 x")
            for folder in ("INBOX", "Sent"):
                self.emit(t + 200, "read", account, address, mailbox=folder, messages=rng.randrange(15, 120), attack=name)
            t += rng.uniform(4, 20) * 3600
        if rng.random() < .6:
            rule = {"folders": ["Archive"], "marks_seen": True, "stops": True, "conditional": True, "topics": 9}
            self.emit(t - 1800, "rule-activated", account, address, service="managesieve", rule=rule, attack=name)
        for i in range(rng.randrange(1, 3)):
            self.mail(t + i * 3000, account, address, account.desktop, rcpts=[rng.choice(account.partners)], stratum="request",
                      evidence=rng.uniform(1, 3), attack=name)
            self.emit(t + i * 3000 + 60, "delete", account, address, mailbox="Sent", messages=1, attack=name)
        return t, t + 7200

    def legacy(self, account, start, name):
        """POP3 with the bare password, everything fetched and much deleted, an app password made, then mail to colleagues."""
        rng = self.rng
        place = rng.choice(self.places.hosters if rng.random() < .5 else self.places.abroad)
        address = self.foreign(start, name, account, place, "", service="pop3", tls="TLSv1.2 x")
        self.emit(start + 60, "read", account, address, service="pop3", mailbox="INBOX", messages=rng.randrange(200, 3000), attack=name)
        self.emit(start + 1200, "delete", account, address, service="pop3", mailbox="INBOX", messages=rng.randrange(100, 900), attack=name)
        self.emit(start + 2400, "credential", account, address, detail="app password", attack=name)
        mail = start + rng.uniform(1, 30) * 3600
        self.mail(mail, account, address, "", rcpts=[f"user{rng.randrange(2000):04d}@{OWN}" for _ in range(rng.randrange(8, 40))],
                  stratum="link", evidence=rng.uniform(1, 3), attack=name)
        return mail, mail + 3600

    def run(self):
        for day in range(self.days):
            for account in self.accounts:
                self.day_of(account, day)
            self.guesses(day)
        kinds = ["stuffing", "hijack", "quiet", "mailer", "thread", "legacy"]
        for number in range(self.attacks):
            self.take_over(number, kinds)
        heapq.heapify(self.lines)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, required=True)
    arguments.add_argument("--accounts", type=int, default=2000)
    arguments.add_argument("--days", type=int, default=60)
    arguments.add_argument("--attacks", type=int, default=40)
    arguments.add_argument("--attacks-from", type=float, default=8, help="day of the first takeover, from 0")
    arguments.add_argument("--attacks-until", type=float, help="day after the last one begins; the last but four")
    arguments.add_argument("--whereabouts", action="store_true",
                           help="with provider, country and place of each address, as a database of addresses has them")
    arguments.add_argument("--labels", required=True, help="where the takeovers are written to, for the evaluation only")
    arguments.add_argument("--out", required=True)
    chosen = arguments.parse_args()
    until = chosen.attacks_until if chosen.attacks_until is not None else chosen.days - 4
    site = Site(chosen.seed, chosen.accounts, chosen.days, chosen.attacks, chosen.attacks_from, until, chosen.whereabouts)
    site.run()
    with open(chosen.out, "w", encoding="utf-8") as out:
        while site.lines:
            line = heapq.heappop(site.lines)[2]
            line.pop("attack", None)  # nobody who judges sees it
            out.write(json.dumps(line, separators=(",", ":")) + "\n")
    with open(chosen.labels, "w", encoding="utf-8") as out:
        out.write(json.dumps({"start": START, "days": chosen.days, "takeovers": site.labels}, indent=1) + "\n")


if __name__ == "__main__":
    main()
