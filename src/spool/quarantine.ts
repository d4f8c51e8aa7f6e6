// What could not be read, or was never accepted by anyone, is set aside in `quarantine/` below the spool: out of the live path, for a
// person to look at. Nothing there is ever read again by the spool, and nothing is deleted.
//
//   <segment>.<offset>.damaged      bytes of a segment from that offset on that are no good record
//   <segment>.<sequence>.returned   one record that came back too often: a segment of its own, header and record
//   <segment>                       a whole segment that could not be read, or was written by a newer version

import type { Platform } from "../platform/platform.ts"
import { encodeSegmentHeader, type SegmentHeader } from "./format.ts"
import { fileNameOf, joinPath, openSegment, readFully, using } from "./segment.ts"

export const quarantineName = "quarantine"
const pieceBytes = 1024 * 1024

type Placed = { readonly path: string }
type Where = { readonly platform: Platform; readonly path: string }

/** Copies bytes of a segment. Resolves when the copy is on disk. */
export async function copyDamage(where: Where, segment: Placed, damage: { readonly from: number; readonly to: number }): Promise<void> {
  const name = `${fileNameOf(segment.path)}.${damage.from}.damaged`
  await using(openSegment(where.platform.files, segment), (source) =>
    store(where, name, async (write) => {
      for (let at = damage.from; at < damage.to; at += pieceBytes) {
        const bytes = await readFully(source, at, Math.min(pieceBytes, damage.to - at))
        if (bytes.length > 0) await write(bytes)
      }
    }),
  )
}

/** Sets one record aside. Resolves when the copy is on disk. */
export function copyRecord(where: Where, segment: Placed, options: { header: SegmentHeader; record: Buffer }): Promise<void> {
  const name = `${fileNameOf(segment.path)}.${options.header.first}.returned`
  return store(where, name, async (write) => {
    await write(encodeSegmentHeader(options.header))
    await write(options.record)
  })
}

/** Moves a file out of the directory of the spool, as it is. */
export async function moveAside(where: Where, path: string): Promise<void> {
  const { files } = where.platform
  const directory = await quarantineDirectory(where)
  await files.rename(path, joinPath(directory, fileNameOf(path)))
  await files.syncDirectory(directory)
  await files.syncDirectory(where.path)
}

/** How many things lie in quarantine. */
export async function countQuarantined(where: { readonly platform: Pick<Platform, "files">; readonly path: string }): Promise<number> {
  const directory = joinPath(where.path, quarantineName)
  if ((await where.platform.files.stat(directory)) === undefined) return 0
  return (await where.platform.files.list(directory)).length
}

// What was begun before a crash is written afresh.
async function store(where: Where, name: string, fill: (write: (bytes: Buffer) => Promise<void>) => Promise<void>): Promise<void> {
  const { files } = where.platform
  const directory = await quarantineDirectory(where)
  await using(files.open(joinPath(directory, name), "update"), async (handle) => {
    await handle.truncate(0)
    let at = 0
    await fill(async (bytes) => {
      await handle.write([bytes], at)
      at += bytes.length
    })
    await handle.sync()
  })
  await files.syncDirectory(directory)
}

async function quarantineDirectory(where: Where): Promise<string> {
  const directory = joinPath(where.path, quarantineName)
  if ((await where.platform.files.stat(directory)) === undefined) {
    await where.platform.files.makeDirectory(directory)
    await where.platform.files.syncDirectory(where.path)
  }
  return directory
}
