// An entry as plain data that survives JSON, for stores that users write: bytes are in base64, times in milliseconds since 1970.

import type { Entry, NewEntry } from "./store.ts"

export interface PlainEntry {
  /** Given by the store; sorts in the order of appending. */
  readonly id: string
  /** The bucket that holds it: `<instance>.retry`, `<instance>.dead`. */
  readonly owner: string
  /** Of the event: for finding it again elsewhere. */
  readonly correlationId: string
  /** The encoded event, in base64. */
  readonly payload: string
  readonly retryCount: number
  readonly version: string
  readonly due: number
  readonly created: number
  /** What else the runtime needs; nobody else's business. */
  readonly context: { readonly instance: string; readonly kind: string; readonly codec: number; readonly timestamp: number }
}

export function toPlain(entry: NewEntry, id: string, bucket: string): PlainEntry {
  return {
    id,
    owner: bucket,
    correlationId: entry.uuid,
    payload: entry.payload.toString("base64"),
    retryCount: entry.attempts,
    version: entry.version,
    due: entry.dueMs,
    created: entry.createdMs,
    context: { instance: entry.owner, kind: entry.kind, codec: entry.codec, timestamp: entry.timestampMs },
  }
}

/** `undefined` when it is none: it may come from anywhere. */
export function fromPlain(value: unknown): Entry | undefined {
  if (!isMap(value) || !isMap(value["context"])) return undefined
  const { id, correlationId, payload, retryCount, version, due, created, context } = value
  const { instance, kind, codec, timestamp } = context
  const texts = [id, correlationId, payload, version, instance, kind]
  const numbers = [retryCount, due, created, codec, timestamp]
  if (!texts.every((text) => typeof text === "string") || !numbers.every((number) => Number.isFinite(number))) return undefined
  return {
    id: id as string,
    uuid: correlationId as string,
    owner: instance as string,
    version: version as string,
    attempts: retryCount as number,
    dueMs: due as number,
    createdMs: created as number,
    kind: kind as string,
    codec: codec as number,
    timestampMs: timestamp as number,
    payload: Buffer.from(payload as string, "base64"),
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
