// How a graph in the background ended, for `stop` to tell: a small file beside its pid file, written as its last act. Without one that
// names the same process, it was killed or crashed.

import type { Files } from "../platform/platform.ts"
import { ledgerVerdict } from "./ledger-table.ts"
import { type PidRecord, writeNew } from "./pid-file.ts"

/** The end of a graph. */
export interface End {
  readonly pid: number
  readonly mark: string
  /** Wall time, ISO 8601. */
  readonly time: string
  /** As `debug` would have ended. */
  readonly status: number
  /** Missing when it never ran. */
  readonly lost?: number
}

const bytesMax = 4096

function endPath(pidFile: string): string {
  return `${pidFile}.ended`
}

/** Tells how this process ends. Never rejects: there is nobody left to tell. */
export async function writeEnd(files: Files, pidFile: string, end: End): Promise<void> {
  await writeNew(files, endPath(pidFile), `${JSON.stringify(end)}\n`).catch(() => undefined)
}

/** How the last graph of a pid file ended, if it told; of any process when none is named. */
export async function readEnd(files: Files, pidFile: string, of?: Pick<PidRecord, "pid" | "mark">): Promise<End | undefined> {
  try {
    const found = await files.stat(endPath(pidFile))
    if (found?.isFile !== true || found.size > bytesMax) return undefined
    const { pid, mark, time, status, lost } = JSON.parse((await files.readFile(endPath(pidFile))).toString("utf8")) as Partial<End>
    if (
      typeof pid !== "number" ||
      typeof mark !== "string" ||
      typeof time !== "string" ||
      !/^[\dTZ:.-]{1,30}$/.test(time) ||
      typeof status !== "number"
    )
      return undefined
    if (of !== undefined && (of.pid !== pid || of.mark !== mark)) return undefined
    return { pid, mark, time, status, ...(typeof lost === "number" && { lost }) }
  } catch {
    return undefined
  }
}

export async function removeEnd(files: Files, pidFile: string): Promise<void> {
  await files.unlink(endPath(pidFile)).catch(() => undefined)
}

/** What the end was, in a sentence without its first words: "with exit status 3: 5 events were lost". */
export function endText({ status, lost }: Pick<End, "status" | "lost">): string {
  const verdict = lost === undefined ? "" : `; ${ledgerVerdict({ lost }).replace(/\.$/, "").toLowerCase()}`
  return `with exit status ${status}${verdict}`
}
