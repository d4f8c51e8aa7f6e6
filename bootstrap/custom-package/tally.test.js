// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { startModule } from "wishbone-ts/testing"
import Tally from "./tally.js"

/** @param {{ log: readonly { fields: Readonly<Record<string, unknown>> | undefined }[] }} run */
const told = (run) => run.log.map(({ fields }) => fields?.["counts"])

test("tells its counts at the interval, then begins anew", async () => {
  const run = await startModule(Tally, { selection: "data.user", interval: 10 })
  await run.send("inbox", { user: "ada" }, { user: "bob" }, { user: "ada" })
  await run.platform.advance(10_000)
  assert.deepEqual(told(run), [{ ada: 2, bob: 1 }])
  await run.platform.advance(10_000)
  assert.equal(run.log.length, 1)
  await run.stop()
})

test("what was counted last is told at the end", async () => {
  const run = await startModule(Tally)
  await run.send("inbox", "a")
  await run.stop()
  assert.deepEqual(told(run), [{ a: 1 }])
})

test("values beyond the bound count together", async () => {
  const run = await startModule(Tally, { values_max: 2 })
  await run.send("inbox", "a", "b", "c", "d", "a")
  await run.stop()
  assert.deepEqual(told(run), [{ a: 2, b: 1, "(other)": 2 }])
})

test("an event without the value fails", async () => {
  const run = await startModule(Tally, { selection: "data.user" })
  await run.send("inbox", { name: "ada" })
  assert.deepEqual(run.sent, { failed: [{ name: "ada" }] })
  await run.stop()
})
