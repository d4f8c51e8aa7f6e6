// The seeded generator of a simulated run: sfc32, whose state is filled from the seed by splitmix32. The same seed gives the same run.
// Each part of the simulated world draws from a generator of its own (`fork`), so that one more uuid does not change which sector a
// power cut tears.

import type { Random } from "../platform.ts"
import { markUuid, uuidText } from "../uuid.ts"

/** The state of sfc32 is mixed this often before first use, as its author asks. */
const warmUpRounds = 12

/** Random numbers that follow from a seed. */
export class SeededRandom implements Random {
  readonly #seed: number
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#seed = seed >>> 0
    const next = splitmix32(this.#seed)
    this.#a = next()
    this.#b = next()
    this.#c = next()
    for (let round = 0; round < warmUpRounds; round += 1) this.uint32()
  }

  /** In [0, 2^32). */
  uint32(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return result >>> 0
  }

  float(): number {
    return this.uint32() / 2 ** 32
  }

  /** A whole number from 0 up to and including `most`. */
  upTo(most: number): number {
    return Math.floor(this.float() * (most + 1))
  }

  /** True with the given probability. */
  chance(probability = 0.5): boolean {
    return this.float() < probability
  }

  /** One of `choices`. */
  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.upTo(choices.length - 1)] as T
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.alloc(count)
    for (let index = 0; index < count; index += 1) bytes[index] = this.uint32() >>> 24
    return bytes
  }

  uuid(): string {
    const bytes = Buffer.alloc(16)
    this.uuidInto(bytes, 0)
    return uuidText(bytes, 0)
  }

  uuidInto(target: Buffer, offset: number): void {
    for (let part = 0; part < 4; part += 1) target.writeUInt32LE(this.uint32(), offset + part * 4)
    markUuid(target, offset)
  }

  /** A generator of its own that follows from this one's seed and `label`, whatever was drawn before. */
  fork(label: string): SeededRandom {
    let seed = this.#seed
    for (const character of label) seed = Math.imul(seed ^ (character.codePointAt(0) as number), 0x01000193)
    return new SeededRandom(seed ^ 0x9e3779b9)
  }
}

function splitmix32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return mixed ^ (mixed >>> 15)
  }
}
