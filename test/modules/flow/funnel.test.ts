import { expect, test } from "vitest"
import Funnel from "../../../modules/flow/funnel.ts"
import { startModule } from "../../../src/testing/index.ts"

test("joins all its queues into one and keeps the order within each", async () => {
  const run = await startModule(Funnel, {}, { inQueues: ["one", "two"] })
  run.put("one", "a", "b")
  run.put("two", "c", "d")
  await run.settle()
  const { outbox = [] } = run.sent
  expect(outbox.map(String).toSorted()).toEqual(["a", "b", "c", "d"])
  expect(outbox.filter((data) => data === "a" || data === "b")).toEqual(["a", "b"])
  expect(outbox.filter((data) => data === "c" || data === "d")).toEqual(["c", "d"])
  await run.stop()
})

test("serves its queues in turn, so that a long one does not keep the others waiting", async () => {
  const run = await startModule(Funnel, {}, { inQueues: ["one", "two"] })
  run.put("one", ...Array.from({ length: 1000 }, (_, index) => index))
  run.put("two", "late")
  await run.settle()
  expect(run.sent["outbox"]?.indexOf("late")).toBeLessThan(600)
  await run.stop()
})

test("takes nothing while its outbox is full, and goes on when there is room", async () => {
  const run = await startModule(Funnel, {}, { inQueues: ["one"], queues: { outbox: { size: 2 } } })
  run.block("outbox")
  await run.send("one", "a", "b", "c")
  expect(run.instance.actor.queues.get("one")?.length).toBe(1)
  await run.unblock("outbox")
  expect(run.sent).toEqual({ outbox: ["a", "b", "c"] })
  await run.stop()
})
