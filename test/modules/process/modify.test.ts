import { describe, expect, test } from "vitest"
import Modify from "../../../modules/process/modify.ts"
import { checkArguments } from "../../../src/spec/arguments.ts"
import { startModule } from "../../../src/testing/index.ts"

type Expressions = readonly Readonly<Record<string, unknown>>[]

/** The data that comes out of `outbox` for one event. */
async function modified(data: unknown, ...expressions: Expressions): Promise<unknown> {
  const run = await startModule(Modify, { expressions })
  await run.send("inbox", data)
  await run.stop()
  expect(run.events["failed"]?.[0]?.errors["module"]).toBeUndefined()
  return run.sent["outbox"]?.[0]
}

/** What is said of the one event that fails, which must be as it came. */
async function refusal(data: unknown, ...expressions: Expressions): Promise<string> {
  const run = await startModule(Modify, { expressions })
  const before = structuredClone(data)
  await run.send("inbox", data)
  expect(run.sent).toEqual({ failed: [before] })
  const [event] = run.events["failed"] ?? []
  expect(event?.meta.history).toMatchObject([{ kind: "invalid", instance: "module" }])
  expect(event?.tmp).toEqual({})
  await run.stop()
  return event?.errors["module"]?.[2] ?? ""
}

/** What is said of expressions before anything starts. */
function mistakes(...expressions: readonly unknown[]): string[] {
  return checkArguments(Modify.spec, { expressions }).problems.map(({ path, message, hint }) =>
    `${path.join(".")}: ${message} ${hint}`.trim(),
  )
}

describe("each expression does its work", () => {
  test.each<[string, unknown, Record<string, unknown>, unknown]>([
    ["add_item", { tags: ["a"] }, { add_item: ["b", "data.tags"] }, { tags: ["a", "b"] }],
    ["add_item of a map", [], { add_item: [{ deep: 1 }, "data"] }, [{ deep: 1 }]],
    ["copy", { a: { b: 1 } }, { copy: ["data.a", "data.c.d"] }, { a: { b: 1 }, c: { d: { b: 1 } } }],
    ["copy of a default", {}, { copy: ["data.a", "data.b", "none"] }, { b: "none" }],
    ["copy of null as default", {}, { copy: ["data.a", "data.b", null] }, { b: null }],
    ["del_item", { list: [1, { two: 2 }, 1] }, { del_item: [{ two: 2 }, "data.list"] }, { list: [1, 1] }],
    ["del_item takes the first only", [1, 2, 1], { del_item: [1, "data"] }, [2, 1]],
    ["delete", { a: { b: 1, c: 2 } }, { delete: ["data.a.b"] }, { a: { c: 2 } }],
    ["delete in a list", { a: [1, 2, 3] }, { delete: "data.a[1]" }, { a: [1, 3] }],
    ["extract", "GET /index", { extract: ["data", "(?P<verb>[A-Z]+) (?<path>\\S+)", "data"] }, { verb: "GET", path: "/index" }],
    ["extract of a part that took none", "a", { extract: ["data", "(?P<a>a)(?P<b>b)?", "data"] }, { a: "a", b: null }],
    ["join", { words: ["one", "two"] }, { join: ["data.words", ", ", "data.text"] }, { words: ["one", "two"], text: "one, two" }],
    ["lowercase", { a: "ÄBC" }, { lowercase: ["data.a"] }, { a: "äbc" }],
    ["uppercase", { a: "äbc" }, { uppercase: "data.a" }, { a: "ÄBC" }],
    ["merge", { a: [1], b: [2] }, { merge: ["data.a", "data.b", "data.c"] }, { a: [1], b: [2], c: [1, 2] }],
    ["replace", "room 12, bed 3", { replace: ["\\d+", "X", "data"] }, "room X, bed X"],
    ["replace in a number", { n: 1204 }, { replace: ["0", "-", "data.n"] }, { n: "12-4" }],
    ["replace with groups", "a=1;b=2", { replace: ["(?P<k>\\w)=(\\d)", "\\2:\\g<k>\\\\$1", "data"] }, "1:a\\$1;2:b\\$1"],
    ["set", { a: 1 }, { set: [{ list: [1, "two"] }, "data.b"] }, { a: 1, b: { list: [1, "two"] } }],
    ["set of everything", { a: 1 }, { set: [5, "data"] }, 5],
    [
      "template",
      { who: { name: "Ann", age: 3 } },
      { template: ["data.text", "{name} is {age}", "data.who"] },
      { who: { name: "Ann", age: 3 }, text: "Ann is 3" },
    ],
    ["template with what lies deeper", { a: { b: [7] } }, { template: ["data", "<{a.b[0]}> {a}", "data"] }, '<7> {"b":[7]}'],
  ])("%s", async (_title, data, expression, wanted) => {
    expect(await modified(data, expression)).toEqual(wanted)
  })

  test("time writes down the event's timestamp in UTC", async () => {
    const run = await startModule(Modify, {
      expressions: [{ time: ["data", "YYYY-MM-DD[T]HH:mm:ss.SSSZZ X"] }],
    })
    const event = run.module.event("")
    event.timestamp = 1_700_000_000.125
    await run.send("inbox", event)
    expect(run.sent).toEqual({ outbox: ["2023-11-14T22:13:20.125+00:00 1700000000"] })
    await run.stop()
  })

  test("arguments go by name as well", async () => {
    const expressions = [
      { copy: { source: "data.missing", destination: "data.b", default: 1 } },
      { add_item: { key: "data.list", item: "x" } },
      { lowercase: { key: "data.a" } },
    ]
    expect(await modified({ a: "A", list: [] }, ...expressions)).toEqual({ a: "a", list: ["x"], b: 1 })
  })

  test("tags and tmp can be changed like data", async () => {
    const run = await startModule(Modify, {
      expressions: [{ add_item: ["new", "tags"] }, { set: [1, "tmp.a.b"] }, { delete: "errors.before" }],
    })
    const event = run.module.event("x")
    event.tags.push("old")
    event.errors["before"] = [1, "Error", "failed before"]
    await run.send("inbox", event)
    const [changed] = run.events["outbox"] ?? []
    expect(changed?.tags).toEqual(["old", "new"])
    expect(changed?.tmp).toEqual({ a: { b: 1 } })
    expect(changed?.errors).toEqual({})
    await run.stop()
  })
})

