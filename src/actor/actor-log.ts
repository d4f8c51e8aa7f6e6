// The log of one instance. Where its `logs` queue is routed each line becomes an event there, in Wishbone's shape; else it goes to the
// console. FATAL always goes to the console too. Log events never wait: the queues they enter drop the oldest.

import { Event, Standing } from "../event.ts"
import type { Log, LogLevel } from "../log.ts"
import type { Platform } from "../platform/platform.ts"
import type { Port } from "./port.ts"

/** Syslog numbers and their names, as Wishbone writes them. */
const syslog: Readonly<Record<LogLevel, readonly [level: number, text: string]>> = {
  debug: [7, "debug"],
  info: [6, "informational"],
  warn: [4, "warning"],
  error: [3, "error"],
  fatal: [2, "critical"],
}

export class ActorLog implements Log {
  /** The instance's `logs` port, once routes are connected. */
  port: Port | null = null
  /** Uuid of the event in hand, if somebody has read it. */
  currentEvent: () => string | null = () => null
  private readonly module: string
  private readonly console: Log
  private readonly platform: Platform

  constructor(module: string, console: Log, platform: Platform) {
    this.module = module
    this.console = console
    this.platform = platform
  }

  debug(message: string, fields?: Record<string, unknown>): void {
    this.write("debug", message, fields)
  }

  info(message: string, fields?: Record<string, unknown>): void {
    this.write("info", message, fields)
  }

  warn(message: string, fields?: Record<string, unknown>): void {
    this.write("warn", message, fields)
  }

  error(message: string, fields?: Record<string, unknown>): void {
    this.write("error", message, fields)
  }

  fatal(message: string, fields?: Record<string, unknown>): void {
    this.write("fatal", message, fields)
  }

  private write(name: LogLevel, message: string, fields: Record<string, unknown> | undefined): void {
    const { port } = this
    if (port === null || port.queue === null) {
      this.console[name](message, fields)
      return
    }
    // A queue of the user's own that makes its producers wait would block data: past its size, lines fall away.
    if (port.full) return
    if (name === "fatal") this.console.fatal(message, fields)
    const { clock, pid, random } = this.platform
    const time = clock.now() / 1000
    const [level, txt_level] = syslog[name]
    const data = {
      time,
      identification: "wishbone-ts",
      event_id: this.currentEvent(),
      level,
      txt_level,
      pid,
      module: this.module,
      message,
      ...fields,
    }
    const event = new Event(random, time, data)
    event.standing = Standing.live
    port.put(event)
  }
}
