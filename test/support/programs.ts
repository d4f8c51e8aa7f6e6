// Real programs for tests: the command line and listeners, each in a process group of its own, so that killing one kills nothing else.

import { type ChildProcess, spawn } from "node:child_process"
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))

/** A running child process and what it has said so far. */
export class Program {
  readonly child: ChildProcess
  stdout = ""
  stderr = ""
  /** Exit status, or 128 + signal number is not used: a killed program has `null`. */
  status: number | null | undefined = undefined
  private readonly exited: Promise<number | null>

  constructor(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.child = spawn(command, args, {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
    })
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text
      this.onOutput(text)
    })
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text
    })
    this.child.stdin?.on("error", () => undefined)
    this.exited = new Promise((resolve) => {
      this.child.on("close", (status) => {
        this.status = status
        resolve(status)
      })
    })
  }

  /** Waits for the end; fails past the deadline with what the program said. */
  async exit(deadlineMs = 20_000): Promise<number | null> {
    await eventually(() => this.status !== undefined, `the program to end\n${this.stderr.slice(-2000)}`, deadlineMs)
    return this.exited
  }

  signal(signal: NodeJS.Signals): void {
    if (this.child.pid !== undefined && this.status === undefined) this.child.kill(signal)
  }

  /** Kills the whole process group at once and waits for its end. */
  async kill(): Promise<void> {
    if (this.child.pid === undefined || this.status !== undefined) return
    try {
      process.kill(-this.child.pid, "SIGKILL")
    } catch {
      // It ended by itself meanwhile.
    }
    await this.exited
  }

  protected onOutput(_text: string): void {}
}

/** The built command line. */
export function wishbone(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv; home?: string } = {}): Program {
  return new Program(process.execPath, [join(options.home ?? root, "bin/wishbone-ts.cjs"), ...args], options)
}

/** A copy of the built program in `folder` with a bug in it: `find` replaced by `put` in a file of `dist`. */
export async function brokenBuild(folder: string, bug: { file: string; find: string; put: string }): Promise<string> {
  for (const part of ["bin", "dist", "package.json"]) await cp(join(root, part), join(folder, part), { recursive: true })
  await symlink(join(root, "node_modules"), join(folder, "node_modules"))
  const file = join(folder, "dist", bug.file)
  const text = await readFile(file, "utf8")
  if (!text.includes(bug.find)) throw new Error(`the bug has no place in ${bug.file} any more: look for ${bug.find}`)
  await writeFile(file, text.replace(bug.find, bug.put))
  return folder
}

/** A destination that counts lines. */
export class Listener extends Program {
  readonly lines: { line: string; at: number }[] = []
  private rest = ""
  private ready = false

  private constructor(port: number) {
    super(process.execPath, [join(root, "test/fixtures/listener.mjs"), String(port)])
  }

  static async start(port: number): Promise<Listener> {
    const listener = new Listener(port)
    await eventually(() => listener.ready, `a listener on ${port}`)
    return listener
  }

  protected override onOutput(text: string): void {
    const parts = ((this.rest ?? "") + text).split("\n")
    this.rest = parts.pop() ?? ""
    for (const part of parts) {
      const said = JSON.parse(part) as { line?: string; at?: number; ready?: number }
      if (said.ready !== undefined) this.ready = true
      if (said.line !== undefined && said.at !== undefined) this.lines.push({ line: said.line, at: said.at })
    }
  }
}

/** Waits for a condition, looking every few milliseconds; fails past the deadline, naming what it waited for. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string, deadlineMs = 10_000): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Ports nobody listens on just now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.on("error", reject)
          server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port))
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** A directory that is removed when the test ends. */
export async function temporaryDirectory(onTestFinished: (clean: () => Promise<void>) => void): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "wishbone-ts-"))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}
