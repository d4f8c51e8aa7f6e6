// Two listeners in one event loop and nothing between a line and its end: the least a flood can do to a trickle beside it.

import { createServer } from "node:net"
import type { Meter } from "./meter.ts"

export async function startBaseline(ports: readonly number[], meter: Meter): Promise<void> {
  for (const port of ports) {
    const server = createServer((socket) => {
      let rest: Buffer | undefined
      socket.on("error", () => socket.destroy())
      socket.on("data", (chunk: Buffer) => {
        const whole = rest === undefined ? chunk : Buffer.concat([rest, chunk])
        let start = 0
        for (let end = whole.indexOf(10); end >= 0; end = whole.indexOf(10, start)) {
          meter.line(whole, start, end)
          start = end + 1
        }
        rest = start === whole.length ? undefined : whole.subarray(start)
      })
    })
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  }
}
