// Processes of this machine: `/proc` where there is one, else `ps`.

import { type ChildProcess, execFile, spawn } from "node:child_process"
import { open, readFile } from "node:fs/promises"
import type { BackgroundProcess, ParentProcess, ProcessEnd, Processes, ProcessIdentity } from "./processes.ts"
import { errorCode } from "./system-error.ts"

/** `program`: what Node was started with, up to the arguments of the command line. */
export function realProcesses(program: readonly string[]): Processes {
  return {
    identify: process.platform === "linux" ? identifyByProc : identifyByPs,
    signal: (pid, signal) => void process.kill(pid, signal),
    background: (args, options) => startBackground([...program, ...args], options),
    parent: process.send === undefined ? undefined : parentOf(process),
  }
}

/** Linux: field 22 of `/proc/<pid>/stat` is the start in ticks since the machine was started, and `boot_id` which start of it that was. */
export async function identifyByProc(pid: number): Promise<ProcessIdentity | undefined> {
  let stat: string
  try {
    stat = await readFile(`/proc/${pid}/stat`, "utf8")
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ESRCH") return exists(pid) ? { mark: "", command: [] } : undefined
    throw error
  }
  // The second field is the program's name in brackets, which may hold spaces and brackets itself.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const started = rest[18] ?? ""
  if (state === "Z" || state === "X" || started === "") return undefined
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
  return { mark: `${await bootId()}/${started}`, command: command.split("\0").slice(0, -1) }
}

async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim()
}

/** Hidden processes (`hidepid`) have no folder in `/proc` that this user could see. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return errorCode(error) === "EPERM"
  }
}

/** Anywhere else: the time of its start, to the second. */
export function identifyByPs(pid: number): Promise<ProcessIdentity | undefined> {
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" }
  return new Promise((resolve, reject) => {
    execFile("ps", ["-o", "stat=", "-o", "lstart=", "-o", "args=", "-p", String(pid)], { env }, (error, stdout) => {
      // Its status 1 means that there is no such process.
      if (error !== null && error.code !== 1) return reject(error as Error)
      const [, state = "Z", mark = "", command = ""] = /^\s*(\S+)\s+(\w{3} \w{3}\s+\d+ [\d:]{8} \d{4})\s*(.*)$/m.exec(stdout) ?? []
      resolve(state.startsWith("Z") ? undefined : { mark, command: command.split(" ") })
    })
  })
}

async function startBackground(
  args: readonly string[],
  { log, told }: { log: string; told: (message: unknown) => void },
): Promise<BackgroundProcess> {
  const handle = await open(log, "a", 0o600)
  try {
    const { size } = await handle.stat()
    // Advanced: options may hold what JSON has no words for.
    const child = spawn(process.execPath, [...args], {
      detached: true,
      stdio: ["ignore", handle.fd, handle.fd, "ipc"],
      serialization: "advanced",
    })
    const ended = endOf(child)
    child.on("message", told)
    await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject))
    return { pid: child.pid ?? 0, logOffset: size, ended, tell: (message) => tell(child, message), release: () => release(child) }
  } finally {
    await handle.close()
  }
}

/** Its end comes after all that it said. */
async function endOf(child: ChildProcess): Promise<ProcessEnd> {
  const silent = new Promise<void>((resolve) => child.once("disconnect", resolve))
  const end = await new Promise<ProcessEnd>((resolve) => child.once("exit", (status, signal) => resolve({ status, signal })))
  if (child.connected) await silent
  return end
}

type Channel = Pick<ChildProcess, "connected" | "send">

/** The other side may be gone at any time, and is then told nothing: how it ended is learnt elsewhere. */
function tell(channel: Channel, message: unknown): void {
  if (channel.connected) channel.send(message as object, () => undefined)
}

function release(child: ChildProcess): void {
  child.removeAllListeners("message")
  if (child.connected) child.disconnect()
  child.unref()
}

function parentOf(self: NodeJS.Process): ParentProcess {
  const first = new Promise<unknown>((resolve, reject) => {
    const alone = (): void => reject(new Error("whoever started this process is gone"))
    self.once("disconnect", alone)
    self.once("message", (message) => {
      // Listening keeps the process alive.
      self.off("disconnect", alone)
      resolve(message)
    })
  })
  // It is only worth something to whoever asks for it.
  first.catch(() => undefined)
  return { first, tell: (message) => tell(self as Channel, message) }
}
