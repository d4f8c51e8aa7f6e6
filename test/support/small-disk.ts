// A file system of its own for a test: small, so that it can be filled, and one that can be made read-only. Needs the right to mount.

import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, statfsSync, unlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface SmallDisk {
  readonly path: string
  /** Takes all space that is left. */
  fill(): void
  /** Gives it back. */
  free(): void
  /** Works only while no file is open for writing. */
  setReadOnly(readOnly: boolean): void
  remove(): void
}

function mount(...args: string[]): void {
  execFileSync("mount", args, { stdio: ["ignore", "ignore", "pipe"] })
}

/** Mounts one of `mebibytes`. @throws Error when that is not allowed here. */
export function smallDisk(mebibytes = 16): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), "wishbone-disk-"))
  const filler = join(path, "filler")
  try {
    mount("-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", path)
  } catch (error) {
    rmSync(path, { recursive: true })
    throw error
  }
  return {
    path,
    fill: () => fillDisk(path),
    free: () => unlinkSync(filler),
    setReadOnly: (readOnly) => mount("-o", `remount,${readOnly ? "ro" : "rw"}`, path),
    remove: () => {
      execFileSync("umount", ["--lazy", path])
      rmSync(path, { recursive: true })
    },
  }
}

/** Writes a file `filler` that takes all space the file system has left. */
export function fillDisk(path: string): void {
  const { bavail, bsize } = statfsSync(path)
  writeFileSync(join(path, "filler"), Buffer.alloc(bavail * bsize))
}

/** Why no small disk can be had here; `undefined` when one can. */
export function noSmallDisk(): string | undefined {
  try {
    smallDisk().remove()
    return undefined
  } catch (error) {
    return `not tested: a tmpfs cannot be mounted here (${String(error).split("\n")[0]})`
  }
}
