// The real platform: Node, and nothing else.

import { hostname } from "node:os"
import type { Platform } from "./platform.ts"
import { realFiles } from "./real-files.ts"
import { listen } from "./real-listen.ts"
import { realMonitor } from "./real-monitor.ts"
import { realRandom } from "./real-random.ts"
import { connect } from "./real-sockets.ts"
import { realStreams } from "./real-streams.ts"
import { realClock, realTimers } from "./real-timers.ts"
import { checkTls } from "./real-tls.ts"

/** The platform of this process. Making one opens nothing: standard streams are touched when they are used. */
export function realPlatform(): Platform {
  return {
    clock: realClock,
    timers: realTimers,
    random: realRandom(),
    files: realFiles,
    sockets: { connect, listen, checkTls },
    streams: realStreams(),
    // Loaded by those who speak HTTP alone.
    http: {
      listen: async (options, handler) => (await import("./real-http.ts")).listenHttp(options, handler),
      pool: async (options) => (await import("./real-http-pool.ts")).openHttpPool(options),
    },
    monitor: realMonitor,
    abstractSockets: process.platform === "linux",
    pid: process.pid,
    hostname: hostname(),
    environment: Object.freeze({ ...process.env }),
  }
}
