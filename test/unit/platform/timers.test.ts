// Timers, held against the real and the simulated platform alike.
import { describe, expect, test } from "vitest"
import type { Platform } from "../../../src/platform/platform.ts"
import { realPlatform } from "../../../src/platform/real.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"

/** Makes a platform, and lets its time pass until `work` is done. */
type Make = () => { platform: Platform; complete: <T>(work: Promise<T>) => Promise<T> }

function simulated(): ReturnType<Make> {
  const platform = simulatedPlatform()
  return { platform, complete: (work) => platform.complete(work) }
}

describe.each<[string, Make]>([
  ["real", () => ({ platform: realPlatform(), complete: (work) => work })],
  ["simulated", simulated],
])("timers of the %s platform", (_name, make) => {
  const { platform, complete } = make()
  const { timers, clock } = platform

  test("fire once, after their delay, in the order of time", async () => {
    const fired: string[] = []
    const done = new Promise<void>((resolve) => {
      timers.after(20, () => {
        fired.push("late")
        resolve()
      })
      timers.after(2, () => fired.push("soon"))
      timers.after(2, () => fired.push("soon too"))
    })
    const before = clock.monotonic()
    expect(fired).toEqual([])
    await complete(done)
    expect(fired).toEqual(["soon", "soon too", "late"])
    expect(clock.monotonic() - before).toBeGreaterThan(18)
  })

  test("do not fire when cancelled, however often", async () => {
    const fired: string[] = []
    const timer = timers.after(1, () => fired.push("cancelled"))
    timer.cancel()
    timer.cancel()
    const background = timers.every(1, () => fired.push("cancelled too"), { background: true })
    background.cancel()
    await complete(timers.sleep(5))
    expect(fired).toEqual([])
  })

  test("repeat until cancelled, also from within", async () => {
    let count = 0
    await complete(
      new Promise<void>((resolve) => {
        const timer = timers.every(1, () => {
          count += 1
          if (count < 3) return
          timer.cancel()
          resolve()
        })
      }),
    )
    await complete(timers.sleep(5))
    expect(count).toBe(3)
  })

  test("run immediates later, in order", async () => {
    const order: string[] = []
    await complete(
      new Promise<void>((resolve) => {
        timers.immediate(() => order.push("first"))
        timers.immediate(() => {
          order.push("second")
          resolve()
        })
        order.push("call")
      }),
    )
    expect(order).toEqual(["call", "first", "second"])
  })

  test("end a sleep with the reason of its signal", async () => {
    const stop = new AbortController()
    const asleep = timers.sleep(60_000, stop.signal)
    stop.abort(new Error("woken"))
    await expect(complete(asleep)).rejects.toThrow("woken")
    await expect(complete(timers.sleep(1, stop.signal))).rejects.toThrow("woken")
    await complete(timers.sleep(1, new AbortController().signal))
  })

  test("wait longer than Node can", async () => {
    let fired = false
    const timer = timers.after(2 ** 31 + 5, () => {
      fired = true
    })
    const repeated = timers.every(2 ** 40, () => {
      fired = true
    })
    await complete(timers.sleep(5))
    timer.cancel()
    repeated.cancel()
    expect(fired).toBe(false)
  })
})

test("the real clock is that of the machine", () => {
  const { clock } = realPlatform()
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000)
  expect(clock.monotonic()).toBeLessThanOrEqual(clock.monotonic())
})
