// Child processes of a bench. Whatever depends on compiled code or resident memory runs in a fresh process each round: a process that
// has seen other code before has other machine code for the same functions.

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readFileSync } from "node:fs"
import { type AddressInfo, createConnection, createServer } from "node:net"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"

const tasksFlag = "--task"

/** The folder of the repository. The compiled benches lie deep below it, see run.mjs. */
export const root = above(dirname(fileURLToPath(import.meta.url)), "package-lock.json")

/** The command line, compiled from the sources of this moment. */
export const launcher = join(above(dirname(fileURLToPath(import.meta.url)), "package.json"), "bin/wishbone-ts.cjs")

function above(folder: string, file: string): string {
  return existsSync(join(folder, file)) || folder === dirname(folder) ? folder : above(dirname(folder), file)
}

/** The task this process was started for by {@link startTask}; `undefined` in the process a person started. */
export function givenTask<Task>(): Task | undefined {
  const at = process.argv.indexOf(tasksFlag)
  return at < 0 ? undefined : (JSON.parse(process.argv[at + 1] ?? "null") as Task)
}

/** Answers the task: the last thing a child says. */
export function answer(result: unknown): void {
  console.log(`\u0001${JSON.stringify(result)}`)
}

/** Starts `file` in a fresh process with `task`; its standard output is piped. */
export function startTask(file: string, task: unknown, how: SpawnOptions = {}): ChildProcess {
  const args = [...process.execArgv, fileURLToPath(file), tasksFlag, JSON.stringify(task)]
  return start(process.execPath, args, how)
}

/** Starts a program with its standard output piped; it dies with this process at the latest. */
export function start(program: string, args: readonly string[], how: SpawnOptions = {}): ChildProcess {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"], ...how })
  const kill = (): void => {
    child.kill("SIGKILL")
  }
  process.once("exit", kill)
  child.once("exit", () => process.off("exit", kill))
  return child
}

/** The answer of a child, once it has ended. @throws Error when it gave none. */
export async function resultOf<Result>(child: ChildProcess): Promise<Result> {
  const text = await outputOf(child)
  const at = text.lastIndexOf("\u0001")
  if (at < 0) throw new Error(`a child process ended without an answer: ${text.slice(-2000)}`)
  return JSON.parse(text.slice(at + 1)) as Result
}

/** All that the child prints, once it has ended. */
export async function outputOf(child: ChildProcess): Promise<string> {
  let text = ""
  child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
    text += piece
  })
  await once(child, "close")
  return text
}

/** Asks a child to end, and ends it when it does not. */
export async function stop(child: ChildProcess, graceMs = 3000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, "exit")
  child.kill("SIGTERM")
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs)
  await ended
  clearTimeout(timer)
}

/** User and system time of this process so far. */
export function cpuSeconds(): number {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  return (userCPUTime + systemCPUTime) / 1e6
}

/** What the kernel knows of a running process: CPU in steps of 10 ms, memory now and at its most. */
export function processUse(pid: number): { cpuSeconds: number; rssBytes: number; rssMaxBytes: number } {
  // The second field of `stat` is the name in brackets, which may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, rssBytes: kilobytes("VmRSS"), rssMaxBytes: kilobytes("VmHWM") }
}

/** A port nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

/** Milliseconds until `port` accepts a connection. @throws Error after `limitMs`. */
export async function untilAccepting(port: number, limitMs = 10_000): Promise<number> {
  const started = performance.now()
  while (performance.now() - started < limitMs) {
    if (await accepts(port)) return performance.now() - started
    await sleep(2)
  }
  throw new Error(`nobody accepted connections on port ${port} within ${limitMs} ms`)
}

async function accepts(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: "127.0.0.1" })
  return new Promise((resolve) => {
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
}
