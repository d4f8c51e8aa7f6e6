// Functions that templates call by name: `{{ choice() }}`.

import type { FunctionSpec } from "../spec/function.ts"
import { Part } from "./part.ts"

/**
 * A function for templates. Whatever is random, or asks the time, asks `this.platform`, so that a simulated run repeats.
 *
 * @example
 * const spec = defineFunction({ name: "acme.function.template.shout", summary: "Text in capitals.", arguments: {} })
 *
 * export default class Shout extends TemplateFunction<typeof spec> {
 *   static readonly spec = spec
 *
 *   call(text: unknown): string {
 *     return String(text).toUpperCase()
 *   }
 * }
 */
export abstract class TemplateFunction<Spec extends FunctionSpec = FunctionSpec> extends Part<Spec> {
  /** The value for the arguments that the template gives. @throws Invalid when they make no sense: the event fails. */
  abstract call(...args: unknown[]): unknown
}
