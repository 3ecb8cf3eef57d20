# SPDX-License-Identifier: Apache-2.0
"""How mail programs and servers of the demo's world write a mail: header order, ids, boundaries, HTML, quoting, trace fields.

Place in the flow: firm.py decides who writes what; render() here turns it into bytes the way that person's program does, and
trace() adds what the servers on the way add. The programs are imitations of kinds (a desktop suite, a webmail, a PHP script),
good enough that every person has a recognisable and constant way of writing. Covered by tests/e2e/firm_test.py.
"""

import base64
import datetime
import html
import io
import quopri
import zipfile
from email.header import Header

WD = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')
MON = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')

# name: (multipart/alternative?, attribution style, transfer encoding of text, wraps at)
CLIENTS = {
    'outlook365': (True, 'olk', 'qp', 0),
    'outlook16': (True, 'olk', 'qp', 0),
    'exchange': (True, 'olk', 'b64', 0),
    'thunderbird': (False, 'gt', '8bit', 72),
    'thunderhtml': (True, 'gt', '8bit', 72),
    'applemail': (True, 'gt', 'qp', 0),
    'iphone': (False, 'gt', 'qp', 0),
    'freepost': (True, 'gt', 'auto', 76),
    'roundcube': (False, 'gt', '8bit', 74),
    'sogo': (False, 'gt', 'qp', 0),
    'android': (True, 'dash', 'qp', 0),
    'mutt': (False, 'gt', '8bit', 70),
    'horde': (False, 'gt', 'qp', 76),
    'phpmailer': (True, None, 'qp', 0),
    'javamail': (False, None, 'qp', 0),
    'python': (False, None, 'b64', 0),
    'newsletter': (True, None, 'qp', 0),
    'znuny': (False, 'gt', 'qp', 78),
    'cron': (False, None, '8bit', 0),
    'portal': (True, None, 'b64', 0),
}


def hexs(rng, n):
    return '%0*x' % (n, rng.getrandbits(4 * n))


def alnum(rng, n, letters='ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'):
    return ''.join(rng.choice(letters) for _ in range(n))


def uuid(rng):
    h = hexs(rng, 32)
    return '-'.join((h[:8], h[8:12], '4' + h[13:16], '9' + h[17:20], h[20:]))


def rfc_date(t, offset):
    d = datetime.datetime.fromtimestamp(t + offset * 60, datetime.timezone.utc)
    return '%s, %d %s %d %02d:%02d:%02d %s%02d%02d' % (
        WD[d.weekday()],
        d.day,
        MON[d.month - 1],
        d.year,
        d.hour,
        d.minute,
        d.second,
        '-' if offset < 0 else '+',
        abs(offset) // 60,
        abs(offset) % 60,
    )


def stamp(t, offset):
    return datetime.datetime.fromtimestamp(t + offset * 60, datetime.timezone.utc).strftime('%d.%m.%Y %H:%M')


def word(text, charset, q=False):
    """Header text, encoded when it has to be."""
    if text.isascii():
        return text
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        charset = 'utf-8'
    return Header(text, charset, maxlinelen=70).encode(linesep='\n')


def mailbox(name, addr, form, charset):
    if not name or form == 'addr':
        return addr
    if not name.isascii():
        return '%s <%s>' % (word(name, charset), addr)
    if form == 'quoted' or any(c in name for c in ',.()'):
        return '"%s" <%s>' % (name, addr)
    return '%s <%s>' % (name, addr)


