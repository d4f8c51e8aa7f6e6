// Seals a segment whose writer is gone. What stands behind its last good record was never confirmed to anyone: it is copied to quarantine,
// since a damaged record looks the same, and cut off.

import type { FileHandle } from "../platform/platform.ts"
import type { SpoolDirectory } from "./directory.ts"
import { decodeSeal, encodeSeal, sealBytes, segmentHeaderBytes } from "./format.ts"
import { readEnd, type Scan, type SegmentFile } from "./listing.ts"
import { copyDamage, moveAside } from "./quarantine.ts"
import { holdsOnlyZeros, joinPath, readFully, segmentName, using } from "./segment.ts"

/** Answers the sealed segment; `undefined` when no record was in it. Rejects when it cannot be read. */
export async function sealLeftover(directory: SpoolDirectory, file: SegmentFile): Promise<SegmentFile | undefined> {
  const { files } = directory.platform
  const scan = await readEnd(files, file, directory.tag)
  if (scan.first === undefined) {
    await removeEmpty(directory, file)
    return undefined
  }
  try {
    const bytes = await finish(directory, file, scan)
    const fileName = segmentName({ ...file.parsed, state: "ready" })
    const path = joinPath(directory.path, fileName)
    await files.rename(file.path, path)
    await files.syncDirectory(directory.path)
    return { ...file, path, fileName, bytes, parsed: { ...file.parsed, state: "ready" } }
  } catch (error) {
    // It can be read, and the next start tries again.
    directory.log.warn("a segment that was left behind could not be sealed", { segment: file.path, error: String(error) })
    return file
  }
}

/** Cuts off what follows the last record and writes a seal, where it may; answers the size of the file. */
async function finish(directory: SpoolDirectory, file: SegmentFile, scan: Scan): Promise<number> {
  const first = scan.first ?? scan.next
  const seal = { next: scan.next, offset: scan.end, lastAppendMs: file.modifiedMs, records: scan.next - first }
  await using(directory.platform.files.open(file.path, "update"), async (handle) => {
    const tail = await readFully(handle, scan.end, sealBytes + 1)
    // The writer may have come as far as the seal.
    if (decodeSeal(tail, directory.tag, file.bytes) === undefined) {
      await cutTail(directory, file, { handle, from: scan.end })
      // A seal says that all before it was confirmed. Without one whoever reads the segment finds out what was not.
      if (!scan.isTorn) await handle.write([encodeSeal(directory.tag, seal)], scan.end)
    }
    await directory.committer.run(() => handle.sync())
  })
  return scan.isTorn ? scan.end : scan.end + sealBytes
}

async function cutTail(directory: SpoolDirectory, file: SegmentFile, tail: { handle: FileHandle; from: number }): Promise<void> {
  if (file.bytes <= tail.from) return
  if (!(await holdsOnlyZeros(tail.handle, tail.from, file.bytes))) {
    const bytes = file.bytes - tail.from
    await copyDamage(directory, file, { from: tail.from, to: file.bytes })
    directory.tear(file, bytes)
  }
  await tail.handle.truncate(tail.from)
}

/** Nothing can be read in it. A header, or zeros that a power cut left, are nothing. */
async function removeEmpty(directory: SpoolDirectory, file: SegmentFile): Promise<void> {
  const { files } = directory.platform
  const from = typeof file.header === "string" ? 0 : segmentHeaderBytes
  const isEmpty = await using(files.open(file.path, "read"), (handle) => holdsOnlyZeros(handle, from, file.bytes))
  if (isEmpty) {
    await files.unlink(file.path)
    return
  }
  directory.tear(file, file.bytes)
  await moveAside(directory, file.path)
}
