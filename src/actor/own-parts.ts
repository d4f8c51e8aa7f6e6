// Makes what belongs to one instance beside its module: the decoder or encoder of its `protocol`, the functions of its in queues, and the
// functions that its templates call. Nothing here is shared between instances, so state (a decoder's half line, the place in a cycle) is
// never mixed up.

import { WishboneError } from "../errors.ts"
import type { Event } from "../event.ts"
import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import { checkArguments, findTemplates } from "../spec/arguments.ts"
import type { FunctionSpec } from "../spec/function.ts"
import type { ProtocolSpec } from "../spec/protocol.ts"
import type { ComponentSpec } from "../spec/spec.ts"
import { actorArguments } from "./arguments.ts"
import type { Decoder } from "./decoder.ts"
import type { Encoder } from "./encoder.ts"
import { type ModuleFunction, QueueFunctions } from "./module-function.ts"
import type { Part, PartContext } from "./part.ts"
import type { TemplateSetting } from "./template.ts"
import { compileArguments } from "./template-arguments.ts"
import type { TemplateFunction } from "./template-function.ts"

/** Class of a protocol or function. */
export interface PartClass<Made extends Part = Part, Spec extends ComponentSpec = ComponentSpec> {
  readonly spec: Spec
  new (context: PartContext): Made
}

/** Class of a protocol: its spec says which of the two it makes. */
export type ProtocolClass = PartClass<Decoder | Encoder, ProtocolSpec>
export type ModuleFunctionClass = PartClass<ModuleFunction, FunctionSpec>
export type TemplateFunctionClass = PartClass<TemplateFunction, FunctionSpec>

/** A class and the arguments it is used with. */
export interface PartUse<Class> {
  readonly create: Class
  /** Checked. @defaultValue none are given, which must do */
  readonly arguments?: Readonly<Record<string, unknown>>
}

/** What an instance uses. */
export interface PartUses {
  readonly protocol?: PartUse<ProtocolClass> | undefined
  /** By in queue, in order. */
  readonly functions?: Readonly<Record<string, readonly PartUse<ModuleFunctionClass>[]>> | undefined
  /** By the name templates call them by. Only those are made that a template names. */
  readonly templateFunctions?: Readonly<Record<string, PartUse<TemplateFunctionClass>>> | undefined
}

/** What parts need of the world. */
export interface PartsWorld {
  readonly platform: Platform
  /** Of the instance. */
  readonly log: Log
  readonly version: string
}

/** The parts of one instance. */
export class OwnParts {
  readonly decoder: Decoder | null
  readonly encoder: Encoder | null
  /** By in queue. */
  readonly functions: ReadonlyMap<string, QueueFunctions>
  /** What its templates may use. */
  readonly setting: TemplateSetting
  private readonly world: PartsWorld
  private readonly made: Part[] = []
  private prepared = false

  /** @throws WishboneError when a template among the arguments of a function cannot be made. */
  constructor(uses: PartUses, world: PartsWorld) {
    this.world = world
    const { platform, version } = world
    const { protocol, functions = {}, templateFunctions = {} } = uses
    const constant = Object.keys(templateFunctions).filter((name) => templateFunctions[name]?.create.spec.constant === true)
    this.setting = {
      env: platform.environment,
      version,
      pid: platform.pid,
      functions: this.callable(templateFunctions),
      constants: new Set(constant),
    }
    const made = protocol && this.make<Decoder | Encoder>(protocol)
    this.decoder = protocol?.create.spec.kind === "decode" ? (made as Decoder) : null
    this.encoder = protocol?.create.spec.kind === "encode" ? (made as Encoder) : null
    this.functions = new Map(Object.entries(functions).map(([queue, list]) => [queue, this.queueFunctions(list)]))
  }

  /** To be awaited before the instance starts. @throws whatever a part throws */
  async prepare(): Promise<void> {
    for (const part of this.made) await part.prepare()
    this.prepared = true
  }

  private make<Made extends Part>(
    { create, arguments: given }: PartUse<PartClass<Made>>,
    args: object = given ?? defaultsOf(create.spec),
  ): Made {
    const { platform, version, log } = this.world
    const part = new create({ args: Object.freeze(args), platform, version, log })
    this.made.push(part)
    // Named by a template that was read from a file while the graph runs.
    if (this.prepared) void this.prepareLate(part)
    return part
  }

  private async prepareLate(part: Part): Promise<void> {
    try {
      await part.prepare()
    } catch (thrown) {
      this.world.log.error(`a template function could not be prepared: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
  }

  private queueFunctions(list: readonly PartUse<ModuleFunctionClass>[]): QueueFunctions {
    const uses = list.map((use) => {
      const { create, arguments: values = defaultsOf(create.spec) } = use
      const { fixed, perEvent, compile } = compileArguments(create.spec, values, findTemplates(create.spec, values), this.setting)
      const made = this.make(use, fixed)
      const args = actorArguments(fixed, perEvent === undefined ? null : (event: Event) => perEvent(event), compile)
      return { apply: (event: Event, rendered: never) => made.apply(event, rendered) as unknown, args }
    })
    return new QueueFunctions(uses)
  }

  /** Functions by name, each made when the first template asks for it. */
  private callable(uses: Readonly<Record<string, PartUse<TemplateFunctionClass>>>): NonNullable<TemplateSetting["functions"]> {
    const functions: Record<string, (...args: readonly unknown[]) => unknown> = {}
    for (const [name, use] of Object.entries(uses)) {
      let called: ((...args: readonly unknown[]) => unknown) | undefined
      const make = (): typeof called => {
        const made = this.make(use)
        return (...given) => made.call(...given)
      }
      Object.defineProperty(functions, name, { enumerable: true, get: () => (called ??= make()) })
    }
    return functions
  }
}

/** The arguments of a component that was given none. @throws WishboneError `WB_PART_ARGUMENTS` when it needs some. */
function defaultsOf(spec: ComponentSpec): Readonly<Record<string, unknown>> {
  const { values, problems } = checkArguments(spec, {})
  if (problems[0] === undefined) return values
  const [, sort, kind] = spec.name.split(".")
  const section = sort === "protocol" ? "protocols" : `${kind}_functions`
  throw new WishboneError("WB_PART_ARGUMENTS", { name: spec.name, problem: problems[0].message, section })
}
