// The ledger as a table for people: a line for each instance and one for the whole. What is nought everywhere is left out, but for
// the columns everybody looks for.

import type { Balance, InstanceBalance, Report } from "../ledger.ts"

const alwaysShown = new Set(["in", "delivered", "failed", "lost"])

/** Aligned columns, numbers to the right; ends with a newline. */
export function ledgerTable(report: Report): string {
  const instances = Object.entries(report.instances)
  const rows = [...instances.map(([, balance]) => columnsOf(balance)), columnsOf(report)]
  const names = Object.keys(rows[0] ?? {}).filter((name) => alwaysShown.has(name) || rows.some((row) => (row[name] ?? 0) !== 0))
  const titles = ["ledger", ...instances.map(([name]) => name), "total"]
  const columns = names.map((name) => [name, ...rows.map((row) => String(row[name] ?? ""))])
  const lines = titles.map((title, line) => [
    title.padEnd(widest(titles)),
    ...columns.map((column) => (column[line] ?? "").padStart(widest(column))),
  ])
  return `${lines.map((cells) => cells.join("  ").trimEnd()).join("\n")}\n`
}

/** What became of everything, in a sentence. */
export function ledgerVerdict({ lost }: Pick<Balance, "lost">): string {
  return lost === 0 ? "Nothing was lost." : `${lost} ${lost === 1 ? "event was" : "events were"} lost.`
}

/** Left side of the equation first, then the right side, in the order in which the books are explained. */
function columnsOf(balance: Balance | InstanceBalance): Record<string, number | undefined> {
  const between = "received" in balance ? balance : undefined
  const { dropped } = balance
  return {
    in: balance.in,
    recovered: balance.recovered,
    copied: balance.copied,
    received: between?.received,
    delivered: balance.delivered,
    failed: balance.failed,
    unconnected: dropped.unconnected,
    unmatched: dropped.unmatched,
    filtered: dropped.filtered,
    overflow: dropped.overflow,
    joined: balance.joined,
    waiting: balance.waiting,
    held: balance.held,
    in_flight: balance.in_flight,
    lost: balance.lost,
    forwarded: between?.forwarded,
    duplicated: balance.duplicated,
  }
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length))
}
