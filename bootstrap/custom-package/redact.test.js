// @ts-check
import assert from "node:assert/strict"
import { test } from "node:test"
import { startModule } from "wishbone-ts/testing"
import Redact from "./redact.js"

test("masks all but the last characters", async () => {
  const run = await startModule(Redact, { paths: ["data.card", "data.pin"], keep: 2 })
  await run.send("inbox", { card: "4000123", pin: 481, name: "ada" })
  assert.deepEqual(run.sent, { outbox: [{ card: "*****23", pin: "***", name: "ada" }] })
  await run.stop()
})

test("an event with nothing at a path passes, unless it is to fail", async () => {
  const lenient = await startModule(Redact, { paths: ["data.card"] })
  await lenient.send("inbox", { name: "ada" })
  assert.deepEqual(lenient.sent, { outbox: [{ name: "ada" }] })
  await lenient.stop()

  const strict = await startModule(Redact, { paths: ["data.card"], missing: "fail" })
  await strict.send("inbox", { name: "ada" })
  assert.deepEqual(strict.sent, { failed: [{ name: "ada" }] })
  await strict.stop()
})

test("an event that fails is as it came", async () => {
  const run = await startModule(Redact, { paths: ["data.card", "data.user"] })
  await run.send("inbox", { card: "4000123", user: { name: "ada" } })
  const [failed] = run.events.failed ?? []
  assert.deepEqual(failed?.data, { card: "4000123", user: { name: "ada" } })
  assert.equal(failed?.errors["module"]?.[2], "what lies at `data.user` is neither text nor a number")
  await run.stop()
})

test("a path that no event has is a mistake of the bootstrap file", async () => {
  await assert.rejects(startModule(Redact, { paths: ["card"] }), /did you mean `data\.card`\?/)
})
