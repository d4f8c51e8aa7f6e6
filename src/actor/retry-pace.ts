// How fast kept events are put into a queue that fresh ones use as well: never more than a fresh event can well wait for. A burst goes in
// when all of the last one was taken; while that happens at once, bursts grow, else they are single events.

import type { Clock, Timers } from "../platform/platform.ts"
import type { Queue, Wakeable } from "../queue/queue.ts"
import type { Port } from "./port.ts"

const burstMax = 64
const quickMs = 5
/** A queue that is always more than half full wakes nobody: then every so often one event goes in all the same. */
const pollMs = 100

export class Pace implements Wakeable {
  private readonly port: Port
  private readonly clock: Clock
  private readonly timers: Timers
  private burst = 1
  private left = 1
  private queue: Queue | null = null
  /** The queue's counter when the last of a burst went in. */
  private putAt = 0
  private putMs = 0
  private waiting: (() => void) | undefined

  constructor(port: Port, { clock, timers }: { clock: Clock; timers: Timers }) {
    this.port = port
    this.clock = clock
    this.timers = timers
  }

  /** Whether an event may go in now. To be asked before each. */
  mayPut(): boolean {
    const { queue } = this.port
    if (queue === null || queue.full) return false
    if (this.left > 0 && queue === this.queue) return true
    if (queue === this.queue && queue.head < this.putAt) return false
    this.renew(queue)
    return true
  }

  /** An event went in. */
  put(): void {
    this.left -= 1
    if (this.left > 0) return
    this.putAt = this.queue?.tail ?? 0
    this.putMs = this.clock.monotonic()
  }

  /** Resolves when it is worth to look again. */
  async wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      const timer = this.timers.after(pollMs, () => this.wake(), { background: true })
      this.waiting = () => {
        timer.cancel()
        signal.removeEventListener("abort", stop)
        resolve()
      }
      const stop = (): void => this.wake()
      signal.addEventListener("abort", stop)
      this.port.queue?.waitForRoom(this)
    })
  }

  wake(): void {
    const { waiting } = this
    this.waiting = undefined
    waiting?.()
  }

  private renew(queue: Queue): void {
    const quick = queue === this.queue && this.clock.monotonic() - this.putMs <= quickMs
    this.burst = quick ? Math.min(this.burst * 2, burstMax) : 1
    this.left = this.burst
    this.queue = queue
  }
}
