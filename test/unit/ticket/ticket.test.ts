import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Ticket } from "../../../src/ticket.ts"
import { Told } from "../../support/graph.ts"

const failure = new Error("no")

function opened(branches: number, options?: { results?: boolean }): { ticket: Ticket; told: Told } {
  const told = new Told()
  return { ticket: new Ticket(told, branches, options), told }
}

describe("a ticket", () => {
  test("is told safe and done together, once, when its last branch has ended well", () => {
    const { ticket, told } = opened(3)
    ticket.end(2)
    expect(told.order).toEqual([])
    ticket.end(1)
    expect(told.order).toEqual(["settled", "done"])
    expect(told.state).toBe("safe")
  })

  test("waits for branches that were added", () => {
    const { ticket, told } = opened(1)
    ticket.add(2)
    ticket.end(1)
    ticket.end(1)
    expect(told.settled).toBe(0)
    ticket.end(1)
    expect(told).toMatchObject({ settled: 1, done: 1 })
  })

  test("names the slots that failed, each with its first failure, only when all have ended", () => {
    const { ticket, told } = opened(3)
    ticket.fail(2, "timeout", failure)
    ticket.add(1)
    ticket.fail(2, "error", new Error("second"))
    ticket.fail(0, "overflow", failure)
    expect(told.settled).toBe(0)
    expect([ticket.hasFailed(0), ticket.hasFailed(1)]).toEqual([true, false])
    ticket.end(1)
    expect(told.failed).toEqual([
      { slot: 2, kind: "timeout", error: failure },
      { slot: 0, kind: "overflow", error: failure },
    ])
  })

  test("is safe, not done, while a branch lies in a durable place", () => {
    const { ticket, told } = opened(2)
    ticket.end(1)
    ticket.keep()
    expect(told.order).toEqual(["settled"])
    ticket.unkeep()
    ticket.end(1)
    expect(told.order).toEqual(["settled", "done"])
  })

  test("that fails after it was safe is not told again: only the results know", () => {
    const { ticket, told } = opened(1, { results: true })
    ticket.keep()
    expect(told.state).toBe("safe")
    ticket.unkeep()
    ticket.fail(0, "exhausted", failure)
    expect(told.order).toEqual(["settled", "done"])
    expect(told.results).toEqual([{ ok: false, slot: 0, kind: "exhausted", error: failure }])
  })

  test("keeps results in the order of the ends, and only when asked", () => {
    const { ticket, told } = opened(2, { results: true })
    ticket.endWith(1, "b", { stored: false, delivered: true })
    ticket.endWith(0, "a", { stored: true, delivered: true })
    expect(told.results).toEqual([
      { ok: true, slot: 1, value: "b", stored: false, delivered: true },
      { ok: true, slot: 0, value: "a", stored: true, delivered: true },
    ])
    const other = opened(1)
    other.ticket.endWith(0, "a", { stored: false, delivered: true })
    expect(other.told.results).toBeNull()
  })

  test("of nothing is told when it is sealed", () => {
    const { ticket, told } = opened(0)
    expect(told.settled).toBe(0)
    ticket.seal()
    expect(told.order).toEqual(["settled", "done"])
  })

  test("that ends more branches than it had is a bug, and says so", () => {
    const { ticket } = opened(1)
    ticket.end(1)
    expect(() => ticket.end(1)).toThrow("more branches than it had")
    expect(() => opened(1).ticket.end(2)).toThrow("more branches than it had")
  })

  test("is told settled exactly once and done exactly once, in this order, whatever the order of the ends", () => {
    type Step = "add" | "end" | "fail" | "keep" | "unkeep"
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.constantFrom<Step>("add", "end", "fail", "keep", "unkeep"), { maxLength: 40 }),
        (branches, steps) => {
          const { ticket, told } = opened(branches)
          let closed = false
          for (const step of steps) {
            const free = ticket.open - ticket.durable
            if (step === "unkeep" && ticket.durable > 0) ticket.unkeep()
            if (free === 0) continue
            if (step === "add") ticket.add(1)
            if (step === "keep") ticket.keep()
            if (step === "end") ticket.end(1)
            if (step === "fail") ticket.fail(0, "error", failure)
            expect(told.done).toBe(ticket.open === 0 ? 1 : 0)
            closed ||= ticket.open === ticket.durable
            expect(told.settled).toBe(closed ? 1 : 0)
          }
          while (ticket.durable > 0) ticket.unkeep()
          if (ticket.open > 0) ticket.end(ticket.open)
          expect(told.order).toEqual(["settled", "done"])
        },
      ),
    )
  })
})
