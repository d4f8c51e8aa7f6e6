// Reads a spool. A record leaves the disk when every branch of its event has ended well or lies in another durable place; otherwise it
// stays and is offered again. With `idle_trigger` it waits until nothing was appended for a while, then feels its way: one record first,
// more while they end well, none for another while when one comes back.

import {
  answerRecords,
  defineModule,
  duration,
  type Event,
  InputModule,
  path,
  type Spool,
  type SpooledRecord,
  type SpoolReader,
  type Spools,
  type Ticket,
  z,
} from "../../src/index.ts"

const batchRecords = 1024

const spec = defineModule({
  name: "wishbone.input.disk",
  summary: "Reads events from a spool on disk.",
  arguments: {
    directory: path().default("./").describe("Folder of the spool; one writer and one reader at a time."),
    idle_trigger: z.boolean().default(false).describe("Offer events only after nothing was written for `idle_time`."),
    idle_time: duration().default(10_000).describe("How long nothing must have been written."),
  },
  protocol: false,
  queues: { outbox: { direction: "out", summary: "Events in the order in which they were written." } },
  contract: { acknowledges: "durable", waits: {}, failsWithinMs: 0, reorders: false, holds: "store", delays: true, directory: "directory" },
  examples: [
    { title: "Feed a buffer back when destinations are quiet", arguments: { directory: "./buffer", idle_trigger: true, idle_time: 20 } },
  ],
})

export default class DiskInput extends InputModule<typeof spec> {
  static readonly spec = spec
  #spool: Spool | undefined
  #reader: SpoolReader | undefined
  #closed = false

  override async preHook(): Promise<void> {
    const { directory, idle_trigger, idle_time } = this.args
    this.#spool = await (this.context.shared.get("spools") as Spools).open(directory)
    this.#reader = await this.#spool.openReader({ name: this.name, idleTrigger: idle_trigger, idleTimeMs: idle_time })
    this.#spool.account.attachReader(this.context.actor.books)
    this.background((_submit, signal) => this.#read(signal))
  }

  override async postHook(): Promise<void> {
    this.#closed = true
    this.#spool?.account.readerGone()
    await this.#reader?.close()
    await this.#spool?.close()
  }

  async #read(signal: AbortSignal): Promise<void> {
    const reader = this.#reader as SpoolReader
    for (;;) {
      const records = await reader.next({ max: batchRecords, signal })
      if (records === undefined) return
      await this.#offer(records)
    }
  }

  async #offer(records: readonly SpooledRecord[]): Promise<void> {
    const spool = this.#spool as Spool
    const sequences: number[] = []
    const events: Event[] = []
    for (const record of records) {
      const event = this.#decode(record)
      if (event === undefined) continue
      sequences.push(record.sequence)
      events.push(event)
    }
    if (events.length === 0) return
    this.track(events, { ticketSettled: (ticket) => this.#settled(ticket, sequences) })
    spool.account.offered(events.length)
    await this.context.producer.submitRestored(events)
  }

  #decode(record: SpooledRecord): Event | undefined {
    try {
      return record.toEvent(this.platform.random)
    } catch (thrown) {
      this.log.error("a record cannot be read and is set aside", { sequence: record.sequence, error: String(thrown) })
      this.#reader?.giveBack(record.sequence, { kind: "invalid" })
      return undefined
    }
  }

  #settled(ticket: Ticket, sequences: readonly number[]): void {
    // Whoever reads the spool next is offered again what was on its way.
    if (this.#closed) return
    answerRecords({ reader: this.#reader as SpoolReader, account: (this.#spool as Spool).account }, ticket, sequences)
  }
}
