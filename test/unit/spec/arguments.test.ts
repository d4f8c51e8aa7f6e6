import { describe, expect, test } from "vitest"
import { checkArguments, checkRendered, findTemplates } from "../../../src/spec/arguments.ts"
import { defineModule } from "../../../src/spec/define.ts"
import { templated, z } from "../../../src/spec/schema.ts"
import type { ArgumentShape, ModuleSpec } from "../../../src/spec/spec.ts"
import { flow, output } from "./sample.ts"

function taking(shape: ArgumentShape): ModuleSpec {
  return defineModule({ name: "a.flow.b", summary: "", arguments: shape, queues: {} })
}

/** The message of the one problem with a value, without the argument's name in front. */
function complaint(schema: z.ZodType, value: unknown): string {
  const { problems } = checkArguments(taking({ it: schema }), { it: value })
  expect(problems).toHaveLength(1)
  return problems[0]?.message.replace("Argument `it` of `a.flow.b`: ", "") ?? ""
}

test("fills in defaults and reads units", () => {
  const { values, problems, templates, notes } = checkArguments(output, { weight: 5, timeout: "2h", keep_bytes: "1 KiB" })
  expect({ problems, templates, notes }).toEqual({ problems: [], templates: [], notes: [] })
  expect(values).toEqual({
    selection: "data",
    payload: null,
    native_events: false,
    host: "127.0.0.1",
    port: 19283,
    timeout: 7_200_000,
    keep_bytes: 1024,
    weight: 5,
    mode: "air",
    headers: {},
    rates: [],
    note: null,
  })
})

test("takes no arguments at all for none", () => {
  expect(checkArguments(flow, undefined)).toEqual({ values: {}, templates: [], problems: [], notes: [] })
  expect(checkArguments(flow, null).problems).toEqual([])
})

test("says what arguments are when they are something else", () => {
  expect(checkArguments(output, ["a"]).problems).toEqual([
    {
      path: [],
      code: "WB_ARGUMENTS_NOT_A_MAP",
      message: "The arguments of `acme.output.parcel`: expected a map of argument names to values, found a list",
      hint: "Write one `name: value` a line below `arguments:`.",
    },
  ])
})

test("reports every mistake at once", () => {
  const { problems } = checkArguments(output, {
    prt: 80,
    port: "abc",
    timeout: "10 parsecs",
    keep_bytes: "2 KiB",
    base_dir: "{{ env('HOME') }}",
    mode: "rail",
    tls: { ca: 1, verfy: false },
    headers: { from: 5 },
    rates: [1, "dear"],
  })
  expect(problems.map(({ path, message, hint }) => [path.join("."), message, hint])).toEqual([
    ["prt", "`acme.output.parcel` has no argument `prt`", "Did you mean `port`?"],
    [
      "base_dir",
      "Argument `base_dir` of `acme.output.parcel` cannot be a template, found `{{ env('HOME') }}`",
      "Write `${HOME}` to fill in an environment variable when the file is read.",
    ],
    ["tls.verfy", "`acme.output.parcel` has no argument `tls.verfy`", "Did you mean `verify`?"],
    ["port", "Argument `port` of `acme.output.parcel`: expected a whole number between 0 and 65535, found text `abc`", ""],
    ["timeout", "Argument `timeout` of `acme.output.parcel`: expected a duration, such as `10s` or `250ms`, found text `10 parsecs`", ""],
    [
      "keep_bytes",
      "Argument `keep_bytes` of `acme.output.parcel`: expected a size of at most 1 KiB, such as `64 KiB` or `16 MiB`, found text `2 KiB`",
      "",
    ],
    ["weight", "`acme.output.parcel` needs the argument `weight`", "Give it a whole number of at least 1."],
    ["mode", "Argument `mode` of `acme.output.parcel`: expected one of `air` and `sea`, found text `rail`", ""],
    ["tls.ca", "Argument `tls.ca` of `acme.output.parcel`: expected text, found the number 1", ""],
    ["headers.from", "Argument `headers.from` of `acme.output.parcel`: expected text, found the number 5", ""],
    ["rates.1", "Argument `rates[1]` of `acme.output.parcel`: expected a number, found text `dear`", ""],
  ])
})

