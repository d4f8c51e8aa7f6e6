// What the requests of the admin socket do, for one connection.

import { WishboneError } from "../errors.ts"
import type { Platform } from "../platform/platform.ts"
import type { ReloadResult } from "../router/reload.ts"
import type { Status } from "../router/router.ts"
import { type EditResult, type Selected, SpoolEditor } from "../spool/edit.ts"
import { listQuarantined } from "../spool/quarantined.ts"
import { findEvents, listEvents } from "../spool/shown.ts"
import type { Spool } from "../spool/spool.ts"
import type { Spools } from "../spool/spools.ts"
import type { Request } from "./protocol.ts"

/** A running graph, as the admin socket needs it. */
export interface ControlledGraph {
  /** The bootstrap file. */
  readonly file: string
  readonly version: string
  readonly router: { status(): Status; readonly spools: Spools }
  /** Reads the bootstrap file again. */
  readonly reload?: () => Promise<ReloadAnswer>
}

/** What came of reading the bootstrap file again. */
export interface ReloadAnswer {
  readonly outcome: ReloadResult["outcome"]
  readonly problems: readonly unknown[]
  /** Missing where the file has mistakes. */
  readonly result?: ReloadResult
}

/** Where items go; resolves when more may come. */
export type Tell = (item: unknown) => Promise<void>

const progressEvery = 256

export class Requests {
  readonly #platform: Platform
  readonly #graph: ControlledGraph
  readonly #startedMs: number
  #selected: { readonly spool: Spool; readonly what: Selected } | undefined

  constructor(platform: Platform, graph: ControlledGraph, startedMs: number) {
    this.#platform = platform
    this.#graph = graph
    this.#startedMs = startedMs
  }

  /** Answers one request. Ends early when `signal` is aborted. */
  async answer(request: Request, tell: Tell, signal: AbortSignal): Promise<unknown> {
    if (request.name === "status") return this.#status()
    if (request.name === "spools") return this.#spools()
    if (request.name === "reload") return this.#reload()
    const spool = await this.#find(request.params.directory)
    const parts = { platform: this.#platform, view: spool.view(), directory: spool.path }
    switch (request.name) {
      case "events.list":
        return { more: await listEvents(parts, request.params, tell, signal) }
      case "events.show":
        for (const found of await findEvents(parts, request.params)) await tell(found)
        return {}
      case "events.select": {
        const what = await this.#editor(spool).select(request.params)
        this.#selected = { spool, what }
        return { waiting: what.waiting.count, in_flight: what.inFlight, quarantined: what.quarantined.length }
      }
      default:
        return this.#edit(request, spool, tell, signal)
    }
  }

  async #edit(
    { name, params }: Extract<Request, { name: "events.replay" | "events.purge" | "events.move" }>,
    spool: Spool,
    tell: Tell,
    signal: AbortSignal,
  ): Promise<unknown> {
    const selected = this.#selected
    this.#selected = undefined
    if (selected?.spool !== spool) throw new WishboneError("WB_CONTROL_REQUEST", { problem: "`events.select` on this spool comes first" })
    let told = 0
    const progress = (done: number): void => {
      if (done - told < progressEvery) return
      told = done
      void tell({ done })
    }
    const editor = this.#editor(spool)
    const options = { progress, signal }
    if (name === "events.replay") return resultOf(await editor.replay(selected.what, options))
    if (name === "events.purge") return resultOf(await editor.purge(selected.what, options))
    return resultOf(await editor.move(selected.what, params.to, options))
  }

  #editor(spool: Spool): SpoolEditor {
    return new SpoolEditor({ platform: this.#platform, spools: this.#graph.router.spools, spool })
  }

  async #reload(): Promise<unknown> {
    const { reload } = this.#graph
    if (reload === undefined) throw new WishboneError("WB_CONTROL_REQUEST", { problem: "this graph was not read from a file" })
    const { outcome, problems, result } = await reload()
    if (result === undefined) return { outcome, problems }
    const { added, changed, removed, restored, down, stale, settings } = result
    const { routesAdded: routes_added, routesRemoved: routes_removed, durationMs } = result
    const changes = {
      added,
      changed,
      removed,
      adjusted: result.adjusted ?? [],
      routes_added,
      routes_removed,
      settings,
      restored,
      down,
      stale,
    }
    return { outcome, problems, ...changes, duration_ms: Math.round(durationMs) }
  }

  async #find(directory: string): Promise<Spool> {
    const spool = await this.#graph.router.spools.find(directory)
    if (spool === undefined) throw new WishboneError("WB_CONTROL_SPOOL", { directory })
    return spool
  }

  #status(): unknown {
    const { file, router, version } = this.#graph
    const { clock, pid } = this.#platform
    const { inTotal, deliveredTotal, waiting, spooled, oldestMs, openCircuits } = router.status()
    return {
      pid,
      version,
      file,
      uptime_ms: Math.round(clock.monotonic() - this.#startedMs),
      in: inTotal,
      delivered: deliveredTotal,
      waiting,
      spooled,
      oldest_ms: oldestMs ?? null,
      open_circuits: openCircuits,
    }
  }

  async #spools(): Promise<unknown> {
    const rows = this.#graph.router.spools.list().map(async (spool) => ({
      path: spool.path,
      id: spool.id,
      reader: spool.owners.reader ?? null,
      writer: spool.owners.writer ?? null,
      waiting: spool.waiting,
      in_flight: spool.reader?.inFlight ?? 0,
      bytes: spool.bytes,
      quarantined: (await listQuarantined(this.#platform, spool.path)).length,
      oldest_ms: spool.oldestMs ?? null,
    }))
    return { spools: await Promise.all(rows) }
  }
}

function resultOf({ done, inFlight, skipped }: EditResult): unknown {
  return { done, in_flight: inFlight, skipped }
}
