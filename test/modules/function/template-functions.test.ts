import { describe, expect, test } from "vitest"
import Choice from "../../../modules/function/template-choice.ts"
import Cycle from "../../../modules/function/template-cycle.ts"
import Environment from "../../../modules/function/template-environment.ts"
import Epoch from "../../../modules/function/template-epoch.ts"
import Pid from "../../../modules/function/template-pid.ts"
import RandomBool from "../../../modules/function/template-random-bool.ts"
import RandomInteger from "../../../modules/function/template-random-integer.ts"
import RandomUuid from "../../../modules/function/template-random-uuid.ts"
import RandomWord from "../../../modules/function/template-random-word.ts"
import Regex from "../../../modules/function/template-regex.ts"
import Strftime from "../../../modules/function/template-strftime.ts"
import Version from "../../../modules/function/template-version.ts"
import { isWishboneError } from "../../../src/errors.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { failureOf, partWith } from "../../support/parts.ts"

const times = <Value>(count: number, make: () => Value): Value[] => Array.from({ length: count }, make)

test("choice gives each of its values, and nothing else; `array` is its former name", async () => {
  const choice = await partWith(Choice, { array: ["a", "b", 3] })
  expect(new Set(times(200, () => choice.call()))).toEqual(new Set(["a", "b", 3]))
})

test("cycle gives its values in order and begins anew", async () => {
  const cycle = await partWith(Cycle, { values: ["a", "b", "c"] })
  expect(times(7, () => cycle.call()).join("")).toBe("abcabca")
})

test("what is random is the same in each run with the same seed", async () => {
  const drawn = async (): Promise<unknown> => {
    const platform = simulatedPlatform({ seed: 7 })
    const made = [
      await partWith(Choice, { values: [1, 2, 3, 4, 5, 6, 7] }, platform),
      await partWith(RandomBool, {}, platform),
      await partWith(RandomInteger, { maximum: 1000 }, platform),
      await partWith(RandomUuid, {}, platform),
      await partWith(RandomWord, {}, platform),
    ]
    return times(5, () => made.map((part) => part.call()))
  }
  expect(await drawn()).toEqual(await drawn())
})

test("environment reads a variable, own ones only", async () => {
  const platform = simulatedPlatform({ environment: { SITE: "paris" } })
  const environment = await partWith(Environment, {}, platform)
  expect(environment.call("SITE")).toBe("paris")
  expect(failureOf(() => environment.call("CITY"))).toEqual({ kind: "invalid", message: "the environment has no variable `CITY`" })
  expect(failureOf(() => environment.call("constructor")).kind).toBe("invalid")
})

test("epoch, pid and version say what the platform and the program say", async () => {
  const platform = simulatedPlatform()
  expect((await partWith(Epoch, {}, platform)).call()).toBe(platform.clock.now() / 1000)
  expect((await partWith(Pid, {}, platform)).call()).toBe(platform.pid)
  const version = await partWith(Version, {})
  expect([version.call(), version.call("wishbone")]).toEqual(["1.2.3", "1.2.3"])
  expect(failureOf(() => version.call("left-pad")).kind).toBe("invalid")
})

test("random_bool, random_integer and random_uuid give all they may, and nothing else", async () => {
  const bool = await partWith(RandomBool)
  expect(new Set(times(100, () => bool.call()))).toEqual(new Set([true, false]))
  const die = await partWith(RandomInteger, { minimum: -1, maximum: 1 })
  expect(new Set(times(200, () => die.call()))).toEqual(new Set([-1, 0, 1]))
  const uuid = await partWith(RandomUuid)
  const uuids = times(50, () => uuid.call())
  expect(new Set(uuids).size).toBe(50)
  for (const one of uuids) expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test("random_integer with bounds the wrong way round does not start", async () => {
  await expect(partWith(RandomInteger, { minimum: 2, maximum: 1 })).rejects.toThrow("is 1, below `minimum`, which is 2")
})

describe("random_word", () => {
  test("takes words of its own, or the lines of a file", async () => {
    const platform = simulatedPlatform()
    platform.disk.put("/words", Buffer.from("eins\r\nzwei\n\n drei \n"))
    const own = await partWith(RandomWord, {}, platform)
    expect(times(20, () => own.call()).every((word) => /^[a-z]+$/.test(word))).toBe(true)
    const fromFile = await partWith(RandomWord, { filename: "/words" }, platform)
    expect(new Set(times(100, () => fromFile.call()))).toEqual(new Set(["eins", "zwei", "drei"]))
  })

  test.each([
    ["/missing", "ENOENT"],
    ["/empty", "it holds no word"],
    ["/bytes", "the bytes are no UTF-8"],
  ])("does not start with %s", async (filename, problem) => {
    const platform = simulatedPlatform()
    platform.disk.put("/empty", Buffer.from("\n \n"))
    platform.disk.put("/bytes", Buffer.from([0xff]))
    const thrown: unknown = await partWith(RandomWord, { filename }, platform).catch((error: unknown) => error)
    expect(isWishboneError(thrown) && thrown.code).toBe("WB_ARGUMENT_INVALID")
    expect((thrown as Error).message).toContain(problem)
  })
})

describe("regex", () => {
  test("says whether the text begins with a match", async () => {
    const regex = await partWith(Regex)
    expect([regex.call("ab+", "abbc"), regex.call("b+", "abbc"), regex.call(".*b$", "ab")]).toEqual([true, false, true])
  })

  test("runs in time that does not explode, and keeps few patterns", async () => {
    const regex = await partWith(Regex)
    expect(regex.call("(a+)+$", `${"a".repeat(5000)}b`)).toBe(false)
    expect(
      times(300, () => 0)
        .map((_, number) => regex.call(`a{${number + 1}}`, "a"))
        .filter(Boolean),
    ).toEqual([true])
  })

  test("what is no pattern or no text is invalid", async () => {
    const regex = await partWith(Regex)
    expect(failureOf(() => regex.call("(", "a")).kind).toBe("invalid")
    expect(failureOf(() => regex.call("a", 5)).kind).toBe("invalid")
  })
})

describe("strftime", () => {
  test("writes times in UTC", async () => {
    const strftime = await partWith(Strftime)
    expect(strftime.call(0, "YYYY-MM-DD HH:mm:ss ZZ")).toBe("1970-01-01 00:00:00 +00:00")
    expect(strftime.call("1700000000.25", "DD.MM.YY [at] HH:mm:ss.SSS")).toBe("14.11.23 at 22:13:20.250")
    expect(strftime.call(1)).toBe("1970-01-01T00:00:01.000+00:00")
  })

  test.each([[["soon"]], [[Number.NaN]], [[1e18]], [[0, 5]], [[""]]])("what is no time is invalid: %j", async (args) => {
    const strftime = await partWith(Strftime)
    expect(failureOf(() => strftime.call(...(args as [unknown]))).kind).toBe("invalid")
  })
})