describe("words for what was expected and found", () => {
  test.each([
    [z.int().min(0).max(65_535), 1.5, "expected a whole number between 0 and 65535, found the number 1.5"],
    [z.number().positive(), 0, "expected a number above 0, found the number 0"],
    [z.number().min(1), true, "expected a number of at least 1, found true"],
    [z.number().gt(0).lt(1), 1, "expected a number above 0 and below 1, found the number 1"],
    [z.boolean(), "yes", "expected true or false, found text `yes`"],
    [z.string(), {}, "expected text, found a map"],
    [z.string().min(1), "", "expected text that is not empty, found empty text"],
    [z.string().max(3), "long", "expected text of at most 3 characters, found text `long`"],
    [z.string().length(2), "x", "expected text of exactly 2 characters, found text `x`"],
    [z.string().regex(/^a+$/), "b", "expected text that matches `^a+$`, found text `b`"],
    [z.url(), "nowhere", "expected a URL such as `https://example.test/in`, found text `nowhere`"],
    [z.array(z.int()).min(1), [], "expected a list that is not empty (each: a whole number), found a list"],
    [z.array(z.string()), "a", "expected a list (each: text), found text `a`"],
    [z.record(z.string(), z.number()), [], "expected a map (each value: a number), found a list"],
    [z.tuple([z.string(), z.int()]), "a", "expected a list (text; a whole number), found text `a`"],
    [z.string().nullable(), 1, "expected text, or nothing, found the number 1"],
    [z.union([z.string(), z.int()]), true, "expected text, or a whole number, found true"],
    [z.literal("on"), "off", "expected `on`, found text `off`"],
    [z.object({ a: z.int() }), 3, "expected a map of `a`, found the number 3"],
    [z.string().refine((text) => text.startsWith("/"), "must begin with a slash"), "a", "must begin with a slash"],
    [z.string(), null, "expected text, found nothing"],
    [z.int(), "a".repeat(60), `expected a whole number, found text \`${"a".repeat(40)}…\``],
    [z.record(z.string().regex(/^[a-z]+$/), z.int()), { A: 1 }, "Argument `it.A` of `a.flow.b`: `A` is not a name that may be used here"],
  ])("%#: %j", (schema, value, words) => {
    expect(complaint(schema, value)).toBe(words)
  })

  test("a union that a value clearly means is judged by that branch", () => {
    const schema = z.union([z.string(), z.object({ size: z.int() })])
    expect(complaint(schema, { size: "big" })).toBe("Argument `it.size` of `a.flow.b`: expected a whole number, found text `big`")
    const variants = z.union([z.object({ kind: z.literal("a"), size: z.int() }), z.object({ kind: z.literal("b"), name: z.string() })])
    expect(complaint(variants, { kind: "b", name: 1 })).toBe("Argument `it.name` of `a.flow.b`: expected text, found the number 1")
  })

  test("a secret is not repeated", () => {
    const [problem] = checkArguments(output, { weight: 1, password: "ab" }).problems
    expect(problem?.message).toBe(
      "Argument `password` of `acme.output.parcel`: expected text of at least 3 characters, found something else (a secret, so it is not shown)",
    )
  })
})

describe("unknown names", () => {
  test("are mistakes in nested maps too, unless the map is open", () => {
    expect(checkArguments(taking({ it: z.array(z.object({ a: z.int() })) }), { it: [{ a: 1, b: 2 }] }).problems).toMatchObject([
      { path: ["it", 0, "b"], code: "WB_ARGUMENT_UNKNOWN" },
    ])
    expect(checkArguments(taking({ it: z.looseObject({ a: z.int() }) }), { it: { a: 1, b: 2 } }).problems).toEqual([])
  })

  test("may turn out to be former names", () => {
    expect(checkArguments(output, { weight: 1, adress: "a" }).problems).toMatchObject([
      { path: ["adress"], hint: "Did you mean `address`?" },
    ])
  })
})

describe("former names", () => {
  test("are read as those of today and noted", () => {
    const { values, notes } = checkArguments(output, { weight: 1, address: "depot" })
    expect(values["host"]).toBe("depot")
    expect(notes).toEqual([{ path: ["address"], alias: "address", canonical: "host" }])
  })

  test("stand in problems and templates as the file has them", () => {
    expect(checkArguments(output, { weight: 1, address: 5 }).problems).toMatchObject([
      { path: ["address"], message: "Argument `address` of `acme.output.parcel`: expected text, found the number 5" },
    ])
    expect(checkArguments(output, { weight: 1, address: "{{ data.host }}" }).templates).toMatchObject([
      { path: ["host"], written: ["address"] },
    ])
  })

  test("do not go together with those of today", () => {
    expect(checkArguments(output, { weight: 1, address: "a", host: "b" }).problems).toEqual([
      {
        path: ["address"],
        code: "WB_ARGUMENT_TWICE",
        message: "`address` and `host` of `acme.output.parcel` are two names of one argument, and both are given",
        hint: "Keep `host`; `address` is its former name.",
      },
    ])
  })
})

