// How often, when and for which failures events are offered again. Pure: no clock, no store.

import type { FailureKind } from "../errors.ts"

/** The first try fails, `max` more follow; every entry has its own time. */
export interface RetrySettings {
  /** Off: what is kept stays kept, and new failures go on as if there were no retry. */
  readonly enabled: boolean
  /** Until the next try, at least a second. */
  readonly intervalMs: number
  /** Tries after the first; 0: no end. */
  readonly max: number
  /** The n-th wait is `interval` × `factor`ⁿ⁻¹, at most `capMs`, more or less by the share `jitter`. */
  readonly backoff: { readonly factor: number; readonly capMs: number; readonly jitter: number }
  /** Failures that are tried again; a list names codes (`ECONNREFUSED`, `503`) or kinds. */
  readonly on: "transient" | "all" | "none" | readonly string[]
  /** A fresh event that gets through brings all others at once. */
  readonly onSuccess: boolean
  /** When what was found at the start is offered first. */
  readonly first: "interval" | "now"
  /** `strict`: one after another in the order in which they came, fresh ones behind. */
  readonly order: "relaxed" | "strict"
  /** Kinds of which a copy is kept in the bucket for what is given up. */
  readonly keep: readonly FailureKind[]
  /** What entries are compared with: of another version they are given up as `stale`. Empty: nobody compares. */
  readonly version: string
  /** Entries taken at a time, and how many such batches may be on their way. */
  readonly batch: number
  readonly concurrency: number
  /** How long nobody else gets an entry that was taken. */
  readonly leaseMs: number
  /** Entries at which nothing fresh is taken any more; 0: no bound. */
  readonly maxEntries: number
  /** Age at which an entry is given up. */
  readonly maxAgeMs: number | undefined
  /** How long to wait for a store that refuses. */
  readonly storeTimeoutMs: number
}

const intervalMinMs = 1000

/** The settings as they are used, with what had to be changed in them. */
export function usableSettings(settings: RetrySettings): { settings: RetrySettings; warnings: string[] } {
  const { intervalMs, max } = settings
  const warnings: string[] = []
  if (intervalMs < intervalMinMs) warnings.push(`an \`interval\` of ${intervalMs} ms is too short: it is 1 s`)
  if (max < 0) warnings.push(`\`max\` cannot be ${max}: it is 1`)
  return { settings: { ...settings, intervalMs: Math.max(intervalMs, intervalMinMs), max: max < 0 ? 1 : max }, warnings }
}

/** The last failure of an event. */
export interface LastFailure {
  readonly kind: FailureKind
  readonly code: string
}

/** The instance ended or changed while it had the event: that says nothing about the event, and counts as no try. */
const interruptions: ReadonlySet<FailureKind> = new Set<FailureKind>(["stopped", "stale"])
/** What another try cannot mend. */
const final: ReadonlySet<FailureKind> = new Set<FailureKind>(["invalid", "quarantined", "ttl", "exhausted"])
const transient: ReadonlySet<FailureKind> = new Set<FailureKind>(["transient", "timeout"])

/** Whether a failure is no try. */
export function isInterruption({ kind }: LastFailure): boolean {
  return interruptions.has(kind)
}

/** Whether an event that failed so may be offered again, however often it was. `wished`: its handler asked for it. */
export function mayHold({ on }: RetrySettings, failure: LastFailure, wished: boolean): boolean {
  const { kind, code } = failure
  if (isInterruption(failure) || (wished && transient.has(kind))) return true
  if (final.has(kind) || on === "none") return false
  if (on === "all") return true
  return on === "transient" ? transient.has(kind) : on.includes(code) || on.includes(kind)
}

/** Whether an event that was tried so often is given up. */
export function isExhausted({ max }: RetrySettings, attempts: number): boolean {
  return max > 0 && attempts > max
}

/** When an entry that was tried `attempts` times is due again. `random` in [0, 1). Always later than now. */
export function dueAfter(settings: RetrySettings, attempts: number, { nowMs, random }: { nowMs: number; random: number }): number {
  const { intervalMs, backoff } = settings
  const { factor, capMs, jitter } = backoff
  const longest = Math.max(capMs, intervalMs)
  const waitMs = Math.min(intervalMs * factor ** Math.max(0, attempts - 1), longest)
  return nowMs + Math.max(1, Math.round(waitMs * (1 + jitter * (2 * random - 1))))
}
