import fc from "fast-check"
import { expect, test } from "vitest"
import { type ChunkLines, LineAnswers } from "../../../src/actor/line-answers.ts"
import { simulatedPlatform } from "../../../src/testing/index.ts"
import { Ticket } from "../../../src/ticket.ts"

interface Scene {
  readonly answers: LineAnswers
  readonly writes: string[]
  readonly rooms: boolean[]
  readonly platform: ReturnType<typeof simulatedPlatform>
  answeredAll: number
}

function scene(options: { linesMax?: number; bytesMax?: number; timeoutMs?: number } = {}): Scene {
  const platform = simulatedPlatform()
  const { clock, timers } = platform
  const writes: string[] = []
  const rooms: boolean[] = []
  const answers: LineAnswers = new LineAnswers({
    linesMax: 100,
    bytesMax: 1000,
    timeoutMs: 30_000,
    ...options,
    clock,
    timers,
    write: (bytes) => writes.push(bytes.toString()),
    room: (free) => rooms.push(free),
    answered: () => {
      made.answeredAll += 1
    },
  })
  const made: Scene = { answers, writes, rooms, platform, answeredAll: 0 }
  return made
}

function chunk({ answers }: Scene, events: number, more: Partial<ChunkLines> = {}): Ticket {
  return new Ticket(answers.expect({ events, invalid: [], bytes: 10, ...more }), events)
}

test("the oldest open ticket holds all replies back, which then leave in one write", () => {
  const at = scene()
  const [one, two, three] = [chunk(at, 1), chunk(at, 2), chunk(at, 1)]
  three?.end(1)
  two?.end(2)
  expect(at.writes).toEqual([])
  one?.end(1)
  expect(at.writes).toEqual(["ok\nok\nok\nok\n"])
  expect(at.answeredAll).toBe(1)
})

test("each line of a ticket has its own reply, refused lines in their places", () => {
  const at = scene()
  const ticket = chunk(at, 3, { invalid: [0, 2, 5] })
  ticket.fail(1, "stale", new Error("old"))
  ticket.end(1)
  expect(at.writes).toEqual([])
  ticket.end(1)
  expect(at.writes).toEqual(["failed invalid\nok\nfailed invalid\nfailed stale\nok\nfailed invalid\n"])
})

test("what waits too long is answered without its ticket, which holds nobody back any more and says nothing later", async () => {
  const at = scene({ timeoutMs: 1000 })
  const late = chunk(at, 2, { invalid: [1] })
  await at.platform.advance(600)
  const next = chunk(at, 1)
  next.end(1)
  await at.platform.advance(390)
  expect(at.writes).toEqual([])
  await at.platform.advance(20)
  expect(at.writes).toEqual(["failed timeout\nfailed invalid\nfailed timeout\nok\n"])
  late.end(2)
  expect(at.writes).toHaveLength(1)
  expect(at.platform.pendingTimers).toBe(0)
})

test("there is no room at either bound, and room again at half of it", () => {
  const at = scene({ linesMax: 4, bytesMax: 30 })
  const tickets = [chunk(at, 2), chunk(at, 2)]
  expect(at.rooms).toEqual([false])
  tickets[0]?.end(2)
  expect(at.rooms).toEqual([false, true])
  chunk(at, 1, { bytes: 20 })
  expect(at.rooms).toEqual([false, true, false])
})

test("closed, it says nothing more", async () => {
  const at = scene({ timeoutMs: 1000 })
  const ticket = chunk(at, 1)
  at.answers.close()
  ticket.end(1)
  await at.platform.advance(5000)
  expect(at.writes).toEqual([])
  expect(at.platform.pendingTimers).toBe(0)
})

test("replies are in the order of lines, in whatever order tickets end", () => {
  const line = fc.constantFrom("ok", "failed stale", "failed invalid")
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(line, { minLength: 1, maxLength: 5 }), fc.nat()), { maxLength: 10 }), (chunks) => {
      const at = scene({ linesMax: 1000, bytesMax: 100_000 })
      const ends = chunks.map(([lines, order]) => {
        const invalid = lines.flatMap((reply, place) => (reply === "failed invalid" ? [place] : []))
        const made = lines.filter((reply) => reply !== "failed invalid")
        const owner = at.answers.expect({ events: made.length, invalid, bytes: 1 })
        return { made, order, ticket: made.length > 0 ? new Ticket(owner, made.length) : null }
      })
      for (const { made, ticket } of ends.toSorted((a, b) => a.order - b.order)) {
        made.forEach((reply, slot) => (reply === "ok" ? ticket?.end(1) : ticket?.fail(slot, "stale", null)))
      }
      expect(at.writes.join("")).toBe(chunks.flatMap(([lines]) => lines.map((reply) => `${reply}\n`)).join(""))
      expect(at.answers.unanswered).toBe(0)
    }),
  )
})
