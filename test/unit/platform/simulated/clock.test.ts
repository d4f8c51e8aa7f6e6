import { describe, expect, test } from "vitest"
import { simulatedPlatform } from "../../../../src/platform/simulated/simulated.ts"
import { turn } from "../recorder.ts"

/** A chain of `length` promises: it takes as many rounds of the promise queue to end. */
async function chain(length: number, then: () => void): Promise<void> {
  for (let count = 0; count < length; count += 1) await Promise.resolve()
  then()
}

describe("virtual time", () => {
  test("starts on a fixed date, and stands still by itself", async () => {
    const { clock } = simulatedPlatform()
    await turn()
    expect(new Date(clock.now()).toISOString()).toBe("2026-01-01T00:00:00.000Z")
    expect(clock.monotonic()).toBe(0)
    expect(simulatedPlatform({ startMs: 5000 }).clock.now()).toBe(5000)
  })

  test("advances by exactly what was asked for, through every timer in its order", async () => {
    const platform = simulatedPlatform()
    const seen: string[] = []
    const note = (what: string) => (): void => void seen.push(`${what} at ${platform.clock.monotonic()}`)
    platform.timers.after(10, note("ten"))
    platform.timers.after(5, note("five"))
    platform.timers.after(5, note("five again"))
    platform.timers.after(11, note("eleven"))
    platform.timers.every(4, note("every four"))
    await platform.advance(10)
    expect(seen).toEqual(["every four at 4", "five at 5", "five again at 5", "every four at 8", "ten at 10"])
    expect(platform.clock.monotonic()).toBe(10)
    expect(platform.pendingTimers).toBe(2)
    await platform.advance(1)
    expect(seen.at(-1)).toBe("eleven at 11")
  })

  test("follows promises to their end between two steps, however long they are", async () => {
    const platform = simulatedPlatform()
    const seen: string[] = []
    platform.timers.after(1, () => void chain(5000, () => seen.push("end of the chain")))
    platform.timers.after(1, () => seen.push("next timer"))
    platform.timers.after(1, () => {
      platform.timers.immediate(() => void chain(5000, () => seen.push("end of the second chain")))
      platform.timers.immediate(() => seen.push("next immediate"))
    })
    await platform.advance(1)
    expect(seen).toEqual(["end of the chain", "next timer", "end of the second chain", "next immediate"])
  })

  test("runs all that is ready before the next timer, also what becomes ready meanwhile", async () => {
    const platform = simulatedPlatform()
    const seen: string[] = []
    platform.timers.after(1, () => {
      platform.timers.immediate(() => {
        seen.push("immediate")
        platform.timers.immediate(() => seen.push("immediate of the immediate"))
      })
      platform.timers.after(1, () => seen.push("a millisecond later"))
    })
    platform.timers.after(2, () => seen.push("older timer"))
    await platform.advance(2)
    expect(seen).toEqual(["immediate", "immediate of the immediate", "older timer", "a millisecond later"])
  })

  test("makes the shortest delay a millisecond, as Node does", async () => {
    const platform = simulatedPlatform()
    let fired = 0
    platform.timers.after(0, () => {
      fired += 1
    })
    await platform.settle()
    expect(fired).toBe(0)
    await platform.advance(1)
    expect(fired).toBe(1)
  })

  test("runs what is ready without being driven, but lets no time pass", async () => {
    const platform = simulatedPlatform()
    const seen: string[] = []
    platform.timers.after(1, () => seen.push("timer"))
    platform.timers.immediate(() => seen.push("immediate"))
    await turn()
    await turn()
    expect(seen).toEqual(["immediate"])
  })

  test("rejects with what a callback throws, and can be driven on", async () => {
    const platform = simulatedPlatform()
    const seen: string[] = []
    platform.timers.after(1, () => {
      throw new Error("broken")
    })
    platform.timers.after(2, () => seen.push("later"))
    await expect(platform.advance(5)).rejects.toThrow("broken")
    await platform.advance(5)
    expect(seen).toEqual(["later"])
  })

  test("is driven by one at a time", async () => {
    const platform = simulatedPlatform()
    const first = platform.advance(5)
    await expect(platform.advance(5)).rejects.toThrow("driven already")
    await first
    expect(platform.clock.monotonic()).toBe(5)
  })

  test("keeps the steps of one drive out of the next", async () => {
    const platform = simulatedPlatform()
    const seen: number[] = []
    for (let ms = 1; ms <= 100; ms += 1) platform.timers.after(ms, () => seen.push(platform.clock.monotonic()))
    for (let ms = 1; ms <= 100; ms += 1) {
      await platform.advance(1)
      expect(seen).toHaveLength(ms)
    }
  })

  test("finds a program that waits for itself", async () => {
    const platform = simulatedPlatform()
    let stop = false
    const again = (): void => {
      if (!stop) platform.timers.immediate(again)
    }
    again()
    await expect(platform.settle()).rejects.toThrow("virtual time stands still")
    stop = true
  })

  test("lets wall time jump while measured time goes on", async () => {
    const platform = simulatedPlatform({ startMs: 1_000_000 })
    await platform.advance(10)
    platform.jumpWallClock(-500)
    expect(platform.clock.now()).toBe(1_000_010 - 500)
    expect(platform.clock.monotonic()).toBe(10)
  })
})

describe("runUntil", () => {
  test("stops at the step that makes it so", async () => {
    const platform = simulatedPlatform()
    let count = 0
    platform.timers.every(10, () => {
      count += 1
    })
    await platform.runUntil(() => count === 3)
    expect(platform.clock.monotonic()).toBe(30)
  })

  test("rejects when the limit passes, and when nothing is left to wait for", async () => {
    const platform = simulatedPlatform()
    const timer = platform.timers.every(10, () => undefined)
    await expect(platform.runUntil(() => false, { limitMs: 100 })).rejects.toThrow(
      "not so after 100 ms of virtual time, and more is still to come",
    )
    timer.cancel()
    await expect(platform.runUntil(() => false)).rejects.toThrow("nothing is left to wait for")
  })

  test("completes work that needs time", async () => {
    const platform = simulatedPlatform()
    const work = platform.timers.sleep(500).then(() => "done")
    expect(await platform.complete(work)).toBe("done")
    await expect(platform.complete(Promise.reject(new Error("failed")))).rejects.toThrow("failed")
    await expect(platform.complete(platform.timers.sleep(500), { limitMs: 100 })).rejects.toThrow("not so")
  })
})

describe("afterEachStep", () => {
  test("looks after every timer and every immediate, when their promises are followed", async () => {
    const platform = simulatedPlatform()
    let state = "idle"
    const states: string[] = []
    const end = platform.afterEachStep(() => states.push(state))
    platform.timers.after(1, () => {
      state = "in the timer"
      void chain(50, () => {
        state = "after the timer"
      })
      platform.timers.immediate(() => {
        state = "after the immediate"
      })
    })
    await platform.advance(1)
    expect(states).toEqual(["after the timer", "after the immediate"])
    end()
    platform.timers.after(1, () => undefined)
    await platform.advance(1)
    expect(states).toHaveLength(2)
  })

  test("fails the drive with what it throws", async () => {
    const platform = simulatedPlatform()
    platform.afterEachStep(() => {
      throw new Error("the books do not balance")
    })
    platform.timers.after(1, () => undefined)
    await expect(platform.advance(1)).rejects.toThrow("the books do not balance")
  })
})
