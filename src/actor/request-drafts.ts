// Requests being put together: events that go to one place, in order, until they are enough or have waited long enough. Drafts become
// ready in the order in which they became full, and what waits longest goes first among those that are not.

import { Invalid } from "../errors.ts"
import type { Event } from "../event.ts"
import { toJson } from "../event-codec.ts"
import type { BatchEnds } from "./batch-ends.ts"
import { LineJoin } from "./line-join.ts"
import { textOrBytes } from "./output.ts"

/** How several events become one body: each a line, items of a JSON list, or no more than one of them. */
export type BodyFormat = "lines" | "json_array" | "single"

export interface DraftLimits {
  readonly format: BodyFormat
  /** Whether what comes as text is JSON already, so that a list takes it as it is. */
  readonly encoded: boolean
  /** Events of one request, and bytes of its body; an event that is larger by itself goes alone. */
  readonly eventsMax: number
  readonly bytesMax: number
  /** How long the first event waits for others. */
  readonly waitMs: number
}

/** An event on its way into a request: where it is settled. */
export interface Drafted {
  readonly ends: BatchEnds
  readonly index: number
}

/** Some events of one batch. */
export interface DraftPart {
  readonly ends: BatchEnds
  readonly indexes: number[]
}

/** One request that has not been sent, or is to be sent again. */
export class RequestDraft<Target> {
  readonly target: Target
  readonly parts: DraftPart[] = []
  count = 0
  bytes = 0
  /** Of its first event. */
  readonly sinceMs: number
  /** Of the first payload: whether it was text, bytes, or anything else. */
  kind: "text" | "bytes" | "json" = "json"
  private readonly join: LineJoin
  private readonly format: BodyFormat
  private taken: Buffer | undefined = undefined
  private last: DraftPart | undefined = undefined

  constructor(target: Target, format: BodyFormat, sinceMs: number) {
    this.target = target
    this.format = format
    this.sinceMs = sinceMs
    const delimiter = { lines: "\n", json_array: ",", single: "" }[format]
    // What must not hold the delimiter was looked through before it came here.
    this.join = new LineJoin({ delimiter, allowsDelimiter: true })
  }

  /** Adds what a {@link Written} payload is. */
  add({ ends, index }: Drafted, { kind, bytes, value }: Written): void {
    if (this.count === 0) this.kind = kind
    this.join.add(value)
    this.bytes += bytes
    this.note(ends, index)
  }

  /** Adds `chunk[start, end)` for the event at `index`. */
  addPiece(ends: BatchEnds, index: number, { chunk, start, end }: Event): void {
    if (this.count === 0) this.kind = "text"
    this.join.addPiece(chunk as Buffer, start, end)
    this.bytes += end - start + 1
    this.note(ends, index)
  }

  /** What is to be sent; the same whenever it is asked for. */
  get body(): Buffer {
    return (this.taken ??= this.whole())
  }

  /** Its events were all settled by somebody else. */
  get isOver(): boolean {
    return this.parts.every(({ ends }) => ends.isOver)
  }

  /** Everything of it that is not settled arrived. */
  delivered(): void {
    for (const { ends, indexes } of this.parts) ends.delivered(indexes)
  }

  failed(error: unknown): void {
    for (const { ends, indexes } of this.parts) for (const index of indexes) ends.failed(index, error)
  }

  private note(ends: BatchEnds, index: number): void {
    this.count += 1
    const last = this.last
    if (last !== undefined && last.ends === ends) last.indexes.push(index)
    else this.parts.push((this.last = { ends, indexes: [index] }))
  }

  private whole(): Buffer {
    const joined = this.join.take()
    if (this.format !== "json_array") return joined
    // The comma behind the last item makes room for the bracket.
    const list = Buffer.allocUnsafe(joined.length + 1)
    list[0] = 0x5b
    joined.copy(list, 1)
    list[joined.length] = 0x5d
    return list
  }
}

/** A payload in the form in which it goes into a body. */
interface Written {
  readonly kind: RequestDraft<unknown>["kind"]
  readonly bytes: number
  readonly value: string | Buffer | readonly (string | Buffer)[]
}

/** Events waiting to become requests. Bounded by whoever adds to it, who can see how much there is. */
export class RequestDrafts<Target extends { readonly key: string }> {
  /** Of all that waits. */
  events = 0
  bytes = 0
  private readonly limits: DraftLimits
  private readonly open = new Map<string, RequestDraft<Target>>()
  private ready: RequestDraft<Target>[] = []
  /** The draft that was added to last, while it is open. */
  private recent: RequestDraft<Target> | undefined = undefined

  constructor(limits: DraftLimits) {
    this.limits = limits
  }

  /** Adds a payload to the draft for its target. @throws Invalid when it cannot be written. */
  add(target: Target, drafted: Drafted, { payload, nowMs }: { payload: unknown; nowMs: number }): void {
    const written = this.written(payload)
    const draft = this.draftFor(target, written.bytes, nowMs)
    draft.add(drafted, written)
    this.added(draft, written.bytes)
  }

