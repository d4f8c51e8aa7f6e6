import { request } from "node:http"
import { beforeEach, describe, expect, onTestFinished, test } from "vitest"
import { HealthServer } from "../../../src/control/health.ts"
import type { MeasuredRouter } from "../../../src/control/metrics-source.ts"
import type { Address } from "../../../src/platform/platform.ts"
import { realPlatform } from "../../../src/platform/real.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { Spools } from "../../../src/spool/spools.ts"
import { collector, source, startGraph, type TestGraph } from "../../support/graph.ts"
import { append, RecordingLog, records, temporaryDirectory } from "../spool/setup.ts"
import { readExposition } from "./exposition.ts"

const platform = realPlatform()

let log: RecordingLog
let graph: TestGraph

beforeEach(async () => {
  log = new RecordingLog()
  graph = await startGraph({ in: source, out: collector() }, ["in.outbox -> out.inbox"])
})

interface Answer {
  readonly status: number | undefined
  readonly type: string | undefined
  readonly text: string
  readonly json: () => unknown
}

/** A server, and a way to ask it. */
async function serve(router: MeasuredRouter, address: Address = { host: "127.0.0.1", port: 0 }) {
  const server = await HealthServer.start({ platform, log, address, router, version: "1.2.3" })
  onTestFinished(() => server.close())
  const [, port] = /:(\d+)\/metrics$/.exec(log.infos.at(-1) ?? "") ?? []
  const ask = (path: string, method = "GET"): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port, path, method, agent: false }, (response) => {
        let text = ""
        response.setEncoding("utf8").on("data", (more: string) => {
          text += more
        })
        response.on("end", () =>
          resolve({ status: response.statusCode, type: response.headers["content-type"], text, json: () => JSON.parse(text) as unknown }),
        )
      })
      asked.on("error", reject).end()
    })
  return { server, ask }
}

test("a graph that runs is alive and ready, and not ready once it stops", async () => {
  const { ask } = await serve(graph.router)
  expect((await ask("/live")).status).toBe(200)
  const ready = await ask("/ready?verbose=1")
  expect(ready).toMatchObject({ status: 200, type: "application/json" })
  expect(ready.json()).toEqual({ ready: true, phase: "running", reasons: [], open_circuits: [] })
  await graph.stop()
  const stopped = await ask("/ready")
  expect(stopped.status).toBe(503)
  expect(stopped.json()).toMatchObject({ ready: false, phase: "stopped", reasons: ["the graph has stopped"] })
  expect((await ask("/live")).status).toBe(200)
})

test("a process that ends because of an error is alive no more", async () => {
  const { ask, server } = await serve(graph.router)
  server.fatal()
  const live = await ask("/live")
  expect(live.status).toBe(503)
  expect(live.json()).toEqual({ live: false, reasons: ["the process stops because of a fatal error"] })
})

test("the metrics of a graph are those of its books, read afresh each time", async () => {
  const { ask } = await serve(graph.router)
  const count = async (name: string): Promise<number | undefined> =>
    readExposition((await ask("/metrics")).text).get(name)?.samples[0]?.value
  await graph.run("in", 1, 2, 3)
  expect(await count("wishbone_ledger_delivered_total")).toBe(3)
  await graph.run("in", 4)
  expect(await count("wishbone_ledger_delivered_total")).toBe(4)
  const { text, type } = await ask("/metrics")
  expect(type).toBe("text/plain; version=0.0.4; charset=utf-8")
  const read = readExposition(text)
  expect(read.get("wishbone_build_info")?.samples[0]?.labels).toEqual({ version: "1.2.3" })
  expect(read.get("wishbone_queue_in_total")?.samples).toMatchObject([{ labels: { instance: "out", queue: "inbox" }, value: 4 }])
  expect(read.get("wishbone_instance_info")?.samples.map(({ labels }) => labels["instance"])).toEqual(["in", "out"])
})