def message_id(client, p, t, rng):
    """A new Message-ID in the way of the program; p has .addr .msgid_host."""
    dom = p.addr.split('@')[1]
    d = datetime.datetime.fromtimestamp(t, datetime.timezone.utc)
    if client == 'outlook365':
        node = '%s0PR0%dMB%04d' % (p.node, int(p.number[-1]), 1000 + int(p.number) % 9000)
        return '%s%s@%s.eurprd0%s.prod.cloudoffice.example' % (
            node,
            alnum(rng, 26, 'ABCDEF0123456789'),
            node,
            p.number[-1],
        )
    if client == 'outlook16':
        return '%012x$%08x$%08x$@%s' % (rng.getrandbits(17), rng.getrandbits(32), rng.getrandbits(32), dom)
    if client == 'exchange':
        return '%s@%s' % (hexs(rng, 32), 'EX01.' + dom.split('.')[0] + '.test')
    if client in ('thunderbird', 'thunderhtml', 'sogo'):
        return uuid(rng) + '@' + dom
    if client in ('applemail', 'iphone'):
        return uuid(rng).upper() + '@' + dom
    if client == 'freepost':
        return 'CA%s@mail.freepost.example' % alnum(rng, 48)
    if client in ('roundcube', 'horde'):
        return (
            hexs(rng, 32) + '@' + dom
            if client == 'roundcube'
            else d.strftime('%Y%m%d%H%M%S') + '.Horde.' + alnum(rng, 22) + '@' + p.msgid_host
        )
    if client == 'android':
        return alnum(rng, 8, '0123456789abcdef') + '-' + str(t) + '@' + 'email.android.test'
    if client == 'mutt':
        return d.strftime('%Y%m%d%H%M%S') + '.' + alnum(rng, 12) + '@' + p.msgid_host
    if client == 'javamail':
        return '%d.%d.%d@%s' % (
            rng.getrandbits(30),
            rng.randrange(90),
            t * 1000 + rng.randrange(1000),
            p.msgid_host,
        )
    if client == 'znuny':
        return '%d.%d@%s' % (t, rng.randrange(10**6), p.msgid_host)
    if client == 'cron':
        return d.strftime('%Y%m%d%H%M') + '.' + alnum(rng, 11, 'ABCDEF0123456789') + '@' + p.msgid_host
    return alnum(rng, 40) + '@' + p.msgid_host


def boundary(client, rng):
    if client in ('outlook365', 'exchange'):
        return '_00%d_%s_' % (rng.randrange(10), alnum(rng, 40))
    if client == 'outlook16':
        return '----=_NextPart_000_%04X_01DA%04X.%08X' % (
            rng.getrandbits(16),
            rng.getrandbits(16),
            rng.getrandbits(32),
        )
    if client in ('thunderbird', 'thunderhtml'):
        return '------------' + alnum(rng, 24)
    if client in ('applemail', 'iphone'):
        return 'Apple-Mail' + ('=_' if client == 'applemail' else '-') + uuid(rng).upper()
    if client == 'freepost':
        return '000000000000' + hexs(rng, 16)
    if client == 'phpmailer':
        return 'b%d_%s' % (1 + rng.randrange(2), alnum(rng, 40))
    if client in ('javamail', 'portal'):
        return '----=_Part_%d_%d.%d' % (rng.randrange(10**6), rng.getrandbits(30), rng.getrandbits(40))
    if client == 'python':
        return '===============%019d==' % rng.getrandbits(62)
    if client == 'roundcube':
        return '=_' + hexs(rng, 32)
    if client == 'newsletter':
        return '_----------=_MCPart_%d' % rng.randrange(10**9)
    return '--_%s_%s' % (client, alnum(rng, 20))


def encode_text(text, charset, cte):
    """(bytes of the body, charset really used, transfer encoding really used)"""
    try:
        raw = text.encode(charset)
    except UnicodeEncodeError:
        charset, raw = 'utf-8', text.encode('utf-8')
    long_line = max((len(x) for x in raw.split(b'\n')), default=0) > 900
    if cte == 'auto':
        cte = '7bit' if text.isascii() and not long_line else 'qp'
    if cte == '8bit':
        cte = '7bit' if text.isascii() else '8bit'
        if long_line:
            cte = 'qp'
    if cte == 'qp':
        return quopri.encodestring(raw), charset, 'quoted-printable'
    if cte == 'b64':
        return base64.encodebytes(raw.replace(b'\n', b'\r\n')), charset, 'base64'
    return raw, charset, cte


