// One message. Exactly one owner at a time holds it: a queue, a handler, a module that holds it. Version 1 of its shape:
//   uuid, timestamp, ttl, data, tags, errors, tmp, bulk, meta
// `data` that came as bytes stays bytes until somebody reads it: a view `[start, end)` of the chunk it was read in, decoded at the
// first read. So a relay never builds a string, and an output can hand whole runs of a chunk on without copying.
// Whatever few events need (uuid, tags, errors, meta) is made at the first touch; an event that only travels stays small.

import { isUtf8 } from "node:buffer"
import { Invalid } from "./errors.ts"
import { type ErrorRecord, EventMeta, type HistoryEntry, historyEdge, type Offer, type Origin, originOf, parentsMax } from "./event-meta.ts"
import { deepCopy, deleteSteps, parsePath, readSteps, writeSteps } from "./event-path.ts"
import { weightOf } from "./event-weight.ts"
import { parseUuid, uuidText } from "./platform/uuid.ts"
import type { Ticket } from "./ticket.ts"

export { type ErrorRecord, EventMeta, type HistoryEntry, historyEdge, type Offer, type Origin, parentsMax } from "./event-meta.ts"

/** Hops an event starts with, and the reserve it gets once when they are spent. */
export const initialTtl = 254
export const reserveTtl = 32

/** How the bytes behind `data` are read: as text (bytes that are not UTF-8 stay a Buffer) or always as a Buffer. */
export type Encoding = "text" | "binary"

/** Where uuids come from; the platform's `random` is one. */
export interface UuidSource {
  uuid(): string
  /** Writes 16 bytes of a new one. */
  uuidInto?(target: Buffer, offset: number): void
  /** The bytes of a new one, among others: without copying. */
  uuidPlace?(): UuidPlace
}

/** Sixteen bytes of a uuid, from `uuidAt` of `uuidBytes`, in the hands of somebody who does not change them. */
export interface UuidPlace {
  readonly uuidBytes: Buffer
  readonly uuidAt: number
}

const deletableRoots = new Set<unknown>(["data", "tmp", "tags", "errors"])

/** Life of an event object, as far as the books care. */
export const Standing = { fresh: 0, copy: 1, live: 2, restored: 3, inHand: 4 } as const

export class Event {
  /** Settled by whoever ends the event; `null` when nobody waits for it. */
  ticket: Ticket | null
  slot: number
  ttl: number
  /** Seconds since 1970, with fractions; one reading a batch. */
  timestamp: number
  /** Payload bytes as queues count them: exact for text and bytes, an estimate for other data. */
  weight: number
  /** {@link Standing}: made and not yet submitted, cloned and not yet submitted, part of the graph, read from a durable place and not
   *  yet submitted, or part of the graph and in the hand of a handler in its synchronous part that has not handed it on. */
  standing: number
  bulk: boolean
  /** What handlers returned on the way, the last one. */
  result: unknown
  /** The asynchronous call that has the event in hand, if any. Owned by the actor room. */
  call: object | null
  /** The chunk behind `data` while nobody has replaced it, else `null`. */
  chunk: Buffer | null
  start: number
  end: number
  private encoding: Encoding
  private decoded: boolean
  private value: unknown
  private source: UuidSource
  /** Text, or bytes whose text nobody has asked for; empty: there is none yet. */
  private knownUuid: string | UuidPlace
  private knownTags: string[] | null
  private knownErrors: Record<string, ErrorRecord> | null
  private knownTmp: Record<string, unknown> | null
  private knownMeta: EventMeta | null
  /** The record it was made from, until its meta data is. */
  private offer: Offer | null

  constructor(source: UuidSource, timestamp: number, value: unknown) {
    this.ticket = null
    this.slot = 0
    this.ttl = initialTtl
    this.timestamp = timestamp
    this.weight = 0
    this.standing = Standing.fresh
    this.bulk = false
    this.result = undefined
    this.call = null
    this.chunk = null
    this.start = 0
    this.end = 0
    this.encoding = "text"
    this.decoded = true
    this.value = value
    this.source = source
    this.knownUuid = ""
    this.knownTags = null
    this.knownErrors = null
    this.knownTmp = null
    this.knownMeta = null
    this.offer = null
    if (value !== undefined) this.weight = weightOf(value)
  }

  /** An event whose data is `chunk[start, end)`, not decoded before somebody reads it. */
  static ofBytes(source: UuidSource, timestamp: number, bytes: { chunk: Buffer; start: number; end: number; encoding: Encoding }): Event {
    const event = new Event(source, timestamp, undefined)
    event.chunk = bytes.chunk
    event.start = bytes.start
    event.end = bytes.end
    event.weight = bytes.end - bytes.start
    event.encoding = bytes.encoding
    event.decoded = false
    return event
  }

  get uuid(): string {
    const known = this.knownUuid
    if (typeof known === "string" && known !== "") return known
    const text = typeof known === "string" ? this.source.uuid() : uuidText(known.uuidBytes, known.uuidAt)
    this.knownUuid = text
    return text
  }

