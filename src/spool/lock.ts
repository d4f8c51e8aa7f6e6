// One owner for each directory and role: whoever listens on an abstract unix socket named by the directory's device and inode. The kernel
// takes it back when the process ends, however it ends, so there is no stale lock to judge. A file beside the segments says who it is, for
// the message only: it decides nothing.
//
// Where there are no abstract sockets (macOS) the socket is a file beside the segments. One that a killed process left behind is taken away by
// whoever finds that nobody listens to it.
//
// The socket is seen by processes of the same network namespace: two containers that share a volume do not see each other's.

import { WishboneError } from "../errors.ts"
import type { Listener, Platform } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"
import { joinPath } from "./segment.ts"

export type Role = "writer" | "reader"

/** `sealing`: taken for a moment by a reader, to seal what a writer that is gone left behind. */
export type LockPurpose = "owner" | "sealing"

export interface Lock {
  release(): Promise<void>
}

interface Holder {
  readonly pid?: unknown
  readonly purpose?: unknown
  readonly state?: unknown
}

export interface LockOptions {
  readonly directory: string
  readonly role: Role
  readonly purpose: LockPurpose
  /** State folder of the graph, where its admin socket is found. */
  readonly state?: string | undefined
}

const waitMs = 50
const sealingWaitsMax = 600
const unnamedWaitsMax = 4

export function lockFileName(role: Role): string {
  return `${role}.lock`
}

/** Takes the lock. @throws `WB_SPOOL_LOCKED` when another owner has it, naming its process. */
export async function acquireLock(platform: Platform, options: LockOptions): Promise<Lock> {
  for (let waits = 0; ; waits++) {
    const lock = await tryLock(platform, options)
    if (lock !== undefined) return lock
    const holder = await readHolder(platform, options)
    // Whoever seals lets go soon; an owner that has no name yet is about to write it.
    if (waits >= (holder.purpose === "sealing" ? sealingWaitsMax : holder.pid === undefined ? unnamedWaitsMax : 0)) {
      throw new WishboneError("WB_SPOOL_LOCKED", { directory: options.directory, role: options.role, pid: holder.pid })
    }
    await platform.timers.sleep(waitMs)
  }
}

/** Takes the lock if it is free, else answers `undefined`. */
export async function tryLock(platform: Platform, options: LockOptions): Promise<Lock | undefined> {
  const listener = await listen(platform, options)
  if (listener === undefined) return undefined
  const path = joinPath(options.directory, lockFileName(options.role))
  const { pid, hostname: host } = platform
  await platform.files
    .writeFile(path, `${JSON.stringify({ pid, host, purpose: options.purpose, state: options.state })}\n`)
    .catch(() => undefined)
  return {
    release: async () => {
      // In this order: the next owner's file must not be removed.
      await platform.files.unlink(path).catch(() => undefined)
      await listener.close()
    },
  }
}

async function listen(platform: Platform, { directory, role }: LockOptions): Promise<Listener | undefined> {
  const stat = await platform.files.stat(directory)
  if (stat === undefined) throw new WishboneError("WB_SPOOL_DIRECTORY_MISSING", { directory })
  const path = platform.abstractSockets ? `\0wishbone-ts/spool/${stat.device}/${stat.inode}/${role}` : joinPath(directory, `${role}.sock`)
  try {
    return await platform.sockets.listen({ address: { path } }, (connection) => {
      connection.setEvents({})
      connection.destroy()
    })
  } catch (error) {
    if (errorCode(error) === "EADDRINUSE") return undefined
    throw error
  }
}

/** State folders of the graphs that say they own a role in `directory`. They may be gone. */
export async function statesOfHolders(platform: Platform, directory: string): Promise<string[]> {
  const holders = [await readHolder(platform, { directory, role: "reader" }), await readHolder(platform, { directory, role: "writer" })]
  const states = holders.map(({ state }) => state).filter((state) => typeof state === "string")
  return [...new Set(states)]
}

async function readHolder(platform: Platform, { directory, role }: Pick<LockOptions, "directory" | "role">): Promise<Holder> {
  try {
    const parsed: unknown = JSON.parse((await platform.files.readFile(joinPath(directory, lockFileName(role)))).toString())
    return typeof parsed === "object" && parsed !== null ? parsed : {}
  } catch {
    return {}
  }
}
