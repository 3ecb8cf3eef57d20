-- SPDX-License-Identifier: Apache-2.0
-- Several mails on one connection, with an abort after each end of message and mails given up between them.
dofile("mail.lua")

run(function()
  for _, version in ipairs({ 2, 6 }) do
    local manner = { version = version, chunk = 100 }
    local steps = steps_of(manner)
    local conn = connected(version)
    steps[1](conn)
    steps[2](conn)
    for round = 1, 4 do
      for i = 3, #steps do steps[i](conn) end
      end_of_mail(conn, manner)
      if round % 2 == 0 then must(mt.abort(conn), "abort") end
      for i = 3, 3 + round do steps[i](conn) end
      must(mt.abort(conn), "abort")
    end
    must(mt.disconnect(conn), "disconnect")
  end
end)
