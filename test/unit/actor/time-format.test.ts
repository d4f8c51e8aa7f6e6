import { describe, expect, test } from "vitest"
import { formatTime } from "../../../src/actor/time-format.ts"

// Wednesday, 2024-02-07 15:04:05.003009 UTC
const seconds = 1_707_318_245.003009

test.each([
  ["YYYY-MM-DD HH:mm:ss ZZ", "2024-02-07 15:04:05 +00:00"],
  ["YY/M/D H:m:s Z ZZZ", "24/2/7 15:4:5 +0000 UTC"],
  ["MMMM MMM Do dddd ddd d", "February Feb 7th Wednesday Wed 3"],
  ["DDDD DDD", "038 38"],
  ["hh h A a", "03 3 PM pm"],
  ["S SS SSS SSSS SSSSSS", "0 00 003 0030 003009"],
  ["X x", "1707318245 1707318245003009"],
  ["W", "2024-W06-3"],
  ["[YYYY] T-, é", "YYYY T-, é"],
  ["", ""],
])("%s gives %s", (format, wanted) => {
  expect(formatTime(seconds, format)).toBe(wanted)
})

describe("edges", () => {
  test.each([
    [0, "YYYY-MM-DD hh A W", "1970-01-01 12 AM 1970-W01-4"],
    [-0.5, "YYYY-MM-DD HH:mm:ss.SSS X", "1969-12-31 23:59:59.500 -1"],
    [1_609_459_200, "YYYY-MM-DD W DDDD", "2021-01-01 2020-W53-5 001"],
    [1_735_603_200, "YYYY-MM-DD W DDDD", "2024-12-31 2025-W01-2 366"],
    [1.003, "SSS", "003"],
    [253_402_300_800, "YYYY", "10000"],
  ])("%d as %s is %s", (at, format, wanted) => {
    expect(formatTime(at, format)).toBe(wanted)
  })

  test.each([1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30])("the %d. of a month has its ending", (day) => {
    const endings: Record<number, string> = { 1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd" }
    expect(formatTime((day - 1) * 86_400, "Do")).toBe(`${day}${endings[day] ?? "th"}`)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e15])("%d is no time", (at) => {
    expect(() => formatTime(at, "YYYY")).toThrow("no time that can be written down")
  })
})
