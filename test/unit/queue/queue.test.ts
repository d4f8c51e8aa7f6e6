import { describe, expect, test } from "vitest"
import { Event } from "../../../src/event.ts"
import { SeededRandom } from "../../../src/platform/simulated/random.ts"
import { memoryQueue } from "../../../src/queue/memory.ts"
import type { Queue } from "../../../src/queue/queue.ts"
import { defaultQueuePlan, type QueuePlan } from "../../../src/spec/plan.ts"

const source = new SeededRandom(1)

function eventOf(data: unknown, priority?: number): Event {
  const event = new Event(source, 0, data)
  if (priority !== undefined) event.meta.priority = priority
  return event
}

function queueOf(plan: Partial<QueuePlan>): { queue: Queue; wakes: () => number; overflowed: unknown[] } {
  let woken = 0
  const overflowed: unknown[] = []
  const owner = { wake: () => void (woken += 1), overflowed: (event: Event) => void overflowed.push(event.data) }
  return { queue: memoryQueue("test.inbox", { ...defaultQueuePlan, ...plan }, owner), wakes: () => woken, overflowed }
}

function drain(queue: Queue): unknown[] {
  const got: unknown[] = []
  for (let event = queue.shift(); event !== undefined; event = queue.shift()) got.push(event.data)
  return got
}

const fill = (queue: Queue, ...items: unknown[]): void => items.forEach((item) => queue.push(eventOf(item)))

describe("the event that has waited longest", () => {
  test.each(["fifo", "lifo"] as const)("is known in %s, also after some were taken", (order) => {
    const { queue } = queueOf({ order })
    expect(queue.oldest).toBeUndefined()
    fill(queue, "a", "b", "c")
    expect(queue.oldest?.data).toBe("a")
    queue.shift()
    expect(queue.oldest?.data).toBe(order === "fifo" ? "b" : "a")
    drain(queue)
    expect(queue.oldest).toBeUndefined()
  })

  test("is not searched for in a queue by priority", () => {
    const { queue } = queueOf({ order: "priority" })
    fill(queue, "a", "b")
    expect(queue.oldest).toBeUndefined()
  })
})

describe("order", () => {
  test("fifo gives the first first, however far it has grown and wrapped around", () => {
    const { queue } = queueOf({ order: "fifo" })
    const got: unknown[] = []
    let next = 0
    for (let round = 0; round < 50; round++) {
      for (let at = 0; at < 7; at++) queue.push(eventOf(next++))
      for (let at = 0; at < 5; at++) got.push(queue.shift()?.data)
    }
    got.push(...drain(queue))
    expect(got).toEqual(Array.from({ length: 350 }, (_, at) => at))
  })

  test("lifo gives the last first", () => {
    const { queue } = queueOf({ order: "lifo" })
    fill(queue, 1, 2, 3)
    expect(queue.shift()?.data).toBe(3)
    fill(queue, 4)
    expect(drain(queue)).toEqual([4, 2, 1])
  })

  test("priority gives the lowest number first, ties by arrival, and those without one as the plan says", () => {
    const { queue } = queueOf({ order: "priority", priority: 5 })
    for (const [data, priority] of [
      ["e", 9],
      ["c", 5],
      ["d", undefined],
      ["a", -1],
      ["f", 9],
      ["b", 0],
    ] as const)
      queue.push(eventOf(data, priority))
    expect(drain(queue)).toEqual(["a", "b", "c", "d", "e", "f"])
  })

  test("priority makes events own their bytes, as they may stay for long", () => {
    const { queue } = queueOf({ order: "priority" })
    const event = Event.ofBytes(source, 0, { chunk: Buffer.alloc(100, 65), start: 0, end: 2, encoding: "text" })
    queue.push(event)
    expect(event.chunk).toHaveLength(2)
  })

  test("each visits all that waits", () => {
    for (const order of ["fifo", "lifo", "priority"] as const) {
      const { queue } = queueOf({ order })
      fill(queue, 1, 2, 3)
      queue.shift()
      const seen = new Set<unknown>()
      queue.each((event) => seen.add(event.data))
      expect([order, seen]).toEqual([order, new Set(order === "lifo" ? [1, 2] : [2, 3])])
    }
  })
})

