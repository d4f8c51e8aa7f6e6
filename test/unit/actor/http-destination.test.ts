// Where requests may go, whatever events fill in.
import { describe, expect, test } from "vitest"
import { confinedTarget, type UrlBase, urlBase } from "../../../src/actor/confined-url.ts"
import { HttpDestination, type HttpDestinationArguments } from "../../../src/actor/http-destination.ts"
import { excerpt, headerNameProblem, headerValue, retryAfterMs } from "../../../src/actor/http-text.ts"

function base(source: string): UrlBase {
  const found = urlBase(source)
  if (typeof found === "string") throw new Error(found)
  return found
}

describe("a URL of the file", () => {
  test.each([
    ["https://example.test", "https://example.test"],
    ["HTTP://Example.TEST:80/in", "http://example.test"],
    ["http://[::1]:8080/a?b={{ data }}", "http://[::1]:8080"],
    ["https://user:p%20w@example.test/{{ data }}", "https://example.test"],
  ])("%s leads to %s", (source, origin) => expect(urlBase(source)).toMatchObject({ origin }))

  test.each([
    ["example.test/in", /no URL/],
    ["ftp://example.test", /scheme is `ftp`/],
    ["{{ data.url }}", /scheme and host literally/],
    ["https://{{ data.host }}/in", /scheme and host literally/],
    ["https://example.test{{ data.rest }}", /host must end/],
    ["https://example.test:{{ data.port }}/", /host must end/],
    ["https://user@{{ data.host }}/", /literally/],
    ["https://example.test#{{ data }}", /fragment/],
    ["https://example.test/a b", /space/],
    ["https://example.test/a/../b", /`\.\.`/],
    ["https://%zz@example.test/", /percent-encoded/],
  ])("%s cannot work", (source, problem) => expect(urlBase(source)).toMatch(problem))
})

describe("what an event fills in", () => {
  const inFolder = base("https://example.test/in/{{ data.id }}")

  test.each([
    ["https://example.test/in/a", "/in/a"],
    ["https://example.test/in/a/b/..c", "/in/a/b/..c"],
    ["https://example.test/in/%3Fx%2Fy", "/in/%3Fx%2Fy"],
    ["https://example.test/in/é", "/in/%C3%A9"],
    ["https://example.test/in/", "/in/"],
    ["https://example.test/in/https://evil.test/", "/in/https://evil.test/"],
  ])("%s asks for %s", (text, target) => expect(confinedTarget(inFolder, text)).toBe(target))

  test.each([
    "https://example.test/in/../admin",
    "https://example.test/in/%2e%2e/admin",
    "https://example.test/in/x/.%2E/.%2e/admin",
    "https://example.test/in/..%2fadmin",
    "https://example.test/in/..%5cadmin",
    "https://example.test/in/..\\admin",
    "https://example.test/in/.\t./admin",
    "https://example.test/in/a\r\nHost: evil.test",
    "https://example.test/in/a?admin=1",
    "https://example.test/in/a#b",
    "https://example.test/in/a b",
    "https://example.test/in/%",
    "https://evil.test/in/a",
    "https://example.test.evil.test/in/a",
    "",
  ])("%j is refused", (text) => expect(() => confinedTarget(inFolder, text)).toThrow(expect.objectContaining({ code: "url" })))

  test("a query of the file is filled in, and its path stays", () => {
    const query = base("https://example.test/in?host={{ data.host }}")
    expect(confinedTarget(query, "https://example.test/in?host=a%26b/../c")).toBe("/in?host=a%26b/../c")
    const behind = base("https://example.test/in/{{ data.id }}?key=1")
    expect(confinedTarget(behind, "https://example.test/in/7?key=1")).toBe("/in/7?key=1")
  })
})

describe("a destination", () => {
  const usual: HttpDestinationArguments = { url: "https://example.test/in", headers: {}, tls: false }
  const made = (more: Partial<HttpDestinationArguments>): HttpDestination => new HttpDestination({ ...usual, ...more }, "m")

  test.each([
    [{ url: "nowhere" }, "url"],
    [{ url: "http://example.test", tls: true }, "tls"],
    [{ headers: { "Content-Length": "3" } }, "headers"],
    [{ headers: { "a b": "c" } }, "headers"],
    [{ auth: { token: "a", username: "b" } }, "auth"],
    [{ auth: { token: "a\nb" } }, "auth"],
    [{ auth: { username: "a:b" } }, "auth"],
    [{ content_type: "a\r\nb" }, "content_type"],
  ])("%o ends the start", (more, argument) =>
    expect(() => made(more)).toThrow(
      expect.objectContaining({ code: "WB_ARGUMENT_INVALID", details: expect.objectContaining({ argument }) }),
    ),
  )

  test("a fixed header or path that cannot be sent ends the start too", () => {
    const bad = { ...usual, headers: { a: "b\nc" } }
    expect(() => made({}).fixedTarget(bad)).toThrow(expect.objectContaining({ code: "WB_ARGUMENT_INVALID" }))
  })

  test("knows user and password of its URL, and sends them in a header alone", () => {
    const target = made({ url: "https://me:p%40w@example.test/in" }).targetOf({ ...usual, url: "https://me:p%40w@example.test/in" })
    expect(target.path).toBe("/in")
    expect(target.headers["authorization"]).toBe(`Basic ${Buffer.from("me:p@w").toString("base64")}`)
  })

  test("requests to different paths or with different headers do not share a body", () => {
    const to = made({})
    const keys = [usual, { ...usual, headers: { x: "1" } }, { ...usual, headers: { x: "2" } }].map((args) => to.targetOf(args).key)
    expect(new Set(keys).size).toBe(3)
    expect(to.targetOf(usual).key).toBe(keys[0])
  })
})

describe("headers", () => {
  test.each(["a\r\nb", "a\nb", "a\0b", "a\u007fb", "日本"])("the value %j is refused", (value) =>
    expect(() => headerValue("x", value)).toThrow(expect.objectContaining({ code: "header" })),
  )

  test("values and names that HTTP allows pass", () => {
    expect(headerValue("x", " caf\u00e9\t1 ")).toBe("caf\u00e9\t1")
    expect(headerNameProblem("X-Thing")).toBeUndefined()
    for (const name of ["", "a:b", "a b", "Host\r", "é", "Transfer-Encoding"]) expect(headerNameProblem(name)).toBeDefined()
  })

  test("`Retry-After` is seconds or a date", () => {
    const now = Date.UTC(2026, 0, 1)
    expect(retryAfterMs("120", now)).toBe(120_000)
    expect(retryAfterMs("Thu, 01 Jan 2026 00:00:30 GMT", now)).toBe(30_000)
    expect(retryAfterMs("Wed, 31 Dec 2025 00:00:00 GMT", now)).toBe(0)
    for (const nonsense of ["soon", "-5", "", undefined, ["1"]]) expect(retryAfterMs(nonsense, now)).toBeUndefined()
  })

  test("what a stranger wrote is one short line", () => {
    expect(excerpt(Buffer.from("a\r\n\u001b[31mb\u0000c"))).toBe("a [31mb c")
    expect(excerpt(Buffer.from("x".repeat(1000)))).toHaveLength(201)
  })
})
