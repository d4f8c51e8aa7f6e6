// A simulated run has no HTTP: `node:http` brings its own sockets and timers, which nobody can simulate. Who asks for it is named.

import { WishboneError } from "../../errors.ts"
import type { Http } from "../http.ts"

export const noHttp: Http = {
  listen: ({ owner }) => Promise.reject(new WishboneError("WB_HTTP_SIMULATED", { owner })),
  pool: ({ owner }) => Promise.reject(new WishboneError("WB_HTTP_SIMULATED", { owner })),
}
