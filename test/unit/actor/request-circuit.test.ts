// When requests go out: the circuit alone, on virtual time.
import { describe, expect, test } from "vitest"
import { RequestCircuit } from "../../../src/actor/request-circuit.ts"
import { Failure, TransientError } from "../../../src/errors.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"

function circuit(failsOver: boolean) {
  const world = simulatedPlatform()
  const lines: string[] = []
  const note =
    (level: string) =>
    (message: string): void =>
      void lines.push(`${level}: ${message}`)
  const log = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error"), fatal: note("fatal") }
  let changes = 0
  const made = new RequestCircuit({
    timers: world.timers,
    random: world.random,
    log,
    failsOver,
    destination: "http://peer",
    changed: () => {
      changes += 1
    },
  })
  return { made, world, lines, changes: () => changes }
}

const away = new TransientError("away", { code: "ECONNREFUSED" })
const fail = (made: RequestCircuit, times: number, afterMs?: number): void => {
  for (let time = 0; time < times; time++) made.failed(away, { probe: made.begin(), afterMs })
}

describe("the circuit of requests", () => {
  test("opens at the fifth failure in a row, not before, and an answer begins the count anew", () => {
    const { made, lines, changes } = circuit(true)
    fail(made, 4)
    made.succeeded()
    fail(made, 4)
    expect([made.state, made.fails, made.mayRequest, changes()]).toEqual(["closed", false, true, 0])
    fail(made, 1)
    expect([made.state, made.fails, made.mayRequest, changes()]).toEqual(["open", true, false, 1])
    expect(made.failure).toBeInstanceOf(Failure)
    expect(made.failure).toMatchObject({ code: "ECONNREFUSED", message: "away" })
    expect(lines).toEqual(["warn: 5 requests in a row to http://peer failed, events fail at once until one is answered: away"])
  })

  test("lets one probe out, after 200 ms and then after twice as long, up to 5 s", async () => {
    const { made, world } = circuit(false)
    fail(made, 5)
    expect(made.fails).toBe(false)
    for (const delay of [200, 400, 800, 1600, 3200, 5000, 5000]) {
      await world.advance(delay * 0.79)
      expect(made.mayRequest).toBe(false)
      await world.advance(delay * 0.42)
      expect(made.mayRequest).toBe(true)
      expect(made.begin()).toBe(true)
      expect(made.mayRequest).toBe(false)
      made.failed(away, { probe: true })
    }
    await world.advance(6000)
    made.begin()
    made.succeeded()
    expect([made.state, made.mayRequest]).toEqual(["closed", true])
    // From the beginning again.
    fail(made, 5)
    await world.advance(241)
    expect(made.mayRequest).toBe(true)
  })

  test("while the probe is due events are taken, while it runs they fail, where they fail over", async () => {
    const { made, world, changes } = circuit(true)
    fail(made, 5)
    await world.advance(241)
    expect([made.fails, made.mayRequest, changes()]).toEqual([false, true, 2])
    made.begin()
    expect([made.fails, made.mayRequest]).toEqual([true, false])
    made.undecided()
    expect([made.fails, made.mayRequest]).toEqual([false, true])
  })

  test("what was under way when it opened counts neither as a probe nor twice", async () => {
    const { made, world } = circuit(true)
    const underWay = [made.begin(), made.begin()]
    fail(made, 5)
    for (const probe of underWay) made.failed(away, { probe })
    await world.advance(241)
    expect(made.mayRequest).toBe(true)
    made.succeeded()
    expect(made.state).toBe("closed")
  })

  test("leaves a server alone for as long as it asks, within reason", async () => {
    const { made, world } = circuit(true)
    fail(made, 5, 10_000)
    await world.advance(9900)
    expect(made.mayRequest).toBe(false)
    await world.advance(200)
    expect(made.mayRequest).toBe(true)
    made.failed(away, { probe: made.begin(), afterMs: 1e9 })
    await world.advance(299_000)
    expect(made.mayRequest).toBe(false)
    await world.advance(2000)
    expect(made.mayRequest).toBe(true)
  })

  test("leaves no timer behind", () => {
    const { made, world } = circuit(true)
    fail(made, 5)
    expect(world.pendingTimers).toBe(1)
    made.stop()
    expect(world.pendingTimers).toBe(0)
    made.failed(away, { probe: true })
    expect(world.pendingTimers).toBe(0)
  })
})
