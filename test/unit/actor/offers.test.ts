import { expect, test } from "vitest"
import { Offers } from "../../../src/actor/offers.ts"
import type { FailureKind } from "../../../src/errors.ts"
import { Event } from "../../../src/event.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/testing/index.ts"
import { Ticket } from "../../../src/ticket.ts"

interface Setup {
  readonly platform: SimulatedPlatform
  readonly offers: Offers<string>
  /** Data and number of the offer, of each event that was submitted. */
  readonly submitted: [data: unknown, offers: number][]
  readonly done: { item: string; kind: string }[][]
}

/** Offers whose events fail as `fate` says, or end well. */
function setup(fate: (data: unknown, offer: number) => FailureKind | undefined, make = (item: string): string[] => [item]): Setup {
  const platform = simulatedPlatform()
  const submitted: Setup["submitted"] = []
  const done: Setup["done"] = []
  const offers = new Offers<string>({
    make: (item) => make(item).map((data) => new Event(platform.random, 0, data)),
    submit: (events, owner) => {
      const ticket = new Ticket(owner, events.length)
      platform.timers.immediate(() => {
        events.forEach((event, slot) => {
          const kind = fate(event.data, Math.max(1, event.meta.offers))
          if (kind === undefined) ticket.end(1)
          else ticket.fail(slot, kind, new Error("failed"))
        })
      })
      for (const event of events) submitted.push([event.data, Math.max(1, event.meta.offers)])
      return undefined
    },
    timers: platform.timers,
    attemptsMax: 3,
  })
  return { platform, offers, submitted, done }
}

function offer({ offers, done }: Setup, ...items: string[]): void {
  void offers.offer(items, (givenUp) => done.push(givenUp.map(({ item, kind }) => ({ item, kind }))))
}

test("what ends well is done with at once", async () => {
  const run = setup(() => undefined)
  offer(run, "a", "b")
  await run.platform.settle()
  expect(run.done).toEqual([[]])
  expect(run.offers.open).toBe(0)
})

test("only what failed is offered again, in order, after 1, 2, 4 seconds and at most a minute", async () => {
  const run = setup((data, offer) => (data !== "b" && offer < 9 ? "transient" : undefined))
  offer(run, "a", "b", "c")
  await run.platform.advance(999)
  expect(run.submitted).toHaveLength(3)
  await run.platform.advance(1)
  expect(run.submitted.slice(3)).toEqual([
    ["a", 2],
    ["c", 2],
  ])
  await run.platform.advance(2000 + 4000 + 8000 + 16_000 + 32_000)
  expect(run.submitted.at(-1)).toEqual(["c", 7])
  await run.platform.advance(60_000)
  expect(run.submitted.at(-1)).toEqual(["c", 8])
  expect(run.offers.open).toBe(3)
  await run.platform.advance(60_000)
  expect([run.done, run.offers.open]).toEqual([[[]], 0])
})

test("what fails for a reason of its own is given up after some tries, and the rest goes on", async () => {
  const run = setup((data) => (data === "bad" ? "error" : undefined))
  offer(run, "bad", "good")
  await run.platform.advance(60_000)
  expect(run.done).toEqual([[{ item: "bad", kind: "error" }]])
  expect(run.submitted.map(([data]) => data)).toEqual(["bad", "good", "bad", "bad"])
})

test("an item of several events is offered again as a whole, and given up once", async () => {
  const run = setup(
    (data) => (String(data).startsWith("bad") ? "error" : undefined),
    (item) => [`bad ${item}`, `good ${item}`, `bad too ${item}`],
  )
  offer(run, "x")
  await run.platform.advance(60_000)
  expect(run.submitted).toHaveLength(9)
  expect(run.done).toEqual([[{ item: "x", kind: "error" }]])
})

test("an item of which no event can be made is given up at once; one of none is through", async () => {
  const run = setup(
    () => undefined,
    (item) => {
      if (item === "wrong") throw new Error("no event")
      return []
    },
  )
  offer(run, "wrong", "empty")
  expect(run.done).toEqual([[{ item: "wrong", kind: "invalid" }]])
})

test("once it is closed, or when the graph has ended, nothing is offered again and nothing counts as through", async () => {
  const closed = setup(() => "transient")
  offer(closed, "a")
  await closed.platform.settle()
  closed.offers.close()
  await closed.platform.advance(600_000)
  const stopped = setup(() => "stopped")
  offer(stopped, "a")
  await stopped.platform.advance(600_000)
  for (const run of [closed, stopped]) expect([run.submitted.length, run.done, run.offers.open]).toEqual([1, [], 1])
  expect(closed.platform.pendingTimers).toBe(0)
})
