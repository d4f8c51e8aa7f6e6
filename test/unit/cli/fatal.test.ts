// A run tells, once it is clear that it ends because of an error, so that `/live` can say so while it still drains.

import { EventEmitter } from "node:events"
import { expect, test } from "vitest"
import { runGraph } from "../../../src/cli/run.ts"
import { type Script, source, TestGraph } from "../../support/graph.ts"
import { RecordingLog } from "../spool/setup.ts"

function run(scripts: Readonly<Record<string, Script>>) {
  const graph = new TestGraph(scripts, ["in.outbox -> out.inbox"], {})
  const events = new EventEmitter()
  const log = new RecordingLog()
  const phases: string[] = []
  const status = runGraph({
    router: graph.router,
    platform: graph.platform,
    shell: { events, exit: () => undefined },
    log,
    stopTimeoutMs: 1000,
    fatal: () => phases.push(graph.router.figures().phase),
    close: () => Promise.resolve(),
  })
  return { graph, events, phases, status }
}

const out: Script = { kind: "output", outs: [], handler: () => undefined }

test("an error nobody caught is told before the graph stops", async () => {
  const { graph, events, phases, status } = run({ in: source, out })
  await graph.platform.advance(10)
  events.emit("uncaughtException", new Error("nobody foresaw this"))
  expect(await graph.platform.complete(status)).toBe(1)
  expect(phases).toEqual(["running"])
})

test("so is a graph that cannot start", async () => {
  const { graph, phases, status } = run({
    in: source,
    out: {
      ...out,
      start: () => {
        throw new Error("no power")
      },
    },
  })
  expect(await graph.platform.complete(status)).toBe(1)
  expect(phases).toEqual(["stopped"])
})

test("a signal is no error", async () => {
  const { graph, events, phases, status } = run({ in: source, out })
  await graph.platform.advance(10)
  events.emit("SIGTERM", "SIGTERM")
  expect(await graph.platform.complete(status)).toBe(0)
  expect(phases).toEqual([])
})
