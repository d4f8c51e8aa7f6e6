// What a module declares about itself, as plain data. From this one declaration follow argument types, validation, defaults, `show`
// text and JSON Schema (arguments.ts, show.ts, json-schema.ts in this folder).

import type { z } from "./schema.ts"

/** The four kinds of module; the second part of an id such as `wishbone.flow.funnel`. */
export type ModuleKind = "input" | "flow" | "process" | "output"

/** One queue of a module. The name `"*"` stands for whatever queues the routes name (funnel, fanout). */
export interface QueueSpec {
  readonly direction: "in" | "out"
  readonly summary: string
  /** Of an in queue: what a handler that threw `Retry` asked for is honoured by whoever consumes it. */
  readonly retries?: true
}

/** How far an acknowledgement of the module reaches: nothing told, taken over, presumed read, on disk, read by the peer. */
export type Acknowledges = "none" | "accepted" | "presumed" | "durable" | "delivered"

/** What `lint`, `guarantee` and deadlock detection read. No contract counts as the weakest. */
export interface Contract {
  readonly acknowledges: Acknowledges
  /** In queue to the out queues its consumer may put into before it is done with an event. Default: every in queue on every out queue
   *  (`"*"` allowed on both sides). `successful` and `failed` always count. */
  readonly waits?: Readonly<Record<string, readonly string[]>>
  /** How long the module takes at most until it fails an event it cannot deliver; `"arguments.timeout"` names the argument. */
  readonly failsWithinMs: number | "arguments.timeout"
  /** Whether an event can fail in the module at all. Default: it can. */
  readonly fails?: boolean
  readonly reorders: boolean
  readonly holds: "nothing" | "memory" | "store"
  /** The module delays events that go round (disk, store, throttle): a cycle through `failed` needs one such. */
  readonly delays?: boolean
  /** Disk modules on one directory count as joined: the directory argument's name. */
  readonly directory?: string
}

/** What bounds an instance beside its arguments. */
export interface MemoryLimits {
  /** `inflight: { bytes }` of the instance. */
  readonly inflightBytes: number
}

/** A worked use of the module, shown by `show` and validated by a test. */
export interface Example<Arguments = Readonly<Record<string, unknown>>> {
  readonly title: string
  readonly arguments: Arguments
}

/** The zod object shape of a module's own arguments. */
export type ArgumentShape = Record<string, z.ZodType>

/** The queues of a module by name. */
export type QueueMap = Readonly<Record<string, QueueSpec>>

/** What `defineModule` takes. */
export interface ModuleDeclaration<
  Shape extends ArgumentShape,
  Queues extends QueueMap = QueueMap,
  Name extends string = string,
  KindShape extends ArgumentShape = Record<never, never>,
> {
  /** `namespace.kind.name`, lowercase. */
  readonly name: Name
  readonly summary: string
  readonly arguments: Shape
  readonly queues: Queues
  readonly contract?: Contract | ((args: z.output<z.ZodObject<NoInfer<Merged<KindShape, Shape>>>>) => Contract)
  /**
   * The most bytes of events that an instance keeps in memory beside its queues: tails, buffers, and, where it takes batches, those it has
   * not settled yet (`limits.inflightBytes`). `lint` adds them up. Without it, nothing is known.
   */
  readonly memory?: (args: z.output<z.ZodObject<NoInfer<Merged<KindShape, Shape>>>>, limits: MemoryLimits) => number
  /** Former argument names: `{ address: "host" }`. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Of an input or output that has no bytes to decode or encode, such as one on disk: a `protocol` there is a mistake. */
  readonly protocol?: false
  /** The module fills in templates that need the event itself: its arguments hold them as `LateTemplate`. Default: they are filled in for
   *  it before each call. */
  readonly lateTemplates?: boolean
  /** The module hears elsewhere that its events arrived, and says itself what goes to `successful`: nothing is copied there when it hands
   *  an event on, and what ends in it was delivered. Default: it is the destination, or a step like any other. */
  readonly confirms?: boolean
  /** Arguments that may change while the instance runs: its module has `applyArguments`. Default: any change starts it anew. */
  readonly live?: readonly (string & keyof NoInfer<Merged<KindShape, Shape>>)[]
  readonly examples?: readonly Example<z.input<z.ZodObject<NoInfer<Merged<KindShape, Shape>>>>>[]
}

/** What a kind adds, less what the module declares itself: its own declaration wins. */
export type Merged<KindShape extends ArgumentShape, Shape extends ArgumentShape> = Omit<KindShape, keyof Shape> & Shape

/** What components of every sort declare: modules, protocols, functions. */
export interface ComponentSpec<Shape extends ArgumentShape = ArgumentShape> {
  readonly name: string
  readonly summary: string
  readonly arguments: Readonly<Shape>
  /** The same as one schema; made at the first use. */
  readonly schema: z.ZodObject
  /** Former argument names. */
  readonly aliases: Readonly<Record<string, string>>
  readonly examples: readonly Example[]
}

/** Marks a {@link ModuleSpec} across copies of this package. */
export const specBrand: unique symbol = Symbol.for("wishbone-ts.module-spec")

/** A checked declaration: what `defineModule` gives. Frozen. */
export interface ModuleSpec<Shape extends ArgumentShape = ArgumentShape, Queues extends QueueMap = QueueMap, Name extends string = string> {
  readonly [specBrand]: true
  /** Canonical id, `namespace.kind.name`. */
  readonly name: Name
  readonly kind: ModuleKind
  readonly summary: string
  /** The arguments of the module, those its kind adds included. */
  readonly arguments: Readonly<Shape>
  /** The same as one schema; made at the first use. */
  readonly schema: z.ZodObject
  readonly queues: Queues
  readonly contract: Contract | ((args: never) => Contract) | undefined
  readonly memory?: ((args: never, limits: MemoryLimits) => number) | undefined
  /** Whether a `protocol` has a place there; in an input or output that says nothing it has. */
  readonly takesProtocol?: boolean
  /** Whether the module fills in templates that need the event itself. */
  readonly lateTemplates?: boolean
  /** Whether the module says itself what goes to `successful`. */
  readonly confirms?: boolean
  /** Arguments that may change while an instance runs. */
  readonly live?: readonly string[]
  readonly aliases: Readonly<Record<string, string>>
  readonly examples: readonly Example[]
}

/** The arguments as the module's handlers see them: validated, defaults filled in, templates rendered. */
export type Args<Spec> = Spec extends { readonly arguments: Readonly<infer Shape extends ArgumentShape> }
  ? Readonly<z.output<z.ZodObject<Shape>>>
  : never

/** Names of the queues a module consumes from; `string` where it declares `"*"`. */
export type InQueue<Spec> = QueueNames<Spec, "in">

/** Names of the queues a module submits to, without the four every instance has; `string` where it declares `"*"`. */
export type OutQueue<Spec> = QueueNames<Spec, "out">

type QueueNames<Spec, Direction extends "in" | "out"> = Spec extends { readonly queues: infer Queues }
  ? {
      [Name in keyof Queues & string]: Queues[Name] extends { readonly direction: Direction } ? (Name extends "*" ? string : Name) : never
    }[keyof Queues & string]
  : never

/** Whether `value` is a {@link ModuleSpec}, of this or of another copy of the package. */
export function isModuleSpec(value: unknown): value is ModuleSpec {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[specBrand] === true
}
