// The graph of the demo as it runs in this process: the same file, check and router as `debug`. What it logs is kept for whoever wants
// to look, and does not disturb the picture.

import { join } from "node:path"
import { problemsText } from "../../bootstrap/report.ts"
import type { Report } from "../../ledger.ts"
import { createLogs } from "../../log.ts"
import type { Platform } from "../../platform/platform.ts"
import type { Registry } from "../../router/registry.ts"
import { Router, type Status } from "../../router/router.ts"
import { loadBootstrap } from "../load.ts"
import { packageVersion } from "../version.ts"
import { type GraphChoices, graphText } from "./graph-file.ts"

const logLinesMax = 2000

export class DemoGraph {
  /** The bootstrap file. */
  readonly file: string
  readonly router: Router
  /** What was logged last. */
  readonly log: readonly string[]

  private constructor(parts: { file: string; router: Router; log: readonly string[] }) {
    this.file = parts.file
    this.router = parts.router
    this.log = parts.log
  }

  /** Writes the file into `folder`, checks it and builds the graph. */
  static async build(parts: { folder: string; choices: GraphChoices; platform: Platform; registry: Registry }): Promise<DemoGraph> {
    const { folder, choices, platform, registry } = parts
    const file = join(folder, "failover.yaml")
    await platform.files.writeFile(file, graphText(choices))
    const loaded = await loadBootstrap({ config: file, registry, platform })
    if (loaded.plan === undefined) throw new Error(`the demo's own file is wrong:\n${problemsText(loaded.problems, loaded.sources)}`)
    const log: string[] = []
    const write = (text: string): void => {
      if (log.push(text) > logLinesMax) log.shift()
    }
    const logs = createLogs({ platform, level: "info", format: "text", write, colour: false })
    return new DemoGraph({ file, log, router: Router.fromPlan(loaded.plan, { registry, platform, logs, version: packageVersion() }) })
  }

  get report(): Report {
    return this.router.report()
  }

  get status(): Status {
    return this.router.status()
  }

  /** Events made so far. */
  get sent(): number {
    return this.report.in
  }

  /** Events on disk that have not arrived. */
  get onDisk(): number {
    return this.router.spools.list().reduce((sum, spool) => sum + spool.waiting, 0)
  }

  /** Whether the instance's circuit is open. */
  isOpen(instance: string): boolean {
    return this.status.openCircuits.includes(instance)
  }
}