describe("a bound", () => {
  test("of events and of bytes makes the queue full, and it takes what comes nevertheless", () => {
    const { queue } = queueOf({ size: 2, bytes: 10 })
    fill(queue, "abc")
    expect(queue.full).toBe(false)
    fill(queue, "d")
    expect(queue.full).toBe(true)
    fill(queue, "e")
    expect([queue.length, queue.bytes]).toEqual([3, 5])
    const heavy = queueOf({ size: 10, bytes: 10 }).queue
    fill(heavy, "x".repeat(10))
    expect(heavy.full).toBe(true)
  })

  test("with drop_new refuses what comes to a full queue", () => {
    const { queue, overflowed } = queueOf({ size: 2, whenFull: "drop_new" })
    for (const data of [1, 2, 3, 4]) queue.offer(eventOf(data))
    expect(overflowed).toEqual([3, 4])
    expect(queue.statistics()).toEqual({ size: 2, bytes: 16, in_total: 4, out_total: 0, dropped_total: 2 })
    expect(drain(queue)).toEqual([1, 2])
  })

  test("with drop_old gives up the oldest, in any order of serving", () => {
    for (const order of ["fifo", "lifo", "priority"] as const) {
      const { queue, overflowed } = queueOf({ size: 2, whenFull: "drop_old", order })
      for (const data of [1, 2, 3, 4]) queue.offer(eventOf(data, 10 - data))
      expect([order, overflowed]).toEqual([order, [1, 2]])
      expect([order, queue.length, queue.dropped, queue.entered]).toEqual([order, 2, 2, 4])
      expect([order, new Set(drain(queue))]).toEqual([order, new Set([3, 4])])
    }
  })

  test("with drop_old keeps the newest even when it alone is too heavy", () => {
    const { queue, overflowed } = queueOf({ bytes: 10, whenFull: "drop_old" })
    queue.offer(eventOf("x".repeat(20)))
    queue.offer(eventOf("y".repeat(20)))
    expect([queue.length, overflowed]).toEqual([1, ["x".repeat(20)]])
  })

  test("that waits never drops", () => {
    const { queue, overflowed } = queueOf({ size: 1 })
    for (const data of [1, 2, 3]) queue.offer(eventOf(data))
    expect([queue.length, overflowed]).toEqual([3, []])
  })
})

describe("waking", () => {
  test("tells the consumer when the queue turns from empty to not empty, and only then", () => {
    for (const order of ["fifo", "lifo", "priority"] as const) {
      const { queue, wakes } = queueOf({ order })
      fill(queue, 1, 2)
      expect([order, wakes()]).toEqual([order, 1])
      drain(queue)
      fill(queue, 3)
      expect([order, wakes()]).toEqual([order, 2])
    }
  })

  test("tells waiting producers once, at half empty, by events and by bytes", () => {
    const { queue } = queueOf({ size: 4, bytes: 100 })
    const woken: string[] = []
    const [one, two] = ["one", "two"].map((name) => ({ wake: () => void woken.push(name) })) as [{ wake(): void }, { wake(): void }]
    fill(queue, "a", "b", "c", "d".repeat(80))
    queue.waitForRoom(one)
    queue.waitForRoom(two)
    queue.waitForRoom(one)
    queue.shift()
    queue.afterTaking()
    expect(woken).toEqual([])
    queue.shift()
    queue.afterTaking()
    // Half empty by events, not by bytes.
    expect(woken).toEqual([])
    queue.shift()
    queue.shift()
    queue.afterTaking()
    expect(woken).toEqual(["one", "two"])
    queue.afterTaking()
    expect(woken).toEqual(["one", "two"])
  })

  test("lets a producer that is woken wait again", () => {
    const { queue } = queueOf({ size: 1 })
    let woken = 0
    const producer = {
      wake: () => {
        woken += 1
        if (woken < 3) queue.waitForRoom(producer)
      },
    }
    fill(queue, 1)
    queue.waitForRoom(producer)
    for (let at = 0; at < 5; at++) {
      queue.shift()
      queue.afterTaking()
      fill(queue, 2)
    }
    expect(woken).toBe(3)
  })

  test("tells all producers when the consumer ends", () => {
    const { queue } = queueOf({ size: 1 })
    let woken = 0
    fill(queue, 1)
    queue.waitForRoom({ wake: () => void (woken += 1) })
    queue.releaseWaiters()
    expect(woken).toBe(1)
  })

  test("forgets bytes that were counted wrong when somebody changed an event in the queue", () => {
    const { queue } = queueOf({ bytes: 100 })
    const event = eventOf("x".repeat(50))
    queue.push(event)
    event.data = "x"
    queue.shift()
    queue.afterTaking()
    expect(queue.bytes).toBe(0)
  })
})
