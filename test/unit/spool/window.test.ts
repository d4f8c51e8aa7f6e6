import assert from "node:assert/strict"
import fc from "fast-check"
import { expect, test } from "vitest"
import { backOffMs, ReturnedRecords } from "../../../src/spool/returned.ts"
import { Window, windowMax } from "../../../src/spool/window.ts"

type State = "inFlight" | "settled" | "returned"

/** The same in the plainest way. */
class Model {
  base = 1
  next = 1
  readonly states = new Map<number, State>()

  count(state: State): number {
    return [...this.states.values()].filter((one) => one === state).length
  }

  advance(): void {
    while (this.states.get(this.base) === "settled") {
      this.states.delete(this.base)
      this.base += 1
    }
  }
}

const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("offer" as const), n: fc.integer({ min: 1, max: 200 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("settle" as const), n: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("settleAll" as const), n: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("giveBack" as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("again" as const), n: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("skip" as const), n: fc.integer({ min: 1, max: 50 }) }) },
)

test("keeps account of every record like the plainest model", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 150 }), (actions) => {
      const window = new Window(1)
      const model = new Model()
      const settle = (sequence: number): void => {
        const known = model.states.get(sequence)
        expect(window.settle(sequence)).toBe(known === "inFlight" || known === "returned")
        if (known !== undefined) model.states.set(sequence, "settled")
      }
      for (const { do: what, n } of actions) {
        const sequence = model.base + (n % (model.next - model.base + 2)) - 1
        if (what === "offer") {
          for (let i = 0; i < n; i++) {
            window.offer(model.next * 10, 3)
            model.states.set(model.next++, "inFlight")
          }
        } else if (what === "settle") settle(sequence)
        else if (what === "settleAll") for (let one = model.base; one < model.next; one++) settle(one)
        else if (what === "giveBack") {
          assert.equal(window.giveBack(sequence), model.states.get(sequence) === "inFlight")
          if (model.states.get(sequence) === "inFlight") model.states.set(sequence, "returned")
        } else if (what === "again" && model.states.get(sequence) === "returned") {
          assert.deepEqual(window.locate(sequence), { offset: sequence * 10, bytes: 3 })
          window.offerAgain(sequence)
          model.states.set(sequence, "inFlight")
        } else if (what === "skip") {
          assert(window.skip(n))
          for (let i = 0; i < n; i++) model.states.set(model.next++, "settled")
        }
        window.advance()
        model.advance()
        const inFlight = model.count("inFlight")
        expect([window.base, window.next, window.inFlight, window.inFlightBytes]).toEqual([model.base, model.next, inFlight, inFlight * 3])
        expect(window.settledAbove).toBe(model.count("settled"))
      }
    }),
  )
})

test("a gap of any size is passed at once while nothing is in flight, else it has to fit", () => {
  const window = new Window(1)
  expect(window.skip(1e12)).toBe(true)
  expect(window.base).toBe(1e12 + 1)
  window.offer(0, 1)
  expect(window.skip(windowMax)).toBe(false)
  expect(window.skip(10)).toBe(true)
  expect(window.room).toBe(windowMax - 11)
})

test("records that came back are due by time, and leave by sequence", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.nat(100), fc.nat(10_000)), { selector: ([, sequence]) => sequence }),
      fc.nat(100),
      (list, nowMs) => {
        const returned = new ReturnedRecords()
        for (const [dueMs, sequence] of list) returned.offerAt(sequence, dueMs)
        const taken: number[] = []
        while (returned.peek(nowMs) !== undefined) taken.push(returned.take())
        const due = list.filter(([dueMs]) => dueMs <= nowMs).map(([, sequence]) => sequence)
        expect(taken).toEqual(due.toSorted((a, b) => a - b))
        const later = list.filter(([dueMs]) => dueMs > nowMs).map(([dueMs]) => dueMs)
        expect(returned.nextDueMs).toBe(Math.min(...later, Number.POSITIVE_INFINITY))
      },
    ),
  )
})

test("the back-off doubles from 1 s to 1 min", () => {
  expect([1, 2, 3, 6, 7, 8, 100].map(backOffMs)).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000])
})

test("only returns by a record's own fault make it poison", () => {
  const returned = new ReturnedRecords()
  const kinds = ["transient", "overflow", "unstored", "stale", "stopped"] as const
  for (let n = 0; n < 100; n++) expect(returned.note(1, kinds[n % kinds.length]!)).toBe("again")
  for (let n = 0; n < 9; n++) expect(returned.note(1, n % 2 === 0 ? "error" : "timeout")).toBe("again")
  expect(returned.note(1, "invalid")).toBe("poison")
  returned.forget(1)
  expect(returned.note(1, "error")).toBe("again")
})
