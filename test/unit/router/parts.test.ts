import { expect, test } from "vitest"
import { Decoder } from "../../../src/actor/decoder.ts"
import { TemplateFunction } from "../../../src/actor/template-function.ts"
import { type ComponentClass, createRegistry, isComponentClass } from "../../../src/router/registry.ts"
import { defineModule } from "../../../src/spec/define.ts"
import { defineFunction } from "../../../src/spec/function.ts"
import { defineProtocol } from "../../../src/spec/protocol.ts"

function protocol(name: string): ComponentClass {
  return class extends Decoder {
    static readonly spec = defineProtocol({ name, summary: "", arguments: {} })
    decode(): void {}
  }
}

function templateFunction(name: string): ComponentClass {
  return class extends TemplateFunction {
    static readonly spec = defineFunction({ name, summary: "", arguments: {} })
    call(): void {}
  }
}

const module = class {
  static readonly spec = defineModule({ name: "acme.flow.csv", summary: "", arguments: {}, queues: {} })
}
const [decode, encode, other] = ["acme.protocol.decode.csv", "acme.protocol.encode.csv", "other.protocol.decode.csv"].map(protocol) as [
  ComponentClass,
  ComponentClass,
  ComponentClass,
]
const call = templateFunction("acme.function.template.shout")
const registry = createRegistry([decode, module, call, encode])

test("holds components of every sort, and lists modules apart from the others", () => {
  expect(registry.list().map(({ spec }) => spec.name)).toEqual(["acme.flow.csv"])
  expect(registry.parts.all.map(({ spec, sort }) => [spec.name, sort])).toEqual([
    ["acme.function.template.shout", "template function"],
    ["acme.protocol.decode.csv", "decoder"],
    ["acme.protocol.encode.csv", "encoder"],
  ])
  expect([decode, module, call].every(isComponentClass)).toBe(true)
})

test("finds a protocol or function by its id, if it is of the sort", () => {
  expect(registry.parts.get("acme.protocol.decode.csv", "decoder").create).toBe(decode)
  expect(
    registry.parts
      .byShortName("decoder", "encoder")
      .get("csv")
      ?.map(({ create }) => create),
  ).toEqual([decode, encode])
  const get = (id: string) => () => registry.parts.get(id, "decoder")
  expect(get("acme.protocol.encode.csv")).toThrow(
    expect.objectContaining({ code: "WB_PART_UNKNOWN", hint: "That is the id of an encoder." }),
  )
  expect(get("wishbone.protocol.decode.csv")).toThrow(expect.objectContaining({ hint: "Did you mean `acme.protocol.decode.csv`?" }))
  expect(get("acme.protocol.decode.cvs")).toThrow(expect.objectContaining({ hint: "Did you mean `acme.protocol.decode.csv`?" }))
})

test("grows by components of every sort, and refuses two of one id", () => {
  const more = registry.with([other, decode])
  expect(more.parts.ofSort("decoder").map(({ spec }) => spec.name)).toEqual(["acme.protocol.decode.csv", "other.protocol.decode.csv"])
  expect(more.list()).toEqual(registry.list())
  expect(() => registry.with([protocol("acme.protocol.decode.csv")])).toThrow(
    expect.objectContaining({ code: "WB_MODULE_DUPLICATE", message: "Two decoders are called `acme.protocol.decode.csv`" }),
  )
})
