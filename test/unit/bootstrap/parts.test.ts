// `protocols:`, `module_functions:`, `template_functions:`, and how instances use them.
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { Decoder } from "../../../src/actor/decoder.ts"
import type { Problem } from "../../../src/bootstrap/problem.ts"
import { type ComponentClass, createRegistry, type Registry } from "../../../src/router/registry.ts"
import type { InstancePlan } from "../../../src/spec/plan.ts"
import { defineProtocol } from "../../../src/spec/protocol.ts"
import { secret } from "../../../src/spec/schema.ts"
import { builtins } from "../../support/plans.ts"
import { check } from "./fakes.ts"

const registry = builtins()

const graph = `modules:
  in: { module: wishbone.input.tcp IN }
  out: { module: wishbone.output.stdout OUT }
failed: out.inbox
routingtable:
  - in.outbox -> out.inbox
`

/** The file's last output fails nowhere, which is warned of and does not matter here. */
const isOfParts = ({ code, message }: Problem): boolean => code !== "WB_FAILED_UNROUTED" || !message.includes("`out.failed`")

/** A small file with additions at the top, in its input and in its output. */
function fileWith({ top = "", input = "", output = "" }: { top?: string; input?: string; output?: string }): string {
  const more = (text: string): string => (text === "" ? "" : `, ${text}`)
  return `${top}${graph.replace(" IN", more(input)).replace(" OUT", more(output))}`
}

async function plansOf(text: string, known: Registry = registry): Promise<Record<string, InstancePlan>> {
  const { plan, problems } = await check(text, { registry: known })
  expect(problems.filter(isOfParts)).toEqual([])
  return Object.fromEntries((plan?.instances ?? []).map((instance) => [instance.name, instance]))
}

/** `line:column code: message hint` of each finding. */
async function found(text: string, known: Registry = registry): Promise<string[]> {
  const { problems } = await check(text, { registry: known })
  return problems.filter(isOfParts).map(({ line, column, code, message, hint }) => `${line}:${column} ${code}: ${message}. ${hint}`.trim())
}

