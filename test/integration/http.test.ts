// The example of HTTP in and HTTP out, run by the real router, with a server of the test's own behind it.
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"
import { expect, onTestFinished, test } from "vitest"
import { checkBootstrap } from "../../src/bootstrap/check.ts"
import type { Log } from "../../src/log.ts"
import { Router } from "../../src/router/router.ts"
import { ask, httpInput, httpOutput, platform, portOf, Server, server, until } from "../support/http.ts"
import { builtins } from "../support/plans.ts"

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }

async function freePort(): Promise<number> {
  const probe = await new Server().listen()
  await probe.close()
  return probe.port
}

/** bootstrap/http.yaml with ports that are free. */
async function runExample(port: number, sink: number): Promise<Router> {
  const text = await readFile(fileURLToPath(new URL("../../bootstrap/http.yaml", import.meta.url)), "utf8")
  const bytes = Buffer.from(text.replaceAll("8080", `${port}`).replaceAll("8081", `${sink}`))
  const registry = builtins()
  const { plan, problems } = await checkBootstrap({ bytes, file: "http.yaml", folder: "/flows", registry, environment: {} })
  expect(problems.map(({ message }) => message)).toEqual(
    ["bulk", "urgent"].map((name) => `\`${name}.failed\` is not routed: an event that fails there is gone`),
  )
  if (plan === undefined) throw new Error("the example gives no plan")
  const router = Router.fromPlan(plan, { registry, platform, logs: () => silent })
  await router.start()
  onTestFinished(() => router.stop({ timeoutMs: 2000 }).then(() => undefined))
  return router
}

test("bootstrap/http.yaml: who hears 200 has its lines at the other end, who hears 503 has not", async () => {
  const sink = await server()
  const port = await freePort()
  const router = await runExample(port, sink.port)
  const lines = Array.from({ length: 250 }, (_, index) => `line ${index} of many`)
  expect(await ask(port, { body: lines.join("\n") })).toMatchObject({ status: 200, body: '{"events":250}\n' })
  const bulk = sink.got.filter(({ url }) => url === "/bulk")
  const bodies = bulk.map(({ body, headers }) => (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString())
  expect(bodies.join("").split("\n").slice(0, -1).toSorted()).toEqual(lines.toSorted())
  expect(bulk).toHaveLength(3)
  expect(await ask(port, { path: "/urgent", body: "one\ntwo" })).toMatchObject({ status: 200 })
  expect(sink.got.filter(({ url }) => url === "/urgent").map(({ body }) => body.toString())).toEqual(["one", "two"])
  expect(await ask(port, { path: "/bulky", body: "a" })).toMatchObject({ status: 404 })
  sink.serve = (_got, response) => void response.writeHead(500).end()
  expect(await ask(port, { body: "lost" })).toMatchObject({ status: 503 })
  await router.stop({ timeoutMs: 2000 })
  expect(router.report()).toMatchObject({ in: 253, delivered: 252, failed: 1, lost: 0 })
})

test("what a server answers is the result that a publisher on the other side gets", async () => {
  const peer = await server((got, response) => void response.end(`seen ${got.body.toString()}`))
  const output = await httpOutput(peer.url, { keep_answer: true })
  output.put("inbox", "a")
  await until(() => output.events["successful"]?.[0]?.result === "seen a")
})

test("a thousand requests side by side, each event once", async () => {
  const input = await httpInput({ delimiter: "\n" }, { queues: { outbox: { size: 50 } } })
  const output = await httpOutput(`http://127.0.0.1:${portOf(input)}`, { connections: 20, batch: { events: 7 }, timeout: "30s" })
  const sent = Array.from({ length: 5000 }, (_, index) => `event ${index}`)
  output.put("inbox", ...sent)
  await until(() => (output.events["successful"]?.length ?? 0) === sent.length, 30_000)
  expect(output.sent["successful"]).toEqual(sent)
  expect((input.sent["outbox"] as string[]).toSorted()).toEqual(sent.toSorted())
})
