import { describe, expect, test } from "vitest"
import Count from "../../../modules/flow/count.ts"
import { checkArguments } from "../../../src/spec/arguments.ts"
import { startModule } from "../../../src/testing/index.ts"

const numbers = (count: number): unknown[] => Array.from({ length: count }, (_, n) => ({ value: "x", n: n + 1 }))
const condition = (more: Record<string, unknown>): Record<string, unknown> => ({
  conditions: { "data.value": { value: "x", occurrence: 10, window: 2, action: "pass", ...more } },
})

describe("pass", () => {
  test("drops nine events and passes from the tenth on", async () => {
    const run = await startModule(Count, condition({}))
    await run.send("inbox", ...numbers(12))
    expect(run.sent["dropped"]).toEqual(numbers(9))
    expect(run.sent["outbox"]).toEqual(numbers(12).slice(9))
    await run.stop()
  })

  test("counts anew when the window after the first event is over", async () => {
    const run = await startModule(Count, condition({}))
    await run.send("inbox", ...numbers(10))
    await run.platform.advance(2000)
    await run.send("inbox", ...numbers(1))
    expect(run.sent["outbox"]).toHaveLength(1)
    expect(run.sent["dropped"]).toHaveLength(10)
    await run.stop()
  })
})

describe("drop", () => {
  test("passes nine events and drops from the tenth on", async () => {
    const run = await startModule(Count, condition({ action: "drop" }))
    await run.send("inbox", ...numbers(12))
    expect(run.sent["outbox"]).toEqual(numbers(9))
    expect(run.sent["dropped"]).toEqual(numbers(12).slice(9))
    await run.stop()
  })

  test("passes again when the window is over", async () => {
    const run = await startModule(Count, condition({ action: "drop" }))
    await run.send("inbox", ...numbers(10))
    await run.platform.advance(2000)
    await run.send("inbox", ...numbers(1))
    expect(run.sent["outbox"]).toHaveLength(10)
    await run.stop()
  })
})

test("without a window the count stays", async () => {
  const run = await startModule(Count, condition({ occurrence: 2, window: 0 }))
  await run.send("inbox", ...numbers(1))
  await run.platform.advance(10 * 86_400_000)
  await run.send("inbox", ...numbers(2))
  expect(run.sent["outbox"]).toHaveLength(2)
  await run.stop()
})

test("events that no condition counts go to `outbox`, and nowhere else", async () => {
  const run = await startModule(Count, condition({ value: 99 }))
  const others = [{ value: "99" }, { other: 99 }, "text", { value: null }]
  await run.send("inbox", ...others)
  expect(run.sent).toEqual({ outbox: others })
  await run.stop()
})

test("the first condition that fits counts, and each has a count of its own", async () => {
  const run = await startModule(Count, {
    conditions: {
      "data.a": { value: 1, occurrence: 2, action: "pass" },
      "data.b": { value: { deep: [1] }, occurrence: 2, action: "pass" },
    },
  })
  await run.send("inbox", { a: 1, b: { deep: [1] } }, { b: { deep: [1] } }, { a: 1 }, { b: { deep: [1] } })
  expect(run.sent).toEqual({ dropped: [{ a: 1, b: { deep: [1] } }, { b: { deep: [1] } }], outbox: [{ a: 1 }, { b: { deep: [1] } }] })
  await run.stop()
})

test.each<[Record<string, unknown>, string]>([
  [{ "data.a": { occurrence: 1, action: "pass" } }, "conditions.data.a.value"],
  [{ "data.a": { value: 1, occurrence: 0, action: "pass" } }, "of at least 1"],
  [{ "data.a": { value: 1, occurrence: 1, action: "stop" } }, "one of `pass` and `drop`"],
  [{ state: { value: 1, occurrence: 1, action: "pass" } }, "did you mean `data.state`?"],
  [{ "data.__proto__.x": { value: 1, occurrence: 1, action: "pass" } }, "which paths may not reach"],
])("mistakes are found before anything starts: %j", (conditions, message) => {
  expect(
    checkArguments(Count.spec, { conditions })
      .problems.map((problem) => problem.message)
      .join(),
  ).toContain(message)
})
