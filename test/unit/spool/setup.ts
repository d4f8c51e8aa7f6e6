// What the tests of the spool share: a log that remembers, records, and ways to write and read a few of them.

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import type { Log } from "../../../src/log.ts"
import type { Platform } from "../../../src/platform/platform.ts"
import type { SpoolRecord } from "../../../src/spool/format.ts"
import type { SpoolReader, SpoolReaderOptions } from "../../../src/spool/reader.ts"
import type { Spool } from "../../../src/spool/spool.ts"
import { Spools } from "../../../src/spool/spools.ts"
import type { SpoolWriter, SpoolWriterOptions } from "../../../src/spool/writer.ts"

export class RecordingLog implements Log {
  readonly warnings: string[] = []
  readonly errors: string[] = []
  readonly infos: string[] = []
  debug(): void {}
  info(message: string): void {
    this.infos.push(message)
  }
  warn(message: string): void {
    this.warnings.push(message)
  }
  error(message: string): void {
    this.errors.push(message)
  }
  fatal(message: string): void {
    this.errors.push(message)
  }
}

/** An empty directory of this machine that goes when the test ends. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "wishbone-spool-"))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Record `n`, recognised by its text. */
export function record(n: number | string, bytes = 0): SpoolRecord {
  const uuid = Buffer.alloc(16)
  uuid.write(String(n))
  return { uuid, timestampMs: 1_700_000_000_000.25, codec: 1, payload: Buffer.from(`record ${n}`.padEnd(bytes, ".")) }
}

export function records(from: number, to: number, bytes = 0): SpoolRecord[] {
  return Array.from({ length: to - from + 1 }, (_, index) => record(from + index, bytes))
}

/** Resolves to the first sequence when the records are confirmed. */
export function append(writer: SpoolWriter, list: readonly SpoolRecord[]): Promise<number> {
  return new Promise((resolve, reject) => {
    writer.append(list, (error, first) => (error === undefined ? resolve(first) : reject(error as Error)))
  })
}

export function text(found: { readonly payload: Uint8Array }): string {
  return Buffer.from(found.payload).toString().replace("record ", "").replace(/\.+$/, "")
}

/** What `next` offers now, as texts. */
export async function take(reader: SpoolReader, max = 1000): Promise<string[]> {
  return (await reader.next({ max }))?.map(text) ?? []
}

/** Takes until `count` records were offered, settling each. */
export async function drain(reader: SpoolReader, count: number): Promise<string[]> {
  const texts: string[] = []
  while (texts.length < count) {
    const batch = await reader.next({ max: 100 })
    if (batch === undefined) throw new Error("the reader was closed")
    for (const found of batch) {
      texts.push(text(found))
      reader.settle(found.sequence)
    }
  }
  return texts
}

export interface Opened {
  readonly log: RecordingLog
  readonly spool: Spool
  readonly writer: SpoolWriter
  readonly reader: SpoolReader
  close(): Promise<void>
}

/** Opens both sides of a spool, as a process does that has both. */
export async function openBoth(
  platform: Platform,
  directory: string,
  options: { writer?: Partial<SpoolWriterOptions>; reader?: SpoolReaderOptions } = {},
): Promise<Opened> {
  const log = new RecordingLog()
  const spool = await new Spools(platform, log).open(directory)
  const writer = await spool.openWriter({ name: "out", ...options.writer })
  const reader = await spool.openReader(options.reader)
  const close = async (): Promise<void> => {
    await writer.close()
    await reader.close()
    await spool.close()
  }
  return { log, spool, writer, reader, close }
}

/** The writer alone, in a process of its own. */
export async function openWriter(platform: Platform, directory: string, options: Partial<SpoolWriterOptions> = {}) {
  const log = new RecordingLog()
  const spool = await new Spools(platform, log).open(directory)
  const writer = await spool.openWriter({ name: "out", ...options })
  return { log, spool, writer, close: () => writer.close().then(() => spool.close()) }
}

/** The reader alone, in a process of its own. */
export async function openReader(platform: Platform, directory: string, options: SpoolReaderOptions = {}) {
  const log = new RecordingLog()
  const spool = await new Spools(platform, log).open(directory)
  const reader = await spool.openReader(options)
  return { log, spool, reader, close: () => reader.close().then(() => spool.close()) }
}

/** Names of the segments in a directory, without the uuid: `out.1.ready`. */
export async function segmentNames(platform: Platform, directory: string): Promise<string[]> {
  const names = await platform.files.list(directory)
  return names.filter((name) => /\.(ready|writing)$/.test(name)).map((name) => name.replace(/\.[0-9a-f-]{36}\./, "."))
}

/** The path of the only segment in a directory. */
export async function onlySegment(platform: Platform, directory: string): Promise<string> {
  const names = (await platform.files.list(directory)).filter((name) => /\.(ready|writing)$/.test(name))
  if (names.length !== 1) throw new Error(`expected one segment, found ${names.join(", ")}`)
  return `${directory}/${names[0]}`
}
