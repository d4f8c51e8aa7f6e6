// The graph of the failover benches: lines in over TCP, destinations in order of preference, and a spool behind the last.

import type { ChildProcess } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Report } from "../../src/ledger.ts"
import { launcher, start, stop, untilAccepting } from "../processes.ts"

export interface GraphOptions {
  readonly folder: string
  readonly port: number
  readonly destinations: readonly { readonly port: number }[]
  /** Arguments of every output, as YAML in one line. */
  readonly confirm: string
}

export class Graph {
  private readonly child: ChildProcess
  private readonly reportFile: string

  private constructor(child: ChildProcess, reportFile: string) {
    this.child = child
    this.reportFile = reportFile
  }

  /** Accepts connections when it resolves. */
  static async start(options: GraphOptions): Promise<Graph> {
    const file = join(options.folder, "graph.yaml")
    const reportFile = join(options.folder, "report.json")
    writeFileSync(file, graphText(options))
    const args = [launcher, "debug", "--config", file, "--report", reportFile, "--loglevel", "error"]
    const child = start(process.execPath, args, { stdio: ["ignore", "ignore", "ignore"] })
    await untilAccepting(options.port)
    return new Graph(child, reportFile)
  }

  /** Lets it drain; gives its books. */
  async stop(): Promise<Report> {
    await stop(this.child, 20_000)
    return JSON.parse(readFileSync(this.reportFile, "utf8")) as Report
  }

  /** Ends it if that has not been done, and asks nothing. */
  async abandon(): Promise<void> {
    await stop(this.child, 0)
  }
}

function graphText({ port, destinations, confirm }: GraphOptions): string {
  const last = destinations.length
  const outputs = destinations.map(
    (destination, index) =>
      `  output_${index + 1}: {module: wishbone.output.tcp, arguments: {port: ${destination.port}, ${confirm}}}
`,
  )
  const routes = destinations.map(
    (_, index) => `  - output_${index + 1}.failed -> ${index + 1 === last ? "disk" : `output_${index + 2}`}.inbox
`,
  )
  return `modules:
  input: {module: wishbone.input.tcp, arguments: {port: ${port}}}
  funnel: {module: wishbone.flow.funnel}
${outputs.join("")}  disk: {module: wishbone.output.disk, arguments: {directory: ./buffer}}
routingtable:
  - input.outbox -> funnel.one
  - funnel.outbox -> output_1.inbox
${routes.join("")}`
}
