import { expect, test } from "vitest"
import { blameAmong } from "../../../src/cli/blame.ts"
import type { LoadedComponents } from "../../../src/router/packages.ts"

/** Components from a place, by their ids. */
function from(name: string, place: string, ...ids: string[]): LoadedComponents {
  return { name, place, components: ids.map((id) => ({ spec: { name: id } })) as unknown as LoadedComponents["components"] }
}

const loaded = [
  from("wishbone-acme", "/srv/node_modules/wishbone-acme", "acme.flow.a", "acme.flow.b"),
  from("./my mod.js", "/srv/my mod.js", "acme.flow.c"),
]
const instances = [
  { name: "one", module: "acme.flow.a" },
  { name: "two", module: "acme.flow.b" },
  { name: "three", module: "acme.flow.c" },
]

function blame(stack: string, among = instances): string | undefined {
  return blameAmong(() => ({ loaded, instances: among }))({ stack })
}

test("names the package whose file comes first in the stack, with the instances that use it", () => {
  const frames =
    "    at run (node:internal/timers:1:1)\n    at a (file:///srv/node_modules/wishbone-acme/lib/a.js:3:4)\n    at c (/srv/my mod.js:1:1)"
  expect(blame(`Error: no\n${frames}`)).toBe("`wishbone-acme` (instance `one` or `two`)")
  expect(blame(`Error: no\n${frames}`, instances.slice(0, 1))).toBe("`wishbone-acme` (instance `one`)")
})

test("knows a file by its path and by its URL", () => {
  expect(blame("Error: no\n    at c (/srv/my mod.js:1:1)")).toBe("`./my mod.js` (instance `three`)")
  expect(blame("Error: no\n    at c (file:///srv/my%20mod.js:1:1)")).toBe("`./my mod.js` (instance `three`)")
})

test("names the package alone when no instance uses it", () => {
  expect(blame("Error: no\n    at /srv/my mod.js:1:1", [])).toBe("`./my mod.js`")
})

test("says nothing of files that are nobody's, and of what has no stack", () => {
  expect(blame("Error: no\n    at /srv/node_modules/wishbone-acme-other/a.js:1:1")).toBeUndefined()
  expect(blameAmong(() => ({ loaded, instances }))("text")).toBeUndefined()
  expect(blameAmong(() => ({ loaded, instances }))(undefined)).toBeUndefined()
})

test("many instances are not all named", () => {
  const many = Array.from({ length: 7 }, (_, at) => ({ name: `i${at}`, module: "acme.flow.c" }))
  expect(blame("Error: no\n    at /srv/my mod.js:1:1", many)).toBe(
    "`./my mod.js` (instance `i0` or `i1` or `i2` or `i3` or `i4` or another)",
  )
})
