// The four kinds of module and the arguments each adds by itself.

import { templated, z } from "./schema.ts"
import type { ArgumentShape, ModuleKind } from "./spec.ts"

/** Arguments that every module of a kind has, unless it declares one of the same name itself. */
export const kindArguments = {
  input: {
    destination: z.string().min(1).default("data").describe("Where in the event the incoming value is placed, as a dotted path."),
    native_events: z.boolean().default(false).describe("The incoming value is a whole event rather than its data."),
  },
  flow: {},
  process: {},
  output: {
    selection: z
      .string()
      .nullable()
      .default("data")
      .describe("Which part of the event leaves, as a dotted path; `null` for the whole event."),
    payload: templated(z.unknown()).default(null).describe("What leaves instead of `selection`, usually a template."),
    native_events: z.boolean().default(false).describe("The whole event leaves rather than a part of it."),
  },
} as const satisfies Record<ModuleKind, ArgumentShape>

/** All kinds, in the order in which events meet them. */
export const moduleKinds: readonly ModuleKind[] = ["input", "flow", "process", "output"]

/** The kind named by the second part of an id. */
export type KindOf<Name extends string> = Name extends `${string}.${infer Kind extends ModuleKind}.${string}` ? Kind : never

/** What the kind of module `Name` adds to its arguments. */
export type KindShape<Name extends string> = [KindOf<Name>] extends [never] ? Record<never, never> : (typeof kindArguments)[KindOf<Name>]
