import { expect, test } from "vitest"
import { checkArguments } from "../../../src/spec/arguments.ts"
import { contractOf } from "../../../src/spec/contract.ts"
import { defineModule } from "../../../src/spec/define.ts"
import { duration } from "../../../src/spec/schema.ts"
import type { Contract } from "../../../src/spec/spec.ts"
import { flow, output } from "./sample.ts"

const declaring = (contract: Contract) =>
  defineModule({
    name: "a.flow.b",
    summary: "",
    arguments: { timeout: duration().default(10_000) },
    queues: { one: { direction: "in", summary: "" }, two: { direction: "in", summary: "" }, outbox: { direction: "out", summary: "" } },
    contract,
  })

const base = { acknowledges: "none", failsWithinMs: 0, reorders: false, holds: "nothing" } as const

test("a module without a contract is the weakest, and every in queue waits for every out queue", () => {
  expect(contractOf(flow, {})).toEqual({
    acknowledges: "none",
    waits: { inbox: ["*"] },
    failsWithinMs: Number.POSITIVE_INFINITY,
    reorders: true,
    holds: "memory",
    delays: false,
    fails: true,
    directory: undefined,
  })
})

test("a contract may depend on the arguments", () => {
  const under = (raw: object) => contractOf(output, checkArguments(output, { weight: 1, ...raw }).values)
  expect(under({})).toMatchObject({ acknowledges: "accepted", failsWithinMs: 10_000, waits: { inbox: ["returned"] } })
  expect(under({ mode: "sea", timeout: "5m" })).toMatchObject({ acknowledges: "none", failsWithinMs: 300_000 })
})

test("waits that are not declared mean every in queue on every out queue", () => {
  expect(contractOf(declaring(base), { timeout: 1 }).waits).toEqual({ one: ["outbox"], two: ["outbox"] })
  expect(contractOf(declaring({ ...base, waits: { one: [] } }), { timeout: 1 }).waits).toEqual({ one: [] })
})

test("a contract that names what the module does not have is refused", () => {
  expect(() => contractOf(declaring({ ...base, waits: { one: ["outbix"] } }), { timeout: 1 })).toThrow(
    "The contract of `a.flow.b` names the queue `outbix`",
  )
  expect(() => contractOf({ ...flow, contract: { ...base, failsWithinMs: "arguments.timeout" } }, {})).toThrow(
    "fails within its argument `timeout`, which is no duration",
  )
  expect(() => contractOf(declaring({ ...base, directory: "folder" }), {})).toThrow(
    expect.objectContaining({
      code: "WB_MODULE_CONTRACT",
      message: "The contract of `a.flow.b` takes its directory from the argument `folder`, which is no path",
    }),
  )
})

test("a timeout that is left out, or known only with an event, promises nothing", () => {
  const spec = declaring({ ...base, failsWithinMs: "arguments.timeout" })
  expect(contractOf(spec, { timeout: 5 }).failsWithinMs).toBe(5)
  expect(contractOf(spec, {}).failsWithinMs).toBe(Number.POSITIVE_INFINITY)
  expect(contractOf(spec, { timeout: "{{ data.timeout }}" }).failsWithinMs).toBe(Number.POSITIVE_INFINITY)
})
