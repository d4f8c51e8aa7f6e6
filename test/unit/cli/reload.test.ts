// Reading the file of a running graph again: SIGHUP, `--watch`, and what is asked over the admin socket.

import { beforeEach, describe, expect, test } from "vitest"
import { ControlClient } from "../../../src/control/client.ts"
import { RecordedShell } from "./recorded-shell.ts"

let shell: RecordedShell

beforeEach(() => {
  shell = new RecordedShell()
})

const folder = "/flows"
const config = `${folder}/flow.yaml`

/** A source that makes `count` events and waits, and a sink. */
function flow(count: number, more: { modules?: object; routes?: string[]; state?: string } = {}): string {
  const source = { module: "test.input.counter", arguments: { count, endless: true } }
  const modules = { source, sink: { module: "test.output.sink" }, ...more.modules }
  const state = more.state === undefined ? {} : { state: more.state }
  return JSON.stringify({ ...state, modules, routingtable: more.routes ?? ["source.outbox -> sink.inbox"] })
}

async function write(text: string): Promise<void> {
  await shell.world.files.makeDirectory(folder)
  await shell.world.files.writeFile(config, text)
}

async function running(...argv: string[]): Promise<{ status: Promise<number> }> {
  const started = await shell.start("debug", "--config", config, ...argv)
  await shell.world.advance(1000)
  expect(shell.stderr).toContain("running")
  return started
}

async function stop(status: Promise<number>): Promise<void> {
  shell.events.emit("SIGTERM", "SIGTERM")
  expect(await shell.world.complete(status)).toBe(0)
  expect(shell.stderr).toContain("Nothing was lost.")
}

describe("SIGHUP", () => {
  test("leads the graph to what the file says now, and says what changed and how long it took", async () => {
    await write(flow(3))
    const { status } = await running()
    await write(flow(5, { modules: { more: { module: "test.output.sink" } }, routes: ["source.outbox -> more.inbox"] }))
    shell.events.emit("SIGHUP", "SIGHUP")
    await shell.world.advance(1000)
    expect(shell.stderr).toMatch(
      /info debug: reloaded in \d+ ms: added more; changed source \(arguments\.count\); new routes source\.outbox -> more\.inbox; routes gone source\.outbox -> sink\.inbox\n/,
    )
    await stop(status)
    expect(shell.stderr).toMatch(/^total +8 +8 +0 +0$/m)
  })

  test("tells the mistakes with their places, and the graph runs on", async () => {
    await write(flow(3))
    const { status } = await running()
    await write('{ "modules": { "source": { "module": "test.input.nobody" } },\n "routingtable": ["source.outbox -> sink.inbox"] }')
    shell.events.emit("SIGHUP", "SIGHUP")
    await shell.world.advance(1000)
    expect(shell.stderr).toContain("error debug: There is no module `test.input.nobody`  at=/flows/flow.yaml:1:38 code=WB_MODULE_UNKNOWN")
    expect(shell.stderr).toContain("/flows/flow.yaml has 2 mistakes; the graph runs on as it was")
    await stop(status)
  })

  test("what cannot be started leads back, and says so", async () => {
    await write(flow(3))
    const { status } = await running()
    await write(flow(3).replace('"endless":true', '"endless":true,"broken":true'))
    shell.events.emit("SIGHUP", "SIGHUP")
    await shell.world.advance(10_000)
    expect(shell.stderr).toContain("the graph runs on as it was: `source` could not start: no power")
    await stop(status)
    // It was started again, and made its events again.
    expect(shell.stderr).toMatch(/^total +6 +6 +0 +0$/m)
  })

  test("a file that says what runs already changes nothing", async () => {
    await write(flow(3))
    const { status } = await running()
    shell.events.emit("SIGHUP", "SIGHUP")
    await shell.world.advance(1000)
    expect(shell.stderr).toContain("info debug: the bootstrap file says what runs already")
    await stop(status)
    expect(shell.stderr).toMatch(/^total +3 +3 +0 +0$/m)
  })

  test("another state folder needs a restart", async () => {
    await write(flow(3))
    const { status } = await running()
    await write(flow(3, { state: "./elsewhere" }))
    shell.events.emit("SIGHUP", "SIGHUP")
    await shell.world.advance(1000)
    expect(shell.stderr).toContain("the graph runs on as it was: `state` cannot change while the graph runs")
    await stop(status)
  })

  test("several of them are one or two rounds", async () => {
    await write(flow(3))
    const { status } = await running()
    for (let at = 0; at < 10; at++) shell.events.emit("SIGHUP", "SIGHUP")
    await shell.world.advance(1000)
    expect(shell.stderr.split("says what runs already")).toHaveLength(2)
    await stop(status)
  })

  test("of a graph from standard input is answered by a warning", async () => {
    shell.world.streams.feed(flow(3))
    shell.world.streams.endInput()
    const { status } = await shell.start("debug", "--config", "-", "--watch")
    await shell.world.advance(1000)
    shell.events.emit("SIGHUP", "SIGHUP")
    await shell.world.advance(1000)
    expect(shell.stderr).toContain("warning debug: standard input cannot be watched (`--watch`)")
    expect(shell.stderr).toContain("warning debug: SIGHUP: standard input cannot be read again; the graph runs on as it is")
    await stop(status)
  })

  test("before the graph runs it waits; while it stops it does nothing", async () => {
    await write(flow(3))
    const { status } = await shell.start("debug", "--config", config)
    shell.events.emit("SIGHUP", "SIGHUP")
    await shell.world.advance(1000)
    await stop(status)
    expect(shell.events.listenerCount("SIGHUP")).toBe(0)
  })
})

