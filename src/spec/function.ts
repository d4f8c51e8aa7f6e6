// What a function declares about itself: one that changes events before an instance handles them (`module`), or one that templates call
// (`template`). The same kind of declaration as a module's, and the same validation, `show` text and JSON Schema follow from it.

import { type ComponentDeclaration, declare } from "./declare.ts"
import type { ArgumentShape, ComponentSpec } from "./spec.ts"

/** Where a function is used: on the events of an in queue, or in templates. */
export type FunctionKind = "module" | "template"

/** Marks a {@link FunctionSpec} across copies of this package. */
export const functionBrand: unique symbol = Symbol.for("wishbone-ts.function-spec")

/** A checked declaration: what `defineFunction` gives. Frozen. */
export interface FunctionSpec<Shape extends ArgumentShape = ArgumentShape> extends ComponentSpec<Shape> {
  readonly [functionBrand]: true
  readonly kind: FunctionKind
  /** Of a template function: it gives the same all through a run, so a template that uses nothing else is filled in once at start. */
  readonly constant: boolean
}

/** What `defineFunction` takes. */
export interface FunctionDeclaration<Shape extends ArgumentShape> extends ComponentDeclaration<Shape> {
  /** Of a template function: see {@link FunctionSpec.constant}. @defaultValue false */
  readonly constant?: boolean
}

/**
 * Declares a function. Its id, `namespace.function.module.name` or `namespace.function.template.name`, says where it is used: on the
 * events of an in queue, each use being an object of its own (class {@link ModuleFunction}), or in templates (class
 * {@link TemplateFunction}). A file names it by its last word, or by a name of its own with arguments:
 *
 * ```yaml
 * module_functions:
 *   shorten: { function: acme.function.module.truncate, arguments: { characters: 80 } }
 * modules:
 *   out: { module: wishbone.output.stdout, functions: { inbox: [shorten, uppercase] } }
 * ```
 *
 * @throws WishboneError `WB_COMPONENT_NAME` when the name is of another form, `WB_MODULE_ALIAS` for an alias that leads nowhere.
 * @example
 * const spec = defineFunction({
 *   name: "acme.function.module.truncate",
 *   summary: "Cuts text that is too long.",
 *   arguments: { characters: z.int().min(1).default(100).describe("Characters that stay.") },
 * })
 *
 * export default class Truncate extends ModuleFunction<typeof spec> {
 *   static readonly spec = spec
 *
 *   apply(event: Event): void {
 *     if (typeof event.data !== "string") throw new Invalid("the data is no text")
 *     event.data = event.data.slice(0, this.args.characters)
 *   }
 * }
 * @see Wishbone 3: `module_functions`, `template_functions`, `wishbone.function.<module|template>.<name>`
 */
export function defineFunction<Shape extends ArgumentShape>(declaration: FunctionDeclaration<Shape>): FunctionSpec<Shape> {
  const kinds: readonly FunctionKind[] = ["module", "template"]
  const { constant = false } = declaration
  return declare(declaration, { brand: functionBrand, what: "function", kinds, more: { constant } }) as FunctionSpec<Shape>
}

/** Whether `value` is a {@link FunctionSpec}, of this or of another copy of the package. */
export function isFunctionSpec(value: unknown): value is FunctionSpec {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[functionBrand] === true
}
