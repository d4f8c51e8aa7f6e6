// Reads the bootstrap file of a running graph again, and leads the graph there: at SIGHUP, when the file changes (`--watch`), or when
// somebody asks over the admin socket. The file is checked first; what is wrong with it is logged with its places, and the graph runs on.
//
// One at a time; whatever asks meanwhile is answered by one more reading after it. Values of the environment in `${…}` and secrets of
// `${file:…}` are read again; files named so are not watched, nor are code of packages and certificates: what was loaded stays loaded.

import type { CheckedBootstrap } from "../bootstrap/check.ts"
import type { Problem } from "../bootstrap/problem.ts"
import type { ReloadAnswer } from "../control/requests.ts"
import { isWishboneError } from "../errors.ts"
import type { Log } from "../log.ts"
import type { Platform, Timer, Watcher } from "../platform/platform.ts"
import type { ReloadResult } from "../router/reload.ts"
import type { Router } from "../router/router.ts"
import { stackOf } from "./failure.ts"
import type { Shell } from "./shell.ts"

/** Editors write a file in several steps. */
const quietMs = 200

export interface ReloadsParts {
  /** The bootstrap file, as it was named; `-` cannot be read again. */
  readonly config: string
  readonly load: () => Promise<CheckedBootstrap>
  readonly router: Pick<Router, "reload">
  readonly platform: Pick<Platform, "files" | "timers">
  readonly log: Log
  readonly events: Shell["events"]
  readonly timeoutMs: number
  /** The graph is as this file says now. */
  readonly taken: (loaded: CheckedBootstrap) => void
}

interface ToldProblem {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly file?: string
  readonly line?: number
}

export class Reloads {
  readonly #parts: ReloadsParts
  readonly #hangup = (): void => void this.request("SIGHUP")
  #running: Promise<ReloadAnswer> | undefined
  #next: Promise<ReloadAnswer> | undefined
  #begun: () => void = () => undefined
  readonly #whenBegun: Promise<void>
  #watcher: Watcher | undefined
  #timer: Timer | undefined
  #closed = false

