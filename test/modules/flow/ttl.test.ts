import { expect, test } from "vitest"
import Ttl from "../../../modules/flow/ttl.ts"
import { startModule } from "../../../src/testing/index.ts"

test("an event passes as often as it may, then goes to `ttl_exceeded`", async () => {
  const run = await startModule(Ttl, { ttl: 2 })
  const event = run.module.event("a")
  for (let round = 0; round < 4; round++) await run.send("inbox", event)
  expect(run.sent).toEqual({ outbox: ["a", "a"], ttl_exceeded: ["a", "a"] })
  expect(event.tmp).toEqual({ module: { passages: 2 } })
  await run.stop()
})

test("each event has its own count, and a copy goes on with the one it was made with", async () => {
  const run = await startModule(Ttl)
  const event = run.module.event("a")
  await run.send("inbox", event, "b")
  await run.send("inbox", event.clone(), "c")
  expect(run.sent).toEqual({ outbox: ["a", "b", "c"], ttl_exceeded: ["a"] })
  await run.stop()
})

test("what else lies in its place counts as no passage", async () => {
  const run = await startModule(Ttl)
  for (const written of ["text", null, { passages: "many" }, { passages: -5 }, { passages: Number.NaN }]) {
    const event = run.module.event(written)
    event.tmp["module"] = written
    await run.send("inbox", event)
    expect(event.tmp).toEqual({ module: { passages: 1 } })
  }
  expect(run.sent["outbox"]).toHaveLength(5)
  await run.stop()
})
