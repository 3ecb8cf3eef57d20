#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Messages a second through kith-milter, a libmilter program that does nothing, Debian's rspamd (as a milter) and SpamAssassin
(spamd, local tests), on the same mail, in the same run. kith judges with a store that has learned the synthetic firm; rspamd asks
a DNS server of this program that knows no name, since lists in the network would measure the network.

usage: filters.py [--build DIR] [--manifest FILE] [--seconds 4] [--only NAME,NAME...]

The real-sized mail is the first 200 genuine messages of the manifest, else of the synthetic firm. A filter that is not installed
is named and left out. Rates and ratios depend on the machine; only ratios within one run say anything.
"""
import argparse
import json
import os
import random
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from kith_site import program, yaml  # noqa: E402
from postfix import wait_until  # noqa: E402
from serving import Serving  # noqa: E402

RECIPIENT = "ben@halvern.example"
REAL = 200
CONNECTIONS = (1, 4)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class NoNames(Serving, socketserver.UDPServer):
    """A name server to which no name is known."""

    max_packet_size = 4096

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Answer)

    class Answer(socketserver.BaseRequestHandler):
        def handle(self):
            query, server = self.request
            if len(query) >= 12:
                # Response, recursion available, NXDOMAIN; the question is repeated and nothing else.
                end = 12
                while end < len(query) and query[end]:
                    end += query[end] + 1
                server.sendto(query[:2] + b"\x81\x83" + query[4:6] + b"\0" * 6 + query[12:end + 5], self.client_address)


class Child:
    """A program that runs while it is used as a context manager, and is ready when `ready` says so."""

    def __init__(self, argv, log, ready):
        self.argv, self.log, self.ready = argv, log, ready

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_until(lambda: self.ready() or self.process.poll() is not None, lambda: f"{self.argv[0]} to serve, see {self.log}", 60)
        if self.process.poll() is not None:
            with open(self.log, encoding="utf8", errors="replace") as log:
                sys.exit(f"{self.argv[0]} ended: {log.read()[-2000:]}")
        return self

    def __exit__(self, *exc):
        os.killpg(self.process.pid, 15)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()


def answers(address):
    def connect():
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        with socket.socket(family) as s:
            s.settimeout(2)
            return s.connect_ex(address) == 0
    return connect


# -- the mail -----------------------------------------------------------------------------------------------------------------


def genuine(manifest, count):
    """the first genuine messages of a stream"""
    out, streams = [], {}
    with open(manifest, encoding="utf8") as f:
        for line in f:
            entry = json.loads(line)
            if entry.get("label", "ham") != "ham":
                continue
            path = os.path.join(os.path.dirname(manifest), entry["file"])
            stream = streams.setdefault(path, open(path, "rb"))  # noqa: SIM115
            stream.seek(entry["offset"])
            out.append(stream.read(entry["length"]))
            if len(out) == count:
                break
    for stream in streams.values():
        stream.close()
    return out


def synthetic(size, number):
    """Text of words that repeat as those of a letter do."""
    r = random.Random(number)
    vowels, consonants = "aeiou", "bcdfghklmnprstvw"
    words = ["".join(r.choice(consonants) + r.choice(vowels) for _ in range(r.randint(1, 4))) for _ in range(600)]
    head = (f"From: Anna <anna{number % 7}@partner.example>\nTo: {RECIPIENT}\nSubject: delivery {number}\n"
            f"Date: Mon, 02 Mar 2026 10:00:00 +0100\nMessage-ID: <{number}.{size}@partner.example>\n\n")
    text = head
    while len(text) < size:
        text += " ".join(words[min(int(r.expovariate(1 / 60)), 599)] for _ in range(12)) + ".\n"
    return text[:size].encode()


def mail_sets(manifest, folder):
    """{name: paths}"""
    sets = {f"{REAL} genuine": genuine(manifest, REAL)}
    for name, size, count in (("4 KB", 4096, 50), ("40 KB", 40960, 50), ("1 MB", 1 << 20, 5)):
        sets[name] = [synthetic(size, n) for n in range(count)]
    out = {}
    for name, mails in sets.items():
        out[name] = []
        for n, mail in enumerate(mails):
            path = os.path.join(folder, f"{name.replace(' ', '-')}-{n}.eml")
            with open(path, "wb") as f:
                f.write(mail)
            out[name].append(path)
    return out


# -- the filters ----------------------------------------------------------------------------------------------------------------


class Milter:
    def __init__(self, rate_program, address):
        self.rate_program, self.address = rate_program, address

    def measure(self, paths, connections, messages):
        p = subprocess.run([self.rate_program, self.address, str(connections), str(messages), RECIPIENT, *paths],
                           stdout=subprocess.PIPE, check=False)
        result = json.loads(p.stdout)
        if result["lost"]:
            sys.exit(f"{self.address}: {result['lost']} of {result['messages']} messages were not answered")
        return result


class Spamd:
    """spamd(1) over its own protocol (SPAMC/1.5), a connection a message as spamc(1) does."""

    def __init__(self, port):
        self.port = port

    def measure(self, paths, connections, messages):
        mails = []
        for path in paths:
            with open(path, "rb") as f:
                mails.append(f.read().replace(b"\n", b"\r\n"))
        waited, lock = [], threading.Lock()

        def work(first, count):
            for n in range(first, first + count):
                mail = mails[n % len(mails)]
                begun = time.monotonic()
                with socket.create_connection(("127.0.0.1", self.port), 300) as s:
                    s.sendall(b"SYMBOLS SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(mail) + mail)
                    s.shutdown(socket.SHUT_WR)
                    answer = b""
                    while block := s.recv(65536):
                        answer += block
                if b" 0 EX_OK" not in answer.split(b"\r\n", 1)[0]:
                    sys.exit(f"spamd: {answer[:200]!r}")
                with lock:
                    waited.append(1e6 * (time.monotonic() - begun))

        work(0, min(4, messages))
        waited.clear()
        each = max(1, messages // connections)
        begun = time.monotonic()
        threads = [threading.Thread(target=work, args=(c * each, each)) for c in range(connections)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        took = time.monotonic() - begun
        waited.sort()
        return {"messages": len(waited), "seconds": took, "p50_us": waited[len(waited) // 2],
                "p99_us": waited[int(.99 * (len(waited) - 1))]}


def firm(folder):
    subprocess.run([sys.executable, os.path.join(SOURCE, "contrib/demo/firm.py"), "--out", folder, "--days", "60", "--probes", "0"],
                   stdout=subprocess.DEVNULL, check=True)
    return os.path.join(folder, "manifest.jsonl")


def learned_kith(build, firm_folder, folder, address):
    """path of the configuration of a site that has learned the firm's mail"""
    for d in ("spool", "state"):
        os.makedirs(os.path.join(folder, d))
    config = os.path.join(folder, "kith.yaml")
    with open(config, "w", encoding="utf8") as f:
        f.write(yaml({
            "mode": "tag", "secret_file": os.path.join(folder, "state/site.key"),
            "site": {"domains": ["halvern.example"], "authserv_id": ["mx.halvern.example"]},
            "milter": {"socket": address, "spool_directory": os.path.join(folder, "spool"),
                       "trouble_file": os.path.join(folder, "milter.trouble")},
            "store": {"directory": os.path.join(folder, "state/store"), "map_size": "1GiB"},
            "journal": {"directory": os.path.join(folder, "state/journal")},
            "attachments": {"program": program(build, "kith-extract")}}))
    for command in ([program(build, "kith"), "--config", config, "import", "--mbox", os.path.join(firm_folder, "mail.mbox")],
                    [program(build, "kith-learner"), "--config", config, "--stderr", "--once"]):
        p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if p.returncode:
            sys.exit(f"{' '.join(command)}: exit {p.returncode}\n{p.stdout.decode(errors='replace')[-2000:]}")
    return config


