// Passes the first event of a sort and sends those that repeat it to `duplicates` (without a route there they fall away, and are counted
// as dropped). What makes a repetition is the value at `path`: by default the uuid, usually an id in the data.
//
// A repetition is not the same event come again. Failed events keep their uuid and their data, and must be able to pass once more:
// - An event that comes back by a route of `failed` (a failover loop, a retry) has failed once more than when it passed; it, or a copy
//   of it, is recognised by its uuid and passes.
// - With `remember: ended` (default) a key counts from when its event passes, and is forgotten when the event ends badly: whoever is told
//   of that (a disk, a client, a broker) sends it again, under whatever uuid, and it passes. Only what came well through, or is still
//   on its way, has repetitions. What repeats an event that fails later was sent to `duplicates` and is not called back.
// - With `remember: taken` a key stays, whatever becomes of its event. Nothing that is sent again after a failure gets through: for
//   graphs in which twice is worse than never.
//
// Keys are kept in memory: at most `size`, the longest unused go first, and none longer than `window` after its event passed. A restart
// forgets them all.

import { createHash, type Hash } from "node:crypto"
import { type Contract, defineModule, duration, type Event, eventPath, Invalid, ProcessModule, z } from "../../src/index.ts"

const depthMax = 100
/** Longer text is remembered by its digest. */
const keyCharactersMax = 64

const spec = defineModule({
  name: "wishbone.process.dedupe",
  summary: "Passes the first of several events that are the same, by uuid or by a value in them.",
  arguments: {
    path: eventPath().default("uuid").describe("What makes two events the same; any type of value."),
    size: z.int().min(1).max(10_000_000).default(100_000).describe("Keys remembered at most; about 250 bytes each."),
    window: duration({ minMs: 1 }).prefault("10m").describe("How long a key is remembered."),
    missing: z.enum(["fail", "pass"]).default("fail").describe("What becomes of an event with nothing at `path`."),
    remember: z
      .enum(["ended", "taken"])
      .default("ended")
      .describe("`ended`: a key is forgotten when its event ends badly, so that it can be sent again; `taken`: it stays."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events, some of them repeated." },
    outbox: { direction: "out", summary: "Events that repeat none." },
    duplicates: { direction: "out", summary: "Events that repeat another, unchanged." },
  },
  contract: ({ path }): Contract => ({
    acknowledges: "none",
    waits: { inbox: ["outbox", "duplicates"] },
    failsWithinMs: 0,
    fails: path !== "uuid",
    reorders: false,
    holds: "nothing",
  }),
  examples: [
    { title: "By an id that the sender gives", arguments: { path: "data.id", window: "1h" } },
    { title: "By all of the data", arguments: { path: "data", size: 10_000, window: 5 } },
  ],
})

/** What is remembered of an event that passed. */
interface Passed {
  readonly uuid: string
  readonly failures: number
  readonly origin: Event["meta"]["origin"]
  readonly untilMs: number
}

export default class Dedupe extends ProcessModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event) => this.#pass(event) }
  /** In the order of use, the longest unused first. */
  readonly #passed = new Map<string, Passed>()
  #warned = false

  #pass(event: Event): undefined {
    const key = this.#keyOf(event)
    if (key === undefined) return this.submit(event)
    const nowMs = this.platform.clock.monotonic()
    const known = this.#passed.get(key)
    if (known !== undefined && nowMs < known.untilMs && !isAgain(event, known)) {
      this.#passed.delete(key)
      this.#passed.set(key, known)
      return this.submit(event, "duplicates")
    }
    this.#remember(key, event, nowMs)
    return this.submit(event)
  }

  #remember(key: string, event: Event, nowMs: number): void {
    const { failures = 0 } = event.knownMetaOrNull ?? {}
    const { origin } = event
    const passed: Passed = { uuid: event.uuid, failures, origin, untilMs: nowMs + this.args.window }
    this.#passed.delete(key)
    if (this.#passed.size >= this.args.size) this.#forgetOldest(nowMs)
    this.#passed.set(key, passed)
    if (this.args.remember === "taken") return
    this.watchEnd(event, (failed) => {
      // Unless another event has passed under the key since.
      if (failed !== undefined && this.#passed.get(key) === passed) this.#passed.delete(key)
    })
  }

  #forgetOldest(nowMs: number): void {
    for (const [key, { untilMs }] of this.#passed) {
      this.#passed.delete(key)
      if (untilMs <= nowMs || this.#warned) return
      this.#warned = true
      this.log.warn(`more than ${this.args.size} different events within the window: repetitions of the oldest will pass (\`size\`)`)
      return
    }
  }

  #keyOf(event: Event): string | undefined {
    const { path, missing } = this.args
    const value = event.get(path)
    if (value !== undefined) return keyOf(value)
    if (missing === "pass") return undefined
    throw new Invalid(`the event has nothing at \`${path}\``, { code: "dedupe_missing" })
  }
}

/** Whether `event` is what passed, or a copy of it, and not another one like it: it has failed since, or its record is offered again. */
function isAgain(event: Event, { uuid, failures, origin }: Passed): boolean {
  const { knownMetaOrNull: meta, origin: from } = event
  if (meta !== null && meta.failures > failures && (event.uuid === uuid || meta.parents.includes(uuid))) return true
  return from !== undefined && from.spool === origin?.spool && from.sequence === origin.sequence && event.uuid === uuid
}

/** Text that is the same for values that are the same, type included, and short whatever they are. */
function keyOf(value: unknown): string {
  if (typeof value === "string" && value.length <= keyCharactersMax) return `s${value}`
  if (typeof value === "number" || typeof value === "boolean") return `${typeof value}${String(value)}`
  const hash = createHash("sha256")
  digest(hash, value, 0)
  return `#${hash.digest("base64")}`
}

/** Adds a value to a digest, each part with its type and length, so that no two values look alike; keys of maps in order of the alphabet. */
function digest(hash: Hash, value: unknown, depth: number): void {
  if (depth > depthMax) throw new Invalid(`maps and lists lie more than ${depthMax} deep in each other`, { code: "dedupe_depth" })
  if (typeof value === "string") digestText(hash, "s", value)
  else if (Buffer.isBuffer(value)) hash.update(`b${value.length}:`).update(value)
  else if (Array.isArray(value)) {
    hash.update(`l${value.length}:`)
    for (const item of value) digest(hash, item, depth + 1)
  } else if (typeof value === "object" && value !== null && !(value instanceof Date)) {
    const keys = Object.keys(value).toSorted()
    hash.update(`m${keys.length}:`)
    for (const key of keys) {
      digestText(hash, "k", key)
      digest(hash, (value as Record<string, unknown>)[key], depth + 1)
    }
  } else digestText(hash, typeof value, String(value instanceof Date ? value.getTime() : value))
}

function digestText(hash: Hash, sort: string, text: string): void {
  hash.update(`${sort}${text.length}:`).update(text)
}
