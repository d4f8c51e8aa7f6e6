import { expect, test } from "vitest"
import Switch from "../../../modules/flow/switch.ts"
import { checkArguments } from "../../../src/spec/arguments.ts"
import { contractOf } from "../../../src/spec/contract.ts"
import { startModule } from "../../../src/testing/index.ts"

test("sends events to `outbox` until it is told another queue", async () => {
  const run = await startModule(Switch, {}, { outQueues: ["other"] })
  await run.send("inbox", 1, 2)
  await run.send("switch", " other\n")
  await run.send("inbox", 3)
  await run.send("switch", "outbox")
  await run.send("inbox", 4)
  expect(run.sent).toEqual({ outbox: [1, 2, 4], other: [3] })
  expect(run.lines).toEqual(["info: switched from outbox to other", "info: switched from other to outbox"])
  await run.stop()
})

test("begins with `outgoing`, and finds the name of a new target where it is told to look", async () => {
  const run = await startModule(Switch, { outgoing: "one", path: "tmp.target" }, { outQueues: ["one", "two"] })
  await run.send("inbox", "a")
  const order = run.module.event("whatever")
  order.tmp["target"] = "two"
  await run.send("switch", order)
  await run.send("inbox", "b")
  expect(run.sent).toEqual({ one: ["a"], two: ["b"] })
  await run.stop()
})

test.each([
  ["nowhere"],
  ["inbox"],
  ["switch"],
  ["failed"],
  ["successful"],
  ["logs"],
  ["constructor"],
  [""],
  [5],
  [null],
  [{ queue: "other" }],
])("a target that is none, %j, fails its event and changes nothing", async (name) => {
  const run = await startModule(Switch, {}, { outQueues: ["other"] })
  await run.send("switch", name)
  await run.send("inbox", "a")
  expect(run.sent).toEqual({ failed: [name], outbox: ["a"] })
  expect(run.events["failed"]?.[0]?.meta.history).toMatchObject([{ kind: "invalid", code: "switch_target" }])
  expect(run.events["failed"]?.[0]?.errors["module"]?.[2]).toContain("outbox, other")
  await run.stop()
})

test("a first target that no route starts from ends the start, with a hint", async () => {
  const start = startModule(Switch, { outgoing: "othr" }, { outQueues: ["other"] })
  await expect(start).rejects.toMatchObject({ code: "WB_TARGET_UNCONNECTED", hint: "Did you mean `other`?" })
  await expect(start).rejects.toThrow("`module` sends events to its queue `othr` (`outgoing`), which no route starts from")
})

test.each(["inbox", "switch", "", "{{ data }}"])("%j cannot be the first target", (outgoing) => {
  expect(checkArguments(Switch.spec, { outgoing }).problems).toHaveLength(1)
})

test("a full target holds events back, but not the order to switch", async () => {
  const run = await startModule(Switch, {}, { outQueues: ["other"], queues: { outbox: { size: 1 } } })
  run.block("outbox")
  await run.send("inbox", 1, 2)
  await run.send("switch", "other")
  expect(run.lines).toEqual(["info: switched from outbox to other"])
  await run.unblock("outbox")
  expect(run.sent).toEqual({ outbox: [1], other: [2] })
  await run.stop()
})

test("an order waits for no target, so a route from a target back to `switch` is no deadlock", () => {
  expect(contractOf(Switch.spec, {}).waits).toEqual({ inbox: ["*"], switch: [] })
})