  set uuid(value: string) {
    this.knownUuid = value
  }

  /** Takes over a uuid as bytes; its text is made when somebody reads it. */
  adoptUuid(place: UuidPlace): void {
    this.knownUuid = place
  }

  /** Notes the record that the event was made from. */
  adoptOffer(offer: Offer): void {
    if (this.knownMeta === null) this.offer = offer
    else Object.assign(this.knownMeta, originOf(offer))
  }

  /** The uuid as 16 bytes, made now if there is none yet; `undefined` when it is none in the usual form. */
  uuidPlace(): UuidPlace | undefined {
    const known = this.knownUuid
    if (typeof known !== "string") return known
    const { source } = this
    if (known === "" && source.uuidPlace !== undefined) return (this.knownUuid = source.uuidPlace())
    const uuidBytes = Buffer.allocUnsafe(16)
    const place = { uuidBytes, uuidAt: 0 }
    if (known !== "" || source.uuidInto === undefined) return parseUuid(this.uuid, uuidBytes, 0) ? place : undefined
    source.uuidInto(uuidBytes, 0)
    return (this.knownUuid = place)
  }

  /** Whether somebody has read or set the uuid, so that it must be kept. */
  get hasUuid(): boolean {
    return this.knownUuid !== ""
  }

  /** The payload. Text by default; bytes that are not UTF-8 are a Buffer. */
  get data(): unknown {
    if (!this.decoded) this.decode()
    return this.value
  }

  set data(value: unknown) {
    this.chunk = null
    this.decoded = true
    this.value = value
    this.weight = weightOf(value)
  }

  get tags(): string[] {
    return (this.knownTags ??= [])
  }

  get errors(): Record<string, ErrorRecord> {
    return (this.knownErrors ??= {})
  }

  get tmp(): Record<string, unknown> {
    return (this.knownTmp ??= {})
  }

  get meta(): EventMeta {
    if (this.knownMeta !== null) return this.knownMeta
    const { offer } = this
    this.offer = null
    this.knownMeta = new EventMeta()
    return offer === null ? this.knownMeta : Object.assign(this.knownMeta, originOf(offer))
  }

  /** Where the event was read from; looks without making meta data. */
  get origin(): Origin | undefined {
    const { offer } = this
    // Not the record itself, which keeps its chunk alive.
    return offer === null ? this.knownMeta?.origin : { spool: offer.spool, sequence: offer.sequence }
  }

  /** The meta data if the event has any; looks without making it. */
  get knownMetaOrNull(): EventMeta | null {
    return this.knownMeta
  }

  /** Whether the event is more than its payload: then its bytes alone cannot stand for it. */
  get hasMoreThanData(): boolean {
    return (
      this.knownUuid !== "" ||
      this.knownTags !== null ||
      this.knownErrors !== null ||
      this.knownTmp !== null ||
      this.knownMeta !== null ||
      this.offer !== null ||
      this.bulk
    )
  }

  /** Whether anything but uuid, timestamp and data has to be written down with it. */
  get hasTravelled(): boolean {
    return this.knownTags !== null || this.knownErrors !== null || this.knownTmp !== null || this.knownMeta !== null || this.bulk
  }

  /** How {@link Event.data} reads the bytes. */
  get encodingOfBytes(): Encoding {
    return this.encoding
  }

  /** Makes the event own its bytes when it would otherwise keep a chunk more than four times its size alive. */
  own(): void {
    const { chunk } = this
    if (chunk === null || (this.end - this.start) * 4 >= chunk.length) return
    const bytes = Buffer.from(chunk.subarray(this.start, this.end))
    // What is left of a record keeps its chunk alive as well.
    if (typeof this.knownUuid !== "string") this.knownUuid = this.uuid
    if (this.offer !== null) void this.meta
    this.chunk = bytes
    this.start = 0
    this.end = bytes.length
    if (this.decoded && Buffer.isBuffer(this.value)) this.value = bytes
  }

  /** The value at a dotted path such as `data.items[0].name`, own properties only; `undefined` when it is not there. */
  get(path = "data"): unknown {
    const steps = parsePath(path)
    return readSteps(this.read(steps[0]), steps, 1)
  }

  has(path: string): boolean {
    return this.get(path) !== undefined
  }

  /** Sets the value at a dotted path below `data`, `tmp` or `tags`, making missing maps on the way. @throws Invalid */
  set(path: string, value: unknown): void {
    const steps = parsePath(path)
    const root = steps[0]
    if (steps.length === 1) return this.setRoot(root, value)
    const target = this.writableRoot(root, path, typeof steps[1] === "number")
    writeSteps(target, steps.slice(1), value)
    if (root === "data") this.data = target
  }

  /** Removes the value at a dotted path below `data`, `tmp`, `tags` or `errors`; answers whether it was there. @throws Invalid for anything else. */
  delete(path: string): boolean {
    const steps = parsePath(path)
    const root = steps[0]
    if (steps.length === 1 || !deletableRoots.has(root)) throw new Invalid(`\`${path}\` is part of every event and cannot be deleted`)
    const found = deleteSteps(this.read(root), steps.slice(1))
    if (found && root === "data") this.weight = weightOf(this.data)
    return found
  }

