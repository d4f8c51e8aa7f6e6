// One case of the conformance suite of stores, and what it is run against.

import type { NewEntry, Store, StoreAbilities } from "../store/store.ts"

/** The storage under test; empty at first, and shared by every store that {@link StoreHarness.open} gives. */
export interface StoreHarness {
  /** Another store on the storage, opened: as a second process would have it. Where only one process may have it, the one before is closed. */
  open(): Promise<Store>
  /** The process of this store is killed: nothing is flushed or handed back. Without it the cases about crashes are left out. */
  crash?(store: Store): Promise<void>
  /** Only one store may be open at a time. @defaultValue false */
  readonly single?: boolean
}

export interface StoreCase {
  readonly name: string
  /** What a driver must say it can for the case to be run. */
  readonly needs: Partial<StoreAbilities>
  /** Resolves to `skipped` when the driver does not claim what the case asks. Rejects with what is wrong. */
  run(harness: StoreHarness): Promise<"passed" | "skipped">
}

/** Whether a driver with these abilities is asked a case with these needs. */
export function isAble(abilities: StoreAbilities, needs: Partial<StoreAbilities>): boolean {
  return Object.entries(needs).every(([ability, wanted]) => abilities[ability as keyof StoreAbilities] === wanted)
}

/** A time from which cases count. */
export const startMs = 1_700_000_000_000

/** An entry for a case. */
export function newEntry(name: string, more: Partial<NewEntry> = {}): NewEntry {
  return {
    uuid: `00000000-0000-4000-8000-${Buffer.from(name).toString("hex").slice(0, 12).padStart(12, "0")}`,
    owner: "push",
    version: "v1",
    attempts: 1,
    dueMs: startMs,
    createdMs: startMs,
    kind: "transient",
    codec: 1,
    timestampMs: startMs,
    payload: Buffer.from(name),
    ...more,
  }
}

/** A case that needs some abilities. */
export function storeCase(
  name: string,
  needs: Partial<StoreAbilities>,
  body: (store: Store, harness: StoreHarness) => Promise<void>,
): StoreCase {
  return {
    name,
    needs,
    async run(harness) {
      const store = await harness.open()
      const able = isAble(store.abilities, needs)
      if (able) await body(store, harness)
      await store.close().catch(() => undefined)
      return able ? "passed" : "skipped"
    },
  }
}
