# Moving a mail into the folder "Reported" reports it: who else got it, and what of it is still queued is held.
#
# dovecot.conf (Pigeonhole's imapsieve and extprograms):
#   protocol imap { mail_plugins = $mail_plugins imap_sieve }
#   plugin {
#     sieve_plugins = sieve_imapsieve sieve_extprograms
#     sieve_global_extensions = +vnd.dovecot.pipe
#     sieve_pipe_bin_dir = /etc/dovecot/sieve-bin
#     imapsieve_mailbox1_name = Reported
#     imapsieve_mailbox1_causes = COPY APPEND
#     imapsieve_mailbox1_before = file:/etc/dovecot/kith-report.sieve
#   }
# /etc/dovecot/sieve-bin/kith-report, mode 0755:
#   #!/bin/sh
#   exec sudo -n /usr/sbin/kith report-mail
# /etc/sudoers.d/kith-report (vmail: the user Dovecot's mail processes run as). These words and no others: with a wildcard
# that user could name other programs for root to run.
#   vmail ALL = (root) NOPASSWD: /usr/sbin/kith report-mail
require ["vnd.dovecot.pipe", "copy", "imapsieve"];
pipe :copy "kith-report";