  /** An independent copy with a uuid of its own and this event's uuid among its parents. It shares the ticket; submitting it adds a branch. */
  clone(): Event {
    const copy = new Event(this.source, this.timestamp, undefined)
    copy.ticket = this.ticket
    copy.slot = this.slot
    copy.ttl = this.ttl
    copy.standing = Standing.copy
    copy.bulk = this.bulk
    copy.result = this.result
    copy.weight = this.weight
    // What a call makes of its event stays recognisable: when its time is over, its copies come too late as well.
    copy.call = this.call
    this.copyPayloadTo(copy)
    if (this.knownTags !== null) copy.knownTags = [...this.knownTags]
    if (this.knownErrors !== null) copy.knownErrors = { ...this.knownErrors }
    if (this.knownTmp !== null) copy.knownTmp = deepCopy(this.knownTmp) as Record<string, unknown>
    const meta = copy.meta
    const known = this.offer === null ? this.knownMeta : this.meta
    if (known !== null) {
      const { history, delivery, args } = known
      Object.assign(meta, known, { history: [...history], delivery: deepCopy(delivery), args: deepCopy(args) })
    }
    meta.parents = [...(known?.parents ?? []), this.uuid].slice(-parentsMax)
    return copy
  }

  /** The same event in a new object, for when somebody who must not change it any more still holds this one: same uuid, same branch. */
  successor(): Event {
    const next = this.clone()
    next.standing = this.standing
    next.knownUuid = this.uuid
    next.call = null
    if (this.knownMeta === null) next.knownMeta = null
    else next.meta.parents = [...this.knownMeta.parents]
    return next
  }

  /** Leaves this event no more hops than `origin` has left, which it was made from. */
  inheritHops(origin: Event): void {
    this.ttl = Math.min(this.ttl, origin.ttl)
    if (origin.knownMeta?.ttlSpent === true) this.meta.ttlSpent = true
  }

  /** Records a failure under `errors.<instance>` and in `meta.history`, which keeps the first and the last fifteen. */
  recordFailure(entry: HistoryEntry, record: ErrorRecord): void {
    this.errors[entry.instance] = record
    const { meta } = this
    meta.failures += 1
    meta.history.push(entry)
    if (meta.history.length > 2 * historyEdge) meta.history.splice(historyEdge, 1)
  }

  private copyPayloadTo(copy: Event): void {
    copy.encoding = this.encoding
    copy.decoded = this.decoded
    copy.chunk = this.chunk
    copy.start = this.start
    copy.end = this.end
    if (this.decoded) copy.value = deepCopy(this.value)
    if (this.chunk === null || (this.encoding === "text" && !Buffer.isBuffer(copy.value))) return
    // Two owners of one Buffer could change each other's data, so a copy of bytes is a real one.
    copy.chunk = Buffer.from(this.chunk.subarray(this.start, this.end))
    copy.start = 0
    copy.end = copy.chunk.length
    if (copy.decoded) copy.value = copy.chunk
  }

  private decode(): void {
    const { chunk } = this
    this.decoded = true
    if (chunk === null) return
    const view = chunk.subarray(this.start, this.end)
    this.value = this.encoding === "text" && isUtf8(view) ? view.toString("utf8") : view
  }

  /** The value of a root such as `data` or `uuid`, as templates and paths see it; `undefined` for any other name. */
  read(name: string | number | undefined): unknown {
    switch (name) {
      case "data":
        return this.data
      case "uuid":
        return this.uuid
      case "timestamp":
        return this.timestamp
      case "ttl":
        return this.ttl
      case "tags":
        return this.knownTags ?? []
      case "errors":
        return this.knownErrors ?? {}
      case "tmp":
        return this.knownTmp ?? {}
      case "meta":
        return this.offer === null ? (this.knownMeta ?? {}) : this.meta
      case "bulk":
        return this.bulk
      default:
        return undefined
    }
  }

  private setRoot(name: string | number | undefined, value: unknown): void {
    if (name === "data") this.data = value
    else if (name === "tmp" && isMap(value)) this.knownTmp = value
    else if (name === "tags" && Array.isArray(value)) this.knownTags = value.map(String)
    else throw new Invalid(`\`${name}\` of an event cannot be set to ${Array.isArray(value) ? "a list" : typeof value}`)
  }

  private writableRoot(name: string | number | undefined, path: string, listFirst: boolean): object {
    if (name === "tmp") return this.tmp
    if (name === "tags") return this.tags
    if (name === "data") {
      const { data } = this
      if (data === undefined) return listFirst ? [] : {}
      if (typeof data === "object" && data !== null && !Buffer.isBuffer(data)) return data
    }
    throw new Invalid(`\`${path}\` cannot be set: \`${name}\` holds no map or list to set it in`)
  }
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value)
