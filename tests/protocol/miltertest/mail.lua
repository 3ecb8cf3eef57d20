-- SPDX-License-Identifier: Apache-2.0
-- What the scripts beside this one share: a mail, ways to hand it over, and what must become of it. Defined on the command
-- line (miltertest_test.cpp): socket, and what another client's copy of the mail was given: score, verdict, held.

ALL_ACTIONS = 0x1FF
-- What an MTA of that version offers: without a promise of silence, and with all of them.
STEPS = { [2] = 0x7F, [6] = 0x1FFFFF }

function must(outcome, what)
  if outcome ~= nil then error(what .. ": " .. tostring(outcome), 2) end
end

function check(condition, what)
  if not condition then error(what, 2) end
end

-- Runs a script's body; miltertest ends with status 1 at an error, but does not say which.
function run(body)
  local ok, what = pcall(body)
  if ok then return end
  mt.echo(tostring(what))
  error(what)
end

function connected(version)
  local conn = mt.connect(socket, 20, 0.1)
  check(conn ~= nil, "cannot connect to " .. socket)
  -- Its manual has actions before steps; on the wire it is this way round.
  must(mt.negotiate(conn, version, STEPS[version], ALL_ACTIONS), "negotiate")
  return conn
end

-- The steps of one mail from CONNECT to its body; `manner`: version, chunk of the body, late: what belongs to CONNECT and
-- HELO comes with RCPT (miltertest knows no macros of later stages).
function steps_of(manner)
  local blank = manner.version == 6 and " " or ""  -- after the colon: an older MTA eats it
  local body = "Please open https://odd.example/x and log in.\r\n"
  local steps = {
    function(conn)
      if not manner.late then
        must(mt.macro(conn, SMFIC_CONNECT, "{daemon_name}", "mx.site.example", "v", "Test 1", "j", "mx.site.example"), "macro")
      end
      must(mt.conninfo(conn, "out.partner.example", "192.0.2.7"), "conninfo")
    end,
    function(conn)
      if not manner.late then must(mt.macro(conn, SMFIC_HELO, "{tls_version}", "TLSv1.3"), "macro") end
      must(mt.helo(conn, "out.partner.example"), "helo")
    end,
    function(conn)
      must(mt.macro(conn, SMFIC_MAIL, "{mail_addr}", "<anna@partner.example>"), "macro")
      must(mt.mailfrom(conn, "<anna@partner.example>"), "mailfrom")
    end,
    function(conn)
      if manner.late then
        must(mt.macro(conn, SMFIC_RCPT, "i", "4MT", "{tls_version}", "TLSv1.3", "j", "mx.site.example", "{daemon_name}",
                      "mx.site.example"), "macro")
      else
        must(mt.macro(conn, SMFIC_RCPT, "i", "4MT"), "macro")
      end
      must(mt.rcptto(conn, "<ben@site.example>"), "rcptto")
    end,
    function(conn) if manner.version > 3 then must(mt.data(conn), "data") end end,
    function(conn)
      for _, field in ipairs({ { "X-Kith-Verdict", "pass" }, { "From", "Anna <anna@partner.example>" },
                               { "To", "ben@site.example" }, { "Subject", "plan" },
                               { "Date", "Mon, 02 Mar 2026 10:00:00 +0100" },
                               { "Message-ID", "<1@partner.example>" }, { "X-Mailer", "Odd" } }) do
        must(mt.header(conn, field[1], blank .. field[2]), "header")
      end
    end,
    function(conn) must(mt.eoh(conn), "eoh") end,
    function(conn)
      local chunk = manner.chunk or 65535
      for at = 1, #body, chunk do must(mt.bodystring(conn, body:sub(at, at + chunk - 1)), "body") end
    end,
  }
  return steps
end

-- Ends the mail and checks what becomes of it.
function end_of_mail(conn, manner)
  must(mt.eom(conn), "eom")
  local blank = mt.test_option(conn, SMFIP_HDR_LEADSPC) and " " or ""
  check(mt.getreply(conn) == SMFIR_CONTINUE, "reply " .. tostring(mt.getreply(conn)))
  check(mt.eom_check(conn, MT_HDRINSERT, "X-Kith-Score", blank .. score),
        "score is not " .. score .. " but " .. tostring(mt.getheader(conn, "X-Kith-Score", 0)))
  check(mt.eom_check(conn, MT_HDRINSERT, "X-Kith-Verdict", blank .. verdict), "verdict is not " .. verdict)
  check(mt.eom_check(conn, MT_HDRDELETE, "x-kith-verdict"), "the forged header stays")
  check(mt.eom_check(conn, MT_QUARANTINE) == (held == "yes"), "held is not " .. held)
end

function deliver(conn, manner)
  for _, step in ipairs(steps_of(manner)) do step(conn) end
  end_of_mail(conn, manner)
end

-- The next mail of a client that behaves.
function next_is_judged()
  local conn = connected(6)
  deliver(conn, { version = 6 })
  must(mt.disconnect(conn), "disconnect")
end
