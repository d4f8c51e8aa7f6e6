// The admin socket of a running graph: a unix socket in its state folder that this user alone can open (0600). What can be asked is in
// protocol.ts. A graph that cannot have one runs without: that is a warning. Where another graph with the same state folder has it, it is
// left to that one.

import type { Log } from "../log.ts"
import type { Connection, Listener, Platform } from "../platform/platform.ts"
import { errorCode } from "../platform/system-error.ts"
import { ControlClient } from "./client.ts"
import { controlPath } from "./path.ts"
import { type ControlledGraph, Requests } from "./requests.ts"
import { Session } from "./session.ts"

const sessionsMax = 16
/** What is under way at the stop gets so long to come to the end of its step. */
const closeMs = 2000
const answerMs = 1000

export interface ControlOptions {
  readonly platform: Platform
  readonly log: Log
  /** State folder of the graph, absolute; made when its parent exists. */
  readonly state: string
  readonly graph: ControlledGraph
}

export class ControlServer {
  readonly #platform: Platform
  readonly #graph: ControlledGraph
  readonly #startedMs: number
  readonly #sessions = new Set<Session>()
  #listener: Listener | undefined

  private constructor({ platform, graph }: ControlOptions) {
    this.#platform = platform
    this.#graph = graph
    this.#startedMs = platform.clock.monotonic()
  }

  /** Starts to listen. Never rejects: why there is no socket is told as a warning. */
  static async start(options: ControlOptions): Promise<ControlServer> {
    const server = new ControlServer(options)
    const { log, platform, state } = options
    const path = controlPath(platform.environment, state)
    const warn = (reason: string): void => log.warn(`there is no admin socket for this graph: ${reason}`, { state })
    if (path === undefined) warn("the path of the state folder is too long for a socket, and XDG_RUNTIME_DIR is not set")
    else await server.#listen(path, state).catch(async (thrown: unknown) => warn(await reasonOf(platform, path, thrown)))
    return server
  }

  /** Takes no more requests, ends what is under way at its next step, and removes the socket. */
  async close(): Promise<void> {
    const sessions = [...this.#sessions]
    await this.#listener?.close()
    for (const session of sessions) session.close()
    const over = new AbortController()
    const late = this.#platform.timers.sleep(closeMs, over.signal).catch(() => undefined)
    await Promise.race([Promise.all(sessions.map(({ ended }) => ended)), late])
    over.abort()
  }

  async #listen(path: string, state: string): Promise<void> {
    await makeFolder(this.#platform.files, state)
    this.#listener = await this.#platform.sockets.listen({ address: { path } }, (connection) => this.#accept(connection))
  }

  #accept(connection: Connection): void {
    const requests = new Requests(this.#platform, this.#graph, this.#startedMs)
    const session = new Session(connection, { requests, timers: this.#platform.timers })
    if (this.#sessions.size >= sessionsMax) return session.refuse(`${sessionsMax} connections are open already`)
    this.#sessions.add(session)
    void session.ended.then(() => this.#sessions.delete(session))
  }
}

async function makeFolder(files: Platform["files"], folder: string): Promise<void> {
  if ((await files.stat(folder)) === undefined) await files.makeDirectory(folder)
}

async function reasonOf(platform: Platform, path: string, thrown: unknown): Promise<string> {
  if (errorCode(thrown) !== "EADDRINUSE") return thrown instanceof Error ? thrown.message : String(thrown)
  const pid = await pidOf(platform, path)
  const who = pid === undefined ? "another process" : `process ${pid}`
  return `${who} has it, which uses the same state folder; give each graph a \`state\` of its own`
}

/** The process behind a socket, if it says who it is. */
async function pidOf(platform: Platform, path: string): Promise<number | undefined> {
  const client = await ControlClient.connect(platform, path)
  if (client === undefined) return undefined
  const over = new AbortController()
  try {
    const asked = client.request("status", {}).catch(() => undefined)
    const status = await Promise.race([asked, platform.timers.sleep(answerMs, over.signal).catch(() => undefined)])
    const pid = typeof status === "object" && status !== null ? (status as { pid?: unknown }).pid : undefined
    return typeof pid === "number" ? pid : undefined
  } finally {
    over.abort()
    client.close()
  }
}
