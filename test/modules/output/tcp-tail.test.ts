// `confirm: tail`: an event is presumed read when the connection is still up a little after the kernel took its last byte.
import { expect, test } from "vitest"
import TcpOutput from "../../../modules/output/tcp.ts"
import type { Event } from "../../../src/index.ts"
import { Ticket } from "../../../src/index.ts"
import { contractOf } from "../../../src/spec/contract.ts"
import { type ModuleRun, type StartOptions, simulatedPlatform, startModule } from "../../../src/testing/index.ts"
import { PeerServer } from "../peer.ts"

const port = 19283

interface Scene {
  readonly run: ModuleRun<TcpOutput>
  readonly peer: PeerServer
}

async function connected(args: Record<string, unknown> = {}, options: StartOptions = {}): Promise<Scene> {
  const platform = simulatedPlatform()
  const peer = new PeerServer(platform, port)
  await peer.listen()
  const run = await startModule(TcpOutput, args, { ...options, platform })
  await run.settle()
  return { run, peer }
}

function numbers(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${from + index}`)
}

/** Events that are pieces of one chunk, as an input makes them. */
function pieces({ module }: ModuleRun<TcpOutput>, lines: readonly string[]): Event[] {
  const chunk = Buffer.from(lines.map((line) => `${line}\n`).join(""))
  let start = 0
  return lines.map((line) => {
    const end = start + Buffer.byteLength(line)
    const event = module.eventOfBytes({ chunk, start, end, encoding: "text" }, 1234.5)
    start = end + 1
    return event
  })
}

test("counts events as delivered when the connection is still up after `tail_ms`", async () => {
  const { run, peer } = await connected()
  await run.send("inbox", "a", "b")
  expect(peer.text).toBe("a\nb\n")
  await run.platform.advance(45)
  expect(run.sent).toEqual({})
  expect(run.books).toMatchObject({ in_flight: 2 })
  await run.platform.advance(10)
  expect(run.sent).toEqual({ successful: ["a", "b"] })
  expect(run.books).toMatchObject({ in_flight: 0, duplicated: 0 })
  await run.stop()
})

test("when the connection breaks before, the whole tail fails in order, and before anything newer", async () => {
  const { run, peer } = await connected()
  run.platform.net.setKernelBytes(4000)
  await run.send("inbox", ...pieces(run, numbers(0, 100)))
  await run.platform.advance(60)
  await run.send("inbox", ...pieces(run, numbers(100, 100)), ...numbers(200, 100))
  peer.ends[0]?.connection.pause()
  await run.send("inbox", ...pieces(run, numbers(300, 3000)))
  await peer.die()
  await run.send("inbox", "later")
  expect(run.sent["successful"]).toEqual(numbers(0, 100))
  expect(run.sent["failed"]).toEqual([...numbers(100, 3200), "later"])
  expect(run.events["failed"]?.[0]?.meta.history[0]).toMatchObject({ kind: "transient", code: "ECONNRESET" })
  // An upper bound: also the last one was written before the reset was noticed.
  expect(run.books.duplicated).toBe(3201)
  await run.stop()
})

test("events that are only bytes come back as they were: ticket, slot, hops, time and data", async () => {
  const { run, peer } = await connected()
  const lines = ["one", "", "drei ä", "vier"]
  const events = pieces(run, lines)
  const failed: number[] = []
  const ticket = new Ticket({ ticketSettled: ({ failed: slots }) => failed.push(...(slots?.keys() ?? [])) }, 4)
  events.forEach((event, slot) => {
    event.ticket = ticket
    event.slot = slot
    event.ttl = 100 - slot
  })
  await run.send("inbox", ...events)
  await peer.die()
  await run.settle()
  const back = run.events["failed"] ?? []
  expect(back.map(({ data, slot, ttl, timestamp }) => [data, slot, ttl, timestamp])).toEqual(
    lines.map((line, slot) => [line, slot, 99 - slot, 1234.5]),
  )
  expect(back.every((event) => event.ticket === ticket)).toBe(true)
  expect(back.some((event) => events.includes(event))).toBe(false)
  await run.stop()
})

test("each event of a ticket comes back with its own slot, also where one between them is gone", async () => {
  const { run, peer } = await connected()
  const events = pieces(run, ["one", "two", "three", "four"])
  const ticket = new Ticket({ ticketSettled: () => undefined }, 4)
  events.forEach((event, slot) => Object.assign(event, { ticket, slot }))
  await run.send("inbox", ...events.slice(0, 2), "between", events[3])
  await peer.die()
  await run.settle()
  expect(run.events["failed"]?.map(({ data, slot }) => [data, slot])).toEqual([
    ["one", 0],
    ["two", 1],
    ["between", 0],
    ["four", 3],
  ])
  await run.stop()
})

test("every event waits for its own `tail_ms`", async () => {
  const { run } = await connected()
  await run.send("inbox", "early")
  await run.platform.advance(40)
  await run.send("inbox", "late")
  await run.platform.advance(20)
  expect(run.sent).toEqual({ successful: ["early"] })
  await run.platform.advance(40)
  expect(run.sent).toEqual({ successful: ["early", "late"] })
  await run.stop()
})

test("a peer that closes by itself within the tail is no receipt", async () => {
  const { run, peer } = await connected()
  await run.send("inbox", "a")
  peer.ends[0]?.connection.end()
  await run.settle()
  expect(run.sent).toEqual({ failed: ["a"] })
  expect(run.events["failed"]?.[0]?.meta.history[0]).toMatchObject({ kind: "transient", code: "closed_by_peer" })
  await run.stop()
})

test("events that are more than bytes stay what they are", async () => {
  const { run, peer } = await connected()
  const events = pieces(run, ["one", "two", "three"])
  events[1]?.tags.push("tagged")
  const { uuid } = events[2] as Event
  const map = run.module.event({ a: 1 })
  await run.send("inbox", ...events, map)
  await peer.die()
  await run.settle()
  const back = run.events["failed"] ?? []
  expect(back.map(({ data }) => data)).toEqual(["one", "two", "three", { a: 1 }])
  expect(back[1]?.tags).toEqual(["tagged"])
  expect(back[2]?.uuid).toBe(uuid)
  expect(back[3]).toBe(map)
  await run.stop()
})

test("what failed when it was joined does not fail again with the tail", async () => {
  const { run, peer } = await connected()
  await run.send("inbox", ...pieces(run, ["one"]), "no\nline", ...pieces(run, ["two"]))
  await peer.die()
  await run.settle()
  expect(run.sent).toEqual({ failed: ["no\nline", "one", "two"] })
  await run.stop()
})

test("tickets end when the tail does", async () => {
  const { run } = await connected({}, { successful: false })
  const events = pieces(run, numbers(0, 1500))
  let settled = 0
  const ticket = new Ticket({ ticketSettled: () => (settled += 1) }, 1500)
  events.forEach((event, slot) => Object.assign(event, { ticket, slot }))
  await run.send("inbox", ...events)
  await run.platform.advance(40)
  expect([settled, ticket.open]).toEqual([0, 1500])
  await run.platform.advance(20)
  expect([settled, ticket.open]).toEqual([1, 0])
  expect(run.books).toMatchObject({ delivered: 1500, in_flight: 0 })
  await run.stop()
})

test("what lies in the tail does not count against `inflight`", async () => {
  const { run, peer } = await connected({ tail_ms: 1000 }, { instance: { inflight: { events: 10, bytes: 100 } } })
  await run.send("inbox", ...numbers(0, 500))
  expect(peer.text.split("\n")).toHaveLength(501)
  expect(run.sent).toEqual({})
  await run.platform.advance(1200)
  expect(run.sent["successful"]).toHaveLength(500)
  await run.stop()
})

test("a full tail lets the oldest go early, and counts them", async () => {
  const { run } = await connected({ tail_ms: 10_000, tail_bytes: "64 KiB" })
  const line = "x".repeat(999)
  for (let round = 0; round < 100; round++) await run.send("inbox", ...pieces(run, [line]))
  const early = run.sent["successful"]?.length ?? 0
  expect(early).toBeGreaterThan(30)
  expect(early).toBeLessThan(40)
  expect(run.module.presumedEarly).toBe(early)
  expect(run.lines.at(-1)).toMatch(/^warn: the tail is full \(`tail_bytes`\): 1 events so far counted as delivered before `tail_ms`$/)
  await run.stop()
})

test("one timer serves the tail, and none is left over", async () => {
  const { run } = await connected()
  for (let round = 0; round < 20; round++) {
    await run.send("inbox", "a")
    await run.platform.advance(5)
  }
  // The tail, and the watch over writes.
  expect(run.platform.pendingTimers).toBeLessThanOrEqual(2)
  await run.stop()
  expect(run.platform.pendingTimers).toBe(0)
})

test("with `keep_bytes` what was presumed read is offered once more after a reset, as copies", async () => {
  const { run, peer } = await connected({ keep_bytes: "8 MiB" })
  const [tagged] = pieces(run, ["tagged"])
  tagged?.tags.push("t")
  await run.send("inbox", ...pieces(run, numbers(0, 3)), tagged, "text")
  await run.platform.advance(100)
  expect(run.sent["successful"]).toHaveLength(5)
  await run.send("inbox", "newer")
  await peer.die()
  await run.settle()
  const failed = run.events["failed"] ?? []
  expect(failed.map(({ data }) => data)).toEqual([...numbers(0, 3), "tagged", "text", "newer"])
  expect(failed.map((event) => event.meta.resent)).toEqual([true, true, true, true, true, false])
  expect(failed[3]?.tags).toEqual(["t"])
  expect(failed[3]).not.toBe(tagged)
  expect(run.books).toMatchObject({ copied: 5, duplicated: 6 })
  await run.stop()
})

test("keeps no more than `keep_bytes`, and offers nothing again when the peer closed in order", async () => {
  const small = await connected({ keep_bytes: 3000 })
  for (let round = 0; round < 10; round++) {
    await small.run.send("inbox", ...pieces(small.run, [`${round}${"x".repeat(900)}`]))
    await small.run.platform.advance(100)
  }
  await small.peer.die()
  await small.run.settle()
  expect(small.run.sent["failed"]?.map((data) => String(data)[0])).toEqual(["7", "8", "9"])
  await small.run.stop()

  const orderly = await connected({ keep_bytes: "1 MiB" })
  await orderly.run.send("inbox", "a")
  await orderly.run.platform.advance(100)
  orderly.peer.ends[0]?.connection.end()
  await orderly.run.settle()
  expect(orderly.run.sent).toEqual({ successful: ["a"] })
  await orderly.run.stop()
})

test("on stop half-close is answered, which is a receipt: nobody waits for `tail_ms`", async () => {
  const { run, peer } = await connected({ tail_ms: 5000 })
  run.put("inbox", ...numbers(0, 3000))
  const before = run.platform.clock.monotonic()
  await run.stop()
  expect(run.platform.clock.monotonic() - before).toBeLessThan(100)
  expect(run.sent).toEqual({ successful: numbers(0, 3000) })
  expect(peer.ends[0]).toMatchObject({ ended: true, closed: true, error: undefined })
  expect(run.books.duplicated).toBe(0)
})

test("on stop a peer that does not answer is waited for as long as the tail, and one that breaks fails it", async () => {
  const silent = await connected({ tail_ms: 300, timeout: "1s" })
  await silent.run.send("inbox", "a")
  silent.run.platform.net.stall(port)
  await silent.run.stop()
  expect(silent.run.sent).toEqual({ successful: ["a"] })

  const broken = await connected({ tail_ms: 5000 })
  await broken.run.send("inbox", "a")
  broken.run.platform.net.stall(port)
  const stopping = broken.run.stop()
  broken.run.platform.outside.timers.after(50, () => broken.run.platform.net.resetAll(port))
  await stopping
  expect(broken.run.sent).toEqual({ failed: ["a"] })
})

test("what comes after a flush goes out over another connection", async () => {
  const { run, peer } = await connected()
  await run.send("inbox", "a")
  run.module.flush()
  await run.settle()
  expect(run.sent).toEqual({ successful: ["a"] })
  await run.send("inbox", "b", "c")
  await run.platform.advance(60)
  expect(peer.ends.map(({ text }) => text)).toEqual(["a\n", "b\nc\n"])
  expect(run.sent).toEqual({ successful: ["a", "b", "c"] })
  await run.stop()
})

test("what comes after a flush fails when nobody listens any more", async () => {
  const { run, peer } = await connected()
  await run.send("inbox", "a")
  run.module.flush()
  await run.settle()
  await peer.shut()
  await run.send("inbox", "b", "c")
  expect(run.sent).toEqual({ successful: ["a"], failed: ["b", "c"] })
  await run.stop()
})

test("buffers that are used again never change what is under way or comes back", async () => {
  const { run, peer } = await connected()
  const sent: string[] = []
  for (let round = 0; round < 6; round++) {
    const lines = Array.from({ length: 2000 }, (_, index) => `${round} ${index} ${"x".repeat(100)}`)
    sent.push(...lines)
    await run.send("inbox", ...pieces(run, lines.slice(0, 1000)), ...pieces(run, lines.slice(1000)))
    await run.platform.advance(round < 5 ? 30 : 0)
  }
  await peer.die()
  await run.settle()
  expect(peer.text).toBe(sent.map((line) => `${line}\n`).join(""))
  expect([...(run.sent["successful"] ?? []), ...(run.sent["failed"] ?? [])]).toEqual(sent)
  expect(run.sent["failed"]?.length).toBeGreaterThan(3000)
  await run.stop()
})

test("tells by `confirm` what its acknowledgement is worth", () => {
  const of = (confirm: string): string => contractOf(TcpOutput.spec, { confirm, timeout: 1, reply_timeout: 2 }).acknowledges
  expect(["written", "tail", "line"].map(of)).toEqual(["accepted", "presumed", "delivered"])
})
