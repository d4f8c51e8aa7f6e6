// Keeps two processes from judging and replacing one pid file at the same time: who listens on an abstract unix socket that is named by the
// folder's device and inode and the file's name has the turn. The kernel takes it back when the process ends, however it ends. Only Linux has
// such sockets: elsewhere two calls of `start` in the same millisecond over one stale file may both win.

import { createHash } from "node:crypto"
import { basename, dirname } from "node:path"
import type { Listener, Platform } from "../platform/platform.ts"
import { errorCode, systemError } from "../platform/system-error.ts"

const waitMs = 25
const waitsMax = 200

export async function withPidLock<T>(platform: Platform, path: string, work: () => Promise<T>): Promise<T> {
  const lock = await take(platform, path)
  try {
    return await work()
  } finally {
    await lock?.close()
  }
}

async function take(platform: Platform, path: string): Promise<Listener | undefined> {
  if (!platform.abstractSockets) return undefined
  const folder = await platform.files.stat(dirname(path))
  if (folder === undefined) throw systemError("ENOENT", "open", { path })
  const name = createHash("sha256").update(basename(path)).digest("hex").slice(0, 16)
  const address = { path: `\0wishbone-ts/pid/${folder.device}/${folder.inode}/${name}` }
  for (let waits = 0; ; waits++) {
    try {
      return await platform.sockets.listen({ address }, (connection) => {
        connection.setEvents({})
        connection.destroy()
      })
    } catch (thrown) {
      // Whoever has it needs no more than a moment.
      if (errorCode(thrown) !== "EADDRINUSE" || waits >= waitsMax) throw thrown
      await platform.timers.sleep(waitMs)
    }
  }
}
