import { cpuUsage } from "node:process"
import { describe, expect, test } from "vitest"
import { metricFamilies, metricsOf } from "../../../src/control/metrics.ts"
import type { MetricsSource } from "../../../src/control/metrics-source.ts"
import { metricsText } from "../../../src/control/metrics-text.ts"
import type { InstanceBalance } from "../../../src/ledger.ts"
import type { InstanceFigures } from "../../../src/router/figures.ts"
import { readExposition } from "./exposition.ts"

const process = {
  cpuUserSeconds: 1.5,
  cpuSystemSeconds: 0.25,
  residentBytes: 1e8,
  heapUsedBytes: 2e7,
  heapTotalBytes: 3e7,
  externalBytes: 4e6,
  startedSeconds: 1_790_000_000.25,
  loopActiveSeconds: 10,
  loopIdleSeconds: 90,
  loopDelay: { p50: 0.001, p90: 0.002, p99: 0.003, max: 0.5 },
}

const balance: InstanceBalance = {
  in: 7,
  recovered: 1,
  copied: 2,
  delivered: 3,
  failed: 4,
  dropped: { unconnected: 5, unmatched: 0, filtered: 0, overflow: 6 },
  joined: 8,
  waiting: 9,
  held: 10,
  in_flight: 11,
  lost: 12,
  duplicated: 13,
  received: 14,
  forwarded: 15,
}

function instance(name: string, changes: Partial<InstanceFigures> = {}): InstanceFigures {
  const queue = {
    name: "inbox",
    size: 2,
    bytes: 30,
    in_total: 50,
    out_total: 48,
    dropped_total: 1,
    sizeMax: 100,
    bytesMax: 1024,
    oldestMs: 2500,
  }
  return {
    name,
    module: "wishbone.output.tcp",
    kind: "output",
    outside: false,
    circuits: ["open"],
    queues: [queue],
    restarts: 0,
    ...changes,
  }
}

function source(instances: readonly InstanceFigures[], changes: Partial<MetricsSource> = {}): MetricsSource {
  const { received: _received, forwarded: _forwarded, ...total } = balance
  const report = { ...total, instances: Object.fromEntries(instances.map(({ name }) => [name, balance])) }
  return { version: "1.2.3", ready: true, process, instances, report, imbalance: 0, spools: [], ...changes }
}

describe("the text", () => {
  test("labels and help are escaped, so that any name comes back as it was", () => {
    const name = 'a "quoted"\\ name\nof two lines, with {braces} and = and \u00e9'
    const text = metricsText([[{ name: "x", type: "gauge", help: 'Of "two"\nlines \\ and more', labels: ["a", "b"] }, [[[name, ""], 1]]]])
    expect(text.split("\n")).toHaveLength(4)
    expect(readExposition(text).get("x")).toEqual({
      type: "gauge",
      help: 'Of "two"\nlines \\ and more',
      samples: [{ name: "x", labels: { a: name, b: "" }, value: 1 }],
    })
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21, 5e-7, -3, 0])(
    "%s is written as the format has it",
    (value) => {
      const text = metricsText([[{ name: "x", type: "gauge", help: "X.", labels: [] }, [[[], value]]]])
      expect(readExposition(text).get("x")?.samples[0]?.value).toBe(value)
    },
  )

  test("a family without samples is left out", () => {
    expect(metricsText([[{ name: "x", type: "gauge", help: "X.", labels: [] }, []]])).toBe("")
  })
})

describe("the metrics of a graph", () => {
  test("names follow the conventions, and only counters end in _total", () => {
    const names = metricFamilies.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name, type, help } of metricFamilies) {
      expect(name).toMatch(/^(wishbone|process|nodejs)_[a-z_]+$/)
      expect(name.endsWith("_total")).toBe(type === "counter")
      expect(help).toMatch(/^\S.*\.$/)
    }
  })

  test("every family is served, with the labels it declares", () => {
    const spool = {
      directory: "/buffer",
      waiting: 3,
      inFlight: 1,
      bytes: 500,
      oldestMs: 1500,
      quarantined: 2,
      quarantinedTotal: 4,
      damagedTotal: 5,
      missingTotal: 6,
    }
    const read = readExposition(metricsOf(source([instance("out")], { spools: [spool] })))
    expect([...read.keys()]).toEqual(metricFamilies.map(({ name }) => name))
    for (const { name, labels, type } of metricFamilies) {
      expect(read.get(name)?.type).toBe(type)
      for (const sample of read.get(name)?.samples ?? []) expect(Object.keys(sample.labels)).toEqual(labels)
    }
  })

  test("numbers stand where they belong", () => {
    const spool = {
      directory: "/buffer",
      waiting: 3,
      inFlight: 1,
      bytes: 500,
      oldestMs: undefined,
      quarantined: undefined,
      quarantinedTotal: 4,
      damagedTotal: 5,
      missingTotal: 6,
    }
    const read = readExposition(metricsOf(source([instance("out", { circuits: ["first", "open"] })], { spools: [spool], imbalance: 2 })))
    const values = (name: string): unknown => read.get(name)?.samples.map(({ labels, value }) => [...Object.values(labels), value])
    expect(values("wishbone_queue_events")).toEqual([["out", "inbox", 2]])
    expect(values("wishbone_queue_oldest_seconds")).toEqual([["out", "inbox", 2.5]])
    expect(values("wishbone_circuit_state")).toEqual([
      ["out", "connecting", 1],
      ["out", "closed", 0],
      ["out", "open", 1],
    ])
    expect(values("wishbone_spool_oldest_seconds")).toEqual([["/buffer", 0]])
    expect(read.has("wishbone_spool_quarantined_files")).toBe(false)
    expect(values("wishbone_ledger_delivered_total")).toEqual([[3]])
    expect(values("wishbone_ledger_imbalance_events")).toEqual([[2]])
    expect(values("wishbone_instance_dropped_total")).toContainEqual(["out", "overflow", 6])
    expect(values("wishbone_instance_forwarded_total")).toEqual([["out", 15]])
    expect(values("wishbone_event_loop_delay_seconds")).toContainEqual(["1", 0.5])
    expect(values("process_cpu_seconds_total")).toEqual([[1.75]])
  })

  test("a queue that does not know its oldest event says nothing about it, unless it is empty", () => {
    const queue = {
      name: "inbox",
      size: 2,
      bytes: 30,
      in_total: 50,
      out_total: 48,
      dropped_total: 1,
      sizeMax: 100,
      bytesMax: 1024,
      oldestMs: undefined,
    }
    const read = readExposition(metricsOf(source([instance("a", { queues: [queue] }), instance("b", { queues: [{ ...queue, size: 0 }] })])))
    expect(read.get("wishbone_queue_oldest_seconds")?.samples.map(({ labels }) => labels["instance"])).toEqual(["b"])
  })

  test("a thousand instances take less than 100 ms", () => {
    const many = source(Array.from({ length: 1000 }, (_, number) => instance(`instance_${number}`)))
    // Of the CPU's time: what else this machine does meanwhile is no matter.
    const times = Array.from({ length: 10 }, () => {
      const before = cpuUsage()
      expect(metricsOf(many).length).toBeGreaterThan(1_000_000)
      const { user, system } = cpuUsage(before)
      return (user + system) / 1000
    })
    expect(Math.min(...times)).toBeLessThan(100)
  })
})