describe("protocols", () => {
  test("a name the file declares, with checked arguments", async () => {
    const top = "protocols:\n  lines: { protocol: wishbone.protocol.decode.json, arguments: { buffer_size: 64 KiB } }\n"
    const plans = await plansOf(fileWith({ top, input: "protocol: lines" }))
    expect(plans["in"]?.protocol).toEqual({
      id: "wishbone.protocol.decode.json",
      arguments: { charset: "utf-8", delimiter: null, buffer_size: 65_536 },
    })
    expect(plans["out"]).not.toHaveProperty("protocol")
  })

  test("undeclared: an id, or its last word, which means the direction that fits", async () => {
    const plans = await plansOf(fileWith({ input: "protocol: json", output: "protocol: json" }))
    expect([plans["in"]?.protocol?.id, plans["out"]?.protocol?.id]).toEqual([
      "wishbone.protocol.decode.json",
      "wishbone.protocol.encode.json",
    ])
    const whole = await plansOf(fileWith({ input: "protocol: wishbone.protocol.decode.plain" }))
    expect(whole["in"]?.protocol?.id).toBe("wishbone.protocol.decode.plain")
  })

  test("what the file declares goes before a last word", async () => {
    const top = "protocols:\n  json: { protocol: wishbone.protocol.decode.plain }\n"
    expect((await plansOf(fileWith({ top, input: "protocol: json" })))["in"]?.protocol?.id).toBe("wishbone.protocol.decode.plain")
  })

  test("the wrong direction is a mistake at its line, with the protocol that is meant", async () => {
    const top = "protocols:\n  packed: { protocol: wishbone.protocol.encode.msgpack }\n"
    expect(await found(fileWith({ top, input: "protocol: packed", output: "protocol: wishbone.protocol.decode.json" }))).toEqual([
      "4:47 WB_PROTOCOL_DIRECTION: `in` takes bytes in and needs a protocol that decodes; `packed` (`wishbone.protocol.encode.msgpack`) encodes. Use `wishbone.protocol.decode.msgpack`.",
      "5:52 WB_PROTOCOL_DIRECTION: `out` sends bytes out and needs a protocol that encodes; `wishbone.protocol.decode.json` decodes. Use `wishbone.protocol.encode.json`.",
    ])
  })

  test("a flow or process module has no place for one", async () => {
    const text = graph.replace(" IN", "").replace(" OUT", "").replace("wishbone.output.stdout", "wishbone.flow.funnel, protocol: json")
    expect((await found(text))[0]).toBe(
      "3:50 WB_PROTOCOL_MISPLACED: `out` is a flow module: it neither takes bytes in nor sends any out, so a protocol has no place there. A protocol belongs to the input that takes the bytes in, or to the output that sends them out.",
    )
  })

  test("nor has an input or output that has no bytes to decode or encode", async () => {
    const text = graph.replace(" IN", ", protocol: json").replace(" OUT", ", protocol: json")
    const numbers = text
      .replace("wishbone.input.tcp", "wishbone.input.dictgenerator")
      .replace("wishbone.output.stdout", "wishbone.output.null")
    expect((await found(numbers)).map((line) => line.split(",")[0])).toEqual([
      "2:57 WB_PROTOCOL_MISPLACED: `in` is a `wishbone.input.dictgenerator`",
      "3:50 WB_PROTOCOL_MISPLACED: `out` is a `wishbone.output.null`",
    ])
  })

  test("unknown names and ids, with a guess", async () => {
    const top = "protocols:\n  lines: { protocol: wishbone.protocol.decode.jsn }\n  other: { protocol: json }\n"
    expect(await found(fileWith({ top, input: "protocol: lnes", output: "protocol: nothing.like.it" }))).toEqual([
      "2:22 WB_PART_UNKNOWN: There is no protocol `wishbone.protocol.decode.jsn`. Did you mean `wishbone.protocol.decode.json`?",
      "3:22 WB_PART_UNKNOWN: There is no protocol `json`. Did you mean `wishbone.protocol.decode.json` or `wishbone.protocol.encode.json`?",
      "5:47 WB_PART_UNKNOWN: There is no protocol `lnes`. Did you mean `lines`?",
      expect.stringMatching(/^6:52 WB_PART_UNKNOWN: There is no protocol `nothing\.like\.it`\. Known are `wishbone\.protocol\.decode\./),
    ])
  })

  test("a last word that two packages share has to be told apart", async () => {
    const spec = defineProtocol({ name: "acme.protocol.decode.json", summary: "", arguments: { key: secret() } })
    class Other extends Decoder {
      static readonly spec = spec
      decode(): void {}
    }
    const both = createRegistry([...(await import("../../../modules/index.ts")).components, Other as unknown as ComponentClass])
    expect(await found(fileWith({ input: "protocol: json" }), both)).toEqual([
      "2:47 WB_PART_AMBIGUOUS: `json` may be any of `acme.protocol.decode.json` and `wishbone.protocol.decode.json`. Write the whole id, or declare the one that is meant under `protocols:`.",
    ])
    expect(await found(fileWith({ input: "protocol: acme.protocol.decode.json" }), both)).toEqual([
      "2:47 WB_PART_ARGUMENTS: `acme.protocol.decode.json` cannot be used without arguments: `acme.protocol.decode.json` needs the argument `key`. Declare it under `protocols:`, with its arguments, and use the name it has there.",
    ])
    const top = "protocols:\n  mine: { protocol: acme.protocol.decode.json, arguments: { key: hush } }\n"
    const { sources } = await check(fileWith({ top, input: "protocol: mine" }), { registry: both })
    expect(sources.get("test.yaml")).toContain("key: ****")
  })

  test("mistakes in a declaration stand at their places, and nothing is told twice", async () => {
    const top = `protocols:
  short: wishbone.protocol.decode.json
  empty:
  list: { protocol: [a] }
  extra: { protocol: wishbone.protocol.decode.json, argments: {}, arguments: { delimter: x, charset: klingon } }
`
    const findings = await found(fileWith({ top, input: "protocol: extra", output: "protocol: short" }))
    expect(findings.map((text) => /^\d+:\d+ \w+/.exec(text)?.[0])).toEqual([
      "2:10 WB_VALUE_INVALID",
      "3:3 WB_KEY_MISSING",
      "4:21 WB_VALUE_INVALID",
      "5:53 WB_KEY_UNKNOWN",
      "5:80 WB_ARGUMENT_UNKNOWN",
      "5:102 WB_ARGUMENT_INVALID",
    ])
    expect(findings[0]).toContain("Write `protocol: wishbone.protocol.decode.json` on a line of its own below `short:`.")
  })
})

describe("functions", () => {
  const mark = "module_functions:\n  mark: { function: wishbone.function.module.set, arguments: { data: seen, destination: tmp.x } }\n"

  test("run by queue in the order of the file, declared or by their last word", async () => {
    const plans = await plansOf(
      fileWith({ top: mark, output: "functions: { inbox: [uppercase, mark, wishbone.function.module.lowercase] }" }),
    )
    expect(plans["out"]?.functions).toEqual({
      inbox: [
        { id: "wishbone.function.module.uppercase", arguments: { source: "data", destination: "data" } },
        { id: "wishbone.function.module.set", arguments: { data: "seen", destination: "tmp.x" } },
        { id: "wishbone.function.module.lowercase", arguments: { source: "data", destination: "data" } },
      ],
    })
  })

  test("a queue that is not consumed, a wrong value, an unknown name", async () => {
    const output = "functions: { inbx: [mark], inbox: [mrk, set, [x], choice] }"
    expect(await found(fileWith({ top: mark, input: "functions: { outbox: [mark] }", output }))).toEqual([
      "4:50 WB_QUEUE_SETTING_UNKNOWN: `in` has no in queue `outbox`. Functions are applied where events are taken: put this below `functions:` of `out`, as `inbox`.",
      "5:55 WB_QUEUE_SETTING_UNKNOWN: `out` has no in queue `inbx`. Did you mean `inbox`?",
      "5:77 WB_PART_UNKNOWN: There is no module function `mrk`. Did you mean `mark`?",
      "5:82 WB_PART_ARGUMENTS: `set` cannot be used without arguments: `wishbone.function.module.set` needs the argument `data`. Declare it under `module_functions:`, with its arguments, and use the name it has there.",
      "5:87 WB_VALUE_INVALID: `inbox`: expected the name of a function, found a list.",
      expect.stringMatching(/^5:92 WB_PART_UNKNOWN: There is no module function `choice`\./),
    ])
    expect(await found(fileWith({ output: "functions: { inbox: uppercase }" }))).toEqual([
      "3:62 WB_VALUE_INVALID: `inbox`: expected a list of functions, found text `uppercase`. List the functions in order: `functions: { inbox: [first, second] }`.",
    ])
  })

  test("an id of the other kind is told apart", async () => {
    const top = "module_functions:\n  x: { function: wishbone.function.template.pid }\n"
    expect((await found(fileWith({ top })))[0]).toBe(
      "2:18 WB_PART_UNKNOWN: There is no module function `wishbone.function.template.pid`. That is the id of a template function.",
    )
  })

  test("an instance with functions can fail, so its unrouted `failed` is warned of", async () => {
    const flow = graph.replace(" OUT", ", functions: { inbox: [uppercase] }").replace("wishbone.output.stdout", "wishbone.flow.funnel")
    const warned = async (text: string): Promise<boolean> =>
      (await check(text.replace(" IN", "").replace("failed: out.inbox", "failed:"), { registry })).problems.some(
        ({ code }) => code === "WB_FAILED_UNROUTED",
      )
    expect(await warned(flow)).toBe(true)
    expect(await warned(flow.replace(/, functions: [^}]*}/, ""))).toBe(false)
  })
})

describe("template functions", () => {
  const site = "template_functions:\n  site: { function: wishbone.function.template.choice, arguments: { values: [a, b] } }\n"

  test("what is declared is in the plan of each instance, as templates in files may call it too", async () => {
    const { plan } = await check(fileWith({ top: site, output: 'arguments: { prefix: "{{ site() }}" }' }), { registry })
    const declared = { site: { id: "wishbone.function.template.choice", arguments: { values: ["a", "b"] } } }
    expect(plan?.instances.map(({ templateFunctions }) => templateFunctions)).toEqual([declared, declared])
  })

  test("templates may call those with no declaration by their last word", async () => {
    const prefix = "{{ strftime(epoch(), 'YYYY') }} {{ env('X') }} {{ version() }} {{ pid() }} {{ random_uuid() }}"
    await plansOf(fileWith({ output: `arguments: { prefix: "${prefix}" }` }))
  })

  test("templates are read before anything starts: mistakes in them stand at their lines", async () => {
    const top = `${site}module_functions:\n  mark: { function: wishbone.function.module.set, arguments: { data: { a: "{{ sit() }}" } } }\n`
    const output = 'functions: { inbox: [mark] }, arguments: { prefix: "{{ site }}", payload: ["{{ data", "{{ choice() }}"] }'
    expect(await found(fileWith({ top, output }))).toEqual([
      expect.stringMatching(/^2:3 WB_PART_UNUSED: `site` is declared under `template_functions`, and nothing uses it\./),
      "4:75 WB_TEMPLATE_NAME: The template `{{ sit() }}` cannot be filled in: there is no function `sit`. Did you mean `site`?",
      "7:93 WB_TEMPLATE_NAME: The template `{{ site }}` cannot be filled in: `site` is a function. Write `site()`.",
      expect.stringMatching(
        /^7:117 WB_TEMPLATE_SYNTAX: The template `{{ data` cannot be read: `{{` is not closed by `}}`\. What is filled in/,
      ),
      "7:128 WB_PART_ARGUMENTS: `choice` cannot be used without arguments: `wishbone.function.template.choice` needs the argument `values`. Declare it under `template_functions:`, with its arguments, and use the name it has there.",
    ])
  })

  test("a name that every template has already is refused, but for what it is", async () => {
    const pid = (name: string): string => `template_functions:\n  ${name}: { function: wishbone.function.template.pid }\n`
    expect(await found(fileWith({ top: pid("version") }))).toEqual([
      "2:3 WB_FUNCTION_CALL_NAME: `version` cannot be the name of a template function. Every template has a function of that name already: choose another one.",
    ])
    await plansOf(fileWith({ top: pid("pid"), output: 'arguments: { prefix: "{{ pid() }} - {{ data }}" }' }))
  })

  test("a name that templates could not call is refused", async () => {
    const top = 'template_functions:\n  "my-site": { function: wishbone.function.template.pid }\n'
    expect((await found(fileWith({ top })))[0]).toBe(
      "2:3 WB_FUNCTION_CALL_NAME: `my-site` cannot be the name of a template function. Templates call it by that name: use letters, digits and `_`, and begin with a letter.",
    )
  })
})

test("what is declared and not used is a warning, and stops nothing", async () => {
  const top = `protocols:
  a: { protocol: wishbone.protocol.decode.json }
module_functions:
  b: { function: wishbone.function.module.uppercase }
template_functions:
  c: { function: wishbone.function.template.pid }
`
  const { plan, problems } = await check(fileWith({ top }), { registry })
  expect(plan).toBeDefined()
  expect(problems.filter(isOfParts).map(({ line, severity, code, hint }) => [line, severity, code, hint])).toEqual([
    [2, "warning", "WB_PART_UNUSED", "Name it as the `protocol:` of an instance, or remove it."],
    [4, "warning", "WB_PART_UNUSED", "Name it below the `functions:` of an instance, or remove it."],
    [6, "warning", "WB_PART_UNUSED", "Name it in a template, or remove it."],
  ])
})

test("the example file has nothing wrong with it", async () => {
  const { plan, problems } = await check(readFileSync("bootstrap/protocols.yaml"), { registry })
  expect(problems).toEqual([])
  expect(plan?.instances.find(({ name }) => name === "pack")).toMatchObject({
    protocol: { id: "wishbone.protocol.encode.msgpack" },
    functions: { inbox: [{ id: "wishbone.function.module.uppercase" }, { id: "wishbone.function.module.set" }] },
  })
})
