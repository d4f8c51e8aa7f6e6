// What the two ends of a simulated connection and the network know of each other.

import type { Address, Connection } from "../platform.ts"

/** What an end needs of the network it is part of. */
export interface Wire {
  /** Runs `task` in a later step, whoever has died. */
  post(task: () => void): void
  /** Runs `task` when something that is sent now would arrive. */
  deliver(task: () => void): void
  /** Runs `task` when so much time has passed. */
  after(ms: number, task: () => void): void
  /** Whether nothing moves between the two ends at present. */
  isStalled(address: Address): boolean
  /** How many of `available` bytes come in one chunk. */
  chunkLength(available: number): number
  /** Bytes that may be under way or unread in each direction. */
  kernelBytes(): number
  /** The end is closed: the network may forget it. */
  closed(end: Connection): void
}

/** Where an end is. */
export interface Place {
  readonly address: Address
  readonly remote: string
  readonly halfOpen: boolean
  readonly accepted: boolean
}
