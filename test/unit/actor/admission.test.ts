// Who may come in, and who waits: on virtual time, with real queues behind real ports.
import { describe, expect, test } from "vitest"
import { Admission, type Applicant } from "../../../src/actor/admission.ts"
import { Port } from "../../../src/actor/port.ts"
import { Event } from "../../../src/event.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { Ring } from "../../../src/queue/ring.ts"
import { defaultQueuePlan } from "../../../src/spec/plan.ts"

class Door {
  readonly platform: SimulatedPlatform = simulatedPlatform()
  readonly admission: Admission
  readonly seen: string[] = []
  private readonly applicants = new Map<string, Applicant>()

  constructor(limits: { requestsMax?: number; bytesMax?: number; waitMs?: number } = {}) {
    this.admission = new Admission({ timers: this.platform.timers, requestsMax: 10, bytesMax: 1000, waitMs: 100, ...limits })
  }

  port(name: string, size = 1): Port {
    const port = new Port(name, false)
    port.connect(new Ring(name, { ...defaultQueuePlan, size }, { wake: () => {}, overflowed: () => {} }), false)
    return port
  }

  fill({ queue }: Port): void {
    while (queue !== null && !queue.full) queue.offer(new Event(this.platform.random, 0, "x"))
  }

  drain({ queue }: Port): void {
    queue?.takeAll()
    queue?.afterTaking()
  }

  enter(name: string, port: Port, bytes = 1): void {
    const applicant = { port, bytes, admitted: () => void this.seen.push(name), refused: () => void this.seen.push(`not ${name}`) }
    this.applicants.set(name, applicant)
    this.admission.enter(applicant)
  }

  of(name: string): Applicant {
    return this.applicants.get(name) as Applicant
  }
}

describe("admission", () => {
  test("waits for room in the queue, in line, and each queue has a line of its own", async () => {
    const door = new Door()
    const [full, free] = [door.port("full"), door.port("free")]
    door.fill(full)
    door.enter("a", full)
    door.enter("b", full)
    door.enter("c", free)
    expect(door.seen).toEqual(["c"])
    door.drain(full)
    await door.platform.settle()
    expect(door.seen).toEqual(["c", "a", "b"])
  })

  test("nobody overtakes in the line of a queue, even when there is room again", async () => {
    const door = new Door()
    const port = door.port("p")
    door.fill(port)
    door.enter("first", port)
    port.queue?.takeAll()
    door.enter("second", port)
    expect(door.seen).toEqual([])
    door.drain(port)
    await door.platform.settle()
    expect(door.seen).toEqual(["first", "second"])
  })

  test("is bounded in requests and in bytes, and whoever leaves makes room", async () => {
    const door = new Door({ requestsMax: 2 })
    const port = door.port("p", 100)
    door.enter("large", port, 5000)
    door.enter("small", port, 1)
    expect(door.seen).toEqual(["large"])
    door.admission.leave(door.of("large"))
    await door.platform.settle()
    door.enter("more", port, 1)
    door.enter("third", port, 1)
    expect(door.seen).toEqual(["large", "small", "more"])
    door.admission.leave(door.of("small"))
    await door.platform.settle()
    expect(door.seen).toEqual(["large", "small", "more", "third"])
    expect([door.admission.requests, door.admission.bytes]).toEqual([2, 2])
  })

  test("refuses who waited long enough, at once where there is no waiting, and those beyond the line", async () => {
    const door = new Door({ requestsMax: 1 })
    const port = door.port("p")
    door.fill(port)
    door.enter("a", port)
    door.enter("b", port)
    expect(door.seen).toEqual(["not b"])
    await door.platform.advance(100)
    expect(door.seen).toEqual(["not b", "not a"])
    const hasty = new Door({ waitMs: 0 })
    hasty.fill(port)
    hasty.enter("c", port)
    expect(hasty.seen).toEqual(["not c"])
  })

  test("forgets who has gone, so that the next in line is first", async () => {
    const door = new Door()
    const port = door.port("p", 10)
    door.enter("in", port, 900)
    door.enter("gone", port, 900)
    door.enter("next", port, 10)
    expect(door.seen).toEqual(["in"])
    expect(door.admission.forget(door.of("gone"))).toBe(true)
    expect(door.admission.forget(door.of("gone"))).toBe(false)
    await door.platform.settle()
    expect(door.seen).toEqual(["in", "next"])
    expect(door.platform.pendingTimers).toBe(0)
  })

  test("closes: nobody waits, nobody comes in, nothing is left behind", async () => {
    const door = new Door()
    const port = door.port("p")
    door.fill(port)
    door.enter("a", port)
    door.admission.close()
    door.enter("b", door.port("free"))
    door.drain(port)
    await door.platform.settle()
    expect(door.seen).toEqual(["not a", "not b"])
    expect(door.platform.pendingTimers).toBe(0)
  })
})
