// Sends numbered lines at a steady rate to an input that gives no receipts, as a device does that knows nothing of what is behind the
// port. A sender that was held up catches up, so the number of lines depends on the rate and the time alone.

import { once } from "node:events"
import { connect } from "node:net"

const tickMs = 5
/** What the input makes of a line; longer than a number, as lines are. */
const filling = "x".repeat(180)

export interface PacedLines {
  readonly port: number
  readonly linesPerSecond: number
  readonly lines: number
}

/** Resolves when the input has read every line and has closed the connection. */
export async function sendPaced({ port, linesPerSecond, lines }: PacedLines): Promise<void> {
  const socket = connect(port, "127.0.0.1")
  await once(socket, "connect")
  const started = performance.now()
  for (let sent = 0; sent < lines; ) {
    const due = Math.min(lines, Math.floor(((performance.now() - started) / 1000) * linesPerSecond))
    const text: string[] = []
    for (; sent < due; sent++) text.push(`${sent + 1} ${filling}\n`)
    if (text.length > 0 && !socket.write(text.join(""))) await once(socket, "drain")
    await new Promise((resolve) => setTimeout(resolve, tickMs))
  }
  const closed = once(socket, "close")
  socket.resume().end()
  await closed
}

/** The number of a line made by {@link sendPaced}. */
export function numberOf(line: string): number {
  return Number(line.slice(0, line.indexOf(" ")))
}
