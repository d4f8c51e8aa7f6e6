// The segment that a writer appends to. It exists once its first group is on disk: header and records go out in one write, and, with
// `sync: batch`, records and name are made durable before anyone is told.

import type { FileHandle } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"
import type { SpoolDirectory } from "./directory.ts"
import { encodeSeal, encodeSegmentHeader, segmentHeaderBytes } from "./format.ts"
import type { Group } from "./group.ts"
import type { SyncMode } from "./late-sync.ts"
import { joinPath, type Segment, type SegmentName, segmentName } from "./segment.ts"

export class ActiveSegment {
  readonly segment: Segment
  readonly #directory: SpoolDirectory
  readonly #handle: FileHandle
  readonly #name: SegmentName
  readonly #header: Buffer
  readonly #sync: SyncMode
  #isNew = true
  /** The directory was synced with its name in it. */
  #isNamed = false

  private constructor(
    directory: SpoolDirectory,
    parts: { segment: Segment; handle: FileHandle; name: SegmentName; header: Buffer; sync: SyncMode },
  ) {
    this.#directory = directory
    this.segment = parts.segment
    this.#handle = parts.handle
    this.#name = parts.name
    this.#header = parts.header
    this.#sync = parts.sync
  }

  /** Makes the file. Nothing is in it yet, and nobody else knows of it. */
  static async create(directory: SpoolDirectory, options: { name: string; first: number; sync: SyncMode }): Promise<ActiveSegment> {
    const { platform, uuid } = directory
    const { first, sync } = options
    for (;;) {
      const number = directory.nextNumber++
      const name: SegmentName = { name: options.name, number, uuid: directory.id, state: "writing" }
      const path = joinPath(directory.path, segmentName(name))
      const handle = await platform.files.open(path, "create").catch((error: unknown) => {
        if (errorCode(error) === "EEXIST") return undefined
        throw error
      })
      if (handle === undefined) continue
      const createdMs = platform.clock.now()
      const header = encodeSegmentHeader({ uuid, number, first, createdMs })
      const bytes = { dataBytes: 0, fileBytes: 0 }
      const state = { hasHeader: true, active: true, isConfirmed: true, doubtful: false }
      const segment: Segment = { path, number, first, next: first, createdMs, ...bytes, ...state }
      return new ActiveSegment(directory, { segment, handle, name, header, sync })
    }
  }

  get bytes(): number {
    return this.segment.dataBytes
  }

  /** When what is appended to it is confirmed. */
  get syncMode(): SyncMode {
    return this.#sync
  }

  /** Writes a group, and syncs it with `sync: batch`; its records can be read then. After a rejection the segment is to be given up. */
  async append(group: Group): Promise<void> {
    const at = this.segment.dataBytes
    const parts = this.#isNew ? [this.#header, ...group.parts()] : group.parts()
    await this.#handle.write(parts, at)
    if (this.#sync === "batch") await this.sync()
    if (this.#isNew) {
      this.#isNew = false
      this.#directory.add(this.segment)
    }
    this.segment.dataBytes = Math.max(at, segmentHeaderBytes) + group.bytes
    this.segment.next = group.first + group.records
    this.#directory.resize(this.segment, this.segment.dataBytes)
  }

  /** Makes what was written durable. After a rejection the segment is to be given up, or retired when somebody relies on it already. */
  async sync(): Promise<void> {
    const { platform, committer, path } = this.#directory
    await committer.run(() => this.#handle.sync())
    if (this.#isNamed) return
    await committer.run(() => platform.files.syncDirectory(path))
    this.#isNamed = true
  }

  /** Ends the segment without a seal and leaves it as it is. Never rejects. */
  retire(): Promise<void> {
    return this.#close()
  }

  /** Ends the segment in order. Never rejects: its records are safe already, and an unsealed segment is sealed at the next start. */
  async seal(): Promise<void> {
    const { segment } = this
    const { tag, platform } = this.#directory
    const { next, dataBytes: offset, first } = segment
    const seal = encodeSeal(tag, {
      next,
      offset,
      lastAppendMs: this.#directory.lastAppendMs ?? platform.clock.now(),
      records: next - first,
    })
    await this.#ignore("sealed", async () => {
      await this.#handle.write([seal], offset)
      this.#directory.resize(segment, offset + seal.length)
    })
    await this.#close()
  }

  /**
   * Ends the segment after a failed write or sync. What was not synced is cut off, as far as that works; the next segment takes over its
   * sequences in any case. The file is never synced again: a second sync may succeed although the first one lost the data.
   */
  async giveUp(): Promise<void> {
    if (this.#isNew) {
      await this.#handle.close().catch(() => undefined)
      await this.#directory.platform.files.unlink(this.segment.path).catch(() => this.#leaveEmpty())
      return
    }
    await this.#handle.truncate(this.segment.dataBytes).catch(() => undefined)
    await this.#close()
  }

  // As a segment without records it goes when those before it are settled.
  #leaveEmpty(): void {
    this.segment.active = false
    this.#directory.add(this.segment)
    this.#directory.tellSealed()
  }

  async #close(): Promise<void> {
    const { platform, path } = this.#directory
    await this.#ignore("closed", () => this.#handle.close())
    const ready = joinPath(path, segmentName({ ...this.#name, state: "ready" }))
    await this.#ignore("renamed", async () => {
      await platform.files.rename(this.segment.path, ready)
      this.segment.path = ready
      if (this.#sync !== "never") await this.#directory.committer.run(() => platform.files.syncDirectory(path))
    })
    this.segment.active = false
    this.#directory.tellSealed()
  }

  async #ignore(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      const message = `a segment could not be ${what}; its records are safe`
      this.#directory.log.warn(message, { segment: this.segment.path, error: String(error) })
    }
  }
}
