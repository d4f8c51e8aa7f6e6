// What protocols and functions have in common. Each belongs to one instance, which makes its own: nothing is shared with another.

import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import type { Args, ComponentSpec } from "../spec/spec.ts"

/** What a protocol or function is made with. */
export interface PartContext {
  /** Checked and frozen. Templates that need an event are absent here. */
  readonly args: object
  readonly platform: Platform
  /** The log of the instance it belongs to. */
  readonly log: Log
  /** Version of the program. */
  readonly version: string
}

/** The base of {@link Decoder}, {@link Encoder}, {@link ModuleFunction} and {@link TemplateFunction}. */
export abstract class Part<Spec extends ComponentSpec = ComponentSpec> {
  /** The arguments of the file, validated and frozen. */
  readonly args: Args<Spec>
  readonly platform: Platform
  readonly log: Log
  protected readonly context: PartContext

  constructor(context: PartContext) {
    this.context = context
    this.args = context.args as Args<Spec>
    this.platform = context.platform
    this.log = context.log
  }

  /** Once, before the instance starts: load a client, read a file. A throw ends the start of the whole graph. */
  prepare(): void | Promise<void> {}
}