describe("templates", () => {
  test("are found in text, lists and maps, and pass unrendered", () => {
    const { values, templates, problems } = checkArguments(output, {
      weight: 1,
      host: "{{ data.host }}",
      headers: { plain: "a", to: "x {{ data.to }}" },
      rates: [1, "{{ data.rate }}"],
      payload: { list: ["{{ uuid }}"] },
      note: "{{ data.note }}",
    })
    expect(problems).toEqual([])
    expect(values).toMatchObject({ host: "{{ data.host }}", rates: [1, "{{ data.rate }}"], payload: { list: ["{{ uuid }}"] } })
    expect(templates.map(({ path, source }) => [path.join("."), source])).toEqual([
      ["host", "{{ data.host }}"],
      ["headers.to", "x {{ data.to }}"],
      ["rates.1", "{{ data.rate }}"],
      ["note", "{{ data.note }}"],
      ["payload.list.0", "{{ uuid }}"],
    ])
  })

  test("are found again in checked values", () => {
    const { values, templates } = checkArguments(output, { weight: 1, host: "{{ data.host }}" })
    expect(findTemplates(output, values)).toEqual(templates)
  })

  test("may be defaults", () => {
    const spec = taking({ it: templated(z.string()).default("{{ data }}") })
    expect(checkArguments(spec, {}).templates).toMatchObject([{ path: ["it"], source: "{{ data }}" }])
  })

  test("are mistakes where the declaration does not allow them, even where anything else goes", () => {
    const spec = taking({ text: z.string().optional(), number: z.int().optional(), any: z.unknown() })
    expect(checkArguments(spec, { text: "{{ data.a }}", number: "{{ data.b }}", any: { deep: ["{{ x }}"] } }).problems).toMatchObject([
      {
        path: ["text"],
        code: "WB_ARGUMENT_TEMPLATE",
        hint: "Its value is fixed when the file is read; `show` marks the arguments that take templates.",
      },
      { path: ["number"], code: "WB_ARGUMENT_TEMPLATE" },
      { path: ["any", "deep", 0], code: "WB_ARGUMENT_TEMPLATE" },
    ])
  })

  test("stand inside a templated list, which is judged without them", () => {
    const spec = taking({ it: templated(z.array(z.string())) })
    expect(checkArguments(spec, { it: ["a", "{{ data.b }}"] })).toMatchObject({ problems: [], templates: [{ path: ["it", 1] }] })
    expect(checkArguments(spec, { it: ["a", 5] }).problems).toMatchObject([{ path: ["it", 1] }])
  })

  test("what they render to is checked by the inner declaration", () => {
    const schemaOf = (raw: object): z.ZodType | undefined => checkArguments(output, { weight: 1, ...raw }).templates[0]?.schema
    const rate = schemaOf({ rates: ["{{ data.rate }}"] })
    expect(checkRendered(rate, 5, "Argument `rates[0]`")).toBe(5)
    expect(() => checkRendered(rate, "5", "Argument `rates[0]`")).toThrow(
      "Argument `rates[0]`: expected a number, the template gave text `5`",
    )
    expect(() => checkRendered(rate, "{{ 5 }}", "it")).toThrow("expected a number")
    expect(checkRendered(schemaOf({ note: "{{ data.note }}" }), null, "it")).toBeNull()
    expect(() => checkRendered(schemaOf({ host: "{{ data.host }}" }), null, "it")).toThrow("expected text, the template gave nothing")
    expect(checkRendered(schemaOf({ payload: "{{ data }}" }), { any: "thing" }, "it")).toEqual({ any: "thing" })
  })
})

test("prototype names among the arguments are plain unknown names", () => {
  const raw = JSON.parse('{ "weight": 1, "__proto__": { "port": 1 }, "constructor": 2 }') as unknown
  expect(checkArguments(output, raw).problems.map(({ path }) => path)).toEqual([["__proto__"], ["constructor"]])
})
