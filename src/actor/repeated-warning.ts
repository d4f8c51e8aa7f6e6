// Warnings that a stranger can cause at will (refused connections, lines that are too long) without a flood in the log: of each kind the
// first at once, then at most one a second with the number of those left out. No timer: what was left out last is told at the end.

import type { Log } from "../log.ts"
import type { Clock } from "../platform/platform.ts"

const quietMs = 1000

interface Kind {
  lastMs: number
  leftOut: number
}

export class RepeatedWarning {
  private readonly log: Log
  private readonly clock: Clock
  private readonly kinds = new Map<string, Kind>()

  constructor(log: Log, clock: Clock) {
    this.log = log
    this.clock = clock
  }

  /** Warns of something of a kind; `kind` is one of a few constant texts, `detail` says more about this one. */
  warn(kind: string, detail: string): void {
    const now = this.clock.monotonic()
    const known = this.kinds.get(kind)
    if (known !== undefined && now - known.lastMs < quietMs) {
      known.leftOut += 1
      return
    }
    this.kinds.set(kind, { lastMs: now, leftOut: 0 })
    this.write(`${kind}: ${detail}`, known?.leftOut ?? 0)
  }

  /** Tells what was left out. */
  close(): void {
    for (const [kind, { leftOut }] of this.kinds) if (leftOut > 0) this.write(kind, leftOut)
    this.kinds.clear()
  }

  private write(message: string, leftOut: number): void {
    if (leftOut === 0) this.log.warn(message)
    else this.log.warn(`${message} (${leftOut} more like this before)`, { count: leftOut })
  }
}
