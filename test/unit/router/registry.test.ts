import { expect, test } from "vitest"
import { canonicalId, componentOf, createRegistry, type ModuleClass } from "../../../src/router/registry.ts"
import { defineModule } from "../../../src/spec/define.ts"

function moduleClass(name: string): ModuleClass {
  const spec = defineModule({ name, summary: "", arguments: {}, queues: {} })
  return class {
    static readonly spec = spec
  }
}

const classes = ["wishbone.output.tcp", "wishbone.flow.funnel", "wishbone.process.modify", "wishbone.input.cron", "acme.output.parcel"].map(
  moduleClass,
)
const registry = createRegistry(classes.map(componentOf))

test("finds a component by its canonical id, without an alias", () => {
  const found = registry.lookup("wishbone.flow.funnel")
  expect(found.component.create).toBe(classes[1])
  expect(found).not.toHaveProperty("alias")
})

test.each([
  ["wishbone.module.flow.funnel", "wishbone.flow.funnel"],
  ["wishbone_contrib.module.input.cron", "wishbone.input.cron"],
  ["wishbone_contrib.input.cron", "wishbone.input.cron"],
  ["wishbone.contrib.input.cron", "wishbone.input.cron"],
  ["wishbone.function.modify", "wishbone.process.modify"],
  ["wishbone.module.function.modify", "wishbone.process.modify"],
  ["wishbone_contrib.module.function.modify", "wishbone.process.modify"],
])("reads %s as %s and says so", (from, to) => {
  const { component, alias } = registry.lookup(from)
  expect(component.spec.name).toBe(to)
  expect(alias).toEqual({ from, to })
})

test("leaves any other id as it is", () => {
  expect(["acme.output.parcel", "module", "", "wishbone.output.module"].map(canonicalId)).toEqual([
    "acme.output.parcel",
    "module",
    "",
    "wishbone.output.module",
  ])
})

test.each([
  ["wishbone.output.tpc", "There is no module `wishbone.output.tpc`", "Did you mean `wishbone.output.tcp`?"],
  ["wishbone.module.flow.funel", "There is no module `wishbone.module.flow.funel`", "Did you mean `wishbone.flow.funnel`?"],
  ["wishbone.output.funnel", "There is no module `wishbone.output.funnel`", "Did you mean `wishbone.flow.funnel`?"],
  [
    "wishbone.encode.json",
    "There is no module `wishbone.encode.json`",
    "There are no modules that only encode or decode; the input or output does that itself.",
  ],
  ["wishbone.something.entirely", "There is no module `wishbone.something.entirely`", "`list` names them all."],
  [
    "something.else.entirely",
    "There is no module `something.else.entirely`",
    "If it comes from a package, list that at the top of the file, for example `packages: [wishbone-something]`.",
  ],
  ["my-module.js", "There is no module `my-module.js`", "A file is named with its folder: `module: ./my-module.js`."],
  ["constructor", "There is no module `constructor`", "`list` names them all."],
])("does not know %s", (id, message, hint) => {
  expect(() => registry.lookup(id)).toThrow(expect.objectContaining({ code: "WB_MODULE_UNKNOWN", message, hint }))
})

test("takes module classes as they are", () => {
  expect(createRegistry(classes).lookup("acme.output.parcel").component).toEqual({ spec: classes[4]?.spec, create: classes[4] })
})

test("lists its components sorted by id", () => {
  expect(registry.list().map(({ spec }) => spec.name)).toEqual([
    "acme.output.parcel",
    "wishbone.flow.funnel",
    "wishbone.input.cron",
    "wishbone.output.tcp",
    "wishbone.process.modify",
  ])
})

test("refuses two components of one id, but not one component listed twice", () => {
  const [first] = classes.map(componentOf)
  expect(() => createRegistry([componentOf(moduleClass("a.flow.b")), componentOf(moduleClass("a.flow.b"))])).toThrow(
    expect.objectContaining({ code: "WB_MODULE_DUPLICATE", message: "Two modules are called `a.flow.b`" }),
  )
  expect(createRegistry(first === undefined ? [] : [first, first]).list()).toHaveLength(1)
})
