# SPDX-License-Identifier: Apache-2.0
"""A supplier's PDF invoices through a real Postfix: what they name is learned after delivery, and another account in one is told."""

import email.mime.application
import email.mime.multipart
import email.mime.text
import os
import unittest

import e2e
from e2e import wait_until

IBAN_A, IBAN_B = 'DE89 3704 0044 0532 0130 00', 'GB29 NWBK 6016 1331 9268 19'
SUPPLIER = 'billing@supplier.example'
CLIENT = {'addr': '192.0.2.55', 'name': 'mx.supplier.example', 'helo': 'mx.supplier.example'}


def pdf(lines):
    """a PDF file of one page"""
    content = b'BT /F1 11 Tf 14 TL 50 800 Td ' + b' '.join(b'(%s) Tj T*' % x.encode() for x in lines) + b' ET'
    objects = [
        b'<< /Type /Catalog /Pages 2 0 R >>',
        b'<< /Type /Pages /Kids [4 0 R] /Count 1 >>',
        b'<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
        b'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents 5 0 R >>',
        b'<< /Length %d >>\nstream\n' % len(content) + content + b'\nendstream',
    ]
    out, offsets = b'%PDF-1.4\n', []
    for i, x in enumerate(objects):
        offsets.append(len(out))
        out += b'%d 0 obj\n' % (i + 1) + x + b'\nendobj\n'
    table = len(out)
    out += b'xref\n0 %d\n0000000000 65535 f \n' % (len(objects) + 1)
    out += b''.join(b'%010d 00000 n \n' % x for x in offsets)
    return out + b'trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n' % (len(objects) + 1, table)


def mail(number, text, document=None):
    m = email.mime.multipart.MIMEMultipart()
    m['From'], m['To'], m['Subject'] = 'Supplier <%s>' % SUPPLIER, e2e.mailboxes()[0], 'Invoice %d' % number
    m['Message-ID'] = '<inv%d@supplier.example>' % number
    m.attach(email.mime.text.MIMEText(text))
    if document:
        part = email.mime.application.MIMEApplication(document, 'pdf', name='invoice.pdf')
        part['Content-Disposition'] = 'attachment; filename="invoice.pdf"'
        m.attach(part)
    return e2e.Mail(m.as_bytes(), SUPPLIER, [e2e.mailboxes()[0]], CLIENT, m['Message-ID'])


def invoice(number, iban):
    return mail(
        number,
        'Hello, our invoice for this month is attached. Kind regards, Petra',
        pdf(['Invoice %d' % number, 'Please pay 1,200.00 EUR to', 'IBAN: ' + iban]),
    )


class AttachedDocuments(e2e.SiteTest):
    def entry(self, site, qid):
        return next((m for m in site.kith_json('list', '--all')['mails'] if m['queue_id'] == qid), None)

    def wait_for(self, site, qid, mark):
        wait_until(
            lambda: (self.entry(site, qid) or {}).get('attached') == mark,
            lambda: 'documents of %s: %s; the learner says:\n%s\nthe milter:\n%s'
            % (mark, self.entry(site, qid), site.learner.log()[-2000:], site.milter.log()[-2000:]),
        )

    def wait_for_store(self, site):
        """Mail that comes before the learner has made the store is recorded under no secret: it teaches nothing about
        its sender."""

        def is_judged():
            qid = self.send(site, e2e.genuine('store'))
            wait_until(lambda: self.entry(site, qid), lambda: 'mail %s in the index' % qid)
            return self.entry(site, qid)['judged'] == 'on arrival'

        wait_until(is_judged, lambda: 'a judged mail; the milter:\n' + site.milter.log())

    def test_another_account_in_a_known_suppliers_invoice_is_told_and_the_usual_one_is_known(self):
        site = self.site(trained=False)
        spool = os.path.join(site.state, 'attachments')
        wait_until(lambda: os.path.isdir(spool), lambda: 'the spool; the learner:\n' + site.learner.log())
        self.wait_for_store(site)
        for i in range(3):
            self.wait_for(site, self.send(site, invoice(i, IBAN_A)), 'read')
        other = self.send(site, invoice(3, IBAN_B))
        self.wait_for(site, other, 'finding')
        told = 'names a bank account or wallet that this sender never used in 3 invoices'
        self.assertIn(told, site.kith('explain', other).stdout)
        self.assertIn(told, site.kith('show', other).stdout)
        self.assertIn(other, site.kith('list').stdout)
        warning = [x for x in site.learner.log().splitlines() if 'names other payment data' in x]
        self.assertEqual(1, len(warning), site.learner.log())
        self.assertIn('queue_id=' + other, warning[0])
        self.assertIn(SUPPLIER, warning[0])
        self.assertEqual(1, len(site.kith_json('incident', 'list')['groups']))
        wait_until(lambda: not os.listdir(spool), 'the spool to be empty')

        tags = {}
        for number, iban in ((4, IBAN_A), (5, IBAN_B)):
            qid = self.send(site, mail(number, 'Please pay to our account IBAN %s, thank you.' % iban))
            wait_until(lambda: self.entry(site, qid), 'the learner to know of the mail')
            tags[iban] = site.kith_json('show', qid)['tags']
        self.assertNotIn('document-anomalies', tags[IBAN_A])
        self.assertIn('document-anomalies', tags[IBAN_B])


if __name__ == '__main__':
    e2e.main()
