// The graph of bootstrap/failover.yaml as the kill tests run it: numbered events at a short interval in place of random maps, other
// ports, a shorter idle time, and a tail that is long enough for destinations on a busy machine.

import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { ControlClient } from "../../src/control/client.ts"
import { controlPath } from "../../src/control/path.ts"
import type { Report } from "../../src/ledger.ts"
import { realPlatform } from "../../src/platform/real.ts"
import { type Program, wishbone } from "./programs.ts"

export const intervalMs = 10
const idleMs = 1000
const tailMs = 250

/** Writes the changed example into `folder`; gives the path of the file. */
export async function seedFile(folder: string, ports: readonly number[]): Promise<string> {
  let text = await readFile(new URL("../../bootstrap/failover.yaml", import.meta.url), "utf8")
  ports.forEach((port, index) => {
    text = text.replace(`port: 1000${index + 1}`, `port: ${port}\n      tail_ms: ${tailMs}`)
  })
  text = text
    .replace("wishbone.input.dictgenerator\n    arguments:\n", "wishbone.input.testevent\n    arguments:\n      numbered: true\n")
    .replace("interval: 0.5", `interval: ${intervalMs}ms`)
    .replace("idle_time: 20", `idle_time: ${idleMs}ms`)
  const file = join(folder, "failover.yaml")
  await writeFile(file, text)
  return file
}

/** What a running graph says of itself: delivered, and on disk. */
export interface RunStatus {
  readonly delivered: number
  readonly spooled: number
}

/** One start of the graph. Its events are `<name>_1`, `<name>_2` and so on, so that every event of a test has a name of its own. */
export class SeedRun {
  readonly name: string
  readonly program: Program
  private readonly reportFile: string
  private readonly state: string

  constructor(options: { name: string; file: string; folder: string }) {
    this.name = options.name
    this.state = join(options.folder, ".wishbone")
    this.reportFile = join(options.folder, `report-${options.name}.json`)
    const set = ["--set", `dictgenerator.message=${options.name}`]
    this.program = wishbone(["debug", "--config", options.file, "--report", this.reportFile, ...set])
  }

  /** Asks it over its admin socket. */
  async status(): Promise<RunStatus> {
    const platform = realPlatform()
    const path = controlPath(platform.environment, this.state)
    const client = path === undefined ? undefined : await ControlClient.connect(platform, path)
    if (client === undefined) throw new Error(`${this.name} has no admin socket in ${this.state}\n${this.program.stderr.slice(-4000)}`)
    try {
      return (await client.request("status", {})) as RunStatus
    } finally {
      client.close()
    }
  }

  /** Stops it in order; gives its books. @throws Error when something was lost or it did not end by itself. */
  async stop(): Promise<Report> {
    this.program.signal("SIGTERM")
    const status = await this.program.exit(30_000)
    if (status !== 0) throw new Error(`${this.name} ended with ${status}\n${this.program.stderr.slice(-4000)}`)
    return JSON.parse(await readFile(this.reportFile, "utf8")) as Report
  }
}
