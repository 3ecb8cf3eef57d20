divert(-1)
# Lines for /etc/mail/sendmail.mc; then make -C /etc/mail and restart. As they are, mail flows unjudged when kith does not
# answer, and nobody notices: have "kith status" watched. With F=T added senders wait. milter.socket is then
# "unix:/run/kith/kith.sock" and milter.socket_group "smmsp" with _kith a member of it. Held mail: mailq -qQ, kith list
# --held; kith release ID, kith drop ID.
divert(0)dnl
INPUT_MAIL_FILTER(`kith', `S=local:/run/kith/kith.sock, T=C:30s;S:60s;R:60s;E:5m')dnl
