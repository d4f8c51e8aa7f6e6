// What both sides of the chain benchmark share: the shape of a run, the payload, and the measuring of it.

import type { Sample } from "../harness.ts"
import { cpuSeconds } from "../processes.ts"

/** One run of one side, in a process of its own. */
export interface ChainTask {
  readonly side: "baseline" | "ours"
  /** That many funnels, or six different modules. */
  readonly chain: number | "six"
  /** One ticket for each batch, settled when all its events have ended. */
  readonly tickets: boolean
}

/** A chain ready to run. */
export interface Chain {
  /** Brings one batch in and lets it flow; a promise when the first queue is full. */
  readonly step: () => Promise<void> | undefined
  readonly progress: () => Progress
  /** How often an event is handed on until it ends. */
  readonly hops: number
  /** Throws when events are missing. */
  readonly check: () => void
}

/** Events the source makes at a time: what a chunk of 64 KiB brings in lines of 200 bytes, rounded to a turn. */
export const batchEvents = 256
/** Bounds of every queue: room for whole turns. */
export const queueEvents = 1000
export const queueBytes = 16 * 1024 * 1024
/** Events of one turn. */
export const turnEvents = 256

/** What an event of the six different modules carries. */
export interface Reading {
  number: number
  readonly level: string
  readonly text: string
}

export const lineText = "the quick brown fox jumps over the lazy dog 0123456789 ".repeat(4).slice(0, 200)

/** A fresh payload: text that only travels, or an object to work on. */
export function payload(chain: number | "six", count: number): unknown {
  if (chain !== "six") return lineText
  const reading: Reading = { number: count, level: count % 8 === 0 ? "error" : "info", text: lineText }
  return reading
}

/** How far a side has come. */
export interface Progress {
  readonly ended: number
  readonly endedBytes: number
}

/** Lets the chain run for `forMs`. */
export async function measure({ step, progress, hops }: Chain, forMs: number): Promise<Sample> {
  const before = { ...progress() }
  const cpuBefore = cpuSeconds()
  const started = performance.now()
  const end = started + forMs
  let now = started
  for (let steps = 0; now < end; steps++) {
    const full = step()
    if (full !== undefined) await full
    // Like a server, both sides let the event loop turn now and then.
    if (steps % 16 === 15) await new Promise<void>((resolve) => setImmediate(resolve))
    now = performance.now()
  }
  const { ended, endedBytes } = progress()
  return {
    count: (ended - before.ended) * hops,
    seconds: (now - started) / 1000,
    bytes: endedBytes - before.endedBytes,
    cpuSeconds: cpuSeconds() - cpuBefore,
    rssBytes: process.resourceUsage().maxRSS * 1024,
  }
}
