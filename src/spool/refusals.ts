// What a writer says and does while the disk refuses: one warning, one word when it is over, and a back-off in between.

import { errorCode } from "../platform/system-error.ts"
import type { SpoolDirectory } from "./directory.ts"

const retryMs = { first: 200, max: 5000 }

export class Refusals {
  readonly #directory: SpoolDirectory
  readonly #how: "holding" | "failing"
  #count = 0

  constructor(directory: SpoolDirectory, how: "holding" | "failing") {
    this.#directory = directory
    this.#how = how
  }

  get isOn(): boolean {
    return this.#count > 0
  }

  /** The disk refused a write or a sync. */
  note(error: unknown): void {
    this.#count += 1
    if (this.#count > 1) return
    this.#directory.log.warn(`a spool cannot be written, ${this.#how} what comes`, this.#fields(error))
  }

  /** The disk refused to sync what was confirmed when it was written. */
  noteLate(error: unknown): void {
    const message = "a spool could not be synced: what was written since the last sync is lost if the power fails now"
    this.#directory.log.error(message, this.#fields(error))
  }

  /** The disk took something. */
  end(): void {
    if (this.#count > 0) this.#directory.log.info("the spool can be written again", { directory: this.#directory.path })
    this.#count = 0
  }

  /** Resolves when it is time to try again, or `signal` is aborted. */
  async backOff(signal: AbortSignal): Promise<void> {
    const delayMs = Math.min(retryMs.max, retryMs.first * 2 ** (this.#count - 1))
    await this.#directory.platform.timers.sleep(delayMs, signal).catch(() => undefined)
  }

  #fields(error: unknown): { directory: string; code: string | undefined; error: string } {
    return { directory: this.#directory.path, code: errorCode(error), error: String(error) }
  }
}