describe("--watch", () => {
  test("follows the file: a change, a mistake, its end and its return", async () => {
    await write(flow(3))
    const { status } = await running("--watch")
    await write(flow(4))
    await shell.world.advance(1000)
    expect(shell.stderr).toContain("changed source (arguments.count)")
    await write("modules: [")
    await shell.world.advance(1000)
    expect(shell.stderr).toContain("the graph runs on as it was")
    await shell.world.files.unlink(config)
    await shell.world.advance(1000)
    expect(shell.stderr).toContain("/flows/flow.yaml is gone; the graph runs on as it is")
    await write(flow(6))
    await shell.world.advance(1000)
    expect(shell.stderr.split("changed source (arguments.count)")).toHaveLength(3)
    await stop(status)
    expect(shell.stderr).toMatch(/^total +13 +13 +0 +0$/m)
  })

  test("writes that follow one another closely are one reading", async () => {
    await write(flow(3))
    const { status } = await running("--watch")
    for (let count = 4; count < 10; count++) {
      await write(flow(count))
      await shell.world.advance(100)
    }
    await shell.world.advance(1000)
    expect(shell.stderr.split("reloaded in")).toHaveLength(2)
    await stop(status)
  })

  test("a file that was saved without a change is not worth a word", async () => {
    await write(flow(3))
    const { status } = await running("--watch")
    await write(`${flow(3)}\n`)
    await shell.world.advance(1000)
    expect(shell.stderr).not.toContain("what runs already")
    await stop(status)
  })
})

test("the admin socket answers with what came of it", async () => {
  await write(flow(3))
  const { status } = await running()
  await write(flow(4))
  const client = await shell.world.complete(ControlClient.connect(shell.world, `${folder}/.wishbone/control.sock`))
  if (client === undefined) throw new Error("nobody listens")
  expect(await shell.world.complete(client.request("reload", {}))).toMatchObject({
    outcome: "reloaded",
    problems: [],
    changed: [{ name: "source", what: ["arguments.count"] }],
    added: [],
    removed: [],
    routes_added: [],
    routes_removed: [],
    restored: [],
    down: [],
    stale: 0,
  })
  await write("modules: [")
  expect(await shell.world.complete(client.request("reload", {}))).toMatchObject({
    outcome: "refused",
    problems: [{ code: "WB_YAML_SYNTAX", file: config, line: 1 }],
  })
  client.close()
  await stop(status)
})