def rspamd_config(folder, address, names):
    """Debian's configuration, but for where it listens, whom it asks for names, and what it writes to."""
    # A second `dns` beside that of options.inc would not count: it has to be merged.
    with open(os.path.join(folder, "names.inc"), "w", encoding="utf8") as f:
        f.write(f'dns {{ nameserver = ["127.0.0.1:{names}"]; }}\n')
    path = os.path.join(folder, "rspamd.conf")
    with open(path, "w", encoding="utf8") as f:
        f.write(f'''.include "$CONFDIR/common.conf"
options {{
  .include "$CONFDIR/options.inc"
  pidfile = "{folder}/rspamd.pid";
  .include(priority=10,duplicate=merge) "{folder}/names.inc"
}}
logging {{ type = "file"; filename = "{folder}/rspamd.log"; level = "error"; }}
worker "rspamd_proxy" {{
  bind_socket = "{address} mode=0666";
  milter = yes;
  timeout = 120s;
  count = {os.cpu_count()};
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
''')
    return path


class Filters:
    """Each a context manager that yields what measures it; None for one that is not installed."""

    def __init__(self, build, folder, firm_folder):
        self.build, self.folder, self.firm = build, folder, firm_folder
        bench = os.path.join(build, "tests/bench")
        self.rate = os.path.join(bench, "milter_rate")
        self.nothing_program = os.path.join(bench, "milter_nothing")

    def _child(self, name, argv, ready):
        return Child(argv, os.path.join(self.folder, name + ".err"), ready)

    def nothing(self):
        path = os.path.join(self.folder, "nothing.sock")
        return (self._child("nothing", [self.nothing_program, "unix:" + path], answers(path)), Milter(self.rate, "unix:" + path))

    def _kith(self, name, address, ready):
        folder = os.path.join(self.folder, name)
        config = learned_kith(self.build, self.firm, folder, address)
        argv = [program(self.build, "kith-milter"), "--config", config, "--stderr"]
        return self._child(name, argv, ready), Milter(self.rate, address)

    def kith(self):
        path = os.path.join(self.folder, "kith.sock")
        return self._kith("kith", "unix:" + path, answers(path))

    def kith_inet(self):
        port = free_port()
        return self._kith("kith_inet", f"inet:{port}@127.0.0.1", answers(("127.0.0.1", port)))

    def rspamd(self):
        found = shutil.which("rspamd")
        if not found:
            return None
        self.names = NoNames().start()
        data = os.path.join(self.folder, "rspamd")
        os.makedirs(data)
        os.chmod(self.folder, 0o755)
        shutil.chown(data, "_rspamd", "_rspamd")
        path = os.path.join(data, "milter.sock")
        config = rspamd_config(data, path, self.names.server_address[1])
        user = ["-u", "_rspamd", "-g", "_rspamd"] if os.geteuid() == 0 else []
        argv = [found, "-f", *user, "-c", config, "--var", f"DBDIR={data}", "--var", f"RUNDIR={data}"]
        return self._child("rspamd", argv, answers(path)), Milter(self.rate, "unix:" + path)

    def spamassassin(self):
        found = shutil.which("spamd", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if not found:
            return None
        port = free_port()
        cores = os.cpu_count()
        argv = [found, "--local", "--nouser-config", "--listen", f"127.0.0.1:{port}", "--min-children", str(cores), "--max-children",
                str(cores), "--min-spare", "1", "--max-spare", str(cores), "--max-conn-per-child", "100000", "--syslog", "null"]
        return self._child("spamd", argv, answers(("127.0.0.1", port))), Spamd(port)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(SOURCE, "build/bench"))
    parser.add_argument("--manifest")
    parser.add_argument("--seconds", type=float, default=4, help="about how long each measurement takes")
    parser.add_argument("--only", help="filters, with commas between")
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else ["nothing", "kith", "kith_inet", "rspamd", "spamassassin"]
    with tempfile.TemporaryDirectory(prefix="kith-filters-") as folder:
        firm_folder = os.path.join(folder, "firm")
        manifest = firm(firm_folder)
        sets = mail_sets(options.manifest or manifest, folder)
        filters = Filters(options.build, folder, firm_folder)
        rates = {}
        for name in wanted:
            made = getattr(filters, name)()
            if made is None:
                print(f"{name} is not installed: left out", file=sys.stderr)
                continue
            child, meter = made
            with child:
                for mails, paths in sets.items():
                    for connections in CONNECTIONS:
                        trial = meter.measure(paths, connections, 2 * connections)
                        one = trial["seconds"] / trial["messages"]
                        messages = max(4 * connections, min(20000, int(options.seconds / one)))
                        result = meter.measure(paths, connections, messages)
                        rates[name, mails, connections] = result["messages"] / result["seconds"], result["p99_us"]
        show(rates, sets, wanted)


def show(rates, sets, wanted):
    present = [n for n in wanted if any(key[0] == n for key in rates)]
    print(f"{'messages a second (p99 of the answer, ms)':<42}" + "".join(f"{name:>22}" for name in present))
    for mails in sets:
        for connections in CONNECTIONS:
            row = f"{mails + ', ' + str(connections) + ' connection(s)':<42}"
            for name in present:
                rate, p99 = rates[name, mails, connections]
                row += f"{rate:13.0f} ({p99 / 1000:6.1f})"
            print(row)
    others = [n for n in present if n != "kith"]
    if "kith" not in present or not others:
        return
    print(f"\n{'kith-milter, times':<42}" + "".join(f"{name:>22}" for name in others))
    for mails in sets:
        for connections in CONNECTIONS:
            ours = rates["kith", mails, connections][0]
            print(f"{mails + ', ' + str(connections) + ' connection(s)':<42}" + "".join(
                f"{ours / rates[name, mails, connections][0]:22.2f}" for name in others))


if __name__ == "__main__":
    main()
