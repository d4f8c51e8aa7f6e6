import { expect, test } from "vitest"
import { FilePattern, matchesName } from "../../../src/actor/file-pattern.ts"
import { simulatedPlatform } from "../../../src/testing/index.ts"

test.each([
  ["*", "a", true],
  ["*", "", true],
  ["*", ".hidden", false],
  [".*", ".hidden", true],
  ["*.log", "a.log", true],
  ["*.log", "a.log.1", false],
  ["*.log*", "a.log.1", true],
  ["a?c", "abc", true],
  ["a?c", "ac", false],
  ["a*b*c", "a-b-b-c", true],
  ["a*b*c", "a-b-b-d", false],
  ["a.c", "abc", false],
  ["[a]", "a", false],
  ["[a]", "[a]", true],
])("`%s` and `%s`: %s", (pattern, name, expected) => {
  expect(matchesName(pattern, name)).toBe(expected)
})

test("many stars do not take long", () => {
  expect(matchesName(`${"*a".repeat(50)}b`, "a".repeat(5000))).toBe(false)
})

test("knows the folder above its first wildcard, and how deep it goes", () => {
  const parts = (path: string): unknown[] => {
    const { base, names, depth } = new FilePattern(path)
    return [base, names, depth]
  }
  expect(parts("/var/log/syslog")).toEqual(["/var/log/syslog", [], 0])
  expect(parts("/var/log/*.log")).toEqual(["/var/log", ["*.log"], 0])
  expect(parts("/var/log/../pods/*/app/?.log")).toEqual(["/var/pods", ["*", "app", "?.log"], 2])
  expect(parts("/*")).toEqual(["/", ["*"], 0])
})

test("knows into which folders it reaches", () => {
  const reaches = (pattern: string, folder: string): boolean => new FilePattern(pattern).reachesInto(folder)
  expect(reaches("/in/*", "/in")).toBe(true)
  expect(reaches("/in/*", "/in/done")).toBe(false)
  expect(reaches("/in/*/*", "/in/done/")).toBe(true)
  expect(reaches("/in/a*/*", "/in/done")).toBe(false)
  expect(reaches("/in/file", "/in")).toBe(false)
})

test("a folder that cannot be read is told, and does not hide the others; no more are found than asked for", async () => {
  const { disk, files } = simulatedPlatform()
  for (const path of ["/tmp/a/1", "/tmp/b/2", "/tmp/b/3", "/tmp/c/4"]) disk.put(path, "")
  disk.fail({ operation: "list", path: "/tmp/a", code: "EACCES" })
  const told: string[] = []
  const events = { failed: (path: string) => void told.push(path), tooMany: () => void told.push("too many") }
  const found = await new FilePattern("/tmp/*/*").find(files, 2, events)
  expect(found.map(({ path }) => path)).toEqual(["/tmp/b/2", "/tmp/b/3"])
  expect(told).toEqual(["/tmp/a", "too many"])
})
