// The Plan: what is left of a bootstrap file after checking. Plain data, made by `bootstrap/check.ts` (or by hand in a program that
// embeds the router), from which the router builds the graph. Defaults are already filled in and units are milliseconds and bytes.

/** Order in which a queue gives its events. `priority`: lower first, ties by arrival. */
export type QueueOrder = "fifo" | "lifo" | "priority"

/** What a full queue does with a new event: its producer waits, the new or the oldest event is dropped, or what is new goes to disk. */
export type WhenFull = "wait" | "drop_new" | "drop_old" | "spill"

/** Where a queue's events live. */
export type QueueStore = "memory" | "disk"

/** When events on disk are synced: before their producer is told, so many milliseconds after that at most, or as the system likes. */
export type QueueSync = "batch" | "never" | number

/** Settings of one queue; it belongs to the instance at its consumer end. */
export interface QueuePlan {
  /** Events, at least 1. */
  readonly size: number
  /** Payload bytes, at least 1. */
  readonly bytes: number
  readonly order: QueueOrder
  readonly whenFull: WhenFull
  /** Priority of events that carry none. */
  readonly priority: number
  /** With `disk` every event is on disk before its producer is told; `size` and `bytes` bound what is read ahead. Absent: memory. */
  readonly store?: QueueStore
  /** With a queue that uses the disk. Absent: `batch`. */
  readonly sync?: QueueSync
  /** With a queue that uses the disk: bytes there at which it is full. Absent: as much as the disk takes. */
  readonly diskBytes?: number
  /** `instance.queue` under which it is known, where that is not the instance at its end: its folder on disk is called so. */
  readonly place?: string
}

/** Concurrent calls of a one-event handler. */
export interface ConsumersPlan {
  readonly min: number
  readonly max: number
  /** How long a call slot above `min` may idle before it is given up, in milliseconds. */
  readonly idleMs: number
}

/** A protocol or function in use, its arguments checked like those of a module. */
export interface PartPlan {
  /** Canonical id: `wishbone.protocol.decode.json`. */
  readonly id: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** One instance of a module. */
export interface InstancePlan {
  readonly name: string
  /** Canonical id: `wishbone.output.tcp`. */
  readonly module: string
  readonly description: string
  /** Validated by the module's spec, defaults filled in; a templated argument that holds `{{` is still its text. */
  readonly arguments: Readonly<Record<string, unknown>>
  /** Only queues the file mentions; others take `defaultQueue`. */
  readonly queues: Readonly<Record<string, QueuePlan>>
  readonly consumers: ConsumersPlan
  /** Bound on a handler's promise in milliseconds; absent: none. */
  readonly timeoutMs?: number
  /** What a batch consumer may have taken and not settled. */
  readonly inflight: { readonly events: number; readonly bytes: number }
  /** Events the instance may hold; at it, the instance takes nothing more. */
  readonly holdMax: number
  /** The decoder of an input, the encoder of an output. */
  readonly protocol?: PartPlan
  /** What is done to each event of an in queue before it is handled, in order. */
  readonly functions?: Readonly<Record<string, readonly PartPlan[]>>
  /** The functions that templates among the arguments call, by name; those of the instance's functions as well. */
  readonly templateFunctions?: Readonly<Record<string, PartPlan>>
  /** What fails for a reason that may pass is kept and offered again: arguments of a `wishbone.flow.retry` that the router puts around it. */
  readonly retry?: Readonly<Record<string, unknown>>
}

/** One store of the graph. */
export interface StorePlan {
  /** Name of the driver: a built-in one, a registered one, or the absolute path of the file that has it. */
  readonly driver: string
  /** Validated by the driver, defaults filled in. */
  readonly settings: Readonly<Record<string, unknown>>
  /** How long to go on trying to open it. */
  readonly startupMs: number
}

/** One end of a route. Queue names are canonical (`successful`, `failed`, `logs`, `metrics`, …). */
export interface RouteEnd {
  readonly instance: string
  readonly queue: string
}

/** `source -> destination`: both share one queue object. */
export interface RoutePlan {
  readonly source: RouteEnd
  readonly destination: RouteEnd
}

/** A graph ready to be built. */
export interface Plan {
  /** Where it was read from, for messages; `-` for standard input. */
  readonly file: string
  /** Relative paths of arguments count from here (absolute). */
  readonly folder: string
  /** Folder for durable queues and the embedded store (absolute). */
  readonly state: string
  readonly instances: readonly InstancePlan[]
  readonly routes: readonly RoutePlan[]
  /** Where every unrouted `failed` goes, except those of instances reachable from it. */
  readonly failed?: RouteEnd
  readonly metricsIntervalMs: number
  /** Stores by name. Absent: none but `default`. */
  readonly stores?: Readonly<Record<string, StorePlan>>
  /** Settings of queues that no instance mentions. */
  readonly defaultQueue: QueuePlan
}

/** Defaults of `design.md` 7: 100 events and 16 MiB, first in first out, producers wait. */
export const defaultQueuePlan: QueuePlan = { size: 100, bytes: 16 * 1024 * 1024, order: "fifo", whenFull: "wait", priority: 1000 }

/** One call at a time, which keeps order. */
export const defaultConsumers: ConsumersPlan = { min: 1, max: 1, idleMs: 10_000 }

export const defaultInflight = { events: 100_000, bytes: 32 * 1024 * 1024 } as const

export const defaultHoldMax = 10_000

/** Queues that every instance has, beside those its module declares. */
export const systemQueues = ["successful", "failed", "logs", "metrics"] as const
