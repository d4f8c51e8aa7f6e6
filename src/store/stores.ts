// The stores of a graph by name, shared between its instances: each is made and opened when somebody first needs it, and closed at the end.
// A server that cannot be reached is tried again until `startup` is over; then whoever wanted the store learns why not.

import type { ErrorCode } from "../error-catalogue.ts"
import { isWishboneError, WishboneError } from "../errors.ts"
import type { Log } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import type { StorePlan } from "../spec/plan.ts"
import { Bucket } from "./bucket.ts"
import { type StoreDriver, storeOf } from "./driver.ts"
import { builtinDrivers } from "./drivers.ts"
import type { Store } from "./store.ts"

export const defaultStartupMs = 60_000

const againMs = 1000

/** Problems that do not pass by waiting. */
const lasting: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "WB_STORE_SCHEMA",
  "WB_STORE_FOREIGN",
  "WB_STORE_CLIENT_MISSING",
  "WB_STORE_DRIVER",
  "WB_STORE_SHAPE",
])

export interface StoresParts {
  readonly platform: Platform
  readonly log: Log
  /** Folder for what belongs to the graph. */
  readonly state: string
  readonly plans: Readonly<Record<string, StorePlan>>
  /** Drivers by name, beside those that are built in. */
  readonly drivers: ReadonlyMap<string, StoreDriver>
}

/** What `store: default` means where the file says nothing else. */
const defaultPlan: StorePlan = { driver: "file", settings: {}, startupMs: defaultStartupMs }

interface Opened {
  readonly store: Promise<Store>
  readonly buckets: Map<string, Promise<Bucket>>
}

/** All stores of a graph. The router owns them; modules find them among the things that instances share, as `stores`. */
export class Stores {
  private readonly parts: StoresParts
  private readonly opened = new Map<string, Opened>()
  private readonly end = new AbortController()

  constructor(parts: StoresParts) {
    this.parts = parts
  }

  /** Names that may be used. */
  get names(): string[] {
    return [...new Set([...Object.keys(this.parts.plans), "default"])]
  }

  /**
   * The store of a name; opened now if nobody has used it yet.
   * @throws WishboneError `WB_STORE_UNKNOWN`; `WB_STORE_STARTUP` when it could not be reached in time; others that name what is wrong with it
   */
  async open(name: string): Promise<Store> {
    return this.openedAs(name).store
  }

  /** A bucket of a store, counted. Everyone who asks for it gets the same object. @throws as {@link Stores.open} */
  async bucket(name: string, bucket: string): Promise<Bucket> {
    const { store, buckets } = this.openedAs(name)
    const known = buckets.get(bucket)
    if (known !== undefined) return known
    const opening = store.then(async (found) => {
      const made = new Bucket(found, bucket)
      await made.open()
      return made
    })
    buckets.set(bucket, opening)
    opening.catch(() => buckets.delete(bucket))
    return opening
  }

  /** Closes whatever is open. What one of them refuses is told and stops nothing. */
  async close(): Promise<void> {
    this.end.abort()
    for (const [name, { store }] of this.opened) {
      try {
        await (await store).close()
      } catch (thrown) {
        this.parts.log.error(`the store \`${name}\` did not close in order: ${reasonOf(thrown)}`)
      }
    }
    this.opened.clear()
  }

  private openedAs(name: string): Opened {
    const known = this.opened.get(name)
    if (known !== undefined) return known
    const plan = planOf(this.parts.plans, name)
    if (plan === undefined) throw new WishboneError("WB_STORE_UNKNOWN", { name, known: this.names })
    const opened = { store: this.start(name, plan), buckets: new Map<string, Promise<Bucket>>() }
    this.opened.set(name, opened)
    // Whoever asks later tries anew.
    opened.store.catch(() => this.opened.delete(name))
    return opened
  }

  private async start(name: string, plan: StorePlan): Promise<Store> {
    const { platform, log, state } = this.parts
    const driver = builtinDrivers.get(plan.driver) ?? this.parts.drivers.get(plan.driver)
    if (driver === undefined) throw new WishboneError("WB_STORE_DRIVER", { name, driver: plan.driver, known: this.driverNames })
    const made = await driver.factory(plan.settings, { name, platform, log, state })
    const store = storeOf(made, plan.driver)
    await this.tryToOpen(name, store, plan.startupMs)
    if (store.warning !== undefined) log.warn(`the store \`${name}\`: ${store.warning}`)
    return store
  }

  private async tryToOpen(name: string, store: Store, startupMs: number): Promise<void> {
    const { clock, timers } = this.parts.platform
    const startMs = clock.monotonic()
    for (let told = false; ; told = true) {
      try {
        return await store.open()
      } catch (thrown) {
        if (isWishboneError(thrown) && lasting.has(thrown.code)) throw thrown
        const leftMs = startupMs - (clock.monotonic() - startMs)
        const reason = reasonOf(thrown)
        if (leftMs <= 0 || this.end.signal.aborted)
          throw new WishboneError("WB_STORE_STARTUP", { name, reason, seconds: startupMs / 1000 }, { cause: thrown })
        if (!told)
          this.parts.log.warn(`the store \`${name}\` cannot be opened yet: ${reason}`, { trying_seconds: Math.ceil(leftMs / 1000) })
        await timers.sleep(Math.min(againMs, leftMs), this.end.signal).catch(() => undefined)
      }
    }
  }

  private get driverNames(): string[] {
    return [...builtinDrivers.keys(), ...this.parts.drivers.keys()]
  }
}

function planOf(plans: StoresParts["plans"], name: string): StorePlan | undefined {
  return Object.hasOwn(plans, name) ? plans[name] : name === "default" ? defaultPlan : undefined
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
