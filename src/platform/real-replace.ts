// Gives a file new content in one step: a temporary file beside it is written, synced and renamed over it. Permission bits stay, and so
// does the owner where this user may give files away; a symbolic link goes on pointing where it did.

import { randomBytes } from "node:crypto"
import { type FileHandle, open } from "node:fs/promises"
import { dirname } from "node:path"
import fs from "fs-extra"

export async function replaceFile(path: string, content: Buffer | string): Promise<void> {
  const target = await fs.realpath(path)
  const { mode, uid, gid } = await fs.stat(target)
  const beside = `${target}.${randomBytes(6).toString("hex")}.tmp`
  const handle = await open(beside, "wx", 0o600)
  try {
    try {
      await handle.writeFile(content)
      await keepOwner(handle, uid, gid)
      // After the owner: changing that clears some of the bits.
      await handle.chmod(mode & 0o7777)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await fs.rename(beside, target)
  } catch (error) {
    await fs.unlink(beside).catch(() => undefined)
    throw error
  }
  await syncNames(dirname(target))
}

async function keepOwner(handle: FileHandle, uid: number, gid: number): Promise<void> {
  const made = await handle.stat()
  if (made.uid === uid && made.gid === gid) return
  // Only root may; anybody else edits a file of their own, or one that becomes theirs, as with an editor.
  await handle.chown(uid, gid).catch(() => undefined)
}

async function syncNames(directory: string): Promise<void> {
  const handle = await open(directory, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
