// Writes events to a spool. An event is done with when it is synced to disk, not before (or, if `sync` says so, when it is written): its
// branch ends as stored. One that was read from
// this very spool and comes back is not written again: its record stays in its place, and is offered again later.

import {
  type Batch,
  defineModule,
  duration,
  type Event,
  type EventPieces,
  OutputModule,
  path,
  piecesOf,
  type Spool,
  type Spools,
  type SpoolWriter,
  size,
  z,
} from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.output.disk",
  summary: "Writes events to a spool on disk.",
  arguments: {
    directory: path().default("./").describe("Folder of the spool; one writer and one reader at a time."),
    interval: duration({ minMs: 1 }).default(10_000).describe("A segment is sealed this long after its first event."),
    segment_bytes: size({ minBytes: 4096, maxBytes: 1024 ** 3 })
      .default(64 * 1024 * 1024)
      .describe("A segment is sealed before it would grow beyond this."),
    disk_bytes: size({ minBytes: 4096 })
      .optional()
      .describe("Size of all segments at which the spool is full; without it, as much as the disk takes."),
    sync: z
      .union([z.enum(["batch", "never"]), duration({ minMs: 1 })])
      .default("batch")
      .describe(
        "When events are synced: before they count as stored (`batch`), within a time after that, or `never`, as the system likes.",
      ),
    when_full: z
      .enum(["wait", "fail"])
      .default("wait")
      .describe("When the spool is full or the disk refuses: `wait` until that is over, or `fail` the events."),
  },
  protocol: false,
  queues: { inbox: { direction: "in", summary: "Events to keep." } },
  contract: ({ when_full, sync }) => ({
    acknowledges: sync === "batch" ? "durable" : "accepted",
    waits: { inbox: [] },
    // `wait` tries for as long as it takes.
    failsWithinMs: when_full === "wait" ? Number.POSITIVE_INFINITY : 0,
    reorders: false,
    holds: "store",
    delays: true,
    directory: "directory",
  }),
  memory: (_args, { inflightBytes }) => inflightBytes,
  examples: [
    { title: "A buffer beside the bootstrap file", arguments: { directory: "./buffer" } },
    {
      title: "At most 10 GiB, and a second of events at risk when the power fails",
      arguments: { directory: "./buffer", disk_bytes: "10 GiB", sync: 1 },
    },
  ],
})

export default class DiskOutput extends OutputModule<typeof spec> {
  static readonly spec = spec
  override readonly batches = { inbox: (batch: Batch) => this.#write(batch) }
  #spool: Spool | undefined
  #writer: SpoolWriter | undefined

  override async preHook(): Promise<void> {
    const { directory, interval, segment_bytes, disk_bytes, sync, when_full } = this.args
    this.#spool = await (this.context.shared.get("spools") as Spools).open(directory)
    this.#writer = await this.#spool.openWriter({
      name: this.name,
      intervalMs: interval,
      segmentBytes: segment_bytes,
      diskBytes: disk_bytes,
      sync,
      whenFull: when_full,
    })
    this.#spool.account.attachWriter(this.context.actor.books)
  }

  override async postHook(): Promise<void> {
    await this.#writer?.close(this.signal)
    await this.#spool?.close()
  }

  #write(batch: Batch): Promise<void> | undefined {
    const spool = this.#spool as Spool
    const writer = this.#writer as SpoolWriter
    const records = this.#encode(batch, spool)
    if (records.length === 0) return undefined
    const room = writer.append(records, settled(batch, spool, records.length))
    return room ? undefined : writer.whenRoom()
  }

  /** The records of a batch, without those of events that cannot be written or came back. */
  #encode(batch: Batch, spool: Spool): EventPieces[] {
    const { events } = batch
    const { id } = spool
    const records: EventPieces[] = []
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as Event
      const { origin } = event
      if (origin?.spool === id) {
        spool.account.returned(origin.sequence)
        batch.returned(index)
        continue
      }
      try {
        records.push(piecesOf(event))
      } catch (thrown) {
        batch.failed(index, thrown)
      }
    }
    return records
  }
}

/** By itself, as a function made where the records are would keep them for as long as it is needed. */
function settled(batch: Batch, spool: Spool, count: number): (error: unknown) => void {
  return (error) => {
    if (error !== undefined) return batch.failRest(error)
    spool.account.appended(count)
    batch.stored()
  }
}