  /** The same for an event whose bytes leave as they are; they must not be changed any more. @throws Invalid */
  addBytes(target: Target, { ends, index }: Drafted, nowMs: number): void {
    const event = ends.event(index)
    const { start, end } = event
    if (this.limits.format === "lines" && holdsLineEnd(event.chunk as Buffer, start, end)) refuseLineEnd()
    const bytes = end - start + 1
    const draft = this.draftFor(target, bytes, nowMs)
    draft.addPiece(ends, index, event)
    this.added(draft, bytes)
  }

  /** The next one to send: a ready one, or, when its time has come or `now` says so, the one that waits longest. */
  next({ nowMs, now }: { nowMs: number; now: boolean }): RequestDraft<Target> | undefined {
    const next = this.ready.shift() ?? this.oldest(now ? Number.POSITIVE_INFINITY : nowMs)
    if (next === undefined) return undefined
    this.events -= next.count
    this.bytes -= next.bytes
    return next
  }

  /** Puts some back, to be the next ones, in this order; empty ones fall away. */
  putBack(drafts: readonly RequestDraft<Target>[]): void {
    const filled = drafts.filter(({ count }) => count > 0)
    this.ready.unshift(...filled)
    for (const { count, bytes } of filled) {
      this.events += count
      this.bytes += bytes
    }
  }

  /** Takes all of them, in the order in which they would be sent. */
  takeAll(): RequestDraft<Target>[] {
    const all = [...this.ready, ...this.open.values()]
    this.ready = []
    this.open.clear()
    this.recent = undefined
    this.events = 0
    this.bytes = 0
    return all
  }

  /** When the one that waits longest has waited long enough; `undefined` when none waits. */
  get dueMs(): number | undefined {
    const [first] = this.open.values()
    return first === undefined ? undefined : first.sinceMs + this.limits.waitMs
  }

  /** A draft of its own for some events that were in another one. Those that cannot be written any more fail. */
  draftOf(target: Target, some: readonly Drafted[], payloadOf: (one: Drafted) => unknown): RequestDraft<Target> {
    const draft = new RequestDraft(target, this.limits.format, 0)
    for (const one of some) {
      try {
        draft.add(one, this.written(payloadOf(one)))
      } catch (thrown) {
        one.ends.failed(one.index, thrown)
      }
    }
    return draft
  }

  private oldest(nowMs: number): RequestDraft<Target> | undefined {
    const due = this.dueMs
    if (due === undefined || due > nowMs) return undefined
    const [[key, draft] = []] = this.open
    if (key !== undefined) this.open.delete(key)
    this.recent = undefined
    return draft
  }

  /** The draft that takes so many more bytes. */
  private draftFor(target: Target, bytes: number, nowMs: number): RequestDraft<Target> {
    const { bytesMax, format } = this.limits
    const { recent } = this
    const found = recent?.target === target ? recent : this.open.get(target.key)
    if (found !== undefined && found.bytes + bytes <= bytesMax) return (this.recent = found)
    if (found !== undefined) this.seal(found)
    const draft = new RequestDraft(target, format, nowMs)
    this.open.set(target.key, draft)
    return (this.recent = draft)
  }

  private added(draft: RequestDraft<Target>, bytes: number): void {
    this.events += 1
    this.bytes += bytes
    if (draft.count >= this.limits.eventsMax || draft.bytes >= this.limits.bytesMax) this.seal(draft)
  }

  private seal(draft: RequestDraft<Target>): void {
    this.recent = undefined
    this.open.delete(draft.target.key)
    this.ready.push(draft)
  }

  /** @throws Invalid */
  private written(payload: unknown): Written {
    const { format, encoded } = this.limits
    if (format === "lines" && Array.isArray(payload)) return writtenLines(payload)
    const kind = typeof payload === "string" ? "text" : Buffer.isBuffer(payload) ? "bytes" : "json"
    const value = format === "json_array" && !encoded ? toJson(payload) : textOrBytes(payload)
    if (format === "lines" && value.includes("\n")) refuseLineEnd()
    return { kind, bytes: Buffer.byteLength(value) + 1, value }
  }
}

/** A list is a line an item. */
function writtenLines(list: readonly unknown[]): Written {
  const value = list.map(textOrBytes)
  if (value.some((line) => line.includes("\n"))) refuseLineEnd()
  return { kind: "json", bytes: value.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0), value }
}

function holdsLineEnd(chunk: Buffer, start: number, end: number): boolean {
  const at = chunk.indexOf(10, start)
  return at >= 0 && at < end
}

function refuseLineEnd(): never {
  throw new Invalid("the data holds a line end, so in a body of lines it would arrive as several events", { code: "line_end" })
}
