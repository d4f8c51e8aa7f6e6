import { expect, test } from "vitest"
import { runExample } from "../../support/example.ts"

/** What takes failed events has nobody behind it in an example that fits on a page. */
const lastResort = (instance: string): string => `\`${instance}.failed\` is not routed: an event that fails there is gone`

test("bootstrap/routing.yaml sends lines where they belong, and others when told so", async () => {
  const example = await runExample("routing.yaml", [lastResort("refused")])
  expect(await example.say("error disk full", "hello")).toEqual(["other: hello", "day team: error disk full"])
  expect(await example.say("switch night")).toEqual([])
  expect(await example.say("error again", "error too much")).toEqual(["night team: error again"])
  await example.advance(60_000)
  expect(await example.say("switch day")).toEqual([])
  expect(await example.say("error later")).toEqual(["day team: error later"])
  expect(await example.stop()).toMatchObject({ in: 7, delivered: 5, failed: 0, lost: 0, dropped: { unconnected: 2 } })
})

test("bootstrap/modify.yaml makes fields of lines, each line once, and keeps what it cannot read", async () => {
  const example = await runExample("modify.yaml", [lastResort("unreadable")])
  expect(await example.say("web1 GET /a 200", "web1 GET /a 200", "nonsense", "web2 POST /b/c 500")).toEqual([
    "unreadable: nonsense",
    "WEB1:GET a gave 200 (http)",
    "WEB2:POST b/c gave 500 (http)",
  ])
  await example.advance(10_000)
  expect(await example.say("web1 GET /a 200")).toEqual(["WEB1:GET a gave 200 (http)"])
  expect(await example.stop()).toMatchObject({ in: 5, delivered: 4, failed: 0, lost: 0, dropped: { unconnected: 1 } })
})
