import { describe, expect, test } from "vitest"
import { openCircuits, readinessOf } from "../../../src/control/readiness.ts"
import type { InstanceFigures } from "../../../src/router/figures.ts"

function instance(name: string, kind: InstanceFigures["kind"], circuits: readonly string[] = [], outside = false): InstanceFigures {
  return { name, module: `test.${kind}.${name}`, kind, outside, circuits, queues: [], restarts: 0 }
}

const source = instance("source", "input")

describe("a graph that runs", () => {
  test("is ready without any output, and with one that keeps no connection", () => {
    expect(readinessOf({ phase: "running", instances: [source] })).toEqual({ ready: true, reasons: [] })
    expect(readinessOf({ phase: "running", instances: [source, instance("disk", "output")] }).ready).toBe(true)
  })

  test("is ready while one way out of several is not shut", () => {
    const [one, two, disk] = [instance("one", "output", ["open"]), instance("two", "output", ["open"]), instance("disk", "output")]
    expect(readinessOf({ phase: "running", instances: [source, one, two, disk] }).ready).toBe(true)
    expect(readinessOf({ phase: "running", instances: [source, one, instance("three", "output", ["closed"])] }).ready).toBe(true)
    expect(openCircuits([source, one, two, disk])).toEqual(["one", "two"])
  })

  test("is not ready when every way out has an open circuit, and says which", () => {
    const instances = [source, instance("one", "output", ["open"]), instance("two", "output", ["open", "open"])]
    expect(readinessOf({ phase: "running", instances })).toEqual({ ready: false, reasons: ["every way out has an open circuit: one, two"] })
  })

  test("an output that has one of several circuits closed, or still connects for the first time, is not shut", () => {
    expect(readinessOf({ phase: "running", instances: [instance("one", "output", ["open", "closed"])] }).ready).toBe(true)
    expect(readinessOf({ phase: "running", instances: [instance("one", "output", ["first"])] }).ready).toBe(true)
  })

  test("where logs go is no way out for events", () => {
    const instances = [source, instance("one", "output", ["open"]), instance("log_file", "output", [], true)]
    expect(readinessOf({ phase: "running", instances }).ready).toBe(false)
  })
})

test.each(["built", "starting", "stopping", "stopped"] as const)("a graph that is %s is not ready", (phase) => {
  const { ready, reasons } = readinessOf({ phase, instances: [source] })
  expect(ready).toBe(false)
  expect(reasons).toHaveLength(1)
})
