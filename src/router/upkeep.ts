// What the router does now and then: events that have waited for over a second get bytes of their own, so that they do not keep whole
// chunks alive, and instances tell their metrics when somebody listens.

import type { Instance } from "../actor/instance.ts"
import { Event, Standing } from "../event.ts"
import type { Platform, Timer } from "../platform/platform.ts"
import type { Queue } from "../queue/queue.ts"

const sweepMs = 1000

export class Upkeep {
  private readonly instances: () => readonly Instance[]
  private readonly platform: Platform
  private readonly timers: Timer[] = []
  /** Where each queue's tail stood a sweep ago, and totals at the last metrics. */
  private readonly tails = new WeakMap<Queue, number>()
  private readonly totals = new WeakMap<Queue, { in: number; out: number; dropped: number; atMs: number }>()

  constructor(instances: () => readonly Instance[], platform: Platform) {
    this.instances = instances
    this.platform = platform
  }

  /** Begins, or begins anew after the graph has changed. */
  start(metricsIntervalMs: number): void {
    this.stop()
    const { timers } = this.platform
    this.timers.push(timers.every(sweepMs, () => this.sweep(), { background: true }))
    if (this.instances().some(({ actor }) => actor.port("metrics").queue !== null)) {
      this.timers.push(timers.every(metricsIntervalMs, () => this.tellMetrics(), { background: true }))
    }
  }

  stop(): void {
    for (const timer of this.timers.splice(0)) timer.cancel()
  }

  /** Copies the bytes of events that were there a sweep ago and still are. */
  private sweep(): void {
    for (const { actor } of this.instances()) {
      for (const queue of actor.queues.values()) {
        const before = this.tails.get(queue) ?? 0
        if (queue.length > 0 && queue.head < before) queue.each((event) => event.own())
        this.tails.set(queue, queue.tail)
      }
    }
  }

  private tellMetrics(): void {
    for (const { actor } of this.instances()) {
      if (actor.port("metrics").queue === null) continue
      for (const [name, queue] of actor.queues) this.tellQueue(actor, name, queue)
    }
  }

  private tellQueue(actor: Instance["actor"], name: string, queue: Queue): void {
    const nowMs = this.platform.clock.monotonic()
    const now = queue.statistics()
    const last = this.totals.get(queue)
    const seconds = last === undefined ? 0 : (nowMs - last.atMs) / 1000
    const rate = (total: number, before: number | undefined): number => (seconds > 0 ? (total - (before ?? 0)) / seconds : 0)
    this.totals.set(queue, { in: now.in_total, out: now.out_total, dropped: now.dropped_total, atMs: nowMs })
    const values = {
      ...now,
      in_rate: rate(now.in_total, last?.in),
      out_rate: rate(now.out_total, last?.out),
      dropped_rate: rate(now.dropped_total, last?.dropped),
    }
    for (const [metric, value] of Object.entries(values)) this.tell(actor, `module.${actor.name}.queue.${name}.${metric}`, value)
  }

  private tell(actor: Instance["actor"], name: string, value: number): void {
    const port = actor.port("metrics")
    if (port.full) return
    const time = this.platform.clock.now() / 1000
    const data = { time, type: "wishbone", source: this.platform.hostname, name, value, unit: "", tags: [] }
    const event = new Event(this.platform.random, time, data)
    event.standing = Standing.live
    port.put(event)
  }
}
