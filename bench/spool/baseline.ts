// A bare loop on one file: encodes and checks the same records as a spool, with one write and one sync for each MiB, and nothing else.

import { open } from "node:fs/promises"
import {
  checkRecord,
  encodeRecord,
  recordOverheadBytes,
  recordTarget,
  type SpoolRecord,
  segmentHeaderBytes,
  spoolTag,
} from "../../src/spool/format.ts"
import type { Sample } from "../harness.ts"
import { cpuSeconds, processUse } from "../processes.ts"
import type { SpoolTask } from "./task.ts"

const groupBytes = 1024 * 1024
const uuid = Buffer.alloc(16, 5)
const tag = spoolTag(uuid)

export async function runBaseline(task: SpoolTask): Promise<Sample> {
  const started = performance.now()
  const cpuBefore = cpuSeconds()
  await (task.what === "write" ? write(task) : read(task))
  const { count, size } = task
  const seconds = (performance.now() - started) / 1000
  return { count, seconds, bytes: count * size, cpuSeconds: cpuSeconds() - cpuBefore, rssBytes: processUse(process.pid).rssMaxBytes }
}

async function write({ directory, count, size }: SpoolTask): Promise<void> {
  const handle = await open(`${directory}/bare`, "w")
  let filling = recordTarget(Buffer.allocUnsafeSlow(groupBytes + 4096 + size))
  let spare = recordTarget(Buffer.allocUnsafeSlow(groupBytes + 4096 + size))
  let position = segmentHeaderBytes
  let pending: Promise<unknown> = Promise.resolve()
  let at = 0
  const flush = async (): Promise<void> => {
    await pending
    const part = filling.bytes.subarray(0, at)
    pending = handle.write(part, 0, at, position).then(() => handle.datasync())
    position += at
    at = 0
    const next = spare
    spare = filling
    filling = next
  }
  // Payloads are pieces of larger chunks, as on the other side.
  const perChunk = 1024
  let chunk = Buffer.alloc(0)
  for (let n = 1; n <= count; n++) {
    const start = ((n - 1) % perChunk) * size
    if (start === 0) chunk = Buffer.alloc(perChunk * size, "x")
    const record: SpoolRecord = { uuid, timestampMs: 0, codec: 1, payload: chunk.subarray(start, start + size) }
    at += encodeRecord(filling, at, record, { sequence: n, tag, startsGroup: at === 0 })
    if (at >= groupBytes) await flush()
  }
  await flush()
  await pending
  await handle.close()
}

async function read({ directory, count, size }: SpoolTask): Promise<void> {
  const handle = await open(`${directory}/bare`, "r")
  const length = recordOverheadBytes + size
  const wanted = Math.floor(groupBytes / length) * length
  let position = segmentHeaderBytes
  let seen = 0
  while (seen < count) {
    const chunk = recordTarget(Buffer.allocUnsafeSlow(wanted))
    const { bytesRead } = await handle.read(chunk.bytes, 0, wanted, position)
    for (let at = 0; at < bytesRead; at += length) {
      if (checkRecord(chunk, at, bytesRead, tag) !== length) throw new Error("a record is damaged")
      seen += 1
    }
    position += bytesRead
  }
  await handle.close()
}
