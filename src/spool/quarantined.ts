// What lies in a spool's quarantine, for a person to look at, take back or throw away. See quarantine.ts for how it got there.

import type { Files, Platform } from "../platform/platform.ts"
import { checkRecord, decodeSegmentHeader, recordSequence, recordTarget, segmentHeaderBytes, spoolTag } from "./format.ts"
import { quarantineName } from "./quarantine.ts"
import { joinPath, parseSegmentName, readFully, using } from "./segment.ts"
import { SpooledRecord } from "./spooled-record.ts"

/** `record`: an event that can be put back. `damaged`: bytes of a segment. `segment`: a whole segment. `other`: none of ours. */
export type QuarantinedKind = "record" | "damaged" | "segment" | "other"

export interface Quarantined {
  readonly name: string
  readonly path: string
  readonly kind: QuarantinedKind
  /** Of a `record`. */
  readonly sequence: number | undefined
}

/** What lies in quarantine: records by their sequence, then the rest by name. */
export async function listQuarantined(platform: Platform, directory: string): Promise<Quarantined[]> {
  const folder = joinPath(directory, quarantineName)
  if ((await platform.files.stat(folder))?.isDirectory !== true) return []
  const found = (await platform.files.list(folder)).map((name) => describe(folder, name))
  return found.sort(
    (a, b) => (a.sequence ?? Number.POSITIVE_INFINITY) - (b.sequence ?? Number.POSITIVE_INFINITY) || (a.name < b.name ? -1 : 1),
  )
}

function describe(folder: string, name: string): Quarantined {
  const [, segment = "", number = "", kind] = /^(.+)\.(\d{1,16})\.(returned|damaged)$/.exec(name) ?? []
  const path = joinPath(folder, name)
  if (parseSegmentName(name) !== undefined) return { name, path, kind: "segment", sequence: undefined }
  if (kind === undefined || parseSegmentName(segment) === undefined) return { name, path, kind: "other", sequence: undefined }
  if (kind === "damaged") return { name, path, kind, sequence: undefined }
  return { name, path, kind: "record", sequence: Number(number) }
}

/** The record of a file of the kind `record`; `undefined` when the file does not hold a good one, or is gone. */
export async function readQuarantined(files: Files, { path }: Quarantined): Promise<SpooledRecord | undefined> {
  if ((await files.stat(path)) === undefined) return undefined
  const bytes = await using(files.open(path, "read"), async (handle) => readFully(handle, 0, await handle.size()))
  const header = decodeSegmentHeader(bytes)
  if (typeof header === "string") return undefined
  const target = recordTarget(bytes)
  if (checkRecord(target, segmentHeaderBytes, bytes.length, spoolTag(header.uuid)) <= 0) return undefined
  return new SpooledRecord(target, segmentHeaderBytes, { sequence: recordSequence(target.view, segmentHeaderBytes), returns: 0 })
}
