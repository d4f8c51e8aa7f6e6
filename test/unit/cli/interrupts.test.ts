import { EventEmitter } from "node:events"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { Interrupts } from "../../../src/cli/interrupts.ts"

let events: EventEmitter
let told: unknown[]
let interrupts: Interrupts

beforeEach(() => {
  events = new EventEmitter()
  told = []
  interrupts = new Interrupts(events, (error) => told.push(error))
})

afterEach(() => interrupts.dispose())

/** What a promise has come to, without waiting for it. */
function state(promise: Promise<unknown>): Promise<unknown> {
  return Promise.race([promise.then((value) => value ?? "done"), Promise.resolve("open")])
}

describe("interrupts", () => {
  test.each(["SIGINT", "SIGTERM"])("the first %s asks for a stop, the next signal for an end at once", async (name) => {
    expect(await state(interrupts.first)).toBe("open")
    events.emit(name, name)
    expect(await interrupts.first).toEqual({ kind: "signal", name })
    expect(await state(interrupts.second)).toBe("open")
    events.emit("SIGTERM", "SIGTERM")
    await interrupts.second
    expect(interrupts.crashed).toBe(false)
  })

  test.each(["uncaughtException", "unhandledRejection"])("%s is told and asks for a stop", async (name) => {
    const error = new Error("no")
    events.emit(name, error)
    expect(await interrupts.first).toEqual({ kind: "crash" })
    expect(told).toEqual([error])
    expect(interrupts.crashed).toBe(true)
  })

  test("a crash is no signal: the one that follows still stops in order", async () => {
    events.emit("uncaughtException", new Error("no"))
    events.emit("SIGTERM", "SIGTERM")
    expect(await state(interrupts.second)).toBe("open")
    events.emit("SIGTERM", "SIGTERM")
    await interrupts.second
  })

  test("a crash during a stop is told too", async () => {
    events.emit("SIGTERM", "SIGTERM")
    events.emit("uncaughtException", "text")
    expect(await interrupts.first).toEqual({ kind: "signal", name: "SIGTERM" })
    expect(told).toEqual(["text"])
    expect(interrupts.crashed).toBe(true)
  })

  test("nothing is listened to afterwards", () => {
    interrupts.dispose()
    expect(events.eventNames()).toEqual([])
  })
})
