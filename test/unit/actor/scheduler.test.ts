import { describe, expect, test } from "vitest"
import { type Runnable, Scheduler } from "../../../src/actor/scheduler.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"

/** Takes `turns` turns and notes each. */
class Worker implements Runnable {
  listed = false
  turns: number
  private readonly name: string
  private readonly log: string[]

  constructor(name: string, turns: number, log: string[]) {
    this.name = name
    this.turns = turns
    this.log = log
  }

  turn(): boolean {
    this.turns -= 1
    this.log.push(this.name)
    return this.turns > 0
  }
}

function start(): { scheduler: Scheduler; settle: () => Promise<void>; log: string[] } {
  const platform = simulatedPlatform()
  return { scheduler: new Scheduler(platform.clock, platform.timers), settle: () => platform.settle(), log: [] }
}

describe("the scheduler", () => {
  test("runs nothing in the call that adds, and each one once for many calls", async () => {
    const { scheduler, settle, log } = start()
    const worker = new Worker("a", 1, log)
    scheduler.add(worker)
    scheduler.add(worker)
    expect(log).toEqual([])
    await settle()
    expect(log).toEqual(["a"])
    expect(scheduler.idle).toBe(true)
  })

  test("gives turns in a row to all that want more", async () => {
    const { scheduler, settle, log } = start()
    for (const name of ["a", "b", "c"]) scheduler.add(new Worker(name, 3, log))
    await settle()
    expect(log.join("")).toBe("abcabcabc")
  })

  test("lets others in after a slice of 256 turns, though time stands still", async () => {
    const { scheduler, settle, log } = start()
    const slices: number[] = []
    scheduler.afterSlice = () => void slices.push(log.length)
    scheduler.add(new Worker("a", 600, log))
    await settle()
    expect(slices).toEqual([256, 512, 600])
  })

  test("runs what is ready at once when asked to, but not from within a turn", async () => {
    const { scheduler, settle, log } = start()
    scheduler.add({
      listed: false,
      turn: () => {
        log.push("outer")
        scheduler.add(new Worker("inner", 1, log))
        scheduler.run()
        log.push("end of outer")
        return false
      },
    })
    scheduler.run()
    expect(log).toEqual(["outer", "end of outer", "inner"])
    await settle()
    expect(log).toHaveLength(3)
  })

  test("goes on with the others when a turn throws, which ends the process in good order", async () => {
    const { scheduler, settle, log } = start()
    scheduler.add({
      listed: false,
      turn: () => {
        throw new Error("a broken invariant")
      },
    })
    scheduler.add(new Worker("other", 2, log))
    await expect(settle()).rejects.toThrow("a broken invariant")
    await settle()
    expect(log).toEqual(["other", "other"])
  })

  test("tells a worker whose turn took over 100 ms, and no other", async () => {
    const platform = simulatedPlatform()
    let nowMs = 0
    const scheduler = new Scheduler({ now: () => nowMs, monotonic: () => nowMs }, platform.timers)
    const told: string[] = []
    const worker = (name: string, tookMs: number): Runnable => ({
      listed: false,
      turn: () => {
        nowMs += tookMs
        return false
      },
      tookLong: (ms) => void told.push(`${name} ${ms}`),
    })
    for (const [name, ms] of [
      ["a", 100],
      ["b", 101],
      ["c", 1000],
    ] as const)
      scheduler.add(worker(name, ms))
    await platform.settle()
    expect(told).toEqual(["b 101", "c 1000"])
  })
})
