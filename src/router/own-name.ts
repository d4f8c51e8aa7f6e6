// Lets code from outside find this program under its own name. A module file that lies beside a bootstrap file imports `wishbone-ts`;
// where no `node_modules` folder above it has one (the program is installed elsewhere), Node's resolution is given one more place to
// look: here. Whoever has a copy of their own keeps it.

import * as nodeModule from "node:module"

type Resolve = (specifier: string, context: object) => unknown

/** Hooks of Node 22 and later run in this thread; older ones load theirs into a thread of their own, from a text. */
const hooks = nodeModule as typeof nodeModule & {
  registerHooks?: (hooks: { resolve: (specifier: string, context: object, next: Resolve) => unknown }) => void
}

const inThread = `
let parentURL
export const initialize = (data) => { parentURL = data }
export const resolve = async (specifier, context, next) => {
  try {
    return await next(specifier, context)
  } catch (error) {
    if (error?.code !== "ERR_MODULE_NOT_FOUND" || !/^wishbone-ts(\\/|$)/.test(specifier)) throw error
    return next(specifier, { ...context, parentURL })
  }
}
`

// What is registered holds for the process, so that it has been is known for the process too.
let lent = false

/** From now on `wishbone-ts` and its entries are found here by files that find them nowhere else. */
export function lendOwnName(): void {
  if (lent) return
  lent = true
  const parentURL = import.meta.url
  if (hooks.registerHooks === undefined) {
    nodeModule.register(`data:text/javascript,${encodeURIComponent(inThread)}`, { data: parentURL })
    return
  }
  hooks.registerHooks({
    resolve: (specifier, context, next) => {
      try {
        return next(specifier, context)
      } catch (error) {
        const { code } = error as { code?: unknown }
        if ((code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") || !/^wishbone-ts(\/|$)/.test(specifier)) throw error
        return next(specifier, { ...context, parentURL })
      }
    },
  })
}
