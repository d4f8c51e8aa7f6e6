// From the declaration of a protocol or function to its spec: refuses what cannot be meant and freezes the result. Modules have more to
// declare, see define.ts.

import { WishboneError } from "../errors.ts"
import { checkAliases } from "./define.ts"
import { z } from "./schema.ts"
import type { ArgumentShape, Example } from "./spec.ts"

/** What `defineProtocol` and `defineFunction` take. */
export interface ComponentDeclaration<Shape extends ArgumentShape> {
  /** `namespace.protocol.decode.name`, `namespace.function.template.name` and so on, lowercase. */
  readonly name: string
  readonly summary: string
  readonly arguments: Shape
  /** Former argument names: `{ array: "values" }`. */
  readonly aliases?: Readonly<Record<string, string>>
  readonly examples?: readonly Example<z.input<z.ZodObject<NoInfer<Shape>>>>[]
}

/** What a sort of component asks of its declarations. */
export interface Sort {
  readonly brand: symbol
  /** The second part of an id. */
  readonly what: "protocol" | "function"
  /** What the third part may be. */
  readonly kinds: readonly string[]
  readonly more?: Readonly<Record<string, unknown>>
}

/** Checks a declaration. The caller knows what the result is. @throws WishboneError `WB_COMPONENT_NAME`, `WB_MODULE_ALIAS` */
export function declare<Shape extends ArgumentShape>(declaration: ComponentDeclaration<Shape>, sort: Sort): unknown {
  const { name, summary, arguments: shape, aliases = {}, examples = [] } = declaration
  const kind = kindOf(name, sort)
  checkAliases(name, aliases, shape)
  let schema: z.ZodObject | undefined
  const spec = {
    [sort.brand]: true,
    name,
    kind,
    summary,
    arguments: Object.freeze({ ...shape }),
    get schema() {
      schema ??= z.object(shape)
      return schema
    },
    aliases: Object.freeze({ ...aliases }),
    examples: Object.freeze([...examples]),
    ...sort.more,
  }
  return Object.freeze(spec)
}

function kindOf(name: string, { what, kinds }: Sort): string {
  const [, sort, kind = ""] = /^[a-z][a-z0-9_]*\.([a-z]+)\.([a-z]+)\.[a-z][a-z0-9_]*$/.exec(name) ?? []
  if (sort !== what || !kinds.includes(kind)) throw new WishboneError("WB_COMPONENT_NAME", { name, what, kinds })
  return kind
}
