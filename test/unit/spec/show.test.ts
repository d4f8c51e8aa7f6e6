import { describe, expect, test } from "vitest"
import { argumentsJsonSchema } from "../../../src/spec/json-schema.ts"
import { describeModule, moduleFacts } from "../../../src/spec/show.ts"
import { yamlText } from "../../../src/spec/yaml-text.ts"
import { flow, output } from "./sample.ts"

describe("show", () => {
  test("tells all about a module", () => {
    const text = describeModule(output)
    expect(text.split("\n").slice(0, 7)).toEqual([
      "acme.output.parcel",
      "  Sends parcels.",
      "",
      "Arguments",
      "  weight: a whole number of at least 1; required",
      "      Weight in grams.",
      "  host: text or a template; default 127.0.0.1; formerly address",
    ])
    expect(text).toContain("  timeout: a duration, such as `10s` or `250ms`; default 10s\n")
    expect(text).toContain("  rates: a list (each: a number or a template); default []\n")
    expect(text).toContain("Queues\n  inbox     in   Parcels to send.\n  returned  out  Parcels that came back.\n")
    expect(text).toContain(
      "Contract (of the first example)\n  Does not tell whether an event arrived.\n  Fails within 5m what it cannot handle.\n",
    )
    expect(text).toContain(
      "    modules:\n      parcel:\n        module: acme.output.parcel\n        arguments:\n          weight: 100\n          mode: sea\n          timeout: 5m\n",
    )
  })

  test("never gives away a secret", () => {
    expect(describeModule(output)).not.toContain("sesame")
    expect(JSON.stringify(moduleFacts(output))).not.toContain("sesame")
    expect(describeModule(output)).toContain('password: "***"')
  })

  test("says when nothing is declared", () => {
    const text = describeModule(flow)
    expect(text).not.toContain("Arguments")
    expect(text).toContain("any name  out  One for each town.")
    expect(text).toContain("Contract (none declared, so nothing is promised)")
  })

  test("gives programs the same as data", () => {
    const { arguments: args, queues, contract } = moduleFacts(output)
    expect(args[0]).toEqual({
      name: "weight",
      type: "a whole number of at least 1",
      required: true,
      description: "Weight in grams.",
      template: false,
      secret: false,
      aliases: [],
    })
    expect(args[1]).toMatchObject({ name: "host", default: "127.0.0.1", template: true, aliases: ["address"] })
    expect(queues[0]).toEqual({ name: "inbox", direction: "in", summary: "Parcels to send." })
    expect(contract).toMatchObject({ acknowledges: "none", failsWithinMs: 300_000 })
  })
})

test("YAML text quotes what would be read as something else", () => {
  expect(yamlText({ a: "on", b: "10", c: "plain text", d: "{{ x }}", e: [1, { f: "g", h: [] }], i: {}, j: null, k: "a: b", l: "" })).toBe(
    [
      'a: "on"',
      'b: "10"',
      "c: plain text",
      'd: "{{ x }}"',
      "e:",
      "  - 1",
      "  - f: g",
      "    h: []",
      "i: {}",
      "j: null",
      'k: "a: b"',
      'l: ""',
    ].join("\n"),
  )
})

describe("JSON Schema", () => {
  const schema = argumentsJsonSchema(output) as {
    required: string[]
    properties: Record<string, Record<string, unknown>>
    additionalProperties: boolean
  }

  test("names what is required and allows nothing unknown", () => {
    expect(schema.required).toEqual(["weight"])
    expect(schema.additionalProperties).toBe(false)
    expect(schema.properties["tls"]).toMatchObject({ anyOf: [{ const: true }, { additionalProperties: false }] })
  })

  test("takes templates, units and former names as a file may write them", () => {
    expect(schema.properties["rates"]?.["items"]).toEqual({
      anyOf: [{ type: "string", pattern: "\\{\\{" }, { type: "number" }],
      "x-wishbone": "templated",
    })
    expect(schema.properties["timeout"]).toMatchObject({ type: ["number", "string"], default: "10s", "x-wishbone": "duration" })
    expect(new RegExp(String(schema.properties["timeout"]?.["pattern"])).test("250ms")).toBe(true)
    expect(new RegExp(String(schema.properties["keep_bytes"]?.["pattern"])).test("64 KiB")).toBe(true)
    expect(schema.properties["address"]).toMatchObject({ deprecated: true, description: "Former name of `host`." })
  })

  test("keeps to itself how our own types put themselves in words", () => {
    expect(JSON.stringify(schema)).not.toContain("expected")
  })
})
