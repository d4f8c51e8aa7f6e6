import { describe, expect, test } from "vitest"
import { isWishboneError } from "../../../src/errors.ts"
import { checkArguments } from "../../../src/spec/arguments.ts"
import { defineFunction, isFunctionSpec } from "../../../src/spec/function.ts"
import { argumentsJsonSchema } from "../../../src/spec/json-schema.ts"
import { defineProtocol, isProtocolSpec } from "../../../src/spec/protocol.ts"
import { duration, z } from "../../../src/spec/schema.ts"
import { describePart, partFacts } from "../../../src/spec/show.ts"

const csv = defineProtocol({
  name: "acme.protocol.decode.csv",
  summary: "Splits lines.",
  arguments: {
    separator: z.string().length(1).default(",").describe("Between two fields."),
    wait: duration().optional().describe("Patience."),
  },
  aliases: { delimiter: "separator" },
  examples: [{ title: "Semicolons", arguments: { separator: ";" } }],
})
const shout = defineFunction({ name: "acme.function.template.shout", summary: "Shouts.", arguments: {}, constant: true })
const trim = defineFunction({ name: "acme.function.module.trim", summary: "Trims.", arguments: { at: z.string().describe("Where.") } })

test("a spec is frozen, branded for other copies of the package, and says what it is for", () => {
  expect([csv.kind, shout.kind, trim.kind]).toEqual(["decode", "template", "module"])
  expect([shout.constant, trim.constant]).toEqual([true, false])
  expect([csv, shout, trim].map((spec) => Object.isFrozen(spec) && Object.isFrozen(spec.arguments))).toEqual([true, true, true])
  expect([isProtocolSpec(csv), isProtocolSpec(shout), isFunctionSpec(shout), isFunctionSpec(csv)]).toEqual([true, false, true, false])
  expect((csv as unknown as Record<symbol, unknown>)[Symbol.for("wishbone-ts.protocol-spec")]).toBe(true)
  expect((trim as unknown as Record<symbol, unknown>)[Symbol.for("wishbone-ts.function-spec")]).toBe(true)
})

test("arguments are checked as those of a module: defaults, units, former names, unknown ones", () => {
  expect(checkArguments(csv, { delimiter: ";", wait: "2s" })).toMatchObject({ values: { separator: ";", wait: 2000 }, problems: [] })
  const { problems } = checkArguments(csv, { separator: ";;", seperator: 1 })
  expect(problems.map(({ code, message }) => [code, message])).toEqual([
    ["WB_ARGUMENT_UNKNOWN", "`acme.protocol.decode.csv` has no argument `seperator`"],
    ["WB_ARGUMENT_INVALID", "Argument `separator` of `acme.protocol.decode.csv`: expected text of exactly 1 character, found text `;;`"],
  ])
  expect(checkArguments(csv, { separator: "{{ data }}" }).problems.map(({ code }) => code)).toContain("WB_ARGUMENT_TEMPLATE")
})

test("is described to people and to programs", () => {
  const text = describePart(csv, "decoder")
  expect(text).toMatch(/^acme\.protocol\.decode\.csv\n {2}Splits lines\./)
  expect(text).toContain('separator: text of exactly 1 character; default ","; formerly delimiter')
  expect(text).toContain(
    '    protocols:\n      csv:\n        protocol: acme.protocol.decode.csv\n        arguments:\n          separator: ";"',
  )
  expect(describePart(shout, "template function")).toContain("Called in templates")
  expect(partFacts(trim, "module function")).toMatchObject({ kind: "module function", arguments: [{ name: "at", required: true }] })
  expect(argumentsJsonSchema(csv)).toMatchObject({ properties: { separator: { default: "," }, delimiter: { deprecated: true } } })
})

describe("refuses", () => {
  const thrownBy = (action: () => unknown): unknown => {
    try {
      return action()
    } catch (thrown) {
      return isWishboneError(thrown) ? [thrown.code, thrown.message, thrown.hint] : thrown
    }
  }

  test.each(["acme.decode.csv", "acme.protocol.csv", "acme.protocol.input.csv", "acme.function.module.csv", "Acme.protocol.decode.csv"])(
    "%s as the name of a protocol",
    (name) => {
      expect(thrownBy(() => defineProtocol({ name, summary: "", arguments: {} }))).toEqual([
        "WB_COMPONENT_NAME",
        `A protocol is named \`namespace.protocol.kind.name\` in lowercase, its kind one of \`decode\` and \`encode\`; found \`${name}\``,
        "For example `acme.protocol.decode.csv`.",
      ])
    },
  )

  test("another kind of function, and a former name that leads nowhere", () => {
    expect(thrownBy(() => defineFunction({ name: "acme.function.flow.x", summary: "", arguments: {} }))).toEqual([
      "WB_COMPONENT_NAME",
      expect.stringContaining("its kind one of `module` and `template`"),
      expect.stringContaining("acme.function.template.weekday"),
    ])
    const aliases = { old: "nothing" }
    expect(thrownBy(() => defineProtocol({ name: "a.protocol.encode.b", summary: "", arguments: {}, aliases }))).toEqual([
      "WB_MODULE_ALIAS",
      expect.stringContaining("leads to no argument"),
      expect.any(String),
    ])
  })
})
