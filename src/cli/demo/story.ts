// What happens in `demo failover`, act by act. Each act is over when what it shows has been seen, at the listeners' end, not when a time
// has passed; the pauses in between are for the eye.

import assert from "node:assert/strict"
import { WishboneError } from "../../errors.ts"
import type { Clock, Timers } from "../../platform/platform.ts"
import type { Destination } from "./destination.ts"
import type { Receipts } from "./receipts.ts"

/** A listener, as far as the story goes. */
export type StoryListener = Pick<Destination, "name" | "start" | "kill">

/** What the story is played with. */
export interface Stage {
  readonly destinations: readonly StoryListener[]
  readonly receipts: Pick<Receipts, "next">
  readonly graph: { readonly sent: number; readonly onDisk: number }
  readonly clock: Clock
  readonly timers: Timers
  /** Ends the story early. */
  readonly signal: AbortSignal
  /** How much longer or shorter pauses are than written here. */
  readonly pace: number
  /** Tells what happened, in a sentence. */
  tell(caption: string, mood: Mood): void
  /** Called at the end of each act, before the next blow. */
  rest(): void
}

/** How a sentence is meant: what is done to the graph, what the graph makes of it, and everything else. */
export type Mood = "blow" | "answer" | "plain"

/** So many events are sent at least. */
const eventsMin = 1000
/** Seconds of pauses with a pace of 1. */
export const pausesSeconds = 16

const patienceMs = 20_000
const lookEveryMs = 20

/** Plays it. @throws `WB_DEMO_STUCK`, or the reason of the signal. */
export async function playStory(stage: Stage): Promise<void> {
  const { tell } = stage
  await seen(stage, stage.receipts.next(0), "output_1 delivered nothing")
  tell("Three listeners, each its own process. output_1 takes every event.", "plain")
  await pause(stage, 3)
  await fallOver(stage, 0, 1)
  await pause(stage, 3)
  await fallOver(stage, 1, 2)
  await pause(stage, 2.5)
  await returnTo(stage, 0)
  await pause(stage, 2)
  await allDown(stage)
  await pause(stage, 3)
  await allBack(stage)
  await pause(stage, 2)
  await until(stage, () => stage.graph.sent >= eventsMin, `fewer than ${eventsMin} events were sent`)
}

/** Kills a listener; the next output takes over. */
async function fallOver(stage: Stage, victim: number, heir: number): Promise<void> {
  const next = stage.receipts.next(heir)
  const tookMs = await blow(stage, [victim], next, `output_${heir + 1} did not take over`)
  stage.tell(`output_${heir + 1} takes over ${afterText(tookMs)}.`, "answer")
}

/** A listener comes back; its output takes every event again, without being told. */
async function returnTo(stage: Stage, index: number): Promise<void> {
  stage.rest()
  const { receipts, tell, clock } = stage
  const next = receipts.next(index)
  await destinationAt(stage, index).start()
  const backMs = clock.monotonic()
  tell(`${destinationAt(stage, index).name} is back.`, "plain")
  const tookMs = (await seen(stage, next, `output_${index + 1} did not come back`)) - backMs
  tell(`output_${index + 1} is connected again ${afterText(tookMs)} and takes every event.`, "answer")
}

/** Nobody listens: what would be lost goes to disk. */
async function allDown(stage: Stage): Promise<void> {
  const onDisk = until(stage, () => stage.graph.onDisk > 0, "nothing went to disk").then(() => stage.clock.monotonic())
  const tookMs = await blow(stage, [0, 2], onDisk, "nothing went to disk")
  stage.tell(`All three are down. Events go to disk ${afterText(tookMs)}, and are synced.`, "answer")
}

/** Everybody listens again: new events first, and what is on disk as soon as it is quiet there. */
async function allBack(stage: Stage): Promise<void> {
  stage.rest()
  const { clock, destinations, graph, receipts, tell } = stage
  const waited = graph.onDisk
  const next = receipts.next(0)
  let backMs = 0
  const started = destinations.map(async (destination, index) => {
    await destination.start()
    if (index === 0) backMs = clock.monotonic()
  })
  await Promise.all(started)
  tell(`All three are back. ${waited} events wait on disk.`, "plain")
  const tookMs = (await seen(stage, next, "output_1 did not come back")) - backMs
  tell(`output_1 takes new events ${afterText(tookMs)}. The disk waits for quiet.`, "answer")
  await until(stage, () => graph.onDisk === 0, "the disk was not emptied")
  tell(`The disk has fed back all it had, ${((clock.monotonic() - backMs) / 1000).toFixed(1)} s after the return.`, "answer")
}

/** Kills listeners at once; resolves to how long it took until `answered`, in milliseconds. */
async function blow(stage: Stage, victims: readonly number[], answered: Promise<number>, otherwise: string): Promise<number> {
  stage.rest()
  const { clock, tell } = stage
  const killedMs = clock.monotonic()
  const gone = Promise.all(victims.map((victim) => destinationAt(stage, victim).kill()))
  tell(`kill -9 ${victims.map((victim) => destinationAt(stage, victim).name).join(" ")}`, "blow")
  const answeredMs = await seen(stage, answered, otherwise)
  await gone
  return answeredMs - killedMs
}

function destinationAt({ destinations }: Stage, index: number): StoryListener {
  const found = destinations[index]
  assert(found, `the story has no listener ${index + 1}`)
  return found
}

function pause({ pace, signal, timers }: Stage, length: number): Promise<void> {
  return timers.sleep(length * 1000 * pace, signal)
}

/** Waits until the condition holds. */
async function until({ signal, timers }: Stage, condition: () => boolean, otherwise: string): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += lookEveryMs) {
    if (waitedMs >= patienceMs) throw new WishboneError("WB_DEMO_STUCK", { what: otherwise, seconds: patienceMs / 1000 })
    await timers.sleep(lookEveryMs, signal)
  }
}

/** Waits for something that is bound to come. */
async function seen<T>({ signal, timers }: Stage, what: Promise<T>, otherwise: string): Promise<T> {
  const over = new AbortController()
  const late = timers.sleep(patienceMs, AbortSignal.any([signal, over.signal])).then(() => {
    throw new WishboneError("WB_DEMO_STUCK", { what: otherwise, seconds: patienceMs / 1000 })
  })
  try {
    return await Promise.race([what, late])
  } finally {
    // Whoever waits no more hears nothing of it.
    late.catch(() => undefined)
    over.abort()
  }
}

/** `after 17 ms`. What was there before it could be told counts as `at once`. */
function afterText(ms: number): string {
  return ms < 1 ? "at once" : `after ${Math.round(ms)} ms`
}
