// The way to a spool for `events`: through the admin socket of the graph that uses it, or, with no such graph, to the directory itself,
// whose reader's lock is held meanwhile.

import { ControlClient } from "../control/client.ts"
import { controlPath } from "../control/path.ts"
import { WishboneError } from "../errors.ts"
import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import { type EditResult, type Selected, type Selection, SpoolEditor } from "../spool/edit.ts"
import { viewFromOutside } from "../spool/inspect.ts"
import { statesOfHolders } from "../spool/lock.ts"
import type { SpoolReader } from "../spool/reader.ts"
import { type EventLine, findEvents, type ListQuery, listEvents, type ShownParts } from "../spool/shown.ts"
import type { Spool } from "../spool/spool.ts"
import { Spools } from "../spool/spools.ts"

export type EditName = "replay" | "move" | "purge"

/** How many records a selection comes to. */
export interface Found {
  readonly waiting: number
  readonly inFlight: number
  readonly quarantined: number
}

/** A spool, however it is reached. */
export interface SpoolAccess {
  /** Through a running graph. */
  readonly live: boolean
  /** Answers whether there is more. */
  list(query: ListQuery, tell: (line: EventLine) => void): Promise<boolean>
  /** Those that fit, two at most. */
  show(selection: Selection): Promise<Record<string, unknown>[]>
  select(selection: Selection): Promise<Found>
  /** Does it to what was selected last. `to` is where `move` moves to. */
  edit(name: EditName, to: string, progress: (done: number) => void): Promise<EditResult>
  close(): Promise<void>
}

/** `states`: state folders of graphs that may use the spool, beside those its lock files name. */
export async function openAccess(parts: {
  readonly platform: Platform
  readonly log: Log
  readonly directory: string
  readonly states: readonly string[]
}): Promise<SpoolAccess> {
  const { platform, directory, states } = parts
  const stat = await platform.files.stat(directory)
  if (stat === undefined) throw new WishboneError("WB_SPOOL_DIRECTORY_MISSING", { directory })
  if (!stat.isDirectory) throw new WishboneError("WB_SPOOL_DIRECTORY_INVALID", { directory, problem: "is not a directory" })
  for (const state of new Set([...states, ...(await statesOfHolders(platform, directory))])) {
    const path = controlPath(platform.environment, state)
    const client = path === undefined ? undefined : await ControlClient.connect(platform, path)
    if (client === undefined) continue
    const access = new LiveAccess(client, directory)
    if (await access.isUsed()) return access
    client.close()
  }
  return new DirectAccess(platform, parts.log, directory)
}

class LiveAccess implements SpoolAccess {
  readonly live = true
  readonly #client: ControlClient
  readonly #directory: string

  constructor(client: ControlClient, directory: string) {
    this.#client = client
    this.#directory = directory
  }

  /** Whether the graph uses the spool. */
  async isUsed(): Promise<boolean> {
    // Nothing is selected by it; what counts is that the spool is found.
    const asked = this.#client.request("events.list", { directory: this.#directory, quarantined: true, limit: 1 })
    return asked.then(
      () => true,
      () => false,
    )
  }

  async list(query: ListQuery, tell: (line: EventLine) => void): Promise<boolean> {
    const params = { directory: this.#directory, ...plain(query), limit: query.limit }
    const result = await this.#client.request("events.list", params, (item) => tell(item as EventLine))
    return (result as { more: boolean }).more
  }

  async show(selection: Selection): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = []
    const params = { directory: this.#directory, ...plain(selection) }
    await this.#client.request("events.show", params, (item) => found.push(item as Record<string, unknown>))
    return found
  }

  async select(selection: Selection): Promise<Found> {
    const result = await this.#client.request("events.select", { directory: this.#directory, ...plain(selection) })
    const { waiting, in_flight, quarantined } = result as { waiting: number; in_flight: number; quarantined: number }
    return { waiting, inFlight: in_flight, quarantined }
  }

  async edit(name: EditName, to: string, progress: (done: number) => void): Promise<EditResult> {
    const directory = this.#directory
    const item = (said: unknown): void => progress((said as { done: number }).done)
    const result =
      name === "move"
        ? await this.#client.request("events.move", { directory, to }, item)
        : await this.#client.request(`events.${name}`, { directory }, item)
    const { done, in_flight, skipped } = result as { done: number; in_flight: number; skipped: number }
    return { done, inFlight: in_flight, skipped }
  }

  close(): Promise<void> {
    this.#client.close()
    return Promise.resolve()
  }
}

interface Opened {
  readonly spool: Spool
  readonly reader: SpoolReader
  readonly editor: SpoolEditor
}

class DirectAccess implements SpoolAccess {
  readonly live = false
  readonly #platform: Platform
  readonly #directory: string
  readonly #spools: Spools
  #open: Opened | undefined
  #selected: Selected | undefined

  constructor(platform: Platform, log: Log, directory: string) {
    this.#platform = platform
    this.#directory = directory
    this.#spools = new Spools(platform, log)
  }

  async list(query: ListQuery, tell: (line: EventLine) => void): Promise<boolean> {
    return listEvents(await this.#parts(), query, async (line) => tell(line))
  }

  async show(selection: Selection): Promise<Record<string, unknown>[]> {
    return findEvents(await this.#parts(), selection)
  }

  async select(selection: Selection): Promise<Found> {
    const { editor } = await this.#editable()
    const selected = await editor.select(selection)
    this.#selected = selected
    return { waiting: selected.waiting.count, inFlight: selected.inFlight, quarantined: selected.quarantined.length }
  }

  async edit(name: EditName, to: string, progress: (done: number) => void): Promise<EditResult> {
    const { editor } = await this.#editable()
    const selected = this.#selected as Selected
    if (name === "replay") return editor.replay(selected, { progress })
    if (name === "purge") return editor.purge(selected, { progress })
    return editor.move(selected, to, { progress })
  }

  async close(): Promise<void> {
    await this.#open?.reader.close()
    await this.#open?.spool.close()
    this.#open = undefined
  }

  async #parts(): Promise<ShownParts> {
    return { platform: this.#platform, directory: this.#directory, view: await viewFromOutside(this.#platform, this.#directory) }
  }

  /** Takes the lock, and keeps it until the end: what was selected must still be there. */
  async #editable(): Promise<Opened> {
    if (this.#open !== undefined) return this.#open
    const spool = await this.#spools.open(this.#directory)
    const reader = await spool.openReader({ name: "events" })
    const editor = new SpoolEditor({ platform: this.#platform, spools: this.#spools, spool })
    this.#open = { spool, reader, editor }
    return this.#open
  }
}

function plain({ quarantined, sequences, uuid }: Selection): { quarantined?: boolean; sequences?: [number, number][]; uuid?: string } {
  return {
    ...(quarantined === undefined ? {} : { quarantined }),
    ...(sequences === undefined ? {} : { sequences: sequences.map(([first, next]): [number, number] => [first, next]) }),
    ...(uuid === undefined ? {} : { uuid }),
  }
}
