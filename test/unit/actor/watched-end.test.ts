// A ticket put between an event and the ticket it had must not change what the latter tells.

import { expect, test } from "vitest"
import { watchEnd } from "../../../src/actor/watched-end.ts"
import { Event } from "../../../src/event.ts"
import { Ticket } from "../../../src/ticket.ts"

function watched(options: { results: boolean; others?: number }): { event: Event; outer: Ticket; heard: string[]; inner: Ticket } {
  const heard: string[] = []
  const failed = (ticket: Ticket): string => [...(ticket.failed?.values() ?? [])].map(({ slot, kind }) => ` ${slot} ${kind}`).join("")
  const owner = {
    ticketSettled: (ticket: Ticket) => void heard.push(`settled${failed(ticket)}`),
    ticketDone: (ticket: Ticket) => void heard.push(`done${failed(ticket)}`),
  }
  const outer = new Ticket(owner, 1 + (options.others ?? 0), { results: options.results })
  const event = new Event({ uuid: () => "u" }, 0, "x")
  event.ticket = outer
  event.slot = 3
  watchEnd(event, (slot) => void heard.push(`told ${slot?.kind ?? "well"}`))
  const inner = event.ticket as Ticket
  return { event, outer, heard, inner }
}

const how = { stored: false, delivered: true }

test("one branch that ends well ends the outer branch, with its result", () => {
  const { outer, heard, inner, event } = watched({ results: true })
  inner.endWith(event.slot, "value", how)
  expect(heard).toEqual(["told well", "settled", "done"])
  expect(outer.results).toEqual([{ ok: true, slot: 3, value: "value", ...how }])
})

test("copies are waited for, and all their results arrive", () => {
  const { outer, heard, inner } = watched({ results: true })
  inner.add(1)
  inner.endWith(0, "first", how)
  expect(heard).toEqual([])
  inner.endWith(0, "second", { stored: true, delivered: true })
  expect(heard).toEqual(["told well", "settled", "done"])
  expect(outer.results).toMatchObject([
    { slot: 3, value: "first" },
    { slot: 3, value: "second", stored: true },
  ])
})

test("one copy that fails fails the outer branch under its own slot", () => {
  const { outer, heard, inner } = watched({ results: true })
  inner.add(1)
  inner.fail(0, "transient", new Error("refused"))
  expect(heard).toEqual([])
  inner.endWith(0, "value", how)
  expect(heard).toEqual(["told transient", "settled 3 transient", "done 3 transient"])
  expect(outer.results?.map(({ ok }) => ok).toSorted()).toEqual([false, true])
})

test("what lies in a durable place is safe then and done later", () => {
  const { heard, inner } = watched({ results: false })
  inner.keep()
  expect(heard).toEqual(["told well", "settled"])
  inner.unkeep()
  inner.end(1)
  expect(heard).toEqual(["told well", "settled", "done"])
})

test("what fails after it was safe is no news to who was told", () => {
  const { heard, inner, outer } = watched({ results: true })
  inner.keep()
  inner.unkeep()
  inner.fail(0, "error", new Error("later"))
  expect(heard).toEqual(["told well", "settled", "done 3 error"])
  expect(outer.results).toMatchObject([{ ok: false, slot: 3, kind: "error" }])
})

test("a copy that failed beside one that lies in a durable place fails the outer branch at once", () => {
  const { heard, inner } = watched({ results: false })
  inner.add(1)
  inner.keep()
  expect(heard).toEqual([])
  inner.fail(0, "invalid", new Error("bad"))
  expect(heard).toEqual(["told invalid", "settled 3 invalid", "done 3 invalid"])
  inner.unkeep()
  inner.end(1)
  expect(heard).toHaveLength(3)
})

test("other branches of the outer ticket are left alone", () => {
  const { heard, inner, outer } = watched({ results: false, others: 1 })
  inner.end(1)
  expect(heard).toEqual(["told well"])
  outer.end(1)
  expect(heard).toEqual(["told well", "settled", "done"])
})

test("an event that nobody waited for is watched all the same", () => {
  const heard: string[] = []
  const event = new Event({ uuid: () => "u" }, 0, "x")
  watchEnd(event, (failed) => void heard.push(failed?.kind ?? "well"))
  event.ticket?.fail(event.slot, "overflow", new Error("full"))
  expect(heard).toEqual(["overflow"])
})
