import { beforeEach, describe, expect, test } from "vitest"
import { ControlClient } from "../../../src/control/client.ts"
import { controlPath } from "../../../src/control/path.ts"
import { lineBytesMax } from "../../../src/control/protocol.ts"
import { ControlServer } from "../../../src/control/server.ts"
import type { Connection } from "../../../src/platform/platform.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import type { Status } from "../../../src/router/router.ts"
import type { SpoolReader } from "../../../src/spool/reader.ts"
import { Spools } from "../../../src/spool/spools.ts"
import { append, RecordingLog, records, take } from "../spool/setup.ts"

const socket = "/state/control.sock"
const status: Status = {
  inTotal: 5,
  deliveredTotal: 3,
  waiting: 1,
  spooled: 1,
  oldestMs: undefined,
  openCircuits: ["out"],
  imbalances: [],
}

let platform: SimulatedPlatform
let log: RecordingLog
let spools: Spools

beforeEach(() => {
  platform = simulatedPlatform()
  log = new RecordingLog()
  spools = new Spools(platform, log, "/state")
})

function start(state = "/state", to = log): Promise<ControlServer> {
  const graph = { file: "/flow.yaml", version: "1.2.3", router: { status: () => status, spools } }
  return platform.complete(ControlServer.start({ platform, log: to, state, graph }))
}

/** A peer that says what it likes, and what it hears. */
class Peer {
  readonly heard: Record<string, unknown>[] = []
  closed = false
  readonly connection: Connection
  #rest = ""

  constructor() {
    this.connection = platform.sockets.connect(
      { path: socket },
      {
        data: (chunk) => {
          const lines = (this.#rest + chunk.toString()).split("\n")
          this.#rest = lines.pop() ?? ""
          for (const line of lines) this.heard.push(JSON.parse(line) as Record<string, unknown>)
        },
        closed: () => {
          this.closed = true
        },
      },
    )
  }

  async say(text: string): Promise<Record<string, unknown> | undefined> {
    this.connection.write(Buffer.from(text))
    await platform.settle()
    await platform.advance(50)
    return this.heard.at(-1)
  }
}

async function client(): Promise<ControlClient> {
  const found = await platform.complete(ControlClient.connect(platform, socket))
  if (found === undefined) throw new Error("nobody is there")
  return found
}

/** A spool of the graph with ten records. */
async function openSpool(): Promise<SpoolReader> {
  const spool = await platform.complete(spools.open("/spool"))
  const writer = await platform.complete(spool.openWriter({ name: "diskout" }))
  const reader = await platform.complete(spool.openReader({ name: "diskin" }))
  await platform.complete(append(writer, records(1, 10)))
  return reader
}

describe("what can be asked", () => {
  test("status and spools", async () => {
    await start()
    await openSpool()
    const asked = await client()
    expect(await platform.complete(asked.request("status", {}))).toMatchObject({
      pid: platform.pid,
      version: "1.2.3",
      file: "/flow.yaml",
      in: 5,
      delivered: 3,
      open_circuits: ["out"],
    })
    expect(await platform.complete(asked.request("spools", {}))).toMatchObject({
      spools: [{ path: "/spool", writer: "diskout", reader: "diskin", waiting: 10, in_flight: 0, quarantined: 0 }],
    })
  })

  test("a list comes item by item; what is in flight is told", async () => {
    await start()
    const reader = await openSpool()
    await platform.complete(take(reader, 2))
    const asked = await client()
    const items: unknown[] = []
    const result = await platform.complete(asked.request("events.list", { directory: "/spool", limit: 3 }, (item) => items.push(item)))
    expect(result).toEqual({ more: true })
    expect(items).toMatchObject([
      { sequence: 1, where: "in_flight", preview: "record 1" },
      { sequence: 2, where: "in_flight" },
      { sequence: 3, where: "waiting" },
    ])
  })

  test("a whole event", async () => {
    await start()
    await openSpool()
    const items: unknown[] = []
    const asked = await client()
    await platform.complete(asked.request("events.show", { directory: "/spool", sequences: [[4, 5]] }, (item) => items.push(item)))
    expect(items).toMatchObject([{ sequence: 4, event: { data: "record 4", tags: [] } }])
  })

  test("what was selected is purged, and nothing else", async () => {
    await start()
    const reader = await openSpool()
    await platform.complete(take(reader, 2))
    const asked = await client()
    const selection = { directory: "/spool", sequences: [[1, 6]] as [number, number][] }
    expect(await platform.complete(asked.request("events.select", selection))).toEqual({ waiting: 3, in_flight: 2, quarantined: 0 })
    const purged = await platform.complete(asked.request("events.purge", { directory: "/spool" }))
    expect(purged).toEqual({ done: 3, in_flight: 2, skipped: 0 })
    expect(await platform.complete(take(reader))).toEqual(["6", "7", "8", "9", "10"])
  })

  test("what was selected is moved to another spool", async () => {
    await start()
    await openSpool()
    const asked = await client()
    await platform.complete(asked.request("events.select", { directory: "/spool" }))
    const moved = await platform.complete(asked.request("events.move", { directory: "/spool", to: "/other" }))
    expect(moved).toEqual({ done: 10, in_flight: 0, skipped: 0 })
    const other = await platform.complete(spools.open("/other"))
    await platform.complete(other.openReader())
    expect(other.waiting).toBe(10)
  })
})

describe("what is refused", () => {
  test.each([
    ["not JSON\n", null, "the line is no JSON"],
    ["{}\n", null, "expected"],
    ["[1]\n", null, "expected"],
    ['{"id": 1, "request": "stop"}\n', 1, "there is no request `stop`"],
    ['{"id": 1, "request": "toString"}\n', 1, "there is no request `toString`"],
    ['{"id": 1, "request": "__proto__"}\n', 1, "there is no request"],
    ['{"id": 1.5, "request": "status"}\n', null, "expected"],
    ['{"id": 1, "request": "status", "more": 1}\n', 1, "expected"],
    ['{"id": 2, "request": "status", "params": {"a": 1}}\n', 2, "`params` of `status`"],
    ['{"id": 3, "request": "events.list", "params": {"directory": "relative"}}\n', 3, "directory"],
    ['{"id": 4, "request": "events.list", "params": {"directory": "/a", "sequences": [[-1, 2]]}}\n', 4, "sequences"],
    ['{"id": 5, "request": "events.list", "params": {"directory": "/nowhere"}}\n', 5, "does not use the spool"],
    ['{"id": 6, "request": "events.purge", "params": {"directory": "/spool"}}\n', 6, "`events.select` on this spool comes first"],
  ])("%j", async (line, id, problem) => {
    await start()
    await openSpool()
    const peer = new Peer()
    expect(await peer.say(line)).toMatchObject({ id, error: { message: expect.stringContaining(problem) as string } })
    expect(await peer.say('{"id": 7, "request": "status"}\n')).toMatchObject({ id: 7, result: { pid: platform.pid } })
  })

  test("a line without end is cut off, whatever follows", async () => {
    await start()
    const peer = new Peer()
    expect(await peer.say("x".repeat(lineBytesMax + 100))).toMatchObject({ id: null, error: { code: "WB_CONTROL_REQUEST" } })
    await peer.say('\n{"id": 1, "request": "status"}\n')
    expect(peer.heard).toHaveLength(1)
    expect(peer.closed).toBe(true)
  })

  test("the seventeenth connection, until another one ends", async () => {
    await start()
    const peers = Array.from({ length: 17 }, () => new Peer())
    await platform.advance(50)
    const [first, last] = [peers[0], peers[16]]
    expect(last?.heard).toMatchObject([{ error: { message: expect.stringContaining("16 connections") as string } }])
    expect(last?.closed).toBe(true)
    first?.connection.end()
    await platform.advance(50)
    expect(await new Peer().say('{"id": 1, "request": "status"}\n')).toMatchObject({ id: 1 })
  })

  test("one that asks nothing for ten minutes", async () => {
    await start()
    const peer = new Peer()
    await platform.advance(9 * 60_000)
    await peer.say('{"id": 1, "request": "status"}\n')
    await platform.advance(9 * 60_000)
    expect(peer.closed).toBe(false)
    await platform.advance(2 * 60_000)
    expect(peer.closed).toBe(true)
  })
})

test("requests of one connection are answered one after another, in pieces as in one", async () => {
  await start()
  const peer = new Peer()
  platform.net.splitChunks = true
  await peer.say(Array.from({ length: 50 }, (_, id) => `{"id": ${id}, "request": "status"}\n`).join(""))
  expect(peer.heard.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, id) => id))
})

