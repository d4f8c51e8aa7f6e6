// Values by key in Redis. The server forgets a value some time after it has expired, should nobody come by; whether it has is judged by the
// caller's time.

import type { Redis } from "ioredis"
import type { RunScript } from "./redis-scripts.ts"
import type { KeyedStore, KeyedValue, PutOptions } from "./store.ts"

/** Clocks of callers and server may differ by so much. */
const skewMs = 600_000
const pageKeys = 256

interface Parts {
  readonly key: (bucket: string, part: string) => string
  readonly revisionKey: string
  readonly run: <T>(work: (client: Redis, script: RunScript) => Promise<T>) => Promise<T>
}

export class RedisValues implements KeyedStore {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get(bucket: string, key: string, nowMs: number): Promise<KeyedValue | undefined> {
    return this.#parts.run((client) => this.#get(client, bucket, key, nowMs))
  }

  put(bucket: string, key: string, value: Buffer, { nowMs, ifRevision = "*", ttlMs }: PutOptions): Promise<string | undefined> {
    const keys = [this.#place(bucket, key), this.#parts.key(bucket, "k"), this.#parts.revisionKey]
    const life = ttlMs === undefined ? 0 : Math.ceil(ttlMs) + skewMs
    const args = [key, value, nowMs, ifRevision, ttlMs === undefined ? "" : nowMs + ttlMs, life]
    return this.#parts.run(async (_client, script) => {
      const revision = await script("put", keys, args)
      return revision === null || revision === undefined || revision === false ? undefined : String(revision)
    })
  }

  delete(bucket: string, key: string, { ifRevision = "*" }: { ifRevision?: string | undefined } = {}): Promise<boolean> {
    const keys = [this.#place(bucket, key), this.#parts.key(bucket, "k")]
    return this.#parts.run(async (_client, script) => (await script("drop", keys, [key, ifRevision])) === 1)
  }

  list(
    bucket: string,
    { prefix, limit, nowMs, after }: { prefix: string; limit: number; nowMs: number; after?: string | undefined },
  ): Promise<string[]> {
    return this.#parts.run(async (client) => {
      const start = Buffer.from(prefix)
      const behind = after === undefined ? undefined : Buffer.from(after)
      let from = behind !== undefined && behind.compare(start) >= 0 ? bound("(", behind) : bound("[", start)
      const found: string[] = []
      for (;;) {
        const keys = await client.zrangebylexBuffer(this.#parts.key(bucket, "k"), from, "+", "LIMIT", 0, pageKeys)
        for (const bytes of keys) {
          if (!bytes.subarray(0, start.length).equals(start) || found.length === limit) return found
          const key = bytes.toString()
          if ((await this.#get(client, bucket, key, nowMs)) !== undefined) found.push(key)
          else if ((await client.exists(this.#place(bucket, key))) === 0) await client.zrem(this.#parts.key(bucket, "k"), bytes)
        }
        const last = keys.at(-1)
        if (last === undefined) return found
        from = bound("(", last)
      }
    })
  }

  async #get(client: Redis, bucket: string, key: string, nowMs: number): Promise<KeyedValue | undefined> {
    const [value, revision, expires] = await client.hmgetBuffer(this.#place(bucket, key), "value", "revision", "expires")
    if (value === null || value === undefined || revision === null || revision === undefined) return undefined
    const expiresMs = String(expires ?? "") === "" ? undefined : Number(expires)
    if (expiresMs !== undefined && expiresMs <= nowMs) return undefined
    return { value, revision: String(revision), ...(expiresMs !== undefined && { expiresMs }) }
  }

  #place(bucket: string, key: string): string {
    return `${this.#parts.key(bucket, "v")}:${key}`
  }
}

function bound(edge: "(" | "[", bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(edge), bytes])
}
