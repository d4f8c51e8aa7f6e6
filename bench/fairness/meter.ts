// Measures at the end of a way how long the trickle took. A line of the trickle is `T` and the nanoseconds of the monotonic clock, which
// all processes of a machine share; everything else is flood and is only counted.

const trickleByte = 84

/** What one run found: latencies of the trickle in milliseconds, and how much flood came through in how long. */
export interface Fairness {
  readonly latenciesMs: number[]
  readonly floodLines: number
  readonly seconds: number
}

/** A line of the trickle, made now. */
export function trickleLine(): string {
  return `T${process.hrtime.bigint()}\n`
}

export class Meter {
  private readonly latenciesMs: number[] = []
  private floodLines = 0
  private started = performance.now()

  /** Takes `chunk[start, end)`, one line. */
  line(chunk: Buffer, start: number, end: number): void {
    if (chunk[start] !== trickleByte) {
      this.floodLines += 1
      return
    }
    const sent = BigInt(chunk.toString("latin1", start + 1, end))
    this.latenciesMs.push(Number(process.hrtime.bigint() - sent) / 1e6)
  }

  /** Forgets what came so far: it was to warm up. */
  restart(): void {
    this.latenciesMs.length = 0
    this.floodLines = 0
    this.started = performance.now()
  }

  result(): Fairness {
    return { latenciesMs: this.latenciesMs, floodLines: this.floodLines, seconds: (performance.now() - this.started) / 1000 }
  }
}
