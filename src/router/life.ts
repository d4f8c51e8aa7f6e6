// Beginning and end of one instance, as the start and stop of a graph and a reload need them alike.

import { staleFailure } from "../actor/ends.ts"
import type { InputModule } from "../actor/input.ts"
import type { Instance } from "../actor/instance.ts"
import { isWishboneError, WishboneError } from "../errors.ts"
import type { Log } from "../log.ts"
import { SpoolQueue } from "../spool/queue.ts"

/** Opens what the instance needs and runs its first hook; until then it takes nothing. @throws WishboneError naming the instance */
export async function startInstance(instance: Instance): Promise<void> {
  instance.actor.halt()
  instance.begun = true
  try {
    for (const queue of instance.durableQueues) if (!queue.isOpen) await queue.open()
    await instance.prepare()
    await instance.module.preHook()
  } catch (thrown) {
    if (isWishboneError(thrown)) throw thrown
    throw new WishboneError("WB_START_FAILED", { instance: instance.name, reason: reasonOf(thrown) }, { cause: thrown })
  }
  instance.actor.goOn()
}

/** Ends what goes on in the background and runs the last hook, once. Queues stay as they are. */
export async function endInstance(instance: Instance, log: Log): Promise<void> {
  if (instance.ended) return
  instance.ended = true
  const { actor, module, name } = instance
  actor.close()
  if (!instance.begun) return
  try {
    await module.postHook()
  } catch (thrown) {
    log.error(`${name} did not end in order: ${reasonOf(thrown)}`)
  }
}

/** Closes queues that live on disk; what is in them stays there. */
export async function closeQueues(queues: readonly SpoolQueue[], signal: AbortSignal, log: Log): Promise<void> {
  for (const queue of queues) {
    try {
      await queue.close(signal)
    } catch (thrown) {
      log.error(`${queue.name} did not close in order: ${reasonOf(thrown)}`)
    }
  }
}

/** Whether nothing that the instance has taken, made or kept is on its way any more. What waits in its queues does not matter. */
export function isThrough({ actor, background, module, producer, spec }: Instance): boolean {
  const { consumers, holds, books } = actor
  if (producer.waiting > 0 || holds.count > 0 || books.inHands > 0 || consumers.some(({ active }) => active > 0)) return false
  return spec.kind !== "input" || (background.count === 0 && (module as InputModule).unsettled === 0)
}

/** Nothing is left to do but to flush, and to wait for what was sent to be confirmed. */
export function mayFlush({ actor, producer }: Instance): boolean {
  const { books, consumers, holds, released } = actor
  if (holds.count === 0 && released === 0) return false
  return producer.waiting === 0 && books.inHands <= released && !consumers.some(({ active }) => active > 0)
}

/** Fails, as `stale`, what the instance has taken, made or kept; answers how many events. */
export function failTaken({ actor, producer }: Instance): number {
  const { books, consumers, ends, holds } = actor
  producer.admitAll()
  let count = books.inHands
  for (const consumer of consumers) consumer.giveUp(staleFailure)
  count -= books.inHands
  for (const event of holds.list()) {
    if (!holds.remove(event)) continue
    count += 1
    ends.fail(event, staleFailure)
  }
  return count
}

/** Fails, as `stale`, what waits in one of its queues; what was read from the disk stays there. Answers how many events failed. */
export function failWaiting({ actor }: Instance, name: string): number {
  const queue = actor.queues.get(name)
  if (queue === undefined) return 0
  const onDisk = queue instanceof SpoolQueue ? queue : undefined
  let count = 0
  for (let left = queue.length; left > 0; left--) {
    const event = queue.shift()
    if (event === undefined) break
    if (onDisk?.holdsRecordOf(event) === true) actor.ends.lose(event, "stale", staleFailure)
    else {
      count += 1
      actor.ends.fail(event, staleFailure)
    }
  }
  queue.afterTaking()
  return count
}

/** What was thrown, in words. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
