// What belongs to one instance: made for it alone, template functions only when a template names them.
import { describe, expect, test } from "vitest"
import { OutputModule } from "../../../src/actor/output.ts"
import { OwnParts, type TemplateFunctionClass } from "../../../src/actor/own-parts.ts"
import { compileTemplate, noEvent } from "../../../src/actor/template.ts"
import { TemplateFunction } from "../../../src/actor/template-function.ts"
import { Invalid } from "../../../src/errors.ts"
import type { Event } from "../../../src/event.ts"
import type { Log } from "../../../src/log.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { createRegistry } from "../../../src/router/registry.ts"
import { Router } from "../../../src/router/router.ts"
import { defineModule } from "../../../src/spec/define.ts"
import { defineFunction } from "../../../src/spec/function.ts"
import { templated, z } from "../../../src/spec/schema.ts"
import { startModule } from "../../../src/testing/harness.ts"
import { builtins, planOf } from "../../support/plans.ts"

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} }

/** A template function that counts its objects and its calls. */
function counting(constant: boolean): { create: TemplateFunctionClass; made: () => number; calls: () => number } {
  const spec = defineFunction({ name: "test.function.template.count", summary: "Counts.", arguments: {}, constant })
  let made = 0
  let calls = 0
  class Count extends TemplateFunction<typeof spec> {
    static readonly spec = spec
    readonly #number = ++made

    call(more?: unknown): string {
      if (more === "bad") throw new Invalid("bad")
      calls += 1
      return `${this.#number}/${calls}`
    }
  }
  return { create: Count, made: () => made, calls: () => calls }
}

const spec = defineModule({
  name: "test.output.keep",
  summary: "Keeps its argument.",
  arguments: { text: templated(z.string()).describe("Text."), other: templated(z.string()).default("").describe("Text.") },
  queues: { inbox: { direction: "in", summary: "Events." } },
})

class Keep extends OutputModule<typeof spec> {
  static readonly spec = spec
  readonly got: string[] = []
  override readonly consumers = { inbox: (_event: Event, { text, other }: Keep["args"]) => void this.got.push(text + other) }
}

describe("template functions", () => {
  test("are called for each event, and are one object in all templates of an instance", async () => {
    const { create, made } = counting(false)
    const run = await startModule(Keep, { text: "{{ count() }}", other: " {{ count() }}" }, { templateFunctions: { count: create } })
    await run.send("inbox", "a", "b")
    expect(run.module.got).toEqual(["1/1 1/2", "1/3 1/4"])
    expect(made()).toBe(1)
  })

  test("that are constant are called once, at start, when a template uses nothing else", async () => {
    const { create, calls } = counting(true)
    const run = await startModule(
      Keep,
      { text: "{{ count() }} {{ version }}", other: " {{ count() }} {{ data }}" },
      { templateFunctions: { count: create } },
    )
    expect(run.module.args.text).toBe("1/1 0.0.0")
    await run.send("inbox", "a", "b")
    expect(run.module.got).toEqual(["1/1 0.0.0 1/2 a", "1/1 0.0.0 1/3 b"])
    expect(calls()).toBe(3)
  })

  test("that are constant and fail keep the instance from starting", async () => {
    const { create } = counting(true)
    await expect(startModule(Keep, { text: '{{ count("bad") }}' }, { templateFunctions: { count: create } })).rejects.toMatchObject({
      code: "WB_TEMPLATE_START",
    })
  })

  test("are not made before a template names them", () => {
    const { create, made } = counting(false)
    const { setting } = new OwnParts(
      { templateFunctions: { count: { create } } },
      { platform: simulatedPlatform(), log: silent, version: "1" },
    )
    compileTemplate("{{ data.a }} {{ pid() }}", setting)
    expect(made()).toBe(0)
    expect(compileTemplate("{{ count() }} {{ count() }}", setting).render(noEvent)).toBe("1/1 1/2")
    expect(made()).toBe(1)
  })

  test("cannot stand in for what every template has", async () => {
    const { create } = counting(false)
    const run = await startModule(Keep, { text: "{{ version() }}", other: "{{ version }}" }, { templateFunctions: { version: create } })
    await run.send("inbox", "a")
    expect(run.module.got).toEqual(["0.0.00.0.0"])
  })

  test("that need arguments cannot be used without", () => {
    const needy = defineFunction({ name: "test.function.template.needy", summary: "", arguments: { what: z.string() } })
    class Needy extends TemplateFunction<typeof needy> {
      static readonly spec = needy
      call(): string {
        return this.args.what
      }
    }
    const { setting } = new OwnParts(
      { templateFunctions: { needy: { create: Needy } } },
      { platform: simulatedPlatform(), log: silent, version: "1" },
    )
    expect(() => compileTemplate("{{ needy() }}", setting)).toThrow(
      expect.objectContaining({
        code: "WB_PART_ARGUMENTS",
        message:
          "`test.function.template.needy` cannot be used without arguments: `test.function.template.needy` needs the argument `what`",
        hint: "Declare it under `template_functions:`, with its arguments, and use the name it has there.",
      }),
    )
  })
})

describe("in a graph", () => {
  const turn = { turn: { id: "wishbone.function.template.cycle", arguments: { values: ["a", "b", "c"] } } }
  const routes = ["in.outbox -> copy.inbox", "copy.one -> first.inbox", "copy.two -> second.inbox"]

  function sketches(
    templateFunctions: NonNullable<Parameters<typeof planOf>[1][string]["more"]>["templateFunctions"],
  ): Parameters<typeof planOf>[1] {
    const keep = {
      module: "wishbone.output.stdout",
      arguments: { payload: "{{ turn() }}" },
      more: { ...(templateFunctions && { templateFunctions }) },
    }
    return {
      in: { module: "wishbone.input.testevent", arguments: { interval: 1 } },
      copy: { module: "wishbone.flow.fanout" },
      first: keep,
      second: keep,
    }
  }

  test("each instance has a state of its own", async () => {
    const platform = simulatedPlatform()
    const registry = builtins()
    const router = Router.fromPlan(planOf(registry, sketches(turn), routes), { registry, platform, logs: () => silent })
    await platform.complete(router.start())
    await platform.advance(3500)
    await platform.complete(router.stop({ timeoutMs: 1000 }))
    expect(
      platform.streams.written
        .split("\n")
        .filter((line) => line !== "")
        .toSorted()
        .join(""),
    ).toBe("aaaabbcc")
  })

  test("one that cannot be prepared keeps the graph from starting", async () => {
    const platform = simulatedPlatform()
    const registry = builtins()
    const wrong = { turn: { id: "wishbone.function.template.random_word", arguments: { filename: "/missing", encoding: "utf-8" } } }
    const router = Router.fromPlan(planOf(registry, sketches(wrong), routes), { registry, platform, logs: () => silent })
    await expect(platform.complete(router.start())).rejects.toMatchObject({ code: "WB_ARGUMENT_INVALID" })
  })

  test("a plan that names what nobody has is refused", () => {
    const plan = planOf(builtins(), sketches({ turn: { id: "acme.function.template.turn", arguments: {} } }), routes)
    const build = (): Router =>
      Router.fromPlan(plan, { registry: createRegistry(builtins().list()), platform: simulatedPlatform(), logs: () => silent })
    expect(build).toThrow(expect.objectContaining({ code: "WB_PART_UNKNOWN" }))
  })
})
