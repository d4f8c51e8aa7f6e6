// The contract of a store: pluggable persistence for what must outlive a call, a failure or the process. It holds two things, both in
// buckets named after the instance that owns them (`push.retry`, `push.dead`):
//
//   entries   events that wait, in the order in which they were appended, each with the time at which it is due
//   keys      values by key with a revision, for drivers that can (`keyed`)
//
// Drivers say what they can (`abilities`); what needs more than a driver has is refused at the start of a graph, with the reason.
//
// Rules every driver keeps, and the conformance suite (`wishbone-ts/testing`) checks:
// - What `append`, `update` and `remove` were given is as durable as `abilities.durable` says when their promise resolves, not before.
//   A rejected call may or may not have happened: entries are at least once.
// - An id is given by the store, sorts (as text) in the order of appending within its bucket, and is never used again.
// - An update keeps the entry's place in the order. An id that is not there is no error: the answer says so.
// - Nothing is ever deleted on doubt: an entry that cannot be read is passed over, counted and kept apart under its bucket's name.
// - All times are wall time in milliseconds, given by the caller; a store has no clock of its own.
// - Calls may overlap; those on one bucket take effect in the order in which they were made.

/** What a driver can do. */
export interface StoreAbilities {
  /** What was appended survives the end of the process and, as far as the medium is honest, of the machine. */
  readonly durable: boolean
  /** `read` can give entries in the order of appending. */
  readonly ordered: boolean
  /** Several owners may share a bucket: {@link Store.lease}. */
  readonly lease: boolean
  /** {@link Store.keyed} is there. */
  readonly keyed: boolean
}

/** An event to be kept. */
export interface NewEntry {
  /** Of the event; the same each time it is offered. */
  readonly uuid: string
  /** Instance that keeps it, and to which it is offered again. */
  readonly owner: string
  /** Version of the graph behind the owner, empty when nobody compares it. At most 200 characters. */
  readonly version: string
  /** Tries so far. */
  readonly attempts: number
  /** When it may be offered again. */
  readonly dueMs: number
  /** When it was kept first. */
  readonly createdMs: number
  /** Why it is here: the kind of its last failure, empty when it has not failed. */
  readonly kind: string
  /** Codec byte, see `src/event-codec.ts`. */
  readonly codec: number
  /** Time of the event. */
  readonly timestampMs: number
  /** The encoded event. */
  readonly payload: Buffer
}

/** An event that is kept. */
export interface Entry extends NewEntry {
  /** Sorts in the order of appending within its bucket. */
  readonly id: string
}

/** What may change about an entry; its place in the order stays. */
export type EntryPatch = Partial<Pick<NewEntry, "attempts" | "dueMs" | "kind" | "version" | "codec" | "payload">>

/** A change to one entry. */
export interface EntryUpdate {
  readonly id: string
  readonly patch: EntryPatch
}

/** Which entries to read. */
export interface EntryQuery {
  /** At least 1. */
  readonly limit: number
  /** Only those that are due by then. */
  readonly dueMs?: number | undefined
  /** `due`: the one due first comes first, ties by id. `appended`: in the order of ids. @defaultValue due */
  readonly order?: "due" | "appended" | undefined
  /** Goes on behind this entry, in the same order: the last one of the page before. */
  readonly after?: Pick<Entry, "id" | "dueMs"> | undefined
}

/** What {@link Store.lease} takes. */
export interface LeaseQuery extends Omit<EntryQuery, "after"> {
  /** The present time: leases that ran out before are void. */
  readonly nowMs: number
  /** How long nobody else gets what this call gives. */
  readonly forMs: number
  /** Who asks: unique to a running instance, such as `push@host:1234:7`. */
  readonly owner: string
}

/** How much a bucket holds. */
export interface BucketSummary {
  /** All entries. */
  readonly waiting: number
  /** Of these, those that are due. */
  readonly due: number
  /** Of these, those that somebody has leased. */
  readonly leased: number
  /** When the oldest was kept; `undefined` when there is none. */
  readonly oldestMs: number | undefined
}

/** A value under a key. */
export interface KeyedValue {
  readonly value: Buffer
  /** Changes with every put; never empty. */
  readonly revision: string
  /** From then on it counts as absent. */
  readonly expiresMs?: number | undefined
}

/** How to put a value. */
export interface PutOptions {
  /** The present time, by which values expire. */
  readonly nowMs: number
  /** Only if the key has this revision; `""`: only if it is absent. Without it: always. */
  readonly ifRevision?: string | undefined
  /** How long the value lives. */
  readonly ttlMs?: number | undefined
}

/** Values by key: a text of any characters, at most 64 KiB in UTF-8. */
export interface KeyedStore {
  get(bucket: string, key: string, nowMs: number): Promise<KeyedValue | undefined>
  /** Resolves to the new revision, or `undefined` when `ifRevision` did not hold. */
  put(bucket: string, key: string, value: Buffer, options: PutOptions): Promise<string | undefined>
  /** Resolves to whether there was one (of that revision). */
  delete(bucket: string, key: string, options?: { ifRevision?: string | undefined }): Promise<boolean>
  /** Keys that begin with `prefix` in the order of their UTF-8 bytes, behind `after`; expired ones are left out. */
  list(bucket: string, query: { prefix: string; limit: number; nowMs: number; after?: string | undefined }): Promise<string[]>
}

/** A store that was opened, or is about to be. */
export interface Store {
  /** Known once {@link Store.open} has resolved: some drivers have to ask their server. */
  readonly abilities: StoreAbilities
  /** What nobody should miss about this store (a server that forgets at its restart); told once as a warning. Known after `open`. */
  readonly warning?: string | undefined
  /** Connects and makes what is missing. Rejects with the reason; may be called again then. */
  open(): Promise<void>
  /** Keeps entries, all or none; resolves to their ids. */
  append(bucket: string, entries: readonly NewEntry[]): Promise<string[]>
  read(bucket: string, query: EntryQuery): Promise<Entry[]>
  /** Resolves to whether each was there. Also ends the lease of what it changes. */
  update(bucket: string, updates: readonly EntryUpdate[]): Promise<boolean[]>
  /** Resolves to whether each was there. */
  remove(bucket: string, ids: readonly string[]): Promise<boolean[]>
  count(bucket: string): Promise<number>
  /** What metrics show. Costs no more than a scan of ids and times. */
  summary(bucket: string, nowMs: number): Promise<BucketSummary>
  /** Names of buckets that hold entries, sorted. */
  buckets(): Promise<string[]>
  /**
   * Like {@link Store.read}, of what nobody else has leased; what it gives is hidden from others until it is removed, updated, or the lease
   * has run out. With `abilities.lease` only.
   */
  lease?(bucket: string, query: LeaseQuery): Promise<Entry[]>
  readonly keyed?: KeyedStore
  /** Waits for calls under way. Further calls reject. */
  close(): Promise<void>
}

/** Settings of a store, as `stores:` of a bootstrap file gives them; each driver checks what is its own. */
export type StoreSettings = Readonly<Record<string, unknown>>
