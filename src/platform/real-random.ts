// Randomness of the real platform. Asking the kernel costs about a microsecond whatever the amount, so uuids are cut from a pool.

import { randomBytes, randomFillSync } from "node:crypto"
import type { Random } from "./platform.ts"
import { markUuid, uuidText } from "./uuid.ts"

const poolBytes = 16 * 1024
const uuidBytes = 16

/** Random numbers, bytes and uuids from the kernel's generator (`float` from V8's: it spreads delays, it guards nothing). */
export function realRandom(): Random {
  return new PooledRandom()
}

class PooledRandom implements Random {
  #pool = Buffer.alloc(0)
  #used = poolBytes

  float(): number {
    return Math.random()
  }

  bytes(count: number): Buffer {
    return randomBytes(count)
  }

  uuid(): string {
    const from = this.#next()
    return uuidText(this.#pool, from)
  }

  uuidInto(target: Buffer, offset: number): void {
    const from = this.#next()
    target.set(this.#pool.subarray(from, from + uuidBytes), offset)
  }

  // A new pool takes the place of a used one, so what lies in it stays as it is.
  uuidPlace(): { readonly uuidBytes: Buffer; readonly uuidAt: number } {
    const uuidAt = this.#next()
    return { uuidBytes: this.#pool, uuidAt }
  }

  // Where in the pool the next uuid lies, its version bits set.
  #next(): number {
    if (this.#used === poolBytes) {
      this.#pool = randomFillSync(Buffer.allocUnsafeSlow(poolBytes))
      this.#used = 0
    }
    const offset = this.#used
    this.#used += uuidBytes
    markUuid(this.#pool, offset)
    return offset
  }
}
