import { describe, expect, test } from "vitest"
import { Receipts } from "../../../../src/cli/demo/receipts.ts"
import { judge, verdictStatus, verdictText } from "../../../../src/cli/demo/verdict.ts"
import type { Report } from "../../../../src/ledger.ts"

/** Receipts of these numbers, all by the first of three listeners. */
function received(...numbers: readonly number[]): Receipts {
  const receipts = new Receipts(3)
  for (const number of numbers) receipts.add(0, `event_${number}`, 0)
  return receipts
}

function books(changes: Partial<Report>): Report {
  const dropped = { unconnected: 0, unmatched: 0, filtered: 0, overflow: 0 }
  const nothing = { recovered: 0, copied: 0, failed: 0, joined: 0, waiting: 0, held: 0, in_flight: 0, lost: 0, duplicated: 0 }
  return { in: 3, delivered: 3, ...nothing, dropped, instances: {}, ...changes }
}

function end(report: Report, receipts: Receipts, imbalances: { instance: string; difference: number }[] = []) {
  const verdict = judge(report, receipts, imbalances)
  return { text: verdictText(verdict), status: verdictStatus(verdict), disagreements: verdict.disagreements }
}

describe("receipts", () => {
  test("count lines by listener, different numbers, and what came again", () => {
    const receipts = received(1, 2)
    receipts.add(2, "event_2", 0)
    receipts.add(1, "event_x", 0)
    receipts.add(1, "", 0)
    expect(receipts).toMatchObject({ byListener: [2, 0, 1], distinct: 2, repeated: 1, strange: 2 })
    expect(receipts.missing(4)).toEqual([3, 4])
  })

  test("tell the time of the next line of a listener", async () => {
    const receipts = received(1)
    const next = receipts.next(1)
    receipts.add(0, "event_2", 10)
    receipts.add(1, "event_3", 20)
    receipts.add(1, "event_4", 30)
    expect(await next).toBe(20)
  })
})

describe("the verdict", () => {
  test("all arrived, some of it twice", () => {
    expect(end(books({ duplicated: 5 }), received(1, 2, 3, 2))).toEqual({
      text: "sent 3 = delivered 3, lost 0, duplicated 1",
      status: 0,
      disagreements: [],
    })
  })

  test("what nobody received and no disk holds is lost, whatever the graph says", () => {
    expect(end(books({}), received(1, 3))).toEqual({
      text: "sent 3, delivered 2, lost 1, duplicated 0",
      status: 3,
      disagreements: ["the graph counts 3 delivered, the listeners 2", "the graph counts 0 lost, and 1 are missing"],
    })
  })

  test("a loss that the graph knows of is no disagreement", () => {
    expect(end(books({ delivered: 2, lost: 1 }), received(1, 3))).toMatchObject({ status: 3, disagreements: [] })
  })

  test("what is still on disk is not lost, but the demo has not come to its end", () => {
    expect(end(books({ delivered: 1, waiting: 2 }), received(1))).toEqual({
      text: "sent 3 = delivered 1 + 2 on disk, lost 0, duplicated 0",
      status: 1,
      disagreements: [],
    })
  })

  test.each([
    ["more numbers than were sent", books({ in: 2, delivered: 3 }), received(1, 2, 3), /received 3 different events, and the graph made 2/],
    ["more repeated than the graph knows of", books({}), received(1, 2, 3, 3), /received 1 again, and the graph knows of at most 0/],
    ["a loss that did not happen", books({ delivered: 3, lost: 1 }), received(1, 2, 3), /counts 1 lost, and 0 are missing/],
  ])("%s are told, and end with 1", (_, report, receipts, told) => {
    const { status, disagreements } = end(report, receipts)
    expect(status).toBe(1)
    expect(disagreements.join("; ")).toMatch(told)
  })

  test("so are lines that are no events, and books that do not balance", () => {
    const receipts = received(1, 2, 3)
    receipts.add(0, "hello", 0)
    const { status, disagreements } = end(books({}), receipts, [{ instance: "output_1", difference: 1 }])
    expect(status).toBe(1)
    expect(disagreements).toEqual(["the listeners received 1 lines that are no events", "the ledger does not balance at output_1"])
  })
})