describe("templates", () => {
  test("are filled in when their expression has its turn, and a lone path keeps its type", async () => {
    const expressions = [
      { set: ["{{ data.n }}", "data.same"] },
      { uppercase: ["data.name"] },
      { set: [{ id: "{{ data.name }}-{{ data.same }}", list: ["{{ data.n }}"] }, "data.made"] },
      { add_item: ["{{ data.made.id }}", "data.made.list"] },
      { copy: ["data.none", "data.default", "{{ data.n }}"] },
    ]
    const wanted = { n: 5, name: "ANN", same: 5, made: { id: "ANN-5", list: [5, "ANN-5"] }, default: 5 }
    expect(await modified({ n: 5, name: "ann" }, ...expressions)).toEqual(wanted)
  })

  test("are filled in for each event anew, and what they give is no part of the arguments", async () => {
    const run = await startModule(Modify, {
      expressions: [{ set: [{ of: "{{ data }}", fixed: [1] }, "data"] }, { add_item: [2, "data.fixed"] }],
    })
    await run.send("inbox", "a", "b")
    expect(run.sent).toEqual({
      outbox: [
        { of: "a", fixed: [1, 2] },
        { of: "b", fixed: [1, 2] },
      ],
    })
    await run.stop()
  })

  test("what they give is a copy: changing one place changes no other", async () => {
    const expressions = [{ set: ["{{ data.list }}", "data.copy"] }, { add_item: [2, "data.copy"] }]
    expect(await modified({ list: [1] }, ...expressions)).toEqual({ list: [1], copy: [1, 2] })
  })

  test("that use only the environment are filled in once", async () => {
    expect(await modified("x", { set: ["v{{ version }}", "data"] })).toBe("v0.0.0")
  })

  test("a missing value fails the event", async () => {
    expect(await refusal({}, { set: ["{{ data.name }}", "data.x"] })).toContain("expressions[0] (set): The template `{{ data.name }}`")
  })
})

