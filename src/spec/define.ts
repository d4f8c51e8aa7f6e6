// From a declaration to a spec: fills in what the kind adds, refuses what cannot be meant, and freezes the result. Runs at import of
// every module, so it does as little as it can; the schema of all arguments is joined at the first use.

import { WishboneError } from "../errors.ts"
import { type KindShape, kindArguments, moduleKinds } from "./kinds.ts"
import { systemQueues } from "./plan.ts"
import { z } from "./schema.ts"
import {
  type ArgumentShape,
  type Merged,
  type ModuleDeclaration,
  type ModuleKind,
  type ModuleSpec,
  type QueueMap,
  specBrand,
} from "./spec.ts"

/**
 * Declares a module: one piece of plain data from which argument types, validation, defaults, `show` text and JSON Schema follow.
 * The second part of `name` is the kind, and adds that kind's own arguments (inputs `destination` and `native_events`, outputs
 * `selection`, `payload` and `native_events`); a declared argument of such a name wins.
 *
 * @throws WishboneError `WB_MODULE_NAME` when the name is not `namespace.kind.name` in lowercase or its kind is unknown,
 * `WB_MODULE_QUEUE_RESERVED` for a queue every instance has anyway or one that starts with `_`, `WB_MODULE_ALIAS` for an alias
 * that leads nowhere.
 */
export function defineModule<Shape extends ArgumentShape, Queues extends QueueMap, const Name extends string>(
  declaration: ModuleDeclaration<Shape, Queues, Name, KindShape<Name>>,
): ModuleSpec<Merged<KindShape<Name>, Shape>, Queues, Name> {
  const kind = kindOf(declaration.name)
  const added = Object.entries<z.ZodType>(kindArguments[kind]).filter(([name]) => !Object.hasOwn(declaration.arguments, name))
  const shape: ArgumentShape = { ...declaration.arguments, ...Object.fromEntries(added) }
  checkQueues(declaration.name, declaration.queues)
  checkAliases(declaration.name, declaration.aliases ?? {}, shape)
  let schema: z.ZodObject | undefined
  const spec = {
    [specBrand]: true,
    name: declaration.name,
    kind,
    summary: declaration.summary,
    arguments: Object.freeze(shape),
    get schema() {
      schema ??= z.object(shape)
      return schema
    },
    queues: Object.freeze({ ...declaration.queues }),
    contract: declaration.contract,
    memory: declaration.memory,
    aliases: Object.freeze({ ...declaration.aliases }),
    takesProtocol: declaration.protocol !== false && (kind === "input" || kind === "output"),
    lateTemplates: declaration.lateTemplates === true,
    confirms: declaration.confirms === true,
    live: Object.freeze([...(declaration.live ?? [])]),
    examples: Object.freeze([...(declaration.examples ?? [])]),
  }
  // TypeScript does not follow the merge of the two shapes through the spread.
  return Object.freeze(spec) as unknown as ModuleSpec<Merged<KindShape<Name>, Shape>, Queues, Name>
}

function kindOf(name: string): ModuleKind {
  const kind = /^[a-z][a-z0-9_]*\.([a-z]+)\.[a-z][a-z0-9_]*$/.exec(name)?.[1]
  const known = moduleKinds.find((candidate) => candidate === kind)
  if (known === undefined) throw new WishboneError("WB_MODULE_NAME", { name, kind, known: moduleKinds })
  return known
}

function checkQueues(module: string, queues: QueueMap): void {
  for (const queue of Object.keys(queues)) {
    if (queue.startsWith("_") || systemQueues.some((reserved) => reserved === queue)) {
      throw new WishboneError("WB_MODULE_QUEUE_RESERVED", { module, queue, reserved: systemQueues })
    }
  }
}

/** Refuses former names that are arguments themselves or lead to none. @throws WishboneError `WB_MODULE_ALIAS` */
export function checkAliases(module: string, aliases: Readonly<Record<string, string>>, shape: ArgumentShape): void {
  for (const [alias, canonical] of Object.entries(aliases)) {
    const problem = Object.hasOwn(shape, alias)
      ? "is itself an argument"
      : Object.hasOwn(shape, canonical)
        ? undefined
        : "leads to no argument"
    if (problem !== undefined) throw new WishboneError("WB_MODULE_ALIAS", { module, alias, canonical, problem, known: Object.keys(shape) })
  }
}
