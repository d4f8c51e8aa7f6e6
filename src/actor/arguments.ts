// The arguments a handler is called with: static ones, or rendered anew for each event when the bootstrap file holds templates.

import type { Event } from "../event.ts"
import { compileTemplate, type Template } from "./template.ts"

export interface ActorArguments {
  /** What the module sees as `this.args`, frozen. Templates that need an event are absent here. */
  readonly fixed: object
  /** Renders the arguments against an event; `null` when no argument depends on one. */
  readonly perEvent: ((event: Event) => object) | null
  /** The arguments for `event`. @throws Invalid when a template cannot be rendered or gives a wrong type. */
  of(event: Event): object
  /** Makes a template of text from a file that the bootstrap file names. @throws WishboneError */
  compile(source: string): Template
}

const bare = { env: {}, version: "", pid: 0 }

/** Arguments for an instance. */
export function actorArguments(
  fixed: object,
  perEvent: ((event: Event) => object) | null = null,
  compile: (source: string) => Template = (source) => compileTemplate(source, bare),
): ActorArguments {
  return { fixed, perEvent, of: perEvent ?? (() => fixed), compile }
}
