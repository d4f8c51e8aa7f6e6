// What can go wrong, by name.
//
// `WishboneError` carries a code of the catalogue (src/error-catalogue.ts): the code is stable and is what callers match, the text
// and the hint come from the catalogue and may improve. The classes below it are what a handler throws to say how its event
// failed. Classes that cross package borders carry a brand (`Symbol.for("wishbone-ts.…")`) and are recognised by it, never by
// `instanceof`: two copies of this package in one process must still understand each other.

import { catalogue, type ErrorCode, type ErrorDetails } from "./error-catalogue.ts"

/** The closed list of ways in which an event fails. `transient` and `timeout` are what circuits and retries count. */
export const failureKinds = [
  "error",
  "transient",
  "timeout",
  "invalid",
  "overflow",
  "quarantined",
  "exhausted",
  "stale",
  "unstored",
  "ttl",
  "stopped",
] as const

/** One of {@link failureKinds}. */
export type FailureKind = (typeof failureKinds)[number]

const errorBrand = Symbol.for("wishbone-ts.error")
const kindBrand = Symbol.for("wishbone-ts.failure-kind")
const retryBrand = Symbol.for("wishbone-ts.retry")

/** An error of the runtime or of a bootstrap file, with a stable `code`, a `hint` that names the fix, and the exit status it leads to. */
export class WishboneError extends Error {
  readonly [errorBrand] = true
  readonly code: ErrorCode
  readonly details: ErrorDetails
  /** What to do about it; one sentence, or empty when the message says it all. */
  readonly hint: string
  /** 1 for a failed run, 2 for a bad file or bad usage. */
  readonly exitStatus: 1 | 2

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: ErrorOptions) {
    const entry = catalogue[code]
    super(entry.message(details), options)
    this.name = "WishboneError"
    this.code = code
    this.details = details
    this.hint = entry.hint(details)
    this.exitStatus = entry.exitStatus
  }
}

/** Whether `value` is a {@link WishboneError}, of this or of another copy of the package. */
export function isWishboneError(value: unknown): value is WishboneError {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[errorBrand] === true
}

/** The event failed for a reason that may pass: the same event may be tried again. Kind `transient`. */
export class TransientError extends Error {
  readonly [kindBrand]: FailureKind = "transient"
  readonly code: string

  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super(message, options)
    this.name = "TransientError"
    this.code = options?.code ?? "transient"
  }
}

/** The event itself is wrong and would fail again. Kind `invalid`. */
export class Invalid extends Error {
  readonly [kindBrand]: FailureKind = "invalid"
  readonly code: string

  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super(message, options)
    this.name = "Invalid"
    this.code = options?.code ?? "invalid"
  }
}

/** Whether what was thrown is an {@link Invalid}, of this or of another copy of the package. */
export function isInvalid(thrown: unknown): thrown is Invalid {
  return thrown instanceof Error && (thrown as Partial<Invalid>)[kindBrand] === "invalid"
}

/** What a {@link Retry} asks for. */
export interface RetryWish {
  /** Without it, the interval of whoever offers the event again. */
  readonly afterMs: number | undefined
  /** Merged into `meta.args`. */
  readonly patch: Readonly<Record<string, unknown>> | undefined
  /** Replaces the data, unless it is `undefined`. */
  readonly payload: unknown
}

/** Asks to see the event again after `after` milliseconds, optionally changed. Without `retry:` on the instance it is held in memory. Kind `transient`. */
export class Retry extends Error implements RetryWish {
  readonly [kindBrand]: FailureKind = "transient"
  readonly [retryBrand] = true
  readonly code = "retry"
  readonly afterMs: number | undefined
  readonly patch: Readonly<Record<string, unknown>> | undefined
  readonly payload: unknown

  constructor(options: { after?: number; patch?: Record<string, unknown>; payload?: unknown } = {}) {
    super(options.after === undefined ? "to be retried" : `to be retried after ${options.after} ms`)
    this.name = "Retry"
    this.afterMs = options.after
    this.patch = options.patch
    this.payload = options.payload
  }
}

/** Whether what was thrown is a {@link Retry}, of this or of another copy of the package. */
export function isRetry(thrown: unknown): thrown is Retry {
  return typeof thrown === "object" && thrown !== null && (thrown as Record<symbol, unknown>)[retryBrand] === true
}

/** Sets the event aside with `info` for a person to look at. Kind `quarantined`. */
export class Quarantine extends Error {
  readonly [kindBrand]: FailureKind = "quarantined"
  readonly code = "quarantine"
  readonly info: unknown

  constructor(info?: unknown) {
    super("set aside for a person to look at")
    this.name = "Quarantine"
    this.info = info
  }
}

/** A failure prepared by the runtime itself (overflow, ttl, stop, open circuit); shared between events, so it carries no stack. */
export class Failure {
  readonly [kindBrand]: FailureKind
  readonly name = "Failure"
  readonly code: string
  readonly message: string

  constructor(kind: FailureKind, code: string, message: string) {
    this[kindBrand] = kind
    this.code = code
    this.message = message
  }
}

const transientSystemCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENETDOWN",
  "EAI_AGAIN",
  "ENOTFOUND",
  "EAI_FAIL",
])

/** The kind under which a thrown value counts: by brand, else `transient` for system errors of the network, else `error`. */
export function failureKindOf(thrown: unknown): FailureKind {
  if (typeof thrown !== "object" || thrown === null) return "error"
  const branded = (thrown as Record<symbol, unknown>)[kindBrand]
  if (typeof branded === "string") return branded as FailureKind
  const code = (thrown as { code?: unknown }).code
  return typeof code === "string" && transientSystemCodes.has(code) ? "transient" : "error"
}

/** Name, message, code and line of whatever was thrown, as `errors.<instance>` and `meta.history` record it. */
export function describeThrown(thrown: unknown): { type: string; message: string; code: string; line: number } {
  if (typeof thrown !== "object" || thrown === null) return { type: typeof thrown, message: String(thrown), code: "thrown", line: 0 }
  const { name, message, code, stack } = thrown as { name?: unknown; message?: unknown; code?: unknown; stack?: unknown }
  const line = typeof stack === "string" ? /:(\d+):\d+\)?(?:\n|$)/.exec(stack.slice(stack.indexOf("\n    at")))?.[1] : undefined
  return {
    type: typeof name === "string" ? name : "Error",
    message: typeof message === "string" ? message : "something without a message was thrown",
    code: typeof code === "string" ? code : failureKindOf(thrown),
    line: line === undefined ? 0 : Number(line),
  }
}
