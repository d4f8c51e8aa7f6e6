import { expect, test } from "vitest"
import Fanout from "../../../modules/flow/fanout.ts"
import { startModule } from "../../../src/testing/index.ts"

test("gives each connected queue its own copy", async () => {
  const run = await startModule(Fanout, {}, { outQueues: ["one", "two", "three"] })
  await run.send("inbox", { list: [1] })
  expect(run.sent).toEqual({ one: [{ list: [1] }], two: [{ list: [1] }], three: [{ list: [1] }] })
  const { one = [], two = [] } = run.events
  one[0]?.set("data.list", "changed")
  expect(two[0]?.data).toEqual({ list: [1] })
  expect(run.books).toMatchObject({ received: 1, copied: 2, forwarded: 3 })
  await run.stop()
})

test("copies have uuids of their own and know where they come from", async () => {
  const run = await startModule(Fanout, {}, { outQueues: ["one", "two"] })
  const event = run.module.event("data")
  const { uuid } = event
  await run.send("inbox", event)
  const events = Object.values(run.events).flat()
  expect(new Set(events.map((copy) => copy.uuid)).size).toBe(2)
  const copy = events.find((other) => other.uuid !== uuid)
  expect(copy?.meta.parents).toEqual([uuid])
  await run.stop()
})

test("lets the event go when nothing is connected", async () => {
  const run = await startModule(Fanout)
  await run.send("inbox", "a")
  expect(run.books).toMatchObject({ received: 1, in_flight: 0, dropped: { unconnected: 1 } })
  await run.stop()
})

test("one full queue holds all of them back", async () => {
  const run = await startModule(Fanout, {}, { outQueues: ["fast", "slow"], queues: { slow: { size: 1 } } })
  run.block("slow")
  await run.send("inbox", "a", "b", "c")
  expect(run.sent).toEqual({ fast: ["a"] })
  await run.unblock("slow")
  expect(run.sent).toEqual({ fast: ["a", "b", "c"], slow: ["a", "b", "c"] })
  await run.stop()
})
