// Every memory queue against a model in a few lines: a list with the rules of the contract.

import assert from "node:assert/strict"
import fc from "fast-check"
import { expect, test } from "vitest"
import { Event } from "../../src/event.ts"
import { SeededRandom } from "../../src/platform/simulated/random.ts"
import { memoryQueue } from "../../src/queue/memory.ts"
import type { QueueOrder, QueuePlan, WhenFull } from "../../src/spec/plan.ts"

interface Item {
  readonly id: number
  readonly priority: number
  readonly weight: number
}

type Action =
  | { readonly do: "offer" | "push"; readonly priority: number; readonly weight: number }
  | { readonly do: "shift" | "after" | "wait" }

class Model {
  readonly items: Item[] = []
  readonly overflowed: number[] = []
  waiting = false
  wokenProducer = 0
  wokenConsumer = 0
  private readonly plan: QueuePlan

  constructor(plan: QueuePlan) {
    this.plan = plan
  }

  get bytes(): number {
    return this.items.reduce((sum, { weight }) => sum + weight, 0)
  }

  get full(): boolean {
    return this.items.length >= this.plan.size || this.bytes >= this.plan.bytes
  }

  offer(item: Item): void {
    const { whenFull } = this.plan
    if (whenFull === "wait" || !this.full) return this.push(item)
    if (whenFull === "drop_new") return void this.overflowed.push(item.id)
    const oldest = this.items.shift()
    this.push(item)
    if (oldest !== undefined) this.overflowed.push(oldest.id)
  }

  push(item: Item): void {
    this.items.push(item)
    if (this.items.length === 1) this.wokenConsumer += 1
  }

  shift(): number | undefined {
    const { order } = this.plan
    const best = (): number =>
      this.items.reduce((at, { priority }, index) => (priority < (this.items[at]?.priority ?? Number.POSITIVE_INFINITY) ? index : at), 0)
    const at = order === "fifo" ? 0 : order === "lifo" ? this.items.length - 1 : best()
    return this.items.splice(at, 1)[0]?.id
  }

  after(): void {
    if (!this.waiting || this.items.length * 2 > this.plan.size || this.bytes * 2 > this.plan.bytes) return
    this.waiting = false
    this.wokenProducer += 1
  }
}

const plan = fc.record({
  size: fc.integer({ min: 1, max: 40 }),
  bytes: fc.integer({ min: 1, max: 400 }),
  order: fc.constantFrom<QueueOrder>("fifo", "lifo", "priority"),
  whenFull: fc.constantFrom<WhenFull>("wait", "drop_new", "drop_old"),
  priority: fc.constant(1000),
})
const putting = fc.record({
  do: fc.constantFrom("offer" as const, "push" as const),
  priority: fc.integer({ min: 0, max: 3 }),
  weight: fc.integer({ min: 0, max: 20 }),
})
const taking = fc.record({ do: fc.constantFrom("shift" as const, "shift" as const, "after" as const, "wait" as const) })
const actions = fc.array<Action>(fc.oneof(putting, taking), { maxLength: 300, size: "max" })

/** The queue and its model, and what the queue has told its owner and a producer. */
function sideBySide(settings: QueuePlan) {
  const told = { consumer: 0, producer: 0, overflowed: [] as unknown[] }
  const ids = new Map<Event, number>()
  const owner = { wake: () => void (told.consumer += 1), overflowed: (event: Event) => void told.overflowed.push(ids.get(event)) }
  const producer = { wake: () => void (told.producer += 1) }
  return { model: new Model(settings), queue: memoryQueue("q", settings, owner), producer, told, ids }
}

function play({ model, queue, producer, ids }: ReturnType<typeof sideBySide>, step: Action, random: SeededRandom): void {
  if (step.do === "offer" || step.do === "push") {
    const event = new Event(random, 0, "x".repeat(step.weight))
    event.meta.priority = step.priority
    const item = { id: ids.size, priority: step.priority, weight: step.weight }
    ids.set(event, item.id)
    queue[step.do](event)
    model[step.do](item)
  } else if (step.do === "shift") {
    const event = queue.shift()
    assert.equal(event === undefined ? undefined : ids.get(event), model.shift())
  } else if (step.do === "after") {
    queue.afterTaking()
    model.after()
  } else {
    queue.waitForRoom(producer)
    model.waiting = true
  }
}

test("a queue does what its model does", () => {
  fc.assert(
    fc.property(plan, actions, (settings, steps) => {
      const both = sideBySide(settings)
      const { model, queue, told, ids } = both
      const random = new SeededRandom(1)
      for (const step of steps) {
        play(both, step, random)
        const seen = [queue.length, queue.bytes, queue.full, told.consumer, told.producer, told.overflowed, queue.entered].join()
        const entered = queue.tail + (settings.whenFull === "drop_new" ? queue.dropped : 0)
        const wanted = [
          model.items.length,
          model.bytes,
          model.full,
          model.wokenConsumer,
          model.wokenProducer,
          model.overflowed,
          entered,
        ].join()
        assert.equal(seen, wanted)
      }
      const waiting = new Set<unknown>()
      queue.each((event) => waiting.add(ids.get(event)))
      expect(waiting).toEqual(new Set(model.items.map(({ id }) => id)))
    }),
    { numRuns: 300 },
  )
})
