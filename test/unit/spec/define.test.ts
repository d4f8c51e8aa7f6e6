import { describe, expect, expectTypeOf, test } from "vitest"
import { isWishboneError } from "../../../src/errors.ts"
import { defineModule } from "../../../src/spec/define.ts"
import { exampleProblems } from "../../../src/spec/examples.ts"
import { templated, z } from "../../../src/spec/schema.ts"
import { type Args, type InQueue, isModuleSpec, type ModuleSpec, type OutQueue } from "../../../src/spec/spec.ts"
import { flow, output } from "./sample.ts"

function thrownBy(action: () => unknown): { code: string; message: string; hint: string } {
  try {
    action()
  } catch (error) {
    if (isWishboneError(error)) return { code: error.code, message: error.message, hint: error.hint }
    throw error
  }
  throw new Error("nothing was thrown")
}

const queues = { inbox: { direction: "in", summary: "" } } as const
const named = (name: string): ModuleSpec => defineModule({ name, summary: "", arguments: {}, queues })

test("the second part of the name is the kind", () => {
  expect([output.kind, flow.kind, named("a.process.b").kind, named("a.input.b").kind]).toEqual(["output", "flow", "process", "input"])
})

test("a spec is frozen and recognised by its brand", () => {
  expect(Object.isFrozen(output)).toBe(true)
  expect(isModuleSpec(output)).toBe(true)
  expect(isModuleSpec({ ...output })).toBe(true)
  expect(isModuleSpec({ name: "acme.output.parcel" })).toBe(false)
  expect((output as unknown as Record<symbol, unknown>)[Symbol.for("wishbone-ts.module-spec")]).toBe(true)
})

test("each kind adds its own arguments", () => {
  expect(Object.keys(named("a.input.b").arguments)).toEqual(["destination", "native_events"])
  expect(Object.keys(named("a.output.b").arguments)).toEqual(["selection", "payload", "native_events"])
  expect(Object.keys(named("a.flow.b").arguments)).toEqual([])
  expect(Object.keys(named("a.process.b").arguments)).toEqual([])
})

test("a module's own argument wins over the one of its kind", () => {
  const spec = defineModule({ name: "a.output.b", summary: "", arguments: { selection: z.int().default(3) }, queues })
  expect(spec.schema.parse({})).toMatchObject({ selection: 3, native_events: false })
  expectTypeOf<Args<typeof spec>["selection"]>().toEqualTypeOf<number>()
})

test("handlers see inner types: milliseconds, rendered templates, what the kind adds", () => {
  type Seen = Args<typeof output>
  expectTypeOf<Seen["timeout"]>().toEqualTypeOf<number>()
  expectTypeOf<Seen["host"]>().toEqualTypeOf<string>()
  expectTypeOf<Seen["rates"]>().toEqualTypeOf<number[]>()
  expectTypeOf<Seen["note"]>().toEqualTypeOf<string | null>()
  expectTypeOf<Seen["password"]>().toEqualTypeOf<string | undefined>()
  expectTypeOf<Seen["selection"]>().toEqualTypeOf<string | null>()
  expectTypeOf<InQueue<typeof output>>().toEqualTypeOf<"inbox">()
  expectTypeOf<OutQueue<typeof output>>().toEqualTypeOf<"returned">()
  expectTypeOf<OutQueue<typeof flow>>().toEqualTypeOf<string>()
})

test("a wrong example does not compile", () => {
  defineModule({
    name: "a.flow.b",
    summary: "",
    arguments: { count: z.int(), rate: templated(z.number()).default(1) },
    queues,
    examples: [
      { title: "good", arguments: { count: 1, rate: "{{ data.rate }}" } },
      // @ts-expect-error: `count` is a number
      { title: "bad", arguments: { count: "one" } },
      // @ts-expect-error: there is no `cuont`
      { title: "misspelt", arguments: { count: 1, cuont: 2 } },
    ],
  })
})

test("examples are checked when a test asks", () => {
  expect(exampleProblems(output)).toEqual([])
  const spec = defineModule({
    name: "a.flow.b",
    summary: "",
    arguments: { count: z.int().min(1) },
    queues,
    examples: [{ title: "None", arguments: { count: 0 } }],
  })
  expect(exampleProblems(spec)).toEqual([
    'Example "None": Argument `count` of `a.flow.b`: expected a whole number of at least 1, found the number 0.',
  ])
})

describe("refuses", () => {
  test.each(["tcp", "wishbone.tcp", "Wishbone.output.tcp", "a.output.b.c", "a.output.", "a b.output.c"])("the name %j", (name) => {
    const { code, message, hint } = thrownBy(() => named(name))
    expect(code).toBe("WB_MODULE_NAME")
    expect(message).toContain("`namespace.kind.name`")
    expect(hint).toContain("acme.process.translate")
  })

  test("a kind that does not exist", () => {
    expect(thrownBy(() => named("a.ouput.b"))).toEqual({
      code: "WB_MODULE_NAME",
      message: "`a.ouput.b`: there is no kind of module called `ouput`",
      hint: "Did you mean `output`?",
    })
  })

  test.each(["successful", "failed", "logs", "metrics", "_hidden"])("the queue %j", (queue) => {
    const declare = (): unknown =>
      defineModule({ name: "a.flow.b", summary: "", arguments: {}, queues: { [queue]: { direction: "out", summary: "" } } })
    expect(thrownBy(declare)).toMatchObject({
      code: "WB_MODULE_QUEUE_RESERVED",
      message: `\`a.flow.b\` declares a queue \`${queue}\`, a name kept for the runtime`,
    })
  })

  test("an alias that leads nowhere, or that is an argument itself", () => {
    const declare = (aliases: Record<string, string>) => () =>
      defineModule({ name: "a.flow.b", summary: "", arguments: { host: z.string(), port: z.int() }, queues, aliases })
    expect(thrownBy(declare({ address: "hots" })).message).toBe(
      "`a.flow.b` declares the alias `address` for `hots`, which leads to no argument",
    )
    expect(thrownBy(declare({ port: "host" }))).toMatchObject({
      code: "WB_MODULE_ALIAS",
      message: "`a.flow.b` declares the alias `port` for `host`, which is itself an argument",
    })
  })
})
