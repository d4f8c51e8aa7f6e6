import fc from "fast-check"
import { expect, test } from "vitest"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import type { SpooledRecord } from "../../../src/spool/spooled-record.ts"
import { type Opened, openBoth, record, text } from "./setup.ts"

type Action =
  | { readonly do: "append"; readonly count: number; readonly bytes: number }
  | { readonly do: "settle" | "giveBack"; readonly every: number }
  | { readonly do: "advance"; readonly ms: number }
  | { readonly do: "crash" | "powerCut" | "stop" }
  | {
      readonly do: "fail"
      readonly operation: "sync" | "write" | "open" | "rename" | "truncate" | "unlink" | "syncDirectory"
      readonly code: string
    }

const shortly = fc.record({ do: fc.constant("advance" as const), ms: fc.integer({ min: 0, max: 12 }) })
const long = fc.record({ do: fc.constant("advance" as const), ms: fc.integer({ min: 100, max: 2000 }) })
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      count: fc.integer({ min: 1, max: 8 }),
      bytes: fc.integer({ min: 0, max: 900 }),
    }),
  },
  { weight: 6, arbitrary: shortly },
  { weight: 1, arbitrary: long },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("settle" as const), every: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("giveBack" as const), every: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("crash" as const, "powerCut" as const, "powerCut" as const, "stop" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("fail" as const),
      operation: fc.constantFrom("sync" as const, "write", "open", "rename", "truncate", "unlink", "syncDirectory"),
      code: fc.constantFrom("ENOSPC", "EROFS"),
    }),
  },
)

/** A program that writes and reads one spool, and dies now and then; and what it was promised. */
class Program {
  platform: SimulatedPlatform
  private opened: Opened | undefined
  private written = 0
  private readonly confirmed = new Set<string>()
  private readonly delivered = new Set<string>()
  private inHand: SpooledRecord[] = []
  private stopReading = new AbortController()

  constructor(seed: number) {
    this.platform = simulatedPlatform({ seed })
    this.platform.disk.setLatency({ minMs: 0, maxMs: 6 })
  }

  async start(): Promise<void> {
    const options = { writer: { segmentBytes: 3000, intervalMs: 300 } }
    this.opened = await this.platform.complete(openBoth(this.platform, "/spool", options))
    this.inHand = []
    this.stopReading = new AbortController()
    void this.read(this.opened, this.stopReading.signal)
  }

  private async read({ reader }: Opened, signal: AbortSignal): Promise<void> {
    let last = 0
    for (;;) {
      const batch = await reader.next({ max: 7, signal })
      if (batch === undefined) return
      for (const found of batch) {
        // New records come in order; what came back may come between them.
        if (found.returns === 0) {
          expect(found.sequence).toBeGreaterThan(last)
          last = found.sequence
        }
        expect(found.payload.toString()).toMatch(/^record \d+\.*$/)
      }
      this.inHand.push(...batch)
    }
  }

  async perform(action: Action): Promise<void> {
    if (action.do === "append") this.append(action.count, action.bytes)
    else if (action.do === "settle" || action.do === "giveBack") this.answer(action.do, action.every)
    else if (action.do === "advance") await this.platform.advance(action.ms)
    else if (action.do === "fail") this.platform.disk.fail({ ...action, path: "/spool" })
    else if (action.do === "stop") await this.stop()
    else {
      this.platform = this.platform.restart({ powerCut: action.do === "powerCut" })
      this.platform.disk.heal()
      await this.start()
    }
    expect(this.opened?.log.errors).toEqual([])
    expect(this.opened?.spool.counts.positionsLost).toBe(0)
  }

  private append(count: number, bytes: number): void {
    const list = Array.from({ length: count }, () => record(++this.written, bytes))
    this.opened?.writer.append(list, (error) => {
      if (error === undefined) for (const one of list) this.confirmed.add(text(one))
    })
  }

  private answer(what: "settle" | "giveBack", every: number): void {
    const answered = this.inHand.filter((_, index) => index % every === 0)
    this.inHand = this.inHand.filter((_, index) => index % every !== 0)
    for (const found of answered) {
      if (what === "giveBack") this.opened?.reader.giveBack(found.sequence, { kind: "transient" })
      else {
        this.delivered.add(text(found))
        this.opened?.reader.settle(found.sequence)
      }
    }
  }

  private async stop(): Promise<void> {
    this.platform.disk.heal()
    this.stopReading.abort()
    await this.platform.complete(this.opened!.close())
    await this.start()
  }

  /** Nothing more goes wrong: all that was confirmed must arrive. */
  async finish(): Promise<void> {
    this.platform.disk.heal()
    for (let round = 0; round < 200 && (this.opened!.spool.waiting > 0 || round < 2); round++) {
      await this.platform.advance(1000)
      this.answer("settle", 1)
    }
    await this.platform.advance(2000)
    expect([...this.confirmed].filter((one) => !this.delivered.has(one))).toEqual([])
    const { spool } = this.opened!
    expect([spool.waiting, spool.bytes, spool.counts.damaged, spool.counts.missing]).toEqual([0, 0, 0, 0])
    expect(
      Object.keys(this.platform.disk.snapshot()).filter((path) => /\.(ready|writing)$/.test(path) && !path.includes("quarantine")),
    ).toEqual([])
  }
}

test("whatever happens, every confirmed record arrives, in order, and nothing that was never written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(action, { maxLength: 60 }), async (seed, actions) => {
      const program = new Program(seed)
      await program.start()
      for (const one of actions) await program.perform(one)
      await program.finish()
    }),
    { numRuns: Number(process.env["CRASH_RUNS"] ?? 60) },
  )
})