test("a client hears why its request was refused", async () => {
  await start()
  const asked = await client()
  await expect(platform.complete(asked.request("events.list", { directory: "/nowhere" }))).rejects.toMatchObject({
    code: "WB_CONTROL_ANSWER",
    message: "The graph does not use the spool `/nowhere`",
  })
})

test("a client whose graph goes away is told", async () => {
  const server = await start()
  const asked = await client()
  await platform.complete(server.close())
  await expect(platform.complete(asked.request("status", {}))).rejects.toMatchObject({ code: "WB_CONTROL_CLOSED" })
  expect(await platform.complete(ControlClient.connect(platform, socket))).toBeUndefined()
})

describe("a graph that cannot have a socket runs without, and says why", () => {
  test("another graph with the same state folder", async () => {
    await start()
    const second = new RecordingLog()
    await start("/state", second)
    expect(second.warnings).toEqual([
      `there is no admin socket for this graph: process ${platform.pid} has it, which uses the same state folder; ` +
        "give each graph a `state` of its own",
    ])
    expect(await new Peer().say('{"id": 1, "request": "status"}\n')).toMatchObject({ result: { pid: platform.pid } })
  })

  test("a state folder that cannot be made", async () => {
    await start("/nowhere/state")
    expect(log.warnings).toEqual([expect.stringContaining("ENOENT")])
  })

  test("a path that is too long, and no folder of the user's own", async () => {
    await start(`/${"x".repeat(100)}`)
    expect(log.warnings).toEqual([expect.stringContaining("XDG_RUNTIME_DIR")])
  })
})

test("the socket of a long path goes to the user's runtime folder, under a name of its own", () => {
  const long = `/${"x".repeat(100)}`
  expect(controlPath({}, "/a/.wishbone")).toBe("/a/.wishbone/control.sock")
  expect(controlPath({}, long)).toBeUndefined()
  expect(controlPath({ XDG_RUNTIME_DIR: "relative" }, long)).toBeUndefined()
  const [one, other] = [`${long}/a`, `${long}/b`].map((state) => controlPath({ XDG_RUNTIME_DIR: "/run/user/1000" }, state))
  expect(one).toMatch(/^\/run\/user\/1000\/wishbone-ts-[0-9a-f]{16}\.sock$/)
  expect(other).not.toBe(one)
})