def wrap(text, width):
    if not width:
        return text
    out = []
    for line in text.split('\n'):
        if line.startswith('>') or len(line) <= width or 'http' in line:
            out.append(line)
            continue
        cur = ''
        for w in line.split(' '):
            if cur and len(cur) + 1 + len(w) > width:
                out.append(cur)
                cur = w
            else:
                cur = cur + ' ' + w if cur else w
        out.append(cur)
    return '\n'.join(out)


def paragraphs(text, client):
    """own text as HTML in the client's way"""
    lines = text.split('\n')

    def esc(s):
        out = []
        for w in s.split(' '):
            if w.startswith(('http://', 'https://')):
                out.append('<a href="%s">%s</a>' % (html.escape(w), html.escape(w)))
            else:
                out.append(html.escape(w))
        return ' '.join(out)

    if client in ('outlook365', 'outlook16', 'exchange'):
        return '\n'.join('<p class="MsoNormal">%s<o:p></o:p></p>' % (esc(x) or '&nbsp;') for x in lines)
    if client in ('applemail', 'freepost'):
        return '\n'.join('<div>%s</div>' % (esc(x) or '<br>') for x in lines)
    if client == 'android':
        return '<br>\n'.join(esc(x) for x in lines)
    return '\n'.join('<p>%s</p>' % '<br>\n'.join(esc(y) for y in x.split('\n')) for x in text.split('\n\n'))


def html_page(client, p, own, quoted, cite):
    body = paragraphs(own, client)
    q = paragraphs(quoted, client) if quoted else ''
    if client in ('outlook365', 'outlook16', 'exchange'):
        return (
            '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns="http://www.w3.org/TR/REC-html40">\n<head>\n<meta name="Generator" content="Microsoft Word 15 (filtered medium)">\n'
            '<style><!--\np.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"%s",sans-serif;}\n--></style>\n</head>\n<body lang="%s" link="#0563C1" vlink="#954F72">\n<div class="WordSection1">\n%s\n%s</div>\n</body>\n</html>\n'
            % (
                p.font,
                p.lang.upper(),
                body,
                '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">\n%s\n</div>\n'
                % q
                if q
                else '',
            )
        )
    if client == 'freepost':
        return '<div dir="ltr">%s</div>%s\n' % (
            body,
            '<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">%s<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">%s</blockquote></div>'
            % (html.escape(cite), q)
            if q
            else '',
        )
    if client == 'applemail':
        return (
            '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body style="overflow-wrap: break-word; line-break: after-white-space;">%s%s</body></html>'
            % (
                body,
                '<br><blockquote type="cite"><div>%s</div>%s</blockquote>' % (html.escape(cite), q)
                if q
                else '',
            )
        )
    if client == 'thunderhtml':
        return (
            '<!DOCTYPE html>\n<html>\n  <head>\n    <meta http-equiv="content-type" content="text/html; charset=UTF-8">\n  </head>\n  <body text="#000000" bgcolor="#ffffff">\n    %s\n    %s  </body>\n</html>\n'
            % (
                body,
                '<div class="moz-cite-prefix">%s</div>\n<blockquote type="cite">%s</blockquote>\n'
                % (html.escape(cite), q)
                if q
                else '',
            )
        )
    if client in ('phpmailer', 'newsletter', 'portal'):
        head = '<img src="https://%s/logo%s.png" width="180" alt="">' % (p.web, p.number[-1])
        return (
            '<!doctype html><html><head><title></title></head><body bgcolor="#%s"><table width="600" align="center"><tr><td>%s</td></tr><tr><td class="c%s">%s</td></tr></table></body></html>\n'
            % (p.number * 2, head, p.number, body)
        )
    return '<html><body>%s%s</body></html>\n' % (body, '<blockquote>%s</blockquote>' % q if q else '')