test("the age of what waits in a queue is that of its oldest event", async () => {
  const stuck = await startGraph({ in: source, work: { handler: () => new Promise(() => undefined) }, out: collector() }, [
    "in.outbox -> work.inbox",
    "work.outbox -> out.inbox",
  ])
  await stuck.run("in", 1, 2)
  await stuck.platform.advance(2000)
  const { ask } = await serve(stuck.router)
  const ages = readExposition((await ask("/metrics")).text).get("wishbone_queue_oldest_seconds")?.samples
  expect(ages?.find(({ labels }) => labels["instance"] === "work")?.value).toBeCloseTo(2, 1)
  expect(ages?.find(({ labels }) => labels["instance"] === "out")?.value).toBe(0)
})

test("a spool shows what waits, what is in quarantine now, and how old it is", async () => {
  const directory = temporaryDirectory()
  const spools = new Spools(platform, log)
  onTestFinished(() => spools.close())
  const spool = await spools.open(directory)
  await append(await spool.openWriter({ name: "diskout" }), records(1, 5))
  await platform.files.makeDirectory(`${directory}/quarantine`)
  await platform.files.writeFile(`${directory}/quarantine/a`, "")
  const { ask } = await serve({
    figures: () => graph.router.figures(),
    report: () => graph.router.report(),
    status: () => graph.router.status(),
    spools,
  })
  const read = readExposition((await ask("/metrics")).text)
  const of = (name: string) => read.get(name)?.samples
  expect(of("wishbone_spool_waiting_events")).toMatchObject([{ labels: { directory }, value: 5 }])
  expect(of("wishbone_spool_quarantined_files")).toMatchObject([{ value: 1 }])
  expect(of("wishbone_spool_bytes")?.[0]?.value).toBeGreaterThan(5)
  expect(of("wishbone_spool_oldest_seconds")?.[0]?.value).toBeLessThan(60)
})

describe("anything else", () => {
  test.each(["/", "/metrics/", "/livez", "/__proto__", "http://a/live", "//live"])("%s is not found", async (path) => {
    const { ask } = await serve(graph.router)
    expect((await ask(path)).status).toBe(404)
  })

  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("%s is no way to ask", async (method) => {
    const { ask } = await serve(graph.router)
    expect((await ask("/metrics", method)).status).toBe(405)
  })

  test("HEAD is answered as GET, without the body", async () => {
    const { ask } = await serve(graph.router)
    expect(await ask("/ready", "HEAD")).toMatchObject({ status: 200, type: "application/json", text: "" })
  })

  test("a mistake in the numbers is 500 and in the log, and the server goes on", async () => {
    const broken = {
      figures: () => graph.router.figures(),
      status: () => graph.router.status(),
      spools: graph.router.spools,
      report: () => {
        throw new Error("nobody foresaw this")
      },
    }
    const { ask } = await serve(broken)
    expect((await ask("/metrics")).status).toBe(500)
    expect(log.errors).toEqual(["/metrics could not be answered: nobody foresaw this"])
    expect((await ask("/live")).status).toBe(200)
  })
})

describe("listening", () => {
  const router = (): MeasuredRouter => graph.router

  test("loopback is nothing to warn of, every address is", async () => {
    await serve(router())
    expect(log.warnings).toEqual([])
    await serve(router(), { host: "0.0.0.0", port: 0 })
    expect(log.warnings).toEqual([expect.stringContaining("can be read by whoever reaches this address")])
  })

  test("an address in use is told with a way out", async () => {
    await serve(router())
    const [, port = ""] = /:(\d+)\/metrics$/.exec(log.infos[0] ?? "") ?? []
    await expect(serve(router(), { host: "127.0.0.1", port: Number(port) })).rejects.toMatchObject({
      code: "WB_HTTP_LISTEN",
      exitStatus: 1,
      message: `\`--http\` cannot listen on 127.0.0.1:${port}: the address is in use`,
      hint: expect.stringContaining("ss -ltnp") as string,
    })
  })

  test("so is a socket in a folder that is not there", async () => {
    await expect(serve(router(), { path: "/nowhere/at/all/w.sock" })).rejects.toMatchObject({ code: "WB_HTTP_LISTEN" })
  })

  test("in a simulated run the option is named", async () => {
    const simulated = { platform: simulatedPlatform(), log, address: { path: "./w.sock" }, router: graph.router, version: "1" }
    await expect(HealthServer.start(simulated)).rejects.toMatchObject({ code: "WB_HTTP_SIMULATED" })
  })
})
