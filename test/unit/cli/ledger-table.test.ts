import { expect, test } from "vitest"
import { ledgerTable, ledgerVerdict } from "../../../src/cli/ledger-table.ts"
import type { Balance, InstanceBalance } from "../../../src/ledger.ts"

const nothing: Balance = {
  in: 0,
  recovered: 0,
  copied: 0,
  delivered: 0,
  failed: 0,
  dropped: { unconnected: 0, unmatched: 0, filtered: 0, overflow: 0 },
  joined: 0,
  waiting: 0,
  held: 0,
  in_flight: 0,
  lost: 0,
  duplicated: 0,
}

function instance(counts: Partial<InstanceBalance>): InstanceBalance {
  return { ...nothing, received: 0, forwarded: 0, ...counts }
}

test("has a line for each instance and the total, without columns that are nought everywhere", () => {
  const instances = { source: instance({ in: 1000, forwarded: 1000 }), sink: instance({ received: 1000, delivered: 998, lost: 2 }) }
  expect(ledgerTable({ ...nothing, in: 1000, delivered: 998, lost: 2, instances })).toBe(
    [
      "ledger    in  received  delivered  failed  lost  forwarded",
      "source  1000         0          0       0     0       1000",
      "sink       0      1000        998       0     2          0",
      "total   1000                  998       0     2",
      "",
    ].join("\n"),
  )
})

test("tells why events were dropped", () => {
  const dropped = { ...nothing.dropped, overflow: 3 }
  const table = ledgerTable({ ...nothing, in: 3, dropped, instances: { a: instance({ in: 3, dropped }) } })
  expect(table.split("\n")[0]).toBe("ledger  in  delivered  failed  overflow  lost")
  expect(table.split("\n")[2]).toBe("total    3          0       0         3     0")
})

test("an empty graph has a total", () => {
  expect(ledgerTable({ ...nothing, instances: {} })).toBe("ledger  in  delivered  failed  lost\ntotal    0          0       0     0\n")
})

test("says in a sentence what was lost", () => {
  expect(ledgerVerdict(nothing)).toBe("Nothing was lost.")
  expect(ledgerVerdict({ ...nothing, lost: 1 })).toBe("1 event was lost.")
  expect(ledgerVerdict({ ...nothing, lost: 20 })).toBe("20 events were lost.")
})
