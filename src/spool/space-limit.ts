// The bound on what the segments of a spool take on disk. It is counted from the files, so no crash makes it forget or invent bytes.

import { Failure } from "../errors.ts"
import { formatSize } from "../spec/units.ts"
import type { SpoolDirectory } from "./directory.ts"

export class SpaceLimit {
  readonly #directory: SpoolDirectory
  readonly #bytesMax: number
  /** It was reached, and somebody was told. */
  #isTold = false

  constructor(directory: SpoolDirectory, bytesMax = Number.POSITIVE_INFINITY) {
    this.#directory = directory
    this.#bytesMax = bytesMax
  }

  /** Whether nothing more may be written. What is written when that is last asked may go beyond it by one group and a seal. */
  get isReached(): boolean {
    const isReached = this.#directory.bytes >= this.#bytesMax
    if (!isReached && this.#isTold) this.#tell(false)
    return isReached
  }

  /** Whether something waits for space, or was refused last time. */
  get isHolding(): boolean {
    return this.#isTold
  }

  /** What is refused fails with this. */
  refuse(): Failure {
    if (!this.#isTold) this.#tell(true, "failing")
    return new Failure("overflow", "overflow", `the spool \`${this.#directory.path}\` takes its ${formatSize(this.#bytesMax)} of disk`)
  }

  /** Waits until there is space; answers why not when `signal` is aborted before. */
  async wait(signal: AbortSignal): Promise<Failure | undefined> {
    if (!this.#isTold) this.#tell(true, "holding")
    while (this.isReached) {
      if (signal.aborted) return this.refuse()
      await this.#freed(signal)
    }
    return undefined
  }

  #freed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        unsubscribe()
        signal.removeEventListener("abort", end)
        resolve()
      }
      const unsubscribe = this.#directory.subscribe({ freed: end })
      signal.addEventListener("abort", end, { once: true })
    })
  }

  #tell(isReached: boolean, how = ""): void {
    this.#isTold = isReached
    const { log, path: directory, bytes } = this.#directory
    if (isReached) log.warn(`a spool has reached \`disk_bytes\`, ${how} what comes`, { directory, bytes, bytesMax: this.#bytesMax })
    else log.info("the spool takes more again", { directory, bytes, bytesMax: this.#bytesMax })
  }
}
