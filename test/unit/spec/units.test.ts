import { describe, expect, test } from "vitest"
import { formatDuration, formatSize, parseDuration, parseSize } from "../../../src/spec/units.ts"

describe("durations", () => {
  test.each([
    [10, 10_000],
    [0.25, 250],
    [0, 0],
    ["250ms", 250],
    ["10s", 10_000],
    ["1.5s", 1500],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    [" 10 S ", 10_000],
  ])("reads %j as %d ms", (written, ms) => {
    expect(parseDuration(written)).toBe(ms)
  })

  test("does not let a tiny duration become none at all", () => {
    expect(parseDuration("0.1ms")).toBe(1)
  })

  test.each(["", "10", "ten", "10 parsecs", "-1s", -1, Number.NaN, Number.POSITIVE_INFINITY, null, true, "1s2", "10constructor"])(
    "refuses %j",
    (written) => {
      expect(parseDuration(written)).toBeUndefined()
    },
  )

  test.each([
    [10_000, "10s"],
    [1500, "1500ms"],
    [7_200_000, "2h"],
    [90_000, "90s"],
    [0, "0ms"],
  ])("writes %d ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
    expect(parseDuration(text)).toBe(ms)
  })
})

describe("sizes", () => {
  test.each([
    [100, 100],
    ["64 KiB", 65_536],
    ["16 MiB", 16_777_216],
    ["10 MB", 10_000_000],
    ["1g", 1_073_741_824],
    ["5b", 5],
    ["0.5 KiB", 512],
  ])("reads %j as %d bytes", (written, bytes) => {
    expect(parseSize(written)).toBe(bytes)
  })

  test.each(["", "10", "10 miles", -1, 1.5, "0.3 KiB", null])("refuses %j", (written) => {
    expect(parseSize(written)).toBeUndefined()
  })

  test.each([
    [16_777_216, "16 MiB"],
    [1000, "1000 bytes"],
    [1, "1 byte"],
    [0, "0 bytes"],
  ])("writes %d bytes as %s", (bytes, text) => {
    expect(formatSize(bytes)).toBe(text)
  })
})
