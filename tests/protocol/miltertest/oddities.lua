-- SPDX-License-Identifier: Apache-2.0
-- Clients of no family, no macros, odd headers, large bodies, unknown commands: everything is answered, nothing is harmed.
-- miltertest itself ends by a signal at header values of 2,000 bytes: those of 60 KB are the fake MTA's.
dofile("mail.lua")

run(function()
  local function continues(conn, what)
    check(mt.getreply(conn) == SMFIR_CONTINUE, what .. ": reply " .. tostring(mt.getreply(conn)))
  end

  for _, version in ipairs({ 2, 6 }) do
    local conn = connected(version)
    check(mt.test_option(conn, SMFIP_NR_HELO) == (version == 6), "silence does not fit the version")
    must(mt.conninfo(conn, "unknown", "unspec"), "conninfo")
    must(mt.helo(conn, "h.example"), "helo")
    must(mt.mailfrom(conn, "<>", "SIZE=100000"), "mailfrom")
    must(mt.rcptto(conn, "<ben@site.example>"), "rcptto")
    must(mt.header(conn, "References", string.rep("<x@y.example> ", 70)), "header")
    must(mt.header(conn, "Empty", ""), "header")
    must(mt.eoh(conn), "eoh")
    must(mt.bodyrandom(conn, 200000), "body")
    must(mt.eom(conn), "eom")
    continues(conn, "end of message")
    check(mt.eom_check(conn, MT_HDRINSERT, "X-Kith-Id"), "no X-Kith-Id")
    check(not mt.eom_check(conn, MT_HDRDELETE), "a header was removed")
    must(mt.disconnect(conn), "disconnect")
    next_is_judged()
  end

  -- An MTA that cannot keep unknown commands to itself.
  local conn = connected(2)
  must(mt.conninfo(conn, "c.example", "2001:db8::7"), "conninfo")
  continues(conn, "connect")
  must(mt.helo(conn, "c.example"), "helo")
  continues(conn, "helo")
  must(mt.unknown(conn, "NONSENSE"), "unknown command")
  continues(conn, "unknown command")
  must(mt.mailfrom(conn, "<a@partner.example>"), "mailfrom")
  continues(conn, "mail")
  must(mt.disconnect(conn), "disconnect")
  next_is_judged()
end)
