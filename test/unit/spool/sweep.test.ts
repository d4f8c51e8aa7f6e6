// Every byte of a small spool damaged, every length cut, the position in every state: the spool always starts, loses no more than the
// records that were touched, says what it lost, and goes on.

import { describe, expect, test } from "vitest"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { recordOverheadBytes, sealBytes, segmentHeaderBytes } from "../../../src/spool/format.ts"
import { append, drain, openBoth, openWriter, record, records, text } from "./setup.ts"

type Files = Readonly<Record<string, Buffer>>

const recordBytes = recordOverheadBytes + "record 1".length
const perSegment = 4
const endOfRecords = segmentHeaderBytes + perSegment * recordBytes

/** Two segments with four records each; every record was confirmed before the next one came. The second one is left unsealed, or sealed. */
async function written(isSealed: boolean, seed = 1): Promise<{ files: Files; paths: readonly [string, string] }> {
  const platform = simulatedPlatform({ seed })
  const { writer, close } = await openWriter(platform, "/spool", { segmentBytes: endOfRecords })
  for (let n = 1; n <= 2 * perSegment; n++) await append(writer, [record(n)])
  if (isSealed) await close()
  const files = Object.fromEntries(Object.entries(platform.disk.snapshot()).filter(([path]) => !path.endsWith(".lock")))
  const [first, second] = Object.keys(files).sort()
  return { files, paths: [first!, second!] }
}

function diskWith(files: Files): SimulatedPlatform {
  const platform = simulatedPlatform()
  for (const [path, bytes] of Object.entries(files)) platform.disk.put(path, bytes)
  return platform
}

interface Outcome {
  readonly came: readonly string[]
  readonly lost: number
  /** What may have been written and never confirmed, as far as the files show. */
  readonly unconfirmed: number
  readonly tornBytes: number
  readonly quarantined: number
}

/** Opens what is there, writes one more record, reads all, and (with `twice`) opens it once more: then nothing may be left. */
async function play(files: Files, twice = true): Promise<Outcome> {
  const platform = diskWith(files)
  const { writer, reader, spool, close } = await openBoth(platform, "/spool")
  await append(writer, [record("last")])
  const came: string[] = []
  while (spool.waiting > 0) {
    for (const found of (await platform.complete(reader.next({ max: 100 }))) ?? []) {
      came.push(text(found))
      reader.settle(found.sequence)
    }
  }
  const { damaged, missing, unconfirmed, tornBytes } = spool.counts
  await platform.complete(close())
  if (twice) {
    const again = await openBoth(platform.restart(), "/spool")
    if (again.spool.waiting > 0 || again.spool.counts.positionsLost > 0) throw new Error("the spool did not go on where it ended")
  }
  const quarantined = Object.keys(platform.disk.snapshot()).filter((path) => path.includes("/quarantine/")).length
  return { came, lost: damaged + missing, unconfirmed, tornBytes, quarantined }
}

const all = Array.from({ length: 2 * perSegment }, (_, index) => `${index + 1}`)

/** Which record of a segment holds the byte at `at`: -1 in the header, `perSegment` behind the last record. */
function recordAt(at: number): number {
  return at < segmentHeaderBytes ? -1 : Math.min(perSegment, Math.floor((at - segmentHeaderBytes) / recordBytes))
}

describe.each([true, false])("one damaged byte (sealed at the end: %s)", (isSealed) => {
  test("costs the record that holds it and nothing else, wherever it is", async () => {
    const { files, paths } = await written(isSealed)
    for (const [segment, path] of paths.entries()) {
      // The first one is the same in both.
      if (segment === 0 && !isSealed) continue
      const bytes = files[path]!
      for (let at = 0; at < bytes.length; at++) {
        const damaged = Buffer.from(bytes)
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8))
        const outcome = await play({ ...files, [path]: damaged }, at % 8 === 0)
        const index = recordAt(at)
        const touched = index >= 0 && index < perSegment ? [`${segment * perSegment + index + 1}`] : []
        expect([path, at, outcome.came]).toEqual([path, at, [...all.filter((n) => !touched.includes(n)), "last"]])
        // What was torn off the end of a segment that nobody sealed may never have been confirmed.
        const isTorn = !isSealed && index === perSegment - 1
        const said = isTorn ? outcome.tornBytes / recordBytes : outcome.lost + outcome.unconfirmed
        expect([path, at, said, outcome.quarantined >= said]).toEqual([path, at, touched.length, true])
      }
    }
  }, 30_000)
})

