// One run of a relay between generator and sink, whichever it is.

import type { ChildProcess } from "node:child_process"
import { join } from "node:path"
import type { Sample } from "../harness.ts"
import { freePort, processUse, stop, untilAccepting } from "../processes.ts"
import type { RelayTask } from "./baseline.ts"
import { generate, Sink } from "./load.ts"

export interface Load {
  /** Sent first, so that what is measured is compiled code. */
  readonly warmLines: number
  readonly lines: number
  readonly size: number
}

export type StartRelay = (task: RelayTask) => ChildProcess

/** Where the load generator is, and a folder for what the run needs. */
export interface Place {
  readonly lineload: string
  readonly folder: string
}

/** @throws Error when a line was lost, doubled or spoilt */
export async function relayOnce({ lineload, folder }: Place, load: Load, startRelay: StartRelay): Promise<Sample> {
  const { warmLines, lines, size } = load
  const task = { port: await freePort(), sinkPort: await freePort() }
  const sink = await Sink.listen(lineload, { port: task.sinkPort, linesMax: lines, file: join(folder, "counts") })
  const relay = startRelay(task)
  try {
    await untilAccepting(task.port)
    await generate(lineload, { port: task.port, lines: warmLines, size })
    const warm = await sink.until(warmLines)
    const before = processUse(relay.pid as number)
    const startUs = await generate(lineload, { port: task.port, lines, size })
    const counts = await sink.until(warmLines + lines)
    const after = processUse(relay.pid as number)
    if (counts.bad > 0 || !sink.times(lines).every((times, line) => times === (line < warmLines ? 2 : 1)))
      throw new Error("a line was lost, doubled or spoilt")
    return {
      count: lines,
      seconds: (counts.lastUs - startUs) / 1e6,
      bytes: counts.bytes - warm.bytes,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      rssBytes: after.rssMaxBytes,
    }
  } finally {
    await stop(relay)
    await sink.close()
  }
}
