// The end of `demo failover`: what the listeners received held against what the graph says of itself.

import type { Report } from "../../ledger.ts"
import type { Status } from "../../router/router.ts"
import type { Receipts } from "./receipts.ts"

export interface Verdict {
  /** Events made. */
  readonly sent: number
  /** Different events that the listeners received. */
  readonly delivered: number
  /** Events that are still on disk. */
  readonly waiting: number
  readonly lost: number
  /** Lines that the listeners received again. */
  readonly duplicated: number
  /** Where the graph's own numbers are not those of the listeners. */
  readonly disagreements: readonly string[]
}

/** Compares the books with the receipts. */
export function judge(report: Report, receipts: Receipts, imbalances: Status["imbalances"]): Verdict {
  const sent = report.in
  const delivered = receipts.distinct
  const missing = sent - delivered
  const waiting = Math.max(0, Math.min(report.waiting, missing))
  const counted = { sent, delivered, waiting, lost: Math.max(0, missing - waiting), duplicated: receipts.repeated }
  return { ...counted, disagreements: disagreements(counted, report, { strange: receipts.strange, imbalances }) }
}

/** The last line: numbers for people and programs. */
export function verdictText({ sent, delivered, waiting, lost, duplicated }: Verdict): string {
  const onDisk = waiting === 0 ? "" : ` + ${waiting} on disk`
  const sum =
    lost === 0 && sent === delivered + waiting
      ? `sent ${sent} = delivered ${delivered}${onDisk}`
      : `sent ${sent}, delivered ${delivered}${onDisk}`
  return `${sum}, lost ${lost}, duplicated ${duplicated}`
}

/** 0 all arrived, 1 the story did not come to its end or the numbers contradict each other, 3 something was lost. */
export function verdictStatus({ lost, waiting, disagreements }: Verdict): 0 | 1 | 3 {
  if (lost > 0) return 3
  return waiting > 0 || disagreements.length > 0 ? 1 : 0
}

function disagreements(
  { sent, delivered, lost, duplicated }: Omit<Verdict, "disagreements">,
  report: Report,
  { strange, imbalances }: { strange: number; imbalances: Status["imbalances"] },
): string[] {
  const found: string[] = []
  if (delivered > sent) found.push(`the listeners received ${delivered} different events, and the graph made ${sent}`)
  if (report.delivered !== delivered) found.push(`the graph counts ${report.delivered} delivered, the listeners ${delivered}`)
  if (report.lost !== lost) found.push(`the graph counts ${report.lost} lost, and ${lost} are missing`)
  if (duplicated > report.duplicated)
    found.push(`the listeners received ${duplicated} again, and the graph knows of at most ${report.duplicated}`)
  if (strange > 0) found.push(`the listeners received ${strange} lines that are no events`)
  if (imbalances.length > 0) found.push(`the ledger does not balance at ${imbalances.map(({ instance }) => instance).join(", ")}`)
  return found
}
