import assert from "node:assert/strict"
import fc from "fast-check"
import { test } from "vitest"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import type { SpoolRecord } from "../../../src/spool/format.ts"
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
  private readonly written: SpoolRecord[] = []
  private readonly confirmed = new Set<string>()
  private readonly delivered = new Set<string>()
  private inHand: SpooledRecord[] = []
  private stopReading = new AbortController()
  private readonly whenFull: "wait" | "fail"

  constructor(seed: number) {
    this.whenFull = seed % 2 === 0 ? "wait" : "fail"
    this.platform = simulatedPlatform({ seed })
    this.platform.disk.setLatency({ minMs: 0, maxMs: 6 })
  }

  async start(): Promise<void> {
    const options = { writer: { segmentBytes: 3000, intervalMs: 300, whenFull: this.whenFull } }
    this.opened = await this.platform.complete(openBoth(this.platform, "/spool", options))
    this.inHand = []
    this.stopReading = new AbortController()
    void this.read(this.opened, this.stopReading.signal)
  }

  private async read({ reader }: Opened, signal: AbortSignal): Promise<void> {
    let last = { sequence: 0, number: 0 }
    for (;;) {
      const batch = await reader.next({ max: 7, signal })
      if (batch === undefined) return
      for (const found of batch) {
        // New records come in order; what came back may come between them.
        const here = { sequence: found.sequence, number: Number(text(found)) }
        if (found.returns === 0) {
          assert(here.sequence > last.sequence && here.number > last.number)
          last = here
        }
        assert.deepEqual(found.payload, this.written[here.number - 1]?.payload)
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
    assert.deepEqual(this.opened?.log.errors, [])
    assert.equal(this.opened?.spool.counts.positionsLost, 0)
  }

  private append(count: number, bytes: number): void {
    const list = Array.from({ length: count }, (_, index) => record(this.written.length + 1 + index, bytes))
    this.written.push(...list)
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
    const lost = [...this.confirmed].filter((one) => !this.delivered.has(one))
    assert.deepEqual(lost, [])
    const { waiting, bytes, counts } = this.opened!.spool
    assert.deepEqual({ waiting, bytes, damaged: counts.damaged, missing: counts.missing }, { waiting: 0, bytes: 0, damaged: 0, missing: 0 })
    const left = Object.keys(this.platform.disk.snapshot()).filter((path) => /^\/spool\/[^/]*\.(ready|writing)$/.test(path))
    assert.deepEqual(left, [])
  }
}

const runs = Number(process.env["CRASH_RUNS"] ?? 60)

test("a steady flow that loses power again and again: nothing confirmed is lost, nothing is taken for lost", async () => {
  const step = fc.record({
    count: fc.integer({ min: 1, max: 3 }),
    bytes: fc.integer({ min: 0, max: 1500 }),
    ms: fc.integer({ min: 0, max: 9 }),
  })
  const lives = fc.array(fc.array(step, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(fc.integer(), lives, async (seed, all) => {
      const program = new Program(seed)
      await program.start()
      for (const life of all) {
        for (const { count, bytes, ms } of life) {
          await program.perform({ do: "append", count, bytes })
          await program.perform({ do: "advance", ms })
          await program.perform({ do: "settle", every: 1 })
        }
        await program.perform({ do: "powerCut" })
      }
      await program.finish()
    }),
    { numRuns: runs },
  )
})

test("whatever happens, every confirmed record arrives, in order, and nothing that was never written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(action, { maxLength: 60 }), async (seed, actions) => {
      const program = new Program(seed)
      await program.start()
      for (const one of actions) await program.perform(one)
      await program.finish()
    }),
    { numRuns: runs },
  )
})
