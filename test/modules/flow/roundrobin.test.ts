import { expect, test } from "vitest"
import Roundrobin from "../../../modules/flow/roundrobin.ts"
import { startModule } from "../../../src/testing/index.ts"

test("gives each event to one queue, in strict turn", async () => {
  const run = await startModule(Roundrobin, {}, { outQueues: ["one", "two", "three"] })
  await run.send("inbox", 1, 2, 3, 4, 5, 6, 7)
  expect(run.sent).toEqual({ one: [1, 4, 7], two: [2, 5], three: [3, 6] })
  expect(run.books).toMatchObject({ received: 7, forwarded: 7, copied: 0 })
  await run.stop()
})

test("one full queue holds the others back, so that the turn stays", async () => {
  const run = await startModule(Roundrobin, {}, { outQueues: ["fast", "slow"], queues: { slow: { size: 1 } } })
  run.block("slow")
  await run.send("inbox", 1, 2, 3, 4, 5)
  expect(run.sent).toEqual({ fast: [1] })
  expect(run.instance.actor.queues.get("inbox")?.length).toBe(3)
  await run.unblock("slow")
  expect(run.sent).toEqual({ fast: [1, 3, 5], slow: [2, 4] })
  await run.stop()
})

test("a queue that drops keeps its turn and holds nobody back", async () => {
  const run = await startModule(Roundrobin, {}, { outQueues: ["fast", "slow"], queues: { slow: { size: 1, whenFull: "drop_new" } } })
  run.block("slow")
  await run.send("inbox", 1, 2, 3, 4, 5, 6)
  expect(run.sent).toEqual({ fast: [1, 3, 5] })
  await run.unblock("slow")
  expect(run.sent["slow"]).toEqual([2])
  await run.stop()
})

test("chooses at random, never an in queue, and each queue gets its share", async () => {
  const run = await startModule(Roundrobin, { randomize: true }, { outQueues: ["one", "two"] })
  const items = Array.from({ length: 1000 }, (_, index) => index)
  await run.send("inbox", ...items)
  const { one = [], two = [], ...others } = run.sent
  expect(others).toEqual({})
  expect([...one, ...two].map(Number).toSorted((a, b) => a - b)).toEqual(items)
  expect(one.length).toBeGreaterThan(400)
  expect(two.length).toBeGreaterThan(400)
  expect(one.map(Number)).toEqual(one.map(Number).toSorted((a, b) => a - b))
  await run.stop()
})

test("without any route events fall away, counted", async () => {
  const run = await startModule(Roundrobin)
  await run.send("inbox", "a", "b")
  expect(run.books).toMatchObject({ received: 2, in_flight: 0, dropped: { unconnected: 2 } })
  await run.stop()
})
