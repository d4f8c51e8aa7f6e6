import { describe, expect, test } from "vitest"
import { Gate } from "../../../src/spool/gate.ts"

const inflightMax = 16

describe("with an idle trigger", () => {
  const gate = (lastAppendMs?: number) => new Gate({ idleTimeMs: 10_000, inflightMax, lastAppendMs })

  test("opens for one record once nothing was appended for the idle time", () => {
    const one = gate(1000)
    expect([one.room(1000, 0), one.room(10_999, 0), one.openFromMs]).toEqual([0, 0, 11_000])
    expect([one.room(11_000, 0), one.room(11_000, 1)]).toEqual([1, 0])
  })

  test("is open from the start where nothing was ever appended", () => {
    expect(gate().room(0, 0)).toBe(1)
  })

  test("lets twice as many follow round by round while they end well, up to the bound", () => {
    const one = gate(0)
    const rounds: number[] = []
    for (let round = 0; round < 7; round++) {
      const room = one.room(10_000, 0)
      rounds.push(room)
      one.settled(room)
    }
    expect(rounds).toEqual([1, 2, 4, 8, 16, 16, 16])
  })

  test("a record that comes back closes it for another idle time, and what was in flight does not open it wider", () => {
    const one = gate(0)
    one.room(10_000, 0)
    one.settled(7)
    one.returned(12_000, true)
    one.settled(5)
    expect([one.room(21_999, 0), one.room(22_000, 0)]).toEqual([0, 1])
  })

  test("a record that comes back by its own fault closes it as well", () => {
    const one = gate(0)
    one.room(10_000, 0)
    one.returned(12_000, false)
    expect([one.room(21_999, 0), one.room(22_000, 0)]).toEqual([0, 1])
  })

  test("an append closes it until it is idle again", () => {
    const one = gate(0)
    one.room(10_000, 0)
    one.settled(10)
    one.appended(11_000)
    expect([one.room(20_999, 0), one.room(21_000, 0)]).toEqual([0, 1])
  })
})

describe("without an idle trigger", () => {
  const gate = () => new Gate({ inflightMax })

  test("is open at once, whatever is appended", () => {
    const one = gate()
    one.appended(0)
    expect([one.room(0, 0), one.room(0, 10), one.room(0, 99)]).toEqual([16, 6, 0])
  })

  test("an outage closes it for 1 s, doubling to 1 min while the one record it tries comes back", () => {
    const one = gate()
    const pauses: number[] = []
    let nowMs = 0
    for (let round = 0; round < 8; round++) {
      one.returned(nowMs, true)
      const until = one.openFromMs
      expect(one.room(until - 1, 0)).toBe(0)
      pauses.push(until - nowMs)
      nowMs = until
      expect(one.room(nowMs, 0)).toBe(1)
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  })

  test("a whole batch that comes back is one round", () => {
    const one = gate()
    for (let n = 0; n < 500; n++) one.returned(n, true)
    expect(one.openFromMs).toBe(1000)
  })

  test("opens as it was when something ends well: one destination of several that is down holds up nobody", () => {
    const one = gate()
    one.returned(0, true)
    expect(one.room(1, 0)).toBe(0)
    one.settled(1)
    expect(one.room(1, 0)).toBe(16)
    one.returned(2, true)
    expect(one.openFromMs).toBe(1002)
  })

  test("a record that comes back by its own fault does not close it", () => {
    const one = gate()
    one.returned(0, false)
    expect(one.room(0, 0)).toBe(16)
  })
})
