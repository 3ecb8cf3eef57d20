# Moving a mail into the folder "Reported" reports it: who else got it, and what of it is still queued is held.
#
# "sievec /etc/dovecot/kith-report.sieve" once, and in dovecot.conf (Pigeonhole's imapsieve and extprograms; vmail: the user that mail processes run as):
#   protocol imap {
#     mail_plugins = $mail_plugins imap_sieve
#   }
#   plugin {
#     sieve_plugins = sieve_imapsieve sieve_extprograms
#     sieve_global_extensions = +vnd.dovecot.pipe
#     sieve_pipe_socket_dir = .
#     imapsieve_mailbox1_name = Reported
#     imapsieve_mailbox1_causes = COPY APPEND
#     imapsieve_mailbox1_before = file:/etc/dovecot/kith-report.sieve
#   }
#   # Holding what is queued needs root; this program with these words is all that the socket gives.
#   service kith-report {
#     executable = script /usr/bin/kith report-mail
#     user = root
#     vsz_limit = 0   # kith maps its whole store
#     unix_listener kith-report {
#       user = vmail
#       mode = 0600
#     }
#   }
require ["vnd.dovecot.pipe", "copy", "imapsieve"];
pipe :copy "kith-report";
