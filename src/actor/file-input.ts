// What inputs that read files lend to what reads for them, and what both ways of reading (lines: file-tail.ts, whole files: file-intake.ts)
// tell in the same words.

import type { Event } from "../event.ts"
import type { Log } from "../log.ts"
import type { Platform, WatchEvents, Watcher } from "../platform/platform.ts"
import type { TicketOwner } from "../ticket.ts"
import type { FilePattern } from "./file-pattern.ts"
import type { GivenUp } from "./offers.ts"

/** What an input that reads files lends. */
export interface FileInputParts<Item> {
  readonly name: string
  readonly platform: Platform
  readonly log: Log
  readonly warn: (kind: string, detail: string) => void
  /** Runs a loop until the input ends. */
  readonly background: (body: (signal: AbortSignal) => Promise<void>) => void
  /** @throws Invalid when no event can be made of it. */
  readonly events: (item: Item, timestamp: number) => readonly Event[]
  readonly submit: (events: readonly Event[], owner: TicketOwner) => Promise<void> | undefined
}

/** Watches the folders that patterns look into; resolves when all watching has begun. */
export async function watchPatterns(
  patterns: readonly FilePattern[],
  { platform, warn }: Pick<FileInputParts<unknown>, "platform" | "warn">,
  changed: WatchEvents["changed"],
): Promise<Watcher[]> {
  const watchers = patterns.map(({ base, depth }) => {
    const failed = (error: Error): void =>
      warn("changes may be noticed late", `${base} cannot be watched: ${error.message} (\`poll_interval\` still applies)`)
    return platform.files.watch(base, { changed, failed }, { depth })
  })
  for (const watcher of watchers) await watcher.ready
  return watchers
}

/** Why an item was given up, in words. */
export function reasonOf({ kind, error }: Pick<GivenUp<unknown>, "kind" | "error">): string {
  return `${error instanceof Error ? error.message : String(error)} (${kind})`
}
