// Provocations of what goes wrong with spools.

import { Event } from "../../src/event.ts"
import { encodeEvent } from "../../src/event-codec.ts"
import type { Log } from "../../src/log.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { SpoolEditor } from "../../src/spool/edit.ts"
import { payloadBytesMax, type SpoolRecord } from "../../src/spool/format.ts"
import { SequenceRanges } from "../../src/spool/ranges.ts"
import { removedRangesMax, writeRemoved } from "../../src/spool/removed.ts"
import { Spools } from "../../src/spool/spools.ts"
import type { SpoolWriter, SpoolWriterOptions } from "../../src/spool/writer.ts"
import { type Provocations, thrown } from "./told.ts"

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }

export function openWriter(platform: SimulatedPlatform, options: Partial<SpoolWriterOptions> = {}): Promise<SpoolWriter> {
  return platform.complete(new Spools(platform, silent).open("/spool").then((spool) => spool.openWriter({ name: "out", ...options })))
}

export function record(platform: SimulatedPlatform, data: unknown): SpoolRecord {
  return encodeEvent(new Event(platform.random, platform.clock.now(), data))
}

/** Resolves when the records are on disk. */
export function append(writer: SpoolWriter, ...records: readonly SpoolRecord[]): Promise<void> {
  return new Promise((resolve, reject) => {
    writer.append(records, (error) => (error === undefined ? resolve() : reject(error as Error)))
  })
}

export const spoolProvocations: Provocations = {
  WB_SPOOL_DIRECTORY_MISSING: thrown(
    "A `wishbone.output.disk` with `directory: /var/spool/flow/orders`, and there is no `/var/spool/flow`.",
    () => new Spools(simulatedPlatform(), silent).open("/var/spool/flow/orders"),
  ),
  WB_SPOOL_DIRECTORY_INVALID: thrown("A `wishbone.output.disk` whose `directory` is a file.", () => {
    const platform = simulatedPlatform()
    platform.disk.put("/var/spool/orders", "")
    return new Spools(platform, silent).open("/var/spool/orders")
  }),
  WB_SPOOL_LOCKED: thrown("Two graphs whose `wishbone.output.disk` write to the same `directory`.", async () => {
    const platform = simulatedPlatform()
    await openWriter(platform)
    await openWriter(platform)
  }),
  WB_SPOOL_RECORD_TOO_LARGE: thrown("An event of 64 MiB and one byte, on its way to disk.", async () => {
    const platform = simulatedPlatform()
    const writer = await openWriter(platform)
    await append(writer, { ...record(platform, ""), payload: Buffer.alloc(payloadBytesMax + 1) })
  }),
  WB_SPOOL_WRITE_FAILED: thrown("A `wishbone.output.disk` with `when_full: fail`, on a disk that is full.", async () => {
    const platform = simulatedPlatform()
    const writer = await openWriter(platform, { whenFull: "fail" })
    platform.disk.fail({ operation: "write", code: "ENOSPC" })
    await platform.complete(append(writer, record(platform, "a")))
  }),
  WB_SPOOL_CLOSED: thrown("A program that appends to a spool after it has closed the writer.", async () => {
    const platform = simulatedPlatform()
    const writer = await openWriter(platform)
    await platform.complete(writer.close())
    await append(writer, record(platform, "a"))
  }),
  WB_SPOOL_SAME: thrown("`wishbone-ts events move --directory /spool --all --to /spool`.", async () => {
    const platform = simulatedPlatform()
    const spools = new Spools(platform, silent)
    const spool = await spools.open("/spool")
    const editor = new SpoolEditor({ platform, spools, spool })
    await platform.complete(editor.select({}).then((selected) => editor.move(selected, "/spool")))
  }),
  WB_SPOOL_REMOVED_RANGES: thrown("`events purge` of every second one of 140,000 events.", () => {
    const every = Array.from({ length: removedRangesMax + 1 }, (_, index) => [2 * index, 2 * index + 1] as const)
    return writeRemoved(simulatedPlatform().files, "/spool", { uuid: Buffer.alloc(16), ranges: new SequenceRanges(every) })
  }),
}
