// The clients of servers are optional packages: whoever uses such a store installs its client. They are loaded when a store is opened.

import { WishboneError } from "../errors.ts"

/** Loads a client. @throws WishboneError `WB_STORE_CLIENT_MISSING`, saying what to install. */
export async function loadClient<Client>(driver: string, name: string, load: () => Promise<Client>): Promise<Client> {
  try {
    return await load()
  } catch (thrown) {
    const { code, message } = thrown as { code?: unknown; message?: unknown }
    const missing = code === "ERR_MODULE_NOT_FOUND" && String(message).includes(`'${name}'`)
    if (!missing) throw thrown
    throw new WishboneError("WB_STORE_CLIENT_MISSING", { driver, name }, { cause: thrown })
  }
}

/** Runs calls one after another, in the order in which they were made; those that wait at `close` are still carried out. */
export class InOrder {
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new WishboneError("WB_STORE_CLOSED", {}))
    const result = this.#last.then(work, work)
    this.#last = result
    return result
  }

  get closed(): boolean {
    return this.#closed
  }

  reopen(): void {
    this.#closed = false
  }

  /** Takes no more calls; resolves when those before are done. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#last.catch(() => undefined)
  }
}