describe.each([true, false])("a segment that was cut short (sealed at the end: %s)", (isSealed) => {
  test("keeps every record that is whole, at any length", async () => {
    const { files, paths } = await written(isSealed)
    for (const [segment, path] of paths.entries()) {
      if (segment === 0 && !isSealed) continue
      for (let length = 0; length < files[path]!.length; length++) {
        const outcome = await play({ ...files, [path]: files[path]!.subarray(0, length) }, length % 8 === 0)
        const whole = Math.max(0, Math.min(perSegment, Math.floor((length - segmentHeaderBytes) / recordBytes)))
        const gone = all.slice(segment * perSegment + whole, (segment + 1) * perSegment)
        expect([path, length, outcome.came]).toEqual([path, length, [...all.filter((n) => !gone.includes(n)), "last"]])
        // That something is missing before the first or behind the last record that is left nobody can know.
        const known = segment === 0 && whole > 0 ? gone.length : 0
        expect([path, length, outcome.lost + outcome.unconfirmed >= known]).toEqual([path, length, true])
      }
    }
  }, 30_000)
})

describe("the position", () => {
  /** Eight records of which six are settled: the first segment is gone. */
  async function halfRead(): Promise<{ files: Files; old: Files }> {
    const { files } = await written(true)
    const platform = diskWith(files)
    const { reader, close } = await openBoth(platform, "/spool")
    await reader.next({ max: 100 })
    reader.settleRange(1, perSegment)
    await platform.advance(2000)
    const old = platform.disk.snapshot()
    await reader.next({ max: 100 })
    reader.settleRange(perSegment + 1, 2)
    await platform.complete(close())
    const now = Object.entries(platform.disk.snapshot()).filter(([path]) => !path.endsWith(".lock"))
    return { files: Object.fromEntries(now), old }
  }

  const path = "/spool/position"

  test("with any byte damaged may have records come twice, never fewer", async () => {
    const { files } = await halfRead()
    for (const at of [...Array(64).keys(), ...Array.from({ length: 64 }, (_, index) => 4096 + index)]) {
      const damaged = Buffer.from(files[path]!)
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8))
      const { came, lost } = await play({ ...files, [path]: damaged })
      expect([at, came.slice(-3), lost]).toEqual([at, ["7", "8", "last"], 0])
      expect(["5", "7"]).toContain(came[0])
    }
  })

  test("cut to any length, or an old one, or none: the same", async () => {
    const { files, old } = await halfRead()
    const position = files[path]!
    const { [path]: _gone, ...without } = files
    const states: Files[] = [without, { ...files, [path]: old[path]! }]
    for (const length of [0, 1, 63, 64, 65, 4095, 4096, 4097, 4159, 4160, 8191])
      states.push({ ...files, [path]: position.subarray(0, length) })
    for (const state of states) {
      const { came, lost } = await play(state)
      expect([came.slice(-3), lost]).toEqual([["7", "8", "last"], 0])
      expect(["5", "7"]).toContain(came[0])
    }
  })
})

test("whatever else lies in the directory is left alone", async () => {
  const { files, paths } = await written(true)
  const [first, second] = paths
  const foreign = Buffer.alloc(segmentHeaderBytes + sealBytes, 7)
  const platform = diskWith({
    ...files,
    "/spool/core": Buffer.alloc(100_000, 1),
    "/spool/.hidden": Buffer.alloc(0),
    "/spool/position.tmp": Buffer.alloc(64),
    "/spool/out.1.ready": Buffer.alloc(10),
    [`/spool/${"x".repeat(200)}.1.ready`]: foreign,
    [first.replace(".ready", ".ready~")]: files[first]!,
    [second.replace(".2.", ".2e1.")]: files[second]!,
    [`${second}/file in a folder named like a segment`.replace(".2.", ".99.")]: Buffer.alloc(1),
  })
  const before = Object.keys(platform.disk.snapshot())
  const { reader, spool, log, close } = await openBoth(platform, "/spool")
  expect(await platform.complete(drain(reader, all.length))).toEqual(all)
  expect([spool.waiting, log.warnings, log.errors]).toEqual([0, ["files that do not belong to this spool are left alone"], []])
  await platform.complete(close())
  const after = Object.keys(platform.disk.snapshot())
  expect(before.filter((path) => !paths.includes(path) && !after.includes(path))).toEqual([])
})

test("two spools mixed in one directory: one is read, and the other waits for a directory of its own", async () => {
  const one = await written(true)
  const other = await written(true, 2)
  const platform = diskWith({ ...one.files, ...other.files })
  const { reader, writer, spool, close } = await openBoth(platform, "/spool")
  await append(writer, records(9, 9))
  expect(await platform.complete(drain(reader, 9))).toEqual([...all, "9"])
  expect(spool.waiting).toBe(0)
  await platform.complete(close())
  const left = Object.keys(platform.disk.snapshot()).filter((path) => path.endsWith(".ready"))
  expect([one.paths, other.paths]).toContainEqual(left.toSorted())
})
