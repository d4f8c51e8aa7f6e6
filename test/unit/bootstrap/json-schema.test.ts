import { describe, expect, test } from "vitest"
import { parse } from "yaml"
import { bootstrapJsonSchema } from "../../../src/bootstrap/json-schema.ts"
import { instanceKeys, type Keys, queueKeys, topLevelKeys } from "../../../src/bootstrap/keys.ts"
import { schemaProblems } from "../../support/json-schema-check.ts"
import { check, registry } from "./fakes.ts"

const schema = bootstrapJsonSchema({ registry, complete: false })

/** A right file with a place for more. */
function file({ top = "", out = "", args = "", routes = "" } = {}): string {
  return `${top}modules:
  source: { module: wishbone.input.tcp }
  limit: { module: wishbone.flow.throttle, arguments: { events_max: 5 } }
  many: { module: wishbone.flow.funnel }
  out:
    module: wishbone.output.tcp
${out}    arguments:
      port: 1
${args}  reject: { module: wishbone.output.disk, arguments: { directory: ./reject } }
routingtable:
  - source.outbox -> limit.inbox
  - limit.outbox -> many.one
  - many.outbox -> out.inbox
  - out.failed -> reject.inbox
  - limit.throttled -> reject.inbox
${routes}`
}

const environment = { PORT: "9000", TIME: "10s", NAME: "source" }

async function judged(text: string): Promise<{ check: string[]; schema: string[] }> {
  const { problems } = await check(text, { environment })
  return {
    check: problems.filter(({ severity }) => severity === "error").map(({ code }) => code),
    schema: schemaProblems(schema, parse(text)),
  }
}

describe("what the check accepts, the schema accepts", () => {
  test.each([
    ["as few keys as there can be", file()],
    ["every key of the top level", file({ top: "state: ./s\nfailed: reject.inbox\nmetrics: {interval: 250ms}\n" })],
    [
      "keys that are left empty",
      file({ top: "state:\nfailed:\nmetrics:\n", out: "    queues:\n    consumers:\n    timeout:\n    description:\n" }),
    ],
    ["a queue that is left empty", file({ out: "    queues: {inbox: }\n" })],
    [
      "every setting of a queue",
      file({
        out: "    queues: {inbox: {size: 5, bytes: 1 MiB, order: fifo, when_full: spill, spill: disk, priority: -1, sync: 5s, disk_bytes: 10g}}\n",
      }),
    ],
    ["words in place of a duration", file({ out: "    queues: {inbox: {store: disk, sync: batch}}\n" })],
    [
      "queues that only the routes name",
      file({ routes: "" }).replace(
        "many: { module: wishbone.flow.funnel }",
        "many: { module: wishbone.flow.funnel, queues: { one: { size: 3 } } }",
      ),
    ],
    [
      "concurrency and bounds",
      file({ out: "    consumers: {min: 1, max: 3, idle: 0}\n    inflight: {events: 1, bytes: 5}\n    hold_max: 3\n    timeout: 1.5\n" }),
    ],
    [
      "variables in place of numbers, durations and choices",
      file({ args: '      timeout: "${TIME}"\n      keepalive: "${K:-true}"\n' }).replace("port: 1", 'port: "${PORT}"'),
    ],
    ["variables in settings and routes", file({ out: '    timeout: "${TIME}"\n', routes: '  - "${NAME}.failed -> reject.inbox"\n' })],
    ["templates where they may be", file({ args: '      headers: { a: "{{ data }}" }\n' })],
    [
      "former names of modules and arguments",
      file({ args: "      address: 1.2.3.4\n" }).replace("wishbone.output.tcp", "wishbone.module.output.tcp"),
    ],
    [
      "former names of queues and instances",
      file({ routes: "  - source._failed->reject.inbox\n  - wishbone_logs . outbox -> reject.inbox\n" }),
    ],
    ["modules of other times", file().replace("wishbone.flow.funnel", "wishbone_contrib.module.flow.funnel")],
    ["numbers where text is meant", file({ top: "state: 5\n", out: "    description: 7\n" })],
    ["an empty routing table", file().replace(/routingtable:[^]*/, "routingtable:\n")],
  ])("%s", async (_, text) => {
    expect(await judged(text)).toEqual({ check: [], schema: [] })
  })
})

