// Five lives of a spool with ten faults: in each the disk fills up or refuses a sync while records are written, some records are delivered,
// some come back until they are set aside, the rest stays open; then the process is killed. The same script runs on the simulated platform
// and in real processes on a real file system; which records end where must not depend on that.

import type { Log } from "../../src/log.ts"
import type { Platform } from "../../src/platform/platform.ts"
import { uuidText } from "../../src/platform/uuid.ts"
import { type SpoolRecord, segmentHeaderBytes } from "../../src/spool/format.ts"
import { SequenceRanges } from "../../src/spool/ranges.ts"
import type { SpoolReader } from "../../src/spool/reader.ts"
import { Spools } from "../../src/spool/spools.ts"
import type { SpoolWriter } from "../../src/spool/writer.ts"

export type Fault = "full disk" | "refused sync"

/** What befalls each life, beside the kill at its end. */
export const faults: readonly Fault[] = ["full disk", "refused sync", "full disk", "refused sync", "full disk"]

/** How a fault is made on a platform. */
export interface Faults {
  begin(fault: Fault): void
  /** The disk has room again. A refused sync is over by itself. */
  end(fault: Fault): void
}

/** Where every record ended: uuids, sorted. */
export interface Ends {
  readonly delivered: string[]
  readonly waiting: string[]
  readonly quarantined: string[]
}

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }
const perAppend = 20

/** One life up to the moment of the kill: answers the uuids it delivered. */
export async function live(platform: Platform, directory: string, life: number, made: Faults): Promise<string[]> {
  const spool = await new Spools(platform, silent).open(directory)
  const writer = await spool.openWriter({ name: "script", segmentBytes: 4096 })
  const reader = await spool.openReader()
  const first = life * 2 * perAppend
  await append(writer, numbered(first, perAppend))
  const fault = faults[life] as Fault
  made.begin(fault)
  const pending = append(writer, numbered(first + perAppend, perAppend))
  while (!writer.isHolding) await platform.timers.sleep(1)
  made.end(fault)
  await pending
  const delivered: string[] = []
  let poison = 0
  while (reader.inFlight < spool.waiting) {
    for (const found of (await reader.next({ max: 7 })) ?? []) {
      const number = found.payload.readUInt32BE(0)
      if (number % 3 === 0) {
        delivered.push(uuidText(found.uuid, 0))
        reader.settle(found.sequence)
      } else if (number % 10 === 7) {
        reader.giveBack(found.sequence, { kind: "invalid" })
        poison += 1
        await setAside(platform, reader, () => spool.counts.quarantined >= poison)
      }
    }
  }
  return delivered
}

/** Where all records are after the last life. */
export async function endsOf(platform: Platform, directory: string, delivered: readonly string[]): Promise<Ends> {
  const spool = await new Spools(platform, silent).open(directory)
  const reader = await spool.openReader()
  const waiting: string[] = []
  while (reader.inFlight < spool.waiting) {
    waiting.push(...((await reader.next({ max: 100 })) ?? []).map(({ uuid }) => uuidText(uuid, 0)))
  }
  const done = new Set(delivered)
  const quarantined = await quarantinedIn(platform, directory)
  await reader.close()
  const aside = new Set(quarantined)
  // What was settled a moment before a kill may be offered again: that it came twice is no difference.
  const open = waiting.filter((uuid) => !done.has(uuid) && !aside.has(uuid))
  return { delivered: [...done].sort(), waiting: open.sort(), quarantined: [...aside].sort() }
}

/** A record comes back by its own fault until it is set aside. */
async function setAside(platform: Platform, reader: SpoolReader, isAside: () => boolean): Promise<void> {
  for (let returns = 1; returns < 10; returns++) {
    reader.offerNow(new SequenceRanges([[1, Number.MAX_SAFE_INTEGER]]))
    for (const again of (await reader.next({ max: 1 })) ?? []) reader.giveBack(again.sequence, { kind: "invalid" })
  }
  while (!isAside()) await platform.timers.sleep(1)
}

async function quarantinedIn(platform: Platform, directory: string): Promise<string[]> {
  const folder = `${directory}/quarantine`
  const names = (await platform.files.stat(folder)) === undefined ? [] : await platform.files.list(folder)
  const files = await Promise.all(
    names.filter((name) => name.endsWith(".returned")).map((name) => platform.files.readFile(`${folder}/${name}`)),
  )
  return files.map((bytes) => uuidText(bytes, segmentHeaderBytes + 40))
}

function numbered(from: number, count: number): SpoolRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const uuid = Buffer.alloc(16)
    const payload = Buffer.alloc(100)
    uuid.writeUInt32BE(from + index + 1, 12)
    payload.writeUInt32BE(from + index + 1, 0)
    return { uuid, timestampMs: 0, codec: 2, payload }
  })
}

function append(writer: SpoolWriter, records: readonly SpoolRecord[]): Promise<void> {
  return new Promise((resolve, reject) => {
    writer.append(records, (error) => (error === undefined ? resolve() : reject(error as Error)))
  })
}
