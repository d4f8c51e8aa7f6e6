// From a pid file to the process that it means, for `stop` and `kill`: found for certain, or refused. A signal goes out right after a look at
// the process; what could happen in between is that it ends and its number is given away within microseconds, which no system does.

import { WishboneError } from "../errors.ts"
import { errorCode } from "../platform/system-error.ts"
import { formatDuration } from "../spec/units.ts"
import { endText, readEnd, removeEnd } from "./end-file.ts"
import { type PidRecord, readPidFile, removePidFile, standingOf, type World } from "./pid-file.ts"

/**
 * The running graph of a pid file. A pid file whose graph is gone is removed.
 *
 * @throws `WB_PID_FILE_MISSING`, `WB_PID_FILE_INVALID`, `WB_PID_FILE_UNREADABLE`, `WB_PID_FILE_STALE`, `WB_PID_FILE_FOREIGN`,
 * `WB_PROCESS_DENIED`
 */
export async function findRunning(file: string, what: string, world: World): Promise<PidRecord> {
  const { files, pid: own } = world.platform
  const record = await readPidFile(files, file)
  if (record === undefined) throw new WishboneError("WB_PID_FILE_MISSING", { file, end: await endClause(file, world) })
  const standing = record.pid === own ? "foreign" : await standingOf(world.processes, record)
  if (standing === "hidden") throw new WishboneError("WB_PROCESS_DENIED", { pid: record.pid, what })
  if (standing === "runs") return record
  const end = await endClause(file, world, record)
  await removePidFile(files, file, record).catch(() => undefined)
  throw new WishboneError(standing === "gone" ? "WB_PID_FILE_STALE" : "WB_PID_FILE_FOREIGN", {
    file,
    pid: record.pid,
    log: record.log,
    end,
  })
}

/** How the graph had ended, to be added to a sentence; empty when nobody knows. */
async function endClause(file: string, { platform }: World, of?: PidRecord): Promise<string> {
  const end = await readEnd(platform.files, file, of)
  return end === undefined ? "" : `. The last one ended at ${end.time} ${endText(end)}`
}

/** Signals the process of a record, if it still is that process; answers whether it is. @throws `WB_PROCESS_DENIED` */
export async function signalRunning(
  record: PidRecord,
  signal: "SIGTERM" | "SIGKILL",
  what: string,
  { processes }: World,
): Promise<boolean> {
  if ((await standingOf(processes, record)) !== "runs") return false
  try {
    processes.signal(record.pid, signal)
    return true
  } catch (thrown) {
    if (errorCode(thrown) === "ESRCH") return false
    if (errorCode(thrown) === "EPERM") throw new WishboneError("WB_PROCESS_DENIED", { pid: record.pid, what }, { cause: thrown })
    throw thrown
  }
}

const lookEveryMs = 20

/** Waits until the process of a record is gone. @throws `WB_STOP_TIMEOUT` */
export async function untilGone(record: PidRecord, { timeoutMs, what }: { timeoutMs: number; what: string }, world: World): Promise<void> {
  const { clock, timers } = world.platform
  const deadline = clock.monotonic() + timeoutMs
  while ((await standingOf(world.processes, record)) === "runs") {
    if (clock.monotonic() >= deadline)
      throw new WishboneError("WB_STOP_TIMEOUT", { pid: record.pid, timeout: formatDuration(timeoutMs), what })
    await timers.sleep(lookEveryMs)
  }
}

/** Removes what a process that is gone has left. */
export async function forget(file: string, record: PidRecord, { platform }: World): Promise<void> {
  await removePidFile(platform.files, file, record).catch(() => undefined)
  if ((await readEnd(platform.files, file, record)) !== undefined) await removeEnd(platform.files, file)
}
