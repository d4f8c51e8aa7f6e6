import { expect, test } from "vitest"
import type { TemplateContext, TemplateSetting } from "../../../src/actor/template.ts"
import { compileArguments, templateProblems } from "../../../src/actor/template-arguments.ts"
import { failureKindOf } from "../../../src/errors.ts"
import { checkArguments } from "../../../src/spec/arguments.ts"
import { defineModule } from "../../../src/spec/define.ts"
import { port, templated, z } from "../../../src/spec/schema.ts"

const spec = defineModule({
  name: "a.output.b",
  summary: "",
  arguments: {
    host: templated(z.string()).default("localhost"),
    port: templated(port()).default(1),
    headers: z.record(z.string(), templated(z.string())).default({}),
    rates: z.array(templated(z.number())).default([]),
    fixed: z.array(z.string()).default(["a"]),
  },
  aliases: { address: "host" },
  queues: { inbox: { direction: "in", summary: "" } },
})

const setting: TemplateSetting = { env: { HOST: "depot", PORT: "80" }, version: "1", pid: 42 }

function compiled(raw: object): ReturnType<typeof compileArguments> {
  const { values, templates, problems } = checkArguments(spec, raw)
  expect(problems).toEqual([])
  return compileArguments(spec, values, templates, setting)
}

const holding = (data: unknown): TemplateContext => ({ read: (root) => (root === "data" ? data : "u-1") })

test("without templates the arguments are one frozen object, all the way down", () => {
  const { fixed, perEvent } = compiled({ host: "a" })
  expect(perEvent).toBeUndefined()
  expect(fixed).toMatchObject({ host: "a", port: 1, payload: null })
  expect(Object.isFrozen(fixed)).toBe(true)
  expect(Object.isFrozen(fixed["fixed"])).toBe(true)
})

test("templates that need no event are filled in at start, and keep the type of a lone path", () => {
  const { fixed, perEvent } = compiled({ host: "{{ env.HOST }}:{{ version }}", port: "{{ pid }}", headers: { a: "{{ env('HOST') }}" } })
  expect(perEvent).toBeUndefined()
  expect(fixed).toMatchObject({ host: "depot:1", port: 42, headers: { a: "depot" } })
})

test("the others are filled in for each event, in lists and maps too", () => {
  const { perEvent } = compiled({
    host: "{{ data.host }}",
    headers: { still: "x", from: "{{ data.from }}-{{ uuid }}" },
    rates: [1, "{{ data.rate }}"],
    payload: { deep: ["{{ data }}"] },
  })
  const data = { host: "h", from: "f", rate: 2.5 }
  const args = perEvent?.(holding(data))
  expect(args).toEqual({
    host: "h",
    port: 1,
    headers: { still: "x", from: "f-u-1" },
    rates: [1, 2.5],
    fixed: ["a"],
    selection: "data",
    payload: { deep: [data] },
    native_events: false,
  })
  expect(Object.isFrozen(args)).toBe(true)
  expect(perEvent?.(holding({ ...data, host: "other" }))["host"]).toBe("other")
})

test("a value of the wrong type fails the event", () => {
  const { perEvent } = compiled({ address: "{{ data.host }}", rates: ["{{ data.rate }}"] })
  const failing = (data: unknown): unknown => {
    try {
      return perEvent?.(holding(data))
    } catch (error) {
      return [failureKindOf(error), (error as Error).message]
    }
  }
  expect(failing({ host: 5, rate: 1 })).toEqual([
    "invalid",
    "Argument `address` of `a.output.b`: expected text, the template gave the number 5",
  ])
  expect(failing({ host: "a", rate: "1" })).toEqual([
    "invalid",
    "Argument `rates[0]` of `a.output.b`: expected a number, the template gave text `1`",
  ])
  expect(failing({ host: "a" })).toEqual(["invalid", "The template `{{ data.rate }}`: `data.rate` is missing"])
})

test("a value that does not come about at start stops the start", () => {
  expect(() => compiled({ host: "{{ env.NOWHERE }}" })).toThrow(
    expect.objectContaining({
      code: "WB_TEMPLATE_START",
      message: "Argument `host` could not be filled in at start: The template `{{ env.NOWHERE }}`: `env.NOWHERE` is missing",
    }),
  )
  expect(() => compiled({ port: "{{ env.PORT }}" })).toThrow(
    expect.objectContaining({
      message:
        "Argument `port` could not be filled in at start: `{{ env.PORT }}`: expected a whole number between 0 and 65535, the template gave text `80`",
      hint: "Write `${PORT}` instead: it is read like any other value of the file, so a number stays one.",
    }),
  )
  expect(() => compiled({ port: "{{ pid + 1 }}" })).toThrow(
    expect.objectContaining({ hint: "A template longer than one path makes text; a lone `{{ path }}` keeps the type." }),
  )
})

test("all templates that cannot work are reported together, where the file has them", () => {
  const { templates } = checkArguments(spec, {
    address: "{{ data..x }}",
    headers: { a: "{{ dta }}", b: "{{ data.fine }}" },
    port: "{{ env.PORT }}",
  })
  expect(templateProblems(spec, templates, setting).map(({ path, code }) => [path.join("."), code])).toEqual([
    ["address", "WB_TEMPLATE_SYNTAX"],
    ["port", "WB_TEMPLATE_START"],
    ["headers.a", "WB_TEMPLATE_NAME"],
  ])
})
