// Our sides of the relay: the real command line with a bootstrap file of few lines.

import type { ChildProcess } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { launcher, start } from "../processes.ts"
import type { RelayTask } from "./baseline.ts"

/** One wishbone that passes lines on. */
export function startRelay(folder: string, { port, sinkPort }: RelayTask, confirm: "written" | "tail"): ChildProcess {
  return debug(
    join(folder, "relay.yaml"),
    `modules:
  input: {module: wishbone.input.tcp, arguments: {port: ${port}}}
  funnel: {module: wishbone.flow.funnel}
  output: {module: wishbone.output.tcp, arguments: {port: ${sinkPort}, confirm: ${confirm}}}
routingtable:
  - input.outbox -> funnel.one
  - funnel.outbox -> output.inbox
`,
  )
}

/** The first of two in a row: answers each line when the second has answered it. */
export function startAsking(folder: string, { port, sinkPort }: RelayTask): ChildProcess {
  return debug(
    join(folder, "asking.yaml"),
    `modules:
  input: {module: wishbone.input.tcp, arguments: {port: ${port}, acknowledge: line}}
  output: {module: wishbone.output.tcp, arguments: {port: ${sinkPort}, confirm: line}}
routingtable:
  - input.outbox -> output.inbox
`,
  )
}

/** The second: answers each line when it is gone for good. */
export function startAnswering(folder: string, port: number): ChildProcess {
  return debug(
    join(folder, "answering.yaml"),
    `modules:
  input: {module: wishbone.input.tcp, arguments: {port: ${port}, acknowledge: line}}
  output: {module: wishbone.output.null}
routingtable:
  - input.outbox -> output.inbox
`,
  )
}

/** Lines through the disk: each is synced before it counts as taken, and leaves the disk when the destination's kernel has it. */
export function startSpooling(folder: string, { port, sinkPort }: RelayTask): ChildProcess {
  const directory = join(folder, "spool")
  return debug(
    join(folder, "spooling.yaml"),
    `modules:
  input: {module: wishbone.input.tcp, arguments: {port: ${port}}}
  diskout: {module: wishbone.output.disk, arguments: {directory: ${directory}}}
  diskin: {module: wishbone.input.disk, arguments: {directory: ${directory}}}
  output: {module: wishbone.output.tcp, arguments: {port: ${sinkPort}, confirm: written}}
routingtable:
  - input.outbox -> diskout.inbox
  - diskin.outbox -> output.inbox
`,
  )
}

function debug(file: string, text: string): ChildProcess {
  writeFileSync(file, text)
  return start(process.execPath, [launcher, "debug", "--config", file, "--loglevel", "error"], { stdio: ["ignore", "ignore", "ignore"] })
}
