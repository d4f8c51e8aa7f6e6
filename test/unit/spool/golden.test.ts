// Segments and a position as version 1 of the format has them. What is in test/fixtures/spool/v1 was written once and never changes: users
// have such files. `WRITE_FIXTURES=1` makes them anew, before a release alone.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import type { Platform } from "../../../src/platform/platform.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import type { SpoolRecord } from "../../../src/spool/format.ts"
import { append, openBoth, take } from "./setup.ts"

const folder = fileURLToPath(new URL("../../fixtures/spool/v1/", import.meta.url))
const spoolUuid = Buffer.from("0123456789ab4def8123456789abcdef", "hex")

const golden: SpoolRecord[] = [
  { uuid: Buffer.alloc(16, 1), timestampMs: 1_767_225_600_000, codec: 1, payload: Buffer.from("first, a line of text: \u00fcml\u00e4ut") },
  { uuid: Buffer.alloc(16, 2), timestampMs: 1_767_225_600_000.125, codec: 2, payload: Buffer.from([0, 1, 254, 255]) },
  { uuid: Buffer.alloc(16, 3), timestampMs: -1, codec: 255, payload: Buffer.alloc(0) },
  { uuid: Buffer.alloc(16, 4), timestampMs: 1e15, codec: 3, payload: Buffer.from('{"fourth":true}') },
  { uuid: Buffer.alloc(16, 5), timestampMs: 0, codec: 16, payload: Buffer.alloc(300, "fifth ") },
  { uuid: Buffer.alloc(16, 6), timestampMs: 0, codec: 1, payload: Buffer.from("sixth, in a segment that was not sealed") },
]

/** Writes the golden records; the disk then: one sealed segment, one that its writer left unsealed, and a position. */
async function write(): Promise<Record<string, Buffer>> {
  const simulated = simulatedPlatform()
  const random = { ...simulated.random, uuidInto: (target: Buffer, offset: number) => void spoolUuid.copy(target, offset) }
  const platform: Platform = Object.create(simulated, { random: { value: random } }) as Platform
  const { writer, reader } = await openBoth(platform, "/spool", { writer: { name: "golden", segmentBytes: 700 } })
  await append(writer, golden.slice(0, 2))
  await append(writer, golden.slice(2, 4))
  await append(writer, golden.slice(4, 5))
  await take(reader)
  reader.settleRange(1, 2)
  await simulated.advance(1500)
  await append(writer, golden.slice(5))
  const files = Object.entries(simulated.disk.snapshot()).filter(([path]) => !path.endsWith(".lock"))
  return Object.fromEntries(files.map(([path, bytes]) => [path.replace("/spool/", ""), bytes]))
}

function stored(): Record<string, Buffer> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(folder + name)]))
}

test("what is written today is what was written then, to the byte", async () => {
  const files = await write()
  if (process.env["WRITE_FIXTURES"] === "1") {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    for (const [name, bytes] of Object.entries(files)) writeFileSync(folder + name, bytes)
  }
  expect(Object.keys(files)).toEqual([
    "golden.1.01234567-89ab-4def-8123-456789abcdef.ready",
    "golden.2.01234567-89ab-4def-8123-456789abcdef.writing",
    "position",
  ])
  for (const [name, bytes] of Object.entries(stored())) expect(files[name]?.toString("hex")).toBe(bytes.toString("hex"))
})

test("what was written then is read today", async () => {
  const platform = simulatedPlatform()
  for (const [name, bytes] of Object.entries(stored())) platform.disk.put(`/spool/${name}`, bytes)
  const { reader, spool, writer, log } = await openBoth(platform, "/spool")
  expect([spool.id, spool.recovered]).toEqual(["01234567-89ab-4def-8123-456789abcdef", 4])
  const found = [...((await reader.next({ max: 10 })) ?? []), ...((await reader.next({ max: 10 })) ?? [])]
  expect(found.map(({ sequence }) => sequence)).toEqual([3, 4, 5, 6])
  for (const [index, one] of found.entries()) {
    const { uuid, timestampMs, codec, payload } = golden[index + 2]!
    expect([one.uuid.equals(uuid), one.timestampMs, one.codec, one.payload.equals(payload)]).toEqual([true, timestampMs, codec, true])
  }
  expect([await append(writer, golden.slice(0, 1)), log.warnings, log.errors]).toEqual([7, [], []])
})
