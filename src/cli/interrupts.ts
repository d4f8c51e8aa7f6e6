// What ends a run from outside: the first signal asks for an orderly stop, the second for an end at once; a crash is an error that
// nobody caught, and asks for the same stop as a signal.

import type { ProcessEvents } from "./shell.ts"

/** Why a run is to stop. */
export type Interruption = { readonly kind: "signal"; readonly name: string } | { readonly kind: "crash" }

const signals = ["SIGINT", "SIGTERM"] as const
const crashes = ["uncaughtException", "unhandledRejection"] as const

export class Interrupts {
  /** The first signal or crash. */
  readonly first: Promise<Interruption>
  /** The second signal. */
  readonly second: Promise<void>
  /** Something crashed, at any time. */
  crashed = false
  readonly #events: ProcessEvents
  readonly #tell: (error: unknown) => void
  readonly #signal = (name: string): void => this.#onSignal(name)
  readonly #crash = (error: unknown): void => this.#onCrash(error)
  #interrupt: (why: Interruption) => void = () => undefined
  #endNow: () => void = () => undefined
  #signalled = false

  /** Listens until `dispose`; `tell` hears of every crash. */
  constructor(events: ProcessEvents, tell: (error: unknown) => void) {
    this.#events = events
    this.#tell = tell
    this.first = new Promise((resolve) => {
      this.#interrupt = resolve
    })
    this.second = new Promise((resolve) => {
      this.#endNow = resolve
    })
    for (const name of signals) events.on(name, this.#signal)
    for (const name of crashes) events.on(name, this.#crash)
  }

  /** From here on the process does again what it does by itself. */
  dispose(): void {
    for (const name of signals) this.#events.off(name, this.#signal)
    for (const name of crashes) this.#events.off(name, this.#crash)
  }

  #onSignal(name: string): void {
    if (this.#signalled) this.#endNow()
    this.#signalled = true
    this.#interrupt({ kind: "signal", name })
  }

  #onCrash(error: unknown): void {
    this.crashed = true
    this.#tell(error)
    this.#interrupt({ kind: "crash" })
  }
}
