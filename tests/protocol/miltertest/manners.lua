-- SPDX-License-Identifier: Apache-2.0
-- The verdict is the same in both protocol versions, whatever the chunks of the body, early or late macros.
dofile("mail.lua")

run(function()
  for _, version in ipairs({ 2, 6 }) do
    for _, chunk in ipairs({ 1, 7, 65535 }) do
      for _, late in ipairs({ false, true }) do
        local conn = connected(version)
        deliver(conn, { version = version, chunk = chunk, late = late })
        must(mt.disconnect(conn), "disconnect")
      end
    end
  end
end)
