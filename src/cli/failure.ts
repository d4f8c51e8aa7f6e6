// How a command that failed tells why.

import { isWishboneError } from "../errors.ts"
import type { Shell } from "./shell.ts"

/** Prints what went wrong, and how to mend it if that is known; gives the exit status. An error nobody foresaw comes with its stack. */
export function tellFailure(thrown: unknown, shell: Shell): number {
  if (isWishboneError(thrown)) {
    shell.err(`error: ${thrown.message}\n${thrown.hint === "" ? "" : `  hint: ${thrown.hint}\n`}`)
    return thrown.exitStatus
  }
  shell.err(`error: ${stackOf(thrown)}\n`)
  return 1
}

/** The stack of whatever was thrown, with its causes; its text when it has none. */
export function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const own = thrown.stack ?? `${thrown.name}: ${thrown.message}`
  return thrown.cause === undefined ? own : `${own}\ncaused by ${stackOf(thrown.cause)}`
}
