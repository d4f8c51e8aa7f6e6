import { expect, test } from "vitest"
import Null from "../../../modules/output/null.ts"
import { startModule } from "../../../src/testing/index.ts"

test("takes every event and calls it delivered", async () => {
  const run = await startModule(Null, {}, { successful: false })
  await run.send("inbox", "a", { b: 1 })
  expect(run.sent).toEqual({})
  expect(run.books).toMatchObject({ received: 2, delivered: 2, in_flight: 0 })
  await run.stop()
})

test("hands what it discarded on to `successful` where that is routed", async () => {
  const run = await startModule(Null)
  await run.send("inbox", "a", "b")
  expect(run.sent).toEqual({ successful: ["a", "b"] })
  await run.stop()
})