describe("an expression that fails leaves the event as it came", () => {
  const first = { set: ["changed", "data.a"] }

  test.each<[string, Record<string, unknown>, string]>([
    ["add_item to what is no list", { add_item: [1, "data.map"] }, "`data.map` is no list"],
    ["copy of nothing", { copy: ["data.none", "data.b"] }, "nothing at `data.none`"],
    ["del_item of what is not there", { del_item: [9, "data.list"] }, "has no such item"],
    ["delete of nothing", { delete: ["data.none.x"] }, "nothing at `data.none.x`"],
    ["extract without a match", { extract: ["data.b", "x(?P<y>.)", "data.text"] }, "does not match at the beginning of `data.text`"],
    ["extract of a later match", { extract: ["data.b", "(?P<y>e)xt", "data.text"] }, "does not match at the beginning"],
    ["join of numbers", { join: ["data.list", ",", "data.b"] }, "something else than text"],
    ["lowercase of a number", { lowercase: ["data.list[0]"] }, "is no text"],
    ["merge of a map", { merge: ["data.list", "data.map", "data.b"] }, "`data.map` is no list"],
    ["replace in a map", { replace: ["a", "b", "data.map"] }, "`data.map` is no text"],
    ["set below text", { set: [1, "data.text.x"] }, "`data.text` is neither a map nor a list"],
    ["set far behind a list's end", { set: [1, "data.list[1000000000]"] }, "place 1000000000 of a list that has 1 items"],
    ["set of a name in a list", { set: [1, "data.list.x"] }, "`x` is no place in a list"],
    ["template without its name", { template: ["data.b", "{nobody}", "data.map"] }, "nothing at `data.map.nobody`"],
    ["tmp made into text", { set: ["x", "tmp"] }, "`tmp` of an event is a map"],
    ["tags that hold maps", { set: [[{}], "tags"] }, "`tags` of an event holds text only"],
  ])("%s", async (_title, expression, message) => {
    const data = { a: "as it came", list: [1], map: { deep: [1] }, text: "text" }
    expect(await refusal(data, { set: [[1], "tmp.scratch"] }, { add_item: [2, "data.map.deep"] }, first, expression)).toContain(message)
  })

  test("a timestamp that no calendar knows", async () => {
    const run = await startModule(Modify, { expressions: [{ time: ["data", "YYYY"] }] })
    const event = run.module.event("x")
    event.timestamp = 1e15
    await run.send("inbox", event)
    expect(run.sent).toEqual({ failed: ["x"] })
    await run.stop()
  })

  test("text that grows beyond its limit", async () => {
    const data = "a".repeat(1024)
    expect(await refusal(data, { replace: ["a", "b".repeat(2000), "data"] })).toContain("makes more than 1048576 characters")
    expect(await refusal(["x".repeat(1024 * 1024), "y"], { join: ["data", "", "data"] })).toContain("more than 1048576")
  })

  test("text too long for a regular expression", async () => {
    expect(await refusal("a".repeat(1024 * 1024 + 1), { replace: ["b", "c", "data"] })).toContain("too long for a regular expression")
  })
})

describe("mistakes are found before anything starts", () => {
  test.each<[string, unknown, string]>([
    ["an unknown name", { lowercas: ["data"] }, "has no argument `expressions[0].lowercas` Did you mean `lowercase`?"],
    ["two names in one", { lowercase: ["data"], uppercase: ["data"] }, "here are `lowercase`, `uppercase`"],
    ["text", "lowercase", "expressions.0"],
    ["too few arguments", { copy: ["data.a"] }, "`copy` takes the list `[source, destination, default]`: `destination` is missing"],
    ["too many arguments", { lowercase: ["data.a", "data.b"] }, "`lowercase` takes the list `[key]`: it has 2 items"],
    ["a missing name", { copy: { source: "data.a" } }, "expressions.0.copy.destination"],
    ["an unknown argument", { copy: { source: "data.a", destination: "data.b", defualt: 1 } }, "Did you mean `default`?"],
    ["a number for a path", { lowercase: [5] }, "expressions.0.lowercase.0"],
    ["a path without a root", { lowercase: ["name"] }, "did you mean `data.name`?"],
    ["a root slightly wrong", { lowercase: ["dat.name"] }, "did you mean `data`?"],
    ["a prototype", { set: [1, "data.__proto__.polluted"] }, "which paths may not reach"],
    ["a constructor, read", { copy: ["data.constructor", "data.x"] }, "which paths may not reach"],
    ["a root that cannot be set", { set: [1, "uuid"] }, "`uuid` of an event cannot be set"],
    ["a root that cannot be deleted", { delete: ["data"] }, "is part of every event"],
    ["a bad pattern", { replace: ["(", "x", "data"] }, "missing closing )"],
    ["a look-ahead", { extract: ["data", "a(?=b)", "data"] }, "without look-arounds and back references"],
    ["a group called __proto__", { extract: ["data", "(?P<__proto__>a)", "data"] }, "no group may be called `__proto__`"],
    ["a lone brace", { template: ["data", "{a", "data"] }, "a brace in it has no other"],
    ["a format with a width", { template: ["data", "{a:>10}", "data"] }, "`{a:>10}` is no name in braces"],
    ["a template where none may be", { lowercase: ["{{ data.which }}"] }, "expressions.0.lowercase.0"],
  ])("%s", (_title, expression, message) => {
    expect(mistakes(expression).join("\n")).toContain(message)
  })

  test("a replacement that names a group which is not there", async () => {
    await expect(startModule(Modify, { expressions: [{ replace: ["(a)", "\\2", "data"] }] })).rejects.toThrow("does not have")
    await expect(startModule(Modify, { expressions: [{ replace: ["(a)", "\\g<toString>", "data"] }] })).rejects.toThrow("does not have")
  })

  test("an expression without a name", async () => {
    await expect(startModule(Modify, { expressions: [{}] })).rejects.toThrow("an expression is a map of one name")
  })

  test("each is told once, at its place", () => {
    expect(mistakes({ lowercas: ["data"] })).toHaveLength(1)
    expect(mistakes({ lowercase: ["data"] }, { copy: ["x.y", "uuid"] })).toHaveLength(2)
  })
})
