import { describe, expect, test } from "vitest"
import { Books, balances, type InstanceCounts, Ledger } from "../../../src/ledger.ts"

const nothing = { received: 0, fromOutside: 0, forwarded: 0, queued: 0 }

function booksOf(counts: Partial<ReturnType<InstanceCounts["counts"]>> = {}, outside = false): Books {
  return new Books(outside, { counts: () => ({ ...nothing, ...counts }) })
}

function ledgerOf(all: Readonly<Record<string, Books>>): Ledger {
  const ledger = new Ledger()
  for (const [name, books] of Object.entries(all)) ledger.open(name, books)
  return ledger
}

describe("the books of an instance", () => {
  test("balance when all that came in has ended, gone on, or is still there", () => {
    const books = booksOf({ received: 20, forwarded: 5, queued: 2 })
    Object.assign(books, { in: 3, recovered: 1, copied: 4, delivered: 6, failed: 2, joined: 3, held: 1, lost: 1, inHands: 2 })
    books.dropped("unconnected", 1)
    books.dropped("overflow", 2)
    books.dropped("unmatched", 1)
    books.dropped("filtered", 1)
    books.waiting.add(() => 1)
    expect(ledgerOf({ one: books, two: booksOf({ received: 5, queued: 5, forwarded: 0 }) }).imbalances()).toEqual([
      { instance: "*", difference: 20 },
    ])
    expect(books.balance()).toEqual({
      in: 3,
      recovered: 1,
      copied: 4,
      received: 20,
      delivered: 6,
      failed: 2,
      dropped: { unconnected: 1, unmatched: 1, filtered: 1, overflow: 2 },
      joined: 3,
      waiting: 1,
      held: 1,
      in_flight: 4,
      lost: 1,
      forwarded: 5,
      duplicated: 0,
    })
  })

  test("show every single count that is off", () => {
    const fields = [
      "in",
      "recovered",
      "copied",
      "delivered",
      "failed",
      "unconnected",
      "unmatched",
      "filtered",
      "overflow",
      "joined",
      "held",
      "lost",
      "inHands",
    ] as const
    for (const field of fields) {
      const books = booksOf()
      books[field] = 1
      const sign = field === "in" || field === "recovered" || field === "copied" ? 1 : -1
      expect([field, ...ledgerOf({ one: books }).imbalances()]).toEqual([field, { instance: "one", difference: sign }])
    }
    const duplicated = booksOf()
    duplicated.duplicated = 7
    expect(ledgerOf({ one: duplicated }).imbalances()).toEqual([])
  })

  test("count what comes from outside the books as new, and what a spool took over as received", () => {
    const books = booksOf({ fromOutside: 2, received: 1 })
    books.spooledIn = 3
    books.spooledOut = 4
    expect(books.balance()).toMatchObject({ in: 2, received: 4, forwarded: 4 })
  })

  test("that lost track of numbers do not balance", () => {
    const books = booksOf()
    books.inHands = Number.NaN
    expect(ledgerOf({ one: books }).imbalances()).toHaveLength(1)
  })
})

describe("the ledger", () => {
  test("adds up the instances, and what one forwarded another must have received", () => {
    const source = booksOf({ forwarded: 3 })
    source.in = 3
    const sink = booksOf({ received: 3, queued: 1 })
    sink.delivered = 2
    const ledger = ledgerOf({ source, sink })
    expect(ledger.imbalances()).toEqual([])
    const report = ledger.report()
    expect(report).toMatchObject({ in: 3, delivered: 2, in_flight: 1, instances: { source: { forwarded: 3 }, sink: { received: 3 } } })
    expect(balances(report)).toBe(true)
    expect(balances({ ...report, delivered: 3 })).toBe(false)
  })

  test("leaves out instances that only log and metric events reach, but checks them", () => {
    const logs = booksOf({ received: 5 }, true)
    logs.delivered = 5
    const ledger = ledgerOf({ logs })
    expect(ledger.report()).toMatchObject({ delivered: 0, instances: {} })
    expect(ledger.imbalances()).toEqual([])
    logs.delivered = 6
    expect(ledger.imbalances()).toEqual([{ instance: "logs", difference: -1 }])
  })

  test("notices events that vanish between two instances", () => {
    const source = booksOf({ forwarded: 3 })
    source.in = 3
    expect(ledgerOf({ source, sink: booksOf({ received: 2, queued: 2 }) }).imbalances()).toEqual([{ instance: "*", difference: -1 }])
  })
})
