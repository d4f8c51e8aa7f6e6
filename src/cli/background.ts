// `background`: what `start` runs in a process of its own. It is `debug` with a pid file: made before anything else, so that a second graph
// never gets as far as opening a port, and removed at the end, whichever way that comes. What it is to run comes over the channel from
// `start`; its arguments are only there to be seen in `ps`.

import type { Command } from "commander"
import { WishboneError } from "../errors.ts"
import type { Report } from "../ledger.ts"
import type { Files } from "../platform/platform.ts"
import type { ParentProcess } from "../platform/processes.ts"
import type { CliCommand, Context, Follower } from "./command.ts"
import { command as debug } from "./debug.ts"
import { removeEnd, writeEnd } from "./end-file.ts"
import { tellFailure } from "./failure.ts"
import { claimPidFile, type PidRecord, removePidFile, replacePidFile } from "./pid-file.ts"
import type { GraphOptions } from "./run-options.ts"
import type { Shell } from "./shell.ts"

/** What `start` says first. */
export interface StartOrder {
  readonly options: GraphOptions
  /** Absolute. */
  readonly pidFile: string
  readonly log: string
}

/** What it hears back, once. */
export interface StartAnswer {
  readonly running: true
}

export const command: CliCommand = {
  declare(command: Command): void {
    command.option("--pid <file>", "for `ps` to show").option("--config <file>", "for `ps` to show")
  },

  async run(_shown: object, context: Context): Promise<number> {
    const { shell } = context
    const processes = await shell.processes()
    const { parent } = processes
    if (parent === undefined) throw new WishboneError("WB_BACKGROUND_ALONE")
    const { options, pidFile, log } = (await parent.first) as StartOrder
    const platform = await shell.platform()
    const mark = (await processes.identify(platform.pid))?.mark ?? ""
    if (mark === "")
      throw new WishboneError("WB_PID_FILE_WRITE", { file: pidFile, reason: "the system does not tell when this process began" })
    const record: PidRecord = { pid: platform.pid, mark, config: options.config, log, stopTimeoutMs: options.stopTimeout }
    await claimPidFile(pidFile, record, { platform, processes })
    await removeEnd(platform.files, pidFile)
    const life = new BackgroundLife({ record, pidFile, parent, shell, files: platform.files, now: () => platform.clock.now() })
    return life.lead(() => debug.run(options, { ...context, shell: life.shell, follower: life }, []))
  },
}

interface LifeParts {
  readonly record: PidRecord
  readonly pidFile: string
  readonly parent: ParentProcess
  readonly shell: Shell
  readonly files: Files
  readonly now: () => number
}

/** Keeps the pid file right while the graph lives, and tells how it ended. */
class BackgroundLife implements Follower {
  readonly shell: Shell
  readonly #parts: LifeParts
  #record: PidRecord
  /** Changes of the pid file, one after another. */
  #changes: Promise<void> = Promise.resolve()
  #lost: number | undefined
  #closed: Promise<void> | undefined

  constructor(parts: LifeParts) {
    this.#parts = parts
    this.#record = parts.record
    const { shell } = parts
    // Whatever ends the process at once: the pid file goes first.
    this.shell = Object.create(shell, {
      exit: { value: (status: number) => void this.#close(status).then(() => shell.exit(status)) },
    }) as Shell
  }

  /** Runs the graph to its end. */
  async lead(run: () => Promise<number>): Promise<number> {
    const status = await run().catch((thrown: unknown) => tellFailure(thrown, this.#parts.shell))
    await this.#close(status)
    return status
  }

  running({ state }: { readonly state: string }): void {
    const { parent, shell } = this.#parts
    this.#change({ state })
    // A second `stop` must not be a second signal, which would end the graph at once.
    for (const name of ["SIGTERM", "SIGINT"]) shell.events.on(name, () => this.#change({ stopping: true }))
    void this.#changes.then(() => parent.tell({ running: true } satisfies StartAnswer))
  }

  ended({ lost }: Report): void {
    this.#lost = lost
  }

  #change(what: Partial<PidRecord>): void {
    const { files, pidFile } = this.#parts
    this.#record = { ...this.#record, ...what }
    const record = this.#record
    // The first content is good enough where the disk refuses this one.
    this.#changes = this.#changes.then(() => replacePidFile(files, pidFile, record)).catch(() => undefined)
  }

  #close(status: number): Promise<void> {
    this.#closed ??= this.#end(status)
    return this.#closed
  }

  async #end(status: number): Promise<void> {
    const { files, now, pidFile, record } = this.#parts
    const { pid, mark } = record
    await this.#changes
    await writeEnd(files, pidFile, {
      pid,
      mark,
      time: new Date(now()).toISOString(),
      status,
      ...(this.#lost !== undefined && { lost: this.#lost }),
    })
    await removePidFile(files, pidFile, record).catch(() => undefined)
  }
}
