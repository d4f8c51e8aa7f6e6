// @ts-check
// What the key "wishbone" of package.json names: the list of components that a bootstrap file gets with `packages:`.

import Redact from "./redact.js"
import Tally from "./tally.js"

export const components = [Redact, Tally]
