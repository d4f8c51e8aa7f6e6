// What the HTTP input refuses before it listens. All that goes over sockets is in test/integration.
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import HttpInput from "../../../modules/input/http.ts"
import { expanded, HttpAccess, requestTarget } from "../../../src/index.ts"
import { redactArguments } from "../../../src/spec/marked.ts"
import { startModule } from "../../../src/testing/index.ts"

test("a simulated run has no HTTP, and says who wanted it", async () => {
  await expect(startModule(HttpInput)).rejects.toMatchObject({ code: "WB_HTTP_SIMULATED", message: expect.stringContaining("instance `") })
})

test.each([
  [{ paths: { in: "outbox" } }, /paths/],
  [{ paths: { "/in?a=1": "outbox" } }, /paths/],
  [{ users: { "a:b": "pw" } }, /users/],
  [{ tokens: { a: "" } }, /tokens/],
  [{ methods: [] }, /methods/],
  [{ success_status: 300 }, /success_status/],
])("%o is no argument", async (args, problem) => {
  await expect(startModule(HttpInput, args)).rejects.toThrow(problem)
})

describe("bodies that came compressed", () => {
  test.each([
    ["gzip", gzipSync("hello")],
    ["x-gzip", Buffer.concat([gzipSync("hel"), gzipSync("lo")])],
    ["deflate", deflateSync("hello")],
    ["deflate", deflateRawSync("hello")],
    ["", Buffer.from("hello")],
  ])("are what they were (%s)", (encoding, body) => expect(expanded(body, encoding, 100).toString()).toBe("hello"))

  test.each([
    ["too large in all", gzipSync(Buffer.alloc(101)), "expansion"],
    ["cut", gzipSync("hello").subarray(0, 15), "compressed"],
    ["empty", Buffer.alloc(0), "compressed"],
    ["another format", Buffer.from("hello"), "compressed"],
  ])("are refused: %s", (_, body, code) => expect(() => expanded(body, "gzip", 100)).toThrow(expect.objectContaining({ code })))

  test("are refused when they expand to more than a hundred times what came", () => {
    const body = gzipSync(Buffer.alloc(1024 * 1024))
    expect(() => expanded(body, "gzip", 10 * 1024 * 1024)).toThrow(expect.objectContaining({ code: "expansion" }))
  })
})

test("credentials are those of somebody, whole and exact", () => {
  const access = new HttpAccess({ users: { me: "a:b", "": "x" }, tokens: { shop: "t0" } })
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`
  expect([access.nameOf(basic("me:a:b")), access.nameOf("TOKEN t0"), access.nameOf("bearer  t0")]).toEqual(["me", "shop", "shop"])
  for (const wrong of [undefined, "", basic("me:a"), basic("me"), basic("you:a:b"), "Bearer t", "Bearer t0 t0", "Digest t0", ["Bearer t0"]])
    expect(access.nameOf(wrong)).toBeUndefined()
  expect(new HttpAccess({ users: {}, tokens: {} })).toMatchObject({ isOpen: true, challenge: "" })
})

test("targets are taken apart, but for keys that mean the prototype", () => {
  expect(requestTarget("/a%20b?x=1&x=2&x=3&toString=1&=e&y")).toEqual({
    path: "/a%20b",
    query: { x: ["1", "2", "3"], toString: "1", "": "e", y: "" },
  })
  for (const target of ["/?__proto__=1", "/?constructor=1", "/?%70rototype=1"])
    expect(() => requestTarget(target)).toThrow(expect.objectContaining({ code: "prototype_key" }))
  expect(() => requestTarget("http://elsewhere/")).toThrow(expect.objectContaining({ code: "target" }))
})

test("secrets are not printed", () => {
  const users = { me: "pw", you: "pw" }
  expect(redactArguments(HttpInput.spec, { users, tokens: { shop: "t0" }, port: 1 })).toEqual({
    users: { me: "***", you: "***" },
    tokens: { shop: "***" },
    port: 1,
  })
})
