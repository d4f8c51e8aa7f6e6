// Every code of the catalogue is provoked, and what it tells is fit to be read.

import { describe, expect, test } from "vitest"
import { catalogue } from "../src/error-catalogue.ts"
import { provocations, rooms } from "./errors/index.ts"

test("every code of the catalogue has a provocation in test/errors/", () => {
  expect(Object.keys(catalogue).filter((code) => !Object.hasOwn(provocations, code))).toEqual([])
})

test("no code is provoked that is not in the catalogue, nor twice", () => {
  const codes = rooms.flatMap((room) => Object.keys(room.provocations))
  expect(codes.filter((code) => !Object.hasOwn(catalogue, code))).toEqual([])
  expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([])
})

describe.each(rooms)("$title", ({ provocations: ofRoom }) => {
  test.each(Object.entries(ofRoom))("%s", async (code, provoke) => {
    const told = await provoke()
    expect(told.code).toBe(code)
    for (const text of [told.message, told.hint, told.provokedBy]) {
      expect(text).not.toMatch(/undefined|\[object|NaN|``|\bnull\b/)
      expect(text).toBe(text.trimEnd())
    }
    for (const text of [told.message, told.hint]) expect(text).not.toMatch(/ {2}|\n/)
    // A message is a phrase, which begins with a capital or a name and goes on where it is quoted; a hint is sentences.
    expect(told.message).toMatch(/^[A-Z`]/)
    expect(told.message).toMatch(/[^.]$/)
    expect(told.hint).toMatch(/^$|^[A-Z`"].*[.?]$/)
    // Nothing of this machine or this run.
    expect(JSON.stringify(told)).not.toMatch(new RegExp(`${process.cwd()}|/home/|\\b${process.pid}\\b`))
  })
})
