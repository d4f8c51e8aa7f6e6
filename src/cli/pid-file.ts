// The pid file of a graph in the background: which process it is, so that `stop` and `kill` never signal another one. Two lines:
//
//   12345
//   {"mark":"<boot id>/<start time>","config":"/etc/flow.yaml","log":"/var/log/flow.log","stopTimeoutMs":10000,"state":"/var/lib/flow"}
//
// The number comes first and alone, as other programs expect it. It is given to somebody else once the process is gone, perhaps at once, so
// it decides nothing by itself: the `mark` must be that of the process that has the number now. A file without one is nobody's.
//
// A file appears in one step, 0600, and only where none was (`O_EXCL`); a stale one is replaced, while a lock keeps others from doing the same.

import { isWishboneError, WishboneError } from "../errors.ts"
import type { FileHandle, Files, Platform } from "../platform/platform.ts"
import type { Processes, ProcessIdentity } from "../platform/processes.ts"
import { errorCode } from "../platform/system-error.ts"
import { printable } from "./event-text.ts"
import { withPidLock } from "./pid-lock.ts"

/** What a pid file says. */
export interface PidRecord {
  readonly pid: number
  readonly mark: string
  /** The bootstrap file, as it was given. */
  readonly config: string
  /** Absolute. */
  readonly log: string
  readonly stopTimeoutMs: number
  /** State folder of the graph, where its admin socket is; known once it runs. */
  readonly state?: string
  /** The graph was told to stop. */
  readonly stopping?: true
}

/** How the process of a pid file stands: `runs`; `gone`; `foreign`, the number is another program's; `hidden`, this user may not look. */
export type Standing = "runs" | "gone" | "foreign" | "hidden"

const bytesMax = 4096
/** Numbers above no system gives out; 0 and 1 are not processes to be signalled, nor are negative ones, which stand for groups. */
const pidMax = 0x7fffffff
/** The command that a graph in the background runs under. */
export const backgroundCommand = "background"

/** Reads a pid file; `undefined` when there is none. @throws `WB_PID_FILE_INVALID`, `WB_PID_FILE_UNREADABLE` */
export async function readPidFile(files: Files, path: string): Promise<PidRecord | undefined> {
  const text = await readText(files, path)
  return text === undefined ? undefined : parseRecord(path, text)
}

async function readText(files: Files, path: string): Promise<string | undefined> {
  try {
    const found = await files.stat(path)
    if (found === undefined) return undefined
    if (!found.isFile) throw invalid(path, found.isDirectory ? "it is a directory" : "it is no file")
    if (found.size > bytesMax) throw invalid(path, `it has ${found.size} bytes`)
    return (await files.readFile(path)).toString("utf8")
  } catch (thrown) {
    if (errorCode(thrown) === "ENOENT") return undefined
    if (isWishboneError(thrown)) throw thrown
    throw new WishboneError("WB_PID_FILE_UNREADABLE", { file: path, reason: messageOf(thrown) }, { cause: thrown })
  }
}

function parseRecord(path: string, text: string): PidRecord {
  const [first = "", second = ""] = text.split("\n")
  if (text === "") throw invalid(path, "it is empty")
  const pid = /^-?\d{1,10}$/.test(first) ? Number(first) : undefined
  if (pid === undefined) throw invalid(path, "its first line is no process number")
  if (pid <= 1 || pid > pidMax) throw invalid(path, `${pid} is no number of a process that could be signalled`)
  const details = parseDetails(second)
  if (details === undefined) throw invalid(path, "it does not say which process of that number is meant")
  return { pid, ...details }
}

function parseDetails(line: string): Omit<PidRecord, "pid"> | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof parsed !== "object" || parsed === null) return undefined
  const { mark, config, log, stopTimeoutMs, state, stopping } = parsed as Record<string, unknown>
  if (typeof mark !== "string" || mark === "") return undefined
  return {
    mark,
    // Both are only ever shown.
    config: typeof config === "string" ? printable(config) : "",
    log: typeof log === "string" ? printable(log) : "",
    stopTimeoutMs: typeof stopTimeoutMs === "number" && stopTimeoutMs >= 0 ? stopTimeoutMs : 0,
    ...(typeof state === "string" && { state }),
    ...(stopping === true && { stopping }),
  }
}

function textOf({ pid, ...details }: PidRecord): string {
  return `${pid}\n${JSON.stringify(details)}\n`
}

/** Whether the process of a record is the one that has its number now. */
export async function standingOf(processes: Processes, { pid, mark }: PidRecord): Promise<Standing> {
  const found = await processes.identify(pid)
  if (found === undefined) return "gone"
  if (found.mark === "") return "hidden"
  return found.mark === mark && isBackground(found) ? "runs" : "foreign"
}

/** A second look: whatever wrote the file, only a process of this program that runs in the background is signalled. */
function isBackground({ command }: ProcessIdentity): boolean {
  return command.length === 0 || command.includes(backgroundCommand)
}

/**
 * Makes the pid file of this process; a stale one gives way.
 *
 * @throws `WB_PID_FILE_HELD` when a graph that runs has it, `WB_PID_FILE_INVALID` when it is no pid file at all, `WB_PID_FILE_WRITE`
 */
export async function claimPidFile(path: string, record: PidRecord, { platform, processes }: World): Promise<void> {
  const { files } = platform
  try {
    await withPidLock(platform, path, async () => {
      await removeStale(path, { platform, processes })
      const placeholder = await files.open(path, "create")
      await placeholder.close()
      await replacePidFile(files, path, record)
    })
  } catch (thrown) {
    if (isWishboneError(thrown)) throw thrown
    throw new WishboneError("WB_PID_FILE_WRITE", { file: path, reason: messageOf(thrown) }, { cause: thrown })
  }
}

/** What judging a process needs. */
export interface World {
  readonly platform: Platform
  readonly processes: Processes
}

async function removeStale(path: string, { platform, processes }: World): Promise<void> {
  const { files } = platform
  // An empty one is what a process left that died while it made the file: nobody else can be at it now.
  if ((await files.stat(path))?.size === 0) return files.unlink(path)
  const found = await readPidFile(files, path)
  if (found === undefined) return
  const standing = await standingOf(processes, found)
  if (standing === "runs" || standing === "hidden") throw new WishboneError("WB_PID_FILE_HELD", { file: path, ...found })
  await files.unlink(path)
}

/** Gives the pid file of this process new content, in one step. */
export async function replacePidFile(files: Files, path: string, record: PidRecord): Promise<void> {
  const beside = `${path}.${record.pid}.tmp`
  await writeNew(files, beside, textOf(record))
  await files.rename(beside, path)
}

/** Makes a file, 0600, never following a link that somebody laid there. */
export async function writeNew(files: Files, path: string, text: string): Promise<void> {
  if ((await files.stat(path)) !== undefined) await files.unlink(path)
  const handle: FileHandle = await files.open(path, "create")
  try {
    await handle.write([Buffer.from(text)], 0)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes a pid file, if it is still the one of that process. */
export async function removePidFile(files: Files, path: string, { pid, mark }: Pick<PidRecord, "pid" | "mark">): Promise<void> {
  const found = await readPidFile(files, path).catch(() => undefined)
  if (found?.pid === pid && found.mark === mark) await files.unlink(path)
}

function invalid(file: string, problem: string): WishboneError {
  return new WishboneError("WB_PID_FILE_INVALID", { file, problem })
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
