// The hand-written chain: what somebody writes who needs exactly this chain and no runtime. Bounded rings with the same counters (in,
// out, bytes), hops counted down, at most 256 events a turn, a stage takes only what the next ring has room for, and as many different
// functions as the other side has modules.

import { batchEvents, type Chain, type ChainTask, payload, queueBytes, queueEvents, type Reading, turnEvents } from "./load.ts"

class Packet {
  data: unknown
  weight: number
  ttl = 254
  timestamp: number
  tags: string[] | null = null

  constructor(data: unknown, weight: number, timestamp: number) {
    this.data = data
    this.weight = weight
    this.timestamp = timestamp
  }
}

class PacketRing {
  head = 0
  tail = 0
  bytes = 0
  private readonly items = new Array<Packet | undefined>(2048).fill(undefined)
  private readonly mask = 2047

  push(packet: Packet): void {
    this.items[this.tail & this.mask] = packet
    this.tail += 1
    this.bytes += packet.weight
  }

  shift(): Packet {
    const at = this.head & this.mask
    const packet = this.items[at] as Packet
    this.items[at] = undefined
    this.head += 1
    this.bytes -= packet.weight
    return packet
  }

  get length(): number {
    return this.tail - this.head
  }

  get full(): boolean {
    return this.tail - this.head >= queueEvents || this.bytes >= queueBytes
  }
}

type Handle = (packet: Packet) => void

class Stage {
  spent = 0
  private readonly inbox: PacketRing
  private readonly outs: readonly PacketRing[]
  private readonly handle: Handle

  constructor(inbox: PacketRing, outs: readonly PacketRing[], handle: Handle) {
    this.inbox = inbox
    this.outs = outs
    this.handle = handle
  }

  turn(): void {
    const { inbox, handle } = this
    let take = Math.min(inbox.length, turnEvents)
    for (const out of this.outs) take = out.full ? 0 : Math.min(take, queueEvents - out.length)
    for (; take > 0; take--) {
      const packet = inbox.shift()
      if (--packet.ttl > 0) handle(packet)
      else this.spent += 1
    }
  }
}

/** Where packets end, counted. */
class End {
  ended = 0
  endedBytes = 0

  readonly handle = (packet: Packet): void => {
    this.ended += 1
    this.endedBytes += packet.weight
  }
}

export function baselineChain(task: ChainTask): Chain {
  const first = new PacketRing()
  const end = new End()
  const stages = task.chain === "six" ? sixStages(first, end) : funnels(task.chain, first, end)
  let made = 0
  const step = (): undefined => {
    const timestamp = Date.now() / 1000
    if (!first.full) {
      for (let n = 0; n < batchEvents; n++) {
        const data = payload(task.chain, made++)
        const weight = typeof data === "string" ? data.length : (data as Reading).text.length + 48
        first.push(new Packet(data, weight, timestamp))
      }
    }
    do for (const stage of stages) stage.turn()
    while (first.full)
  }
  const check = (): void => {
    if (made === 0 || stages.some(({ spent }) => spent > 0)) throw new Error(`${made} events made, ${end.ended} ended`)
  }
  return { step, progress: () => end, hops: task.chain === "six" ? 7 : task.chain + 1, check }
}

function funnels(count: number, first: PacketRing, end: End): Stage[] {
  const stages: Stage[] = []
  let inbox = first
  for (let n = 0; n < count; n++) {
    const out = new PacketRing()
    // As many different functions: each stage closes over a ring of its own.
    stages.push(new Stage(inbox, [out], (packet) => out.push(packet)))
    inbox = out
  }
  stages.push(new Stage(inbox, [], end.handle))
  return stages
}

function sixStages(first: PacketRing, end: End): Stage[] {
  const rings = Array.from({ length: 7 }, () => new PacketRing())
  const at = (n: number): PacketRing => rings[n] as PacketRing
  const seen = { count: 0 }
  const routes = new Map([["error", at(6)]])
  const stages: [PacketRing, PacketRing[], Handle][] = [
    [first, [at(0)], (packet) => count(packet, seen, at(0))],
    [at(0), [at(1)], (packet) => checkTag(packet, at(1))],
    [at(1), [at(2)], (packet) => modify(packet, at(2))],
    [at(2), [at(3)], (packet) => filter(packet, at(3))],
    [at(3), [at(4)], (packet) => at(4).push(packet)],
    [at(4), [at(5), at(6)], (packet) => (routes.get((packet.data as Reading).level) ?? at(5)).push(packet)],
    [at(5), [], end.handle],
    [at(6), [], end.handle],
  ]
  return stages.map(([inbox, outs, handle]) => new Stage(inbox, outs, handle))
}

function count(packet: Packet, seen: { count: number }, out: PacketRing): void {
  seen.count += 1
  out.push(packet)
}

function checkTag(packet: Packet, out: PacketRing): void {
  if (packet.tags?.includes("debug") !== true) out.push(packet)
}

function modify(packet: Packet, out: PacketRing): void {
  ;(packet.data as Reading).number += 1
  out.push(packet)
}

function filter(packet: Packet, out: PacketRing): void {
  if ((packet.data as Reading).number > 0) out.push(packet)
}