describe("typical mistakes are refused by both", () => {
  test.each([
    ["an unknown key at the top", file({ top: "module: {}\n" })],
    ["an unknown key of an instance", file({ out: "    argument: {}\n" })],
    ["an unknown argument", file({ args: "      prot: 5\n" })],
    ["an argument of the wrong type", file({ args: "      keepalive: 5\n" })],
    ["an argument out of bounds", file().replace("port: 1", "port: 70000")],
    ["a required argument that is missing", file().replace("arguments: { events_max: 5 }", "arguments: {}")],
    ["required arguments that are left out as a whole", file().replace(", arguments: { events_max: 5 }", "")],
    ["an argument that is named and empty", file().replace("events_max: 5", "events_max: ")],
    ["a duration with a wrong unit", file({ args: "      timeout: 5 weeks\n" })],
    ["a size with a wrong unit", file({ args: "      tail_bytes: 5 mb/s\n" })],
    ["an unknown module", file().replace("wishbone.flow.funnel", "wishbone.flow.funel")],
    ["no module", file().replace("module: wishbone.flow.funnel", "description: x")],
    ["an unknown queue setting", file({ out: "    queues: {inbox: {sise: 5}}\n" })],
    ["a queue of size nought", file({ out: "    queues: {inbox: {size: 0}}\n" })],
    ["an unknown choice", file({ out: "    queues: {inbox: {when_full: drop}}\n" })],
    ["settings of a queue that is not there", file({ out: "    queues: {outbox: {size: 5}}\n" })],
    ["a route without a queue", file({ routes: "  - source -> out.inbox\n" })],
    ["a route with another arrow", file({ routes: "  - source.failed => reject.inbox\n" })],
    ["a route that is a map", file({ routes: "  - source.failed: reject.inbox\n" })],
    ["an instance with a name that cannot be", file().replace("  many:", "  Many-Many:")],
    ["no routing table", file().replace(/routingtable:[^]*/, "")],
    ["no modules", "modules:\nroutingtable: []\n"],
    ["a list for the whole file", "- a\n- b\n"],
    ["consumers that are none", file({ out: "    consumers: {max: 0}\n" })],
    ["a timeout of nothing", file({ out: "    timeout: 0\n" })],
    ["a destination that is not one", file({ top: "failed: reject\n" })],
  ])("%s", async (_, text) => {
    const { check: found, schema: problems } = await judged(text)
    expect(found).not.toEqual([])
    expect(problems).not.toEqual([])
  })
})

describe("each key of the tables", () => {
  const values = [
    "",
    "5",
    "-5",
    "0",
    "1.5",
    "true",
    "x",
    "10s",
    "1 MiB",
    "fifo",
    "drop_new",
    "disk",
    "batch",
    "{}",
    "[]",
    "{a: 1}",
    "[a]",
    '"${PORT}"',
    '"${X:-fifo}"',
  ]
  const places: readonly (readonly [string, Keys, (key: string, value: string) => string])[] = [
    ["top level", topLevelKeys, (key, value) => file({ top: key === "modules" || key === "routingtable" ? "" : `${key}: ${value}\n` })],
    ["instance", instanceKeys, (key, value) => file({ out: key === "module" || key === "arguments" ? "" : `    ${key}: ${value}\n` })],
    ["queue", queueKeys, (key, value) => file({ out: `    queues: {inbox: {${key}: ${value}}}\n` })],
  ]
  const cases = places.flatMap(([place, keys, make]) => Object.keys(keys).map((key) => [place, key, make] as const))

  test.each(cases)("%s, `%s`: whatever the check takes, the schema takes", async (_, key, make) => {
    const refused: string[] = []
    for (const value of values) {
      const { check: found, schema: problems } = await judged(make(key, value))
      if (found.length === 0) refused.push(...problems.map((problem) => `${value}: ${problem}`))
    }
    expect(refused).toEqual([])
  })

  test.each(cases)("%s, `%s` is explained", (place, key) => {
    const tables = { "top level": topLevelKeys, instance: instanceKeys, queue: queueKeys }
    expect(tables[place as keyof typeof tables][key]?.summary).toMatch(/^[A-Z].*\.$/)
  })
})

describe("modules that are not known", () => {
  const foreign = file().replace("wishbone.flow.funnel", "acme.flow.enrich")

  test("of packages pass where not all are known", () => {
    expect(schemaProblems(schema, parse(foreign))).toEqual([])
    expect(schemaProblems(bootstrapJsonSchema({ registry, complete: true }), parse(foreign))).not.toEqual([])
  })

  test.each(["./own.js", "../own.ts", "/opt/own.js"])("%s, a file, passes always", (path) => {
    const text = file().replace("wishbone.flow.funnel", path)
    expect(schemaProblems(bootstrapJsonSchema({ registry, complete: true }), parse(text))).toEqual([])
  })
})

test("editors are told what modules and arguments are for", () => {
  const text = JSON.stringify(schema)
  expect(text).toContain('{"const":"wishbone.output.tcp","description":"Sends lines."}')
  expect(text).toContain("`wishbone-ts show --module ID` explains them.")
})