  /** From here on SIGHUP does not end the process. */
  constructor(parts: ReloadsParts) {
    this.#parts = parts
    this.#whenBegun = new Promise((resolve) => {
      this.#begun = resolve
    })
    parts.events.on("SIGHUP", this.#hangup)
  }

  /** The graph runs: what was asked for until now is done. */
  begin(): void {
    this.#begun()
  }

  /** Reads the file again whenever it changes. */
  watch(): void {
    const { config, log, platform } = this.#parts
    if (config === "-") return log.warn("standard input cannot be watched (`--watch`)")
    let told = ""
    const failed = (error: Error): void => {
      if (error.message !== told) log.warn(`${config} is not watched completely: ${error.message}`)
      told = error.message
    }
    const watcher = platform.files.watch(config, { changed: () => this.#changed(), failed })
    this.#watcher = watcher
    // It may have changed between being read and being watched.
    void watcher.ready.then(() => this.#changed())
  }

  /** Reads the file, and leads the graph there. Calls that come while it does so share one more round. */
  request(why: string): Promise<ReloadAnswer> {
    this.#next ??= this.#after(this.#running, why)
    return this.#next
  }

  async #after(before: Promise<unknown> | undefined, why: string): Promise<ReloadAnswer> {
    await this.#whenBegun
    await before
    this.#running = this.#next
    this.#next = undefined
    return this.#round(why)
  }

  /** The run is over. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    this.#parts.events.off("SIGHUP", this.#hangup)
    await this.#watcher?.close()
  }

  #changed(): void {
    this.#timer?.cancel()
    if (!this.#closed) this.#timer = this.#parts.platform.timers.after(quietMs, () => void this.request("changed"))
  }

  async #round(why: string): Promise<ReloadAnswer> {
    try {
      return await this.#reload(why)
    } catch (thrown) {
      if (isWishboneError(thrown) && thrown.code === "WB_ROUTER_PHASE") return { outcome: "stopped", problems: [toldOf(thrown)] }
      this.#parts.log.error("the bootstrap file could not be read again", { stack: stackOf(thrown) })
      return { outcome: "refused", problems: [{ code: "error", message: String(thrown), hint: "" }] }
    }
  }

  async #reload(why: string): Promise<ReloadAnswer> {
    const { config, load, log, platform, router, timeoutMs, taken } = this.#parts
    if (config === "-") {
      log.warn(`${why}: standard input cannot be read again; the graph runs on as it is`)
      return { outcome: "refused", problems: [{ code: "error", message: "standard input cannot be read again", hint: "" }] }
    }
    if (why === "changed" && (await platform.files.stat(config)) === undefined) {
      log.warn(`${config} is gone; the graph runs on as it is`)
      return { outcome: "refused", problems: [] }
    }
    const loaded = await load()
    const problems = loaded.problems.filter(({ severity }) => severity !== "note")
    for (const problem of problems) tellProblem(log, problem)
    if (loaded.plan === undefined) {
      const errors = problems.filter(({ severity }) => severity === "error")
      log.error(`${config} has ${errors.length === 1 ? "a mistake" : `${errors.length} mistakes`}; the graph runs on as it was`)
      return { outcome: "refused", problems: errors.map(toldOf) }
    }
    const result = await router.reload(loaded.plan, { timeoutMs, registry: loaded.registry })
    if (result.outcome === "reloaded" || result.outcome === "unchanged") taken(loaded)
    tellResult(log, result, why)
    return { outcome: result.outcome, problems: result.problem === undefined ? [] : [result.problem], result }
  }
}

function tellProblem(log: Log, { code, file, hint, line, column, message, severity }: Problem): void {
  const at = `${file}:${line}:${column}`
  log[severity === "error" ? "error" : "warn"](message, { at, code, ...(hint !== "" && { hint }) })
}

function toldOf({ code, message, hint, ...place }: ToldProblem | Problem): ToldProblem {
  const { file, line } = place as Partial<Problem>
  return { code, message, hint, ...(file !== undefined && { file }), ...(line !== undefined && { line }) }
}

function tellResult(log: Log, result: ReloadResult, why: string): void {
  const { outcome, problem, restored, down, stale, durationMs } = result
  if (outcome === "unchanged") {
    // Saving a file without a change is nothing to tell; asking for a reload is.
    if (why !== "changed") log.info("the bootstrap file says what runs already")
    return
  }
  if (stale > 0) log.warn(`${stale} events failed as \`stale\`: they did not come through in time`)
  if (outcome === "reloaded") log.info(`reloaded in ${Math.round(durationMs)} ms: ${changesText(result)}`)
  if (outcome !== "refused" || problem === undefined) return
  const { code, hint, message } = problem
  log.error(`the graph runs on as it was: ${message}`, {
    code,
    ...(hint !== "" && { hint }),
    ...(restored.length > 0 && { restored }),
    ...(down.length > 0 && { down }),
  })
}

/** `added a; changed b (arguments.port); removed c; 2 routes added, 1 removed`. */
export function changesText(result: ReloadResult): string {
  const { added, removed, routesAdded, routesRemoved, settings } = result
  const changed = [...result.changed, ...(result.adjusted ?? [])]
  const parts: string[] = []
  if (added.length > 0) parts.push(`added ${added.join(", ")}`)
  if (changed.length > 0)
    parts.push(`changed ${changed.map(({ name, what }) => (what.length === 0 ? name : `${name} (${what.join(", ")})`)).join(", ")}`)
  if (removed.length > 0) parts.push(`removed ${removed.join(", ")}`)
  if (routesAdded.length > 0) parts.push(`new routes ${routesAdded.join(", ")}`)
  if (routesRemoved.length > 0) parts.push(`routes gone ${routesRemoved.join(", ")}`)
  if (settings.length > 0) parts.push(`changed ${settings.join(", ")}`)
  return parts.join("; ")
}
