// Keeps events that failed for a reason that may pass, and offers them again: the module around `Retrying`, which does the work. What `retry:`
// on an instance means is one of these around it.

import {
  type Batch,
  defineModule,
  duration,
  type Event,
  FlowModule,
  failureKinds,
  type ModuleContext,
  Retrying,
  type RetrySettings,
  type Stores,
  storeName,
  z,
} from "../../src/index.ts"

const backoff = z
  .object({
    factor: z.number().min(1).default(1).describe("Each wait is so many times as long as the one before."),
    cap: duration({ minMs: 1 }).default(3_600_000).describe("No wait is longer, unless `interval` is."),
    jitter: z.number().min(0).max(1).default(0).describe("Share by which waits are longer or shorter, by chance."),
  })
  .prefault({})
  .describe("How waits grow.")

const spec = defineModule({
  name: "wishbone.flow.retry",
  summary: "Keeps events that failed for a reason that may pass, and offers them again.",
  arguments: {
    store: storeName().default("default").describe("The store, as `stores:` names it."),
    owner: z.string().min(1).optional().describe("Begins the names of the buckets; by default the name of the instance."),
    enabled: z.boolean().default(true).describe("Off: what is kept stays kept, and new failures go on as if this were not here."),
    interval: duration().default(300_000).describe("Until the next try; at least a second."),
    max: z.int().default(10).describe("Tries after the first; 0: no end."),
    backoff,
    on: z
      .union([z.enum(["transient", "all", "none"]), z.array(z.string().min(1)).min(1)])
      .default("transient")
      .describe('Failures that are tried again: `transient`, `all`, `none`, or a list of codes (`ECONNREFUSED`, `"503"`).'),
    on_success: z.boolean().default(true).describe("A fresh event that gets through again brings all others at once."),
    first: z.enum(["interval", "now"]).default("interval").describe("When what was found at the start is offered first."),
    order: z
      .enum(["relaxed", "strict"])
      .default("relaxed")
      .describe("`strict`: every event is kept first and tried in the order of arrival, one at a time."),
    keep: z
      .array(z.enum(failureKinds))
      .default(["invalid", "quarantined"])
      .describe("Kinds of failures of which a copy is kept in the bucket `<owner>.dead`."),
    version: z
      .string()
      .min(1)
      .max(200)
      .default("auto")
      .describe("What kept events are compared with: `auto`, what lies behind; `off`; or a text to be changed by hand."),
    batch: z.int().min(1).max(10_000).default(100).describe("Events taken from the store at a time."),
    concurrency: z.int().min(1).max(1000).default(1).describe("Batches that may be on their way without an answer."),
    lease: duration({ minMs: 1000 }).default(60_000).describe("How long no other process gets an event that was taken."),
    max_entries: z.int().min(0).default(0).describe("Events kept at which nothing fresh is taken; 0: no bound."),
    max_age: duration({ minMs: 1 }).optional().describe("Age at which an event that is kept is given up."),
    store_timeout: duration().default(30_000).describe("How long to wait for a store that refuses, before events fail as `unstored`."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events to hand on." },
    outbox: { direction: "out", summary: "Events, first and again: to the instance that may fail." },
    acknowledge: { direction: "in", summary: "Events that arrived: its `successful`. They leave on `successful`." },
    retry: { direction: "in", summary: "Events that failed: its `failed`.", retries: true },
    exhausted: { direction: "out", summary: "Events that are given up, or failed for another reason; by `failed` if it is not routed." },
  },
  contract: ({ order }) => ({
    acknowledges: "none",
    waits: { inbox: ["outbox"], acknowledge: [], retry: ["exhausted"] },
    failsWithinMs: Number.POSITIVE_INFINITY,
    reorders: order !== "strict",
    holds: "store",
    delays: true,
  }),
  confirms: true,
  live: [
    "enabled",
    "interval",
    "max",
    "backoff",
    "on",
    "on_success",
    "keep",
    "version",
    "batch",
    "concurrency",
    "lease",
    "max_entries",
    "max_age",
    "store_timeout",
  ],
  memory: (_args, { inflightBytes }) => inflightBytes,
  examples: [
    { title: "Every five minutes, ten times", arguments: { interval: "5m", max: 10 } },
    {
      title: "For ever, with growing waits, in order",
      arguments: { interval: 1, max: 0, backoff: { factor: 2, cap: "5m" }, order: "strict" },
    },
  ],
})

export default class RetryFlow extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers: FlowModule["consumers"]
  override readonly batches: FlowModule["batches"]
  readonly #retrying: Retrying

  constructor(context: ModuleContext) {
    super(context)
    const { store, owner = this.name, order } = this.args
    const { actor, shared } = context
    const retrying = new Retrying({
      actor,
      owner,
      settings: settingsOf(this.args),
      open: (bucket) => (shared.get("stores") as Stores).bucket(store, bucket),
      out: actor.port("outbox"),
      exhausted: actor.port("exhausted"),
    })
    this.#retrying = retrying
    const acknowledge = (event: Event): void => retrying.acknowledge(event)
    const inbox = (event: Event): unknown => this.#pass(event)
    const retry = (batch: Batch): unknown => retrying.takeFailed(batch)
    // In relaxed order fresh events go straight through; in strict order each is kept first, many at a time.
    this.consumers = order === "strict" ? { acknowledge } : { acknowledge, inbox }
    this.batches = order === "strict" ? { retry, inbox: (batch: Batch): unknown => retrying.takeInOrder(batch) } : { retry }
  }

  override preHook(): Promise<void> {
    return this.#retrying.start()
  }

  override applyArguments(args: RetryFlow["args"]): void {
    this.#retrying.apply(settingsOf(args))
  }

  override stopOffering(): void {
    this.#retrying.stopOffering()
  }

  override flush(): Promise<void> {
    return this.#retrying.flush()
  }

  override postHook(): Promise<void> {
    return this.#retrying.close()
  }

  #pass(event: Event): unknown {
    const room = this.#retrying.room()
    return room === undefined ? this.submit(event, "outbox") : room.then(() => this.submit(event, "outbox"))
  }
}

function settingsOf(args: RetryFlow["args"]): RetrySettings {
  const { factor, cap, jitter } = args.backoff
  return {
    enabled: args.enabled,
    intervalMs: args.interval,
    max: args.max,
    backoff: { factor, capMs: cap, jitter },
    on: args.on,
    onSuccess: args.on_success,
    first: args.first,
    order: args.order,
    keep: args.keep,
    version: versionOf(args.version),
    batch: args.batch,
    concurrency: args.concurrency,
    leaseMs: args.lease,
    maxEntries: args.max_entries,
    maxAgeMs: args.max_age,
    storeTimeoutMs: args.store_timeout,
  }
}

/** `auto` itself stands for no version: the router puts in what it works out of the graph. */
function versionOf(version: string): string {
  return version === "off" || version === "auto" ? "" : version
}
