// A spool on a real file system that fills up, and on one that turns read-only.

import { expect, onTestFinished, test } from "vitest"
import { realPlatform } from "../../src/platform/real.ts"
import { noSmallDisk, type SmallDisk, smallDisk } from "../support/small-disk.ts"
import { append, drain, openBoth, openWriter, record } from "../unit/spool/setup.ts"

const missing = noSmallDisk()
if (missing !== undefined) console.log(missing)

const recordBytes = 64 * 1024

function mounted(): SmallDisk {
  const disk = smallDisk()
  onTestFinished(() => disk.remove())
  return disk
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

test.skipIf(missing !== undefined)(
  "a full disk: holds what comes, warns once, goes on when the reader has made room, and everything arrives in order",
  async () => {
    const disk = mounted()
    const { writer, reader, log, close } = await openBoth(realPlatform(), `${disk.path}/spool`, { writer: { segmentBytes: 1024 * 1024 } })
    let confirmed = 0
    let sent = 0
    while (!writer.isHolding) {
      if (writer.hasRoom) writer.append([record((sent += 1), recordBytes)], (error) => (confirmed += error === undefined ? 1 : 0))
      else await new Promise((resolve) => setTimeout(resolve, 1))
    }
    const before = confirmed
    expect(before).toBeGreaterThan(200)
    expect(before).toBeLessThan(256)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect([confirmed, log.warnings.filter((text) => text.includes("cannot be written"))]).toEqual([
      before,
      ["a spool cannot be written, holding what comes"],
    ])
    expect(await drain(reader, sent)).toEqual(Array.from({ length: sent }, (_, index) => `${index + 1}`))
    await until(() => confirmed === sent)
    expect([writer.isHolding, log.errors, log.infos]).toEqual([false, [], ["the spool can be written again"]])
    await close()
  },
)

test.skipIf(missing !== undefined)("a full disk: what was confirmed survives, and a start on it works", async () => {
  const disk = mounted()
  const first = await openWriter(realPlatform(), `${disk.path}/spool`)
  await append(first.writer, [record(1)])
  disk.fill()
  first.writer.append([record("late", 100_000)], () => undefined)
  await until(() => first.writer.isHolding)
  await first.writer.close(AbortSignal.abort())
  const { reader, writer, close } = await openBoth(realPlatform(), `${disk.path}/spool`)
  const late = append(writer, [record(2)])
  await until(() => writer.isHolding)
  expect(await drain(reader, 1)).toEqual(["1"])
  disk.free()
  expect(await late).toBe(2)
  expect(await drain(reader, 1)).toEqual(["2"])
  await close()
})

test.skipIf(missing !== undefined)(
  "a file system that turns read-only: holds, warns once, goes on when it can be written again",
  async () => {
    const disk = mounted()
    const { writer, log, close } = await openWriter(realPlatform(), `${disk.path}/spool`, { intervalMs: 20 })
    await append(writer, [record(1)])
    // The segment is sealed and closed by then: the kernel refuses while a file is open for writing.
    await new Promise((resolve) => setTimeout(resolve, 200))
    disk.setReadOnly(true)
    const late = append(writer, [record(2)])
    await until(() => writer.isHolding)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(log.warnings).toEqual(["a spool cannot be written, holding what comes"])
    disk.setReadOnly(false)
    expect(await late).toBe(2)
    await close()
  },
)

test.skipIf(missing !== undefined)("a start on a read-only file system is refused with the reason", async () => {
  const disk = mounted()
  await (await openWriter(realPlatform(), `${disk.path}/spool`)).close()
  disk.setReadOnly(true)
  await expect(openWriter(realPlatform(), `${disk.path}/spool`)).rejects.toMatchObject({ code: "WB_SPOOL_DIRECTORY_INVALID" })
})