def attachment_bytes(kind, rng):
    noise = rng.randbytes(300 + rng.randrange(900))
    if kind == 'pdf':
        return (
            b'%PDF-1.5\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Count 0/Kids[]>>\nendobj\n3 0 obj\n<</Length '
            + str(len(noise)).encode()
            + b'>>\nstream\n'
            + noise
            + b'\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n'
        )
    if kind in ('docx', 'xlsx'):
        buf = io.BytesIO()
        with zipfile.ZipFile(buf, 'w') as z:
            main = 'word/document.xml' if kind == 'docx' else 'xl/workbook.xml'
            for name, data in (
                (
                    '[Content_Types].xml',
                    b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
                ),
                (main, b'<?xml version="1.0"?><x>' + noise.hex().encode() + b'</x>'),
            ):
                z.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
        return buf.getvalue()
    if kind == 'png':
        return (
            b'\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x20\x00\x00\x00\x20\x08\x02\x00\x00\x00\xfc\x18\xed\xa3'
            + noise
        )
    if kind == 'jpg':
        return b'\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00' + noise + b'\xff\xd9'
    return (
        ("ISO-10303-21;\nHEADER;\nFILE_NAME('%s');\nENDSEC;\n" % hexs(rng, 12)).encode()
        + noise.hex().encode()
        + b'\nEND-ISO-10303-21;\n'
    )


MIME = {
    'pdf': 'application/pdf',
    'docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'png': 'image/png',
    'jpg': 'image/jpeg',
    'xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'stp': 'application/octet-stream',
}


def b64(raw):
    return base64.encodebytes(raw).decode()


