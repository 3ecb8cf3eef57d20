-- SPDX-License-Identifier: Apache-2.0
-- A client that stops after any command, politely, abruptly or with an abort: the next mail is judged as ever.
dofile("mail.lua")

run(function()
  for _, version in ipairs({ 2, 6 }) do
    local manner = { version = version }
    local steps = steps_of(manner)
    for last = 0, #steps do
      for _, farewell in ipairs({ "polite", "abrupt", "abort" }) do
        local conn = connected(version)
        for i = 1, last do steps[i](conn) end
        if farewell == "abort" then must(mt.abort(conn), "abort") end
        must(mt.disconnect(conn, farewell ~= "abrupt"), "disconnect")
        next_is_judged()
      end
    end
  end
end)
