// Lists and shows events of a spool as plain data, for people and programs. Works on any view: of an open spool, or from outside.

import type { Platform } from "../platform/platform.ts"
import type { Selection } from "./edit.ts"
import { type SpoolView, walk } from "./inspect.ts"
import { listQuarantined, type Quarantined, readQuarantined } from "./quarantined.ts"
import { SequenceRanges } from "./ranges.ts"
import { type RecordLine, recordDocument, recordLine, uuidOf } from "./record-text.ts"
import type { SpooledRecord } from "./spooled-record.ts"

export interface ShownParts {
  readonly platform: Platform
  readonly view: SpoolView
  readonly directory: string
}

/** An event in a list: where it is, and what it says. Of damage in quarantine only `file` and `bytes` are known. */
export type EventLine = Partial<RecordLine> & {
  readonly where: "waiting" | "in_flight" | "quarantine"
  readonly bytes: number
  readonly kind?: Quarantined["kind"]
  readonly file?: string
}

/** What to list; `quarantined` narrows it to what lies in quarantine. `limit` 0: no limit. */
export type ListQuery = Selection & { readonly limit?: number | undefined }

const limitDefault = 100
/** More than one is a mistake of the one who asks; two are enough to say so. */
const shownMax = 2

/**
 * Lists what waits, in order, then what lies in quarantine; each line waits for `tell` of the one before. Answers whether there is more
 * than the limit allows.
 */
export async function listEvents(
  parts: ShownParts,
  query: ListQuery,
  tell: (line: EventLine) => Promise<void>,
  signal?: AbortSignal,
): Promise<boolean> {
  const { limit = limitDefault } = query
  let count = 0
  for await (const line of linesOf(parts, query)) {
    if (signal?.aborted === true) return true
    if (limit > 0 && count === limit) return true
    count += 1
    await tell(line)
  }
  return false
}

/** Whole events that fit, two at most. */
export async function findEvents(parts: ShownParts, selection: Selection): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = []
  const { random } = parts.platform
  for await (const { record, where, file } of recordsOf(parts, selection)) {
    if (record === undefined) continue
    found.push({ where, ...(file === undefined ? {} : { file }), ...recordDocument(random, record) })
    if (found.length === shownMax) break
  }
  return found
}

interface Found {
  readonly where: EventLine["where"]
  readonly record?: SpooledRecord | undefined
  readonly file?: string
  readonly entry?: Quarantined
}

async function* linesOf(parts: ShownParts, query: ListQuery): AsyncGenerator<EventLine> {
  const { files } = parts.platform
  for await (const { where, record, entry } of recordsOf(parts, query)) {
    const file = entry === undefined ? {} : { file: entry.name, kind: entry.kind }
    if (record !== undefined) yield { where, ...recordLine(record), ...file }
    else if (entry !== undefined) yield { where, bytes: (await files.stat(entry.path))?.size ?? 0, ...file }
  }
}

async function* recordsOf({ platform, view, directory }: ShownParts, selection: Selection): AsyncGenerator<Found> {
  const { quarantined, uuid } = selection
  const sequences = selection.sequences && new SequenceRanges(selection.sequences)
  if (quarantined !== true) {
    for await (const record of walk(view, sequences)) {
      if (uuid !== undefined && uuidOf(record) !== uuid) continue
      yield { where: view.standing(record.sequence) === "in_flight" ? "in_flight" : "waiting", record }
    }
  }
  for (const entry of await listQuarantined(platform, directory)) {
    if (sequences !== undefined && (entry.sequence === undefined || !sequences.has(entry.sequence))) continue
    const record = entry.kind === "record" ? await readQuarantined(platform.files, entry) : undefined
    if (uuid !== undefined && (record === undefined || uuidOf(record) !== uuid)) continue
    yield { where: "quarantine", record, file: entry.name, entry }
  }
}