def render(m, p, client, rng, phrases, shown=None):
    """The mail as its writer's program sends it, before any server: list of (name, value) and the body's bytes.

    m: subject, own (text), parent (a mail with own, quote, time, sender), to, cc, refs, mid, time, attach [(kind, name)], calendar, extra headers.
    p: the person whose program writes; shown: (name, address) put into From instead of p's own.
    """
    alt, style, cte, width = CLIENTS[client]
    offset = m.offset if m.offset is not None else p.tz(m.time)
    charset = p.charset
    own = wrap(m.own, width)
    quoted = cite = ''
    if m.parent is not None and style:
        par = m.parent
        cite = phrases['wrote'].format(stamp=stamp(par.time, offset), name=par.sender.name)
        body = (par.own + ('\n\n' + par.quoted if par.quoted else '')).split('\n')[:60]
        if style == 'olk':
            a = phrases['olk']
            quoted = '%s %s <%s>\n%s %s\n%s %s\n%s %s\n\n' % (
                a[0],
                par.sender.name,
                par.sender.addr,
                a[1],
                stamp(par.time, offset),
                a[2],
                '; '.join(x.name for x in par.to),
                a[3],
                par.subject,
            ) + '\n'.join(body)
            plain = own + '\n\n' + quoted
        elif style == 'dash':
            quoted = '\n'.join(body)
            plain = own + '\n\n-------- ' + par.subject + ' --------\n' + quoted
        else:
            quoted = '\n'.join(body)
            gt = '\n'.join(('>' + x) if x.startswith('>') else ('> ' + x).rstrip() for x in body)
            plain = cite + '\n' + gt + '\n\n' + own if p.bottom else own + '\n\n' + cite + '\n' + gt
        m.quoted = '\n'.join(('> ' + x).rstrip() for x in body[:30]) if style != 'olk' else quoted
    else:
        plain = own
    plain += '\n'

    def part(text, sub, extra=''):
        raw, cs, enc = encode_text(text, charset, cte)
        q = (
            '"%s"' % cs
            if client in ('outlook365', 'outlook16', 'exchange', 'freepost')
            else cs.upper()
            if client.startswith('thunder') or client == 'roundcube'
            else cs
        )
        return [
            ('Content-Type', 'text/%s; charset=%s%s' % (sub, q, extra)),
            ('Content-Transfer-Encoding', enc),
        ], raw

    def multi(kind, parts):
        b = boundary(client, rng)
        out = []
        for hs, raw in parts:
            out.append(
                b'--'
                + b.encode()
                + b'\n'
                + b''.join(('%s: %s\n' % h).encode() for h in hs)
                + b'\n'
                + raw
                + (b'' if raw.endswith(b'\n') else b'\n')
            )
        pre = (
            b'This is a multi-part message in MIME format.\n'
            if client in ('thunderbird', 'outlook16')
            else b''
        )
        return [
            (
                'Content-Type',
                'multipart/%s;%sboundary="%s"'
                % (
                    kind,
                    '\n\t'
                    if client.startswith('outlook') or client == 'exchange'
                    else '\n '
                    if client.startswith('thunder')
                    else ' ',
                    b,
                ),
            )
        ], pre + b''.join(out) + b'--' + b.encode() + b'--\n'

    ct, body = part(plain, 'plain', '; format=flowed' if client in ('thunderbird', 'roundcube') else '')
    if alt and not m.plain_only:
        ct, body = multi(
            'alternative',
            [(ct, body), part(html_page(client, p, m.own, quoted, cite), 'html')]
            + (
                [
                    (
                        [
                            ('Content-Type', 'text/calendar; charset="utf-8"; method=REQUEST'),
                            ('Content-Transfer-Encoding', 'base64'),
                        ],
                        b64(m.calendar.encode()).encode(),
                    )
                ]
                if m.calendar
                else []
            ),
        )
    if m.report:
        ct, body = multi(
            'report; report-type=delivery-status',
            [(ct, body), ([('Content-Type', 'message/delivery-status')], m.report.encode())],
        )
    if m.attach:
        parts = [(ct, body)]
        for kind, name in m.attach:
            fn = word(name, 'utf-8')
            disp = 'inline' if client in ('iphone', 'applemail') else 'attachment'
            parts.append(
                (
                    [
                        ('Content-Type', '%s; name="%s"' % (MIME[kind], fn)),
                        ('Content-Disposition', '%s; filename="%s"' % (disp, fn)),
                        ('Content-Transfer-Encoding', 'base64'),
                    ],
                    b64(attachment_bytes(kind, rng)).encode(),
                )
            )
        ct, body = multi('mixed', parts)
    name, addr = shown or (p.name, p.addr)
    h = dict(
        frm=('From', mailbox(name, addr, p.form, charset)),
        to=(
            'To',
            (',\n\t' if client.startswith('outlook') else ', ').join(
                mailbox(x.name, x.addr, p.form, charset) for x in m.to
            ),
        ),
        cc=(
            'Cc' if client not in ('outlook365', 'exchange') else 'CC',
            ', '.join(mailbox(x.name, x.addr, p.form, charset) for x in m.cc),
        )
        if m.cc
        else None,
        subject=('Subject', word(m.subject, charset)),
        date=('Date', rfc_date(m.time, offset)),
        mid=('Message-Id' if client in ('applemail', 'iphone', 'cron') else 'Message-ID', '<%s>' % m.mid),
        irt=('In-Reply-To', '<%s>' % m.refs[-1]) if m.refs else None,
        refs=('References', ('\n ' if client != 'freepost' else ' ').join('<%s>' % x for x in m.refs[-12:]))
        if m.refs
        else None,
        mime=('MIME-Version', '1.0'),
        replyto=('Reply-To', m.reply_to) if m.reply_to else None,
    )
    ctl, cte_h = ct[0], ct[1] if len(ct) > 1 else None
    lang = (
        p.lang
        + {
            'de': '-DE',
            'en': '-GB',
            'fr': '-FR',
            'it': '-IT',
            'es': '-ES',
            'nl': '-NL',
            'pl': '-PL',
            'pt': '-PT',
        }[p.lang]
    )

    def hs(*keys):
        out = []
        for k in keys:
            v = h.get(k) if isinstance(k, str) else k
            if v:
                out.append(v)
        return out

    v = p.version
    if client == 'outlook365' or client == 'exchange':
        return (
            hs(
                'frm',
                'to',
                'cc',
                'subject',
                ('Thread-Topic', word(m.subject.split(': ')[-1], charset)),
                ('Thread-Index', 'Ad' + alnum(rng, 26) + '=='),
                'date',
                'mid',
                'refs',
                'irt',
                ('Accept-Language', lang + ', en-US'),
                ('Content-Language', lang if client == 'exchange' else 'en-US'),
                ('X-MS-Has-Attach', 'yes' if m.attach else ''),
                ('X-MS-TNEF-Correlator', ''),
                ('x-originating-ip', '[%s]' % p.sub[0]) if client == 'exchange' else None,
                'replyto',
                ctl,
                cte_h,
                'mime',
            ),
            body,
        )
    if client == 'outlook16':
        return (
            hs(
                'replyto',
                'frm',
                'to',
                'cc',
                'refs',
                'irt',
                'subject',
                'date',
                'mid',
                'mime',
                ctl,
                cte_h,
                ('X-Mailer', 'Microsoft Outlook 16.0'),
                ('Thread-Index', 'AQ' + alnum(rng, 30)),
                ('Content-Language', lang[:2]),
            ),
            body,
        )
    if client.startswith('thunder'):
        return (
            hs(
                'mid',
                'date',
                'mime',
                (
                    'User-Agent',
                    'Mozilla Thunderbird'
                    if v
                    else 'Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Thunderbird/102.9',
                ),
                'subject' if not m.refs else None,
                ('Content-Language', lang),
                'to',
                'cc',
                'refs',
                'frm',
                ('Organization', p.company.name) if v else None,
                'irt',
                'subject' if m.refs else None,
                ctl,
                cte_h,
            ),
            body,
        )
    if client == 'applemail':
        return (
            hs(
                'frm',
                ctl,
                cte_h,
                ('Mime-Version', '1.0 (Mac OS X Mail 16.0 \\(3774.%d00.14\\))' % (1 + v)),
                'subject',
                'mid',
                'refs',
                'irt',
                'date',
                'cc',
                'to',
                ('X-Mailer', 'Apple Mail (2.3774.%d00.14)' % (1 + v)),
            ),
            body,
        )
    if client == 'iphone':
        return (
            hs(
                ctl,
                cte_h,
                'frm',
                ('Mime-Version', '1.0 (1.0)'),
                'date',
                'subject',
                'mid',
                'refs',
                'irt',
                'cc',
                'to',
                ('X-Mailer', 'iPhone Mail (%s)' % ('21E236', '20H115')[v]),
            ),
            body,
        )
    if client == 'freepost':
        return (
            hs(
                'mime',
                'refs',
                'irt',
                'replyto',
                'frm',
                'date',
                ('X-Gm-Features', alnum(rng, 40)),
                'mid',
                'subject',
                'to',
                'cc',
                ctl,
                cte_h,
            ),
            body,
        )
    if client == 'roundcube':
        return (
            hs(
                'mime',
                'date',
                'frm',
                'to',
                'cc',
                'subject',
                'irt',
                'refs',
                ('User-Agent', 'Roundcube Webmail/1.%d' % (4 + 2 * v)),
                'mid',
                ('X-Sender', addr),
                ctl,
                cte_h,
            ),
            body,
        )
    if client == 'sogo':
        return (
            hs(
                'frm',
                'irt',
                'refs',
                ctl,
                ('X-Forward', p.sub[0]),
                'date',
                'cc',
                'to',
                'mime',
                'mid',
                'subject',
                ('User-Agent', 'SOGoMail 5.%d.0' % (7 + v)),
                cte_h,
            ),
            body,
        )
    if client == 'android':
        return (
            hs(
                'date',
                'subject',
                'mid',
                ('X-Android-Message-ID', '<%s>' % uuid(rng)),
                'irt',
                'refs',
                'frm',
                'to',
                'cc',
                ('Importance', 'Normal'),
                ('X-Priority', '3'),
                'mime',
                ctl,
                cte_h,
            ),
            body,
        )
    if client == 'mutt':
        return (
            hs(
                'date',
                'frm',
                'to',
                'cc',
                'subject',
                'mid',
                'refs',
                'mime',
                ctl,
                ('Content-Disposition', 'inline'),
                cte_h,
                'irt',
                ('User-Agent', 'Mutt/2.%d.9' % (1 + v)),
            ),
            body,
        )
    if client == 'horde':
        return (
            hs(
                'date',
                'mid',
                'frm',
                'to',
                'cc',
                'subject',
                'refs',
                'irt',
                ('User-Agent', 'Horde Application Framework 5'),
                ctl,
                'mime',
                ('Content-Disposition', 'inline'),
                cte_h,
            ),
            body,
        )
    auto = tuple(m.headers)
    if client == 'phpmailer':
        return (
            hs(
                'date',
                'to',
                'frm',
                'replyto',
                'subject',
                'mid',
                ('X-Mailer', 'PHPMailer 6.%d.0' % (6 + 2 * v)),
                *auto,
                'mime',
                ctl,
                cte_h
            ),
            body,
        )
    if client == 'newsletter':
        return (
            hs(
                'subject',
                'frm',
                'replyto',
                'to',
                'date',
                'mid',
                ('X-Campaign', 'c%s' % hexs(rng, 10)),
                ('Feedback-ID', '%s:%s:esp' % (p.number, hexs(rng, 6))),
                ('Precedence', 'bulk'),
                ('List-ID', '%s <%s.list-id.%s>' % (p.company.name, p.number, p.web)),
                ('List-Unsubscribe', '<https://%s/u/%s>' % (p.web, alnum(rng, 16))),
                ('List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'),
                *auto,
                ctl,
                cte_h,
                'mime'
            ),
            body,
        )
    if client in ('javamail', 'portal'):
        return hs('date', 'frm', 'replyto', 'to', 'mid', 'subject', 'mime', ctl, cte_h, *auto), body
    if client == 'znuny':
        return (
            hs(
                'frm',
                'to',
                'cc',
                'subject',
                'date',
                'irt',
                'refs',
                'mid',
                ('Organization', p.company.name),
                ('X-Mailer', 'Znuny Mail Service (6.5.%d)' % v),
                ('X-Powered-By', 'Znuny (https://%s/)' % p.web),
                *auto,
                'mime',
                ctl,
                cte_h
            ),
            body,
        )
    return hs(ctl, 'mime', cte_h, 'subject', 'frm', 'to', 'cc', 'date', 'mid', 'irt', 'refs', *auto), body


