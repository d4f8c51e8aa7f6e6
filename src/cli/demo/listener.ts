// A destination of `demo failover`, as a process of its own: `node listener.js PORT`. It says `listening`, then hands every whole line it
// reads to standard output, and answers each with `ok` once the kernel has that: so what it has confirmed is known even if it is
// killed in the next moment. Ends when its standard input does, and so never outlives the one who started it.

import type { Connection } from "../../platform/platform.ts"
import { realPlatform } from "../../platform/real.ts"
import { errorCode } from "../../platform/system-error.ts"

const newline = 0x0a
const lineBytesMax = 1024 * 1024

const platform = realPlatform()
const say = (text: string, then: () => void): void => void platform.streams.output.write(Buffer.from(text), then)

function receive(connection: Connection): void {
  let rest: Buffer = Buffer.alloc(0)
  connection.setEvents({
    data: (chunk) => {
      const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const end = all.lastIndexOf(newline) + 1
      rest = all.subarray(end)
      if (rest.length > lineBytesMax) return connection.destroy()
      if (end > 0) confirm(connection, all.subarray(0, end))
    },
  })
}

function confirm(connection: Connection, lines: Buffer): void {
  let count = 0
  for (let at = lines.indexOf(newline); at >= 0; at = lines.indexOf(newline, at + 1)) count += 1
  platform.streams.output.write(lines, (error) => {
    if (error === undefined) connection.write(Buffer.from("ok\n".repeat(count)))
    else process.exit(1)
  })
}

// Ctrl-C at a terminal reaches the whole group; who ends when is for the demo to say.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined)
platform.streams.input({ closed: () => process.exit(0) })

try {
  await platform.sockets.listen({ address: { host: "127.0.0.1", port: Number(process.argv[2]) } }, receive)
  say("listening\n", () => undefined)
} catch (thrown) {
  say(`failed ${errorCode(thrown) ?? String(thrown)}\n`, () => process.exit(1))
}