def join(headers, body):
    return b''.join(('%s: %s\n' % (k, x)).encode('utf-8') for k, x in headers) + b'\n' + body


def trace(p, client, t, mid, rcpt, rng, sub=None, own_mx='mx.halvern.example', header_from=None, dkim=True):
    """What the sender's servers and then the site's own DKIM/SPF/DMARC checkers add on top, and the connection that the site's MX sees.

    Returns (headers, client {"addr","name","helo"}). sub: (address, host name, offset) of the submitting machine, p.sub by default.
    header_from: domain in From when it is not p's (a forgery): DMARC fails then.
    """
    c = p.company
    addr, host, _ = sub or p.sub
    off = c.server_tz(t)
    ip, name, helo = c.exit(rng)
    here = rfc_date(t - 2, off)
    out = []
    if c.kind == 'cloud':
        node = '%s0PR0%dMB%04d.eurprd0%s.prod.cloudoffice.example' % (
            p.node,
            int(p.number[-1]),
            1000 + int(p.number) % 9000,
            p.number[-1],
        )
        out.append(
            (
                'Received',
                'from %s\n (2001:db8:c10d:%s::%x)\n by %s with\n Microsoft SMTP Server (version=TLS1_2) id 15.20.%d.%d; %s'
                % (
                    node,
                    p.number[:2],
                    rng.randrange(1, 99),
                    helo,
                    7000 + c.serial,
                    rng.randrange(50),
                    rfc_date(t - 3, 0),
                ),
            )
        )
        out.append(
            (
                'Received',
                'from %s\n ([fe80::%s]) by %s\n ([fe80::%s%%%d]) with mapi id 15.20.%d.%03d; %s'
                % (
                    node,
                    p.number,
                    node,
                    p.number,
                    rng.randrange(1, 9),
                    7000 + c.serial,
                    rng.randrange(50),
                    rfc_date(t - 4, 0),
                ),
            )
        )
        tail = [
            ('x-ms-exchange-crosstenant-id', c.tenant),
            ('X-MS-Exchange-Transport-CrossTenantHeadersStamped', node.split('.')[0]),
        ]
    elif c.kind == 'freepost':
        out.append(
            (
                'Received',
                'by %s with SMTP id %s\n for <%s>; %s'
                % (
                    name,
                    alnum(rng, 22, 'abcdefghijklmnopqrstuvwxyz0123456789') + '.' + str(p.number),
                    rcpt,
                    rfc_date(t - 1, -480),
                ),
            )
        )
        out.append(
            (
                'X-Received',
                'by 2001:db8:4864:a05::%x with SMTP id %s; %s'
                % (rng.getrandbits(16), alnum(rng, 20, 'abcdef0123456789'), rfc_date(t - 1, -480)),
            )
        )
        tail = []
    elif c.kind == 'hoster':
        out.append(
            (
                'Received',
                'from %s (%s [%s])\n\tby %s (Postfix) with ESMTPSA id %s\n\tfor <%s>; %s'
                % (host, host, addr, c.submit, alnum(rng, 10, 'ABCDEF0123456789'), rcpt, here),
            )
        )
        tail = []
    elif c.kind == 'esp':
        out.append(
            (
                'Received',
                'from localhost (%s [10.%d.%d.7])\n\tby %s id %s; %s'
                % (
                    'worker%d' % rng.randrange(9),
                    c.serial,
                    rng.randrange(250),
                    name,
                    hexs(rng, 12),
                    rfc_date(t - 2, 0),
                ),
            )
        )
        tail = []
    else:
        out.append(
            (
                'Received',
                'from %s (%s [%s])\n\t(Authenticated sender: %s)\n\tby %s with ESMTPSA id %s; %s'
                % (host, host, addr, p.addr.split('@')[0], name, alnum(rng, 11), here)
                if not p.robot
                else 'by %s (Postfix, from userid %d)\n\tid %s; %s'
                % (name, 33 + c.serial % 3, alnum(rng, 10, 'ABCDEF0123456789'), here),
            )
        )
        tail = []
    dom = p.addr.split('@')[1]
    results = ['spf=pass smtp.mailfrom=%s' % c.bounce_domain]
    signed = c.dkim and dkim
    if signed:
        d, s, fields = c.dkim
        out.insert(
            0,
            (
                'DKIM-Signature',
                'v=1; a=rsa-sha256; c=relaxed/%s; d=%s; s=%s;\n\th=%s;\n\tbh=%s=; b=%s='
                % ('simple' if c.serial % 2 else 'relaxed', d, s, fields, alnum(rng, 43), alnum(rng, 86)),
            ),
        )
        results.append('dkim=pass header.d=%s header.s=%s' % (d, s))
    else:
        results.append('dkim=none')
    hf = header_from or dom
    aligned = hf.endswith(c.bounce_domain) or c.bounce_domain.endswith(hf) or (signed and c.dkim[0] == hf)
    results.append(
        'dmarc=%s header.from=%s'
        % ('none' if not c.dmarc and not header_from else 'pass' if aligned else 'fail', hf)
    )
    out.insert(0, ('Authentication-Results', own_mx + ';\n\t' + ';\n\t'.join(results)))
    return out, tail, {'addr': ip, 'name': name, 'helo': helo}
