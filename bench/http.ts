// HTTP in, HTTP out: bodies of 100 lines of 1 KB become events, and go on in bodies of 100, each answered when it has arrived. Beside it a
// bare relay of `node:http` and undici, which passes bodies on as they are.

import type { ChildProcess } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { compareAll, oneAfterTheOther, options, type Sample, type Side } from "./harness.ts"
import { type RelayTask, runRelay } from "./http/baseline.ts"
import { ask, type HttpLoad, Sink } from "./http/load.ts"
import { freePort, givenTask, launcher, processUse, start, startTask, stop, untilAccepting } from "./processes.ts"
import { temporaryFolder } from "./relay/load.ts"

function startWishbone(folder: string, { port, sinkPort, connections }: RelayTask): ChildProcess {
  const file = join(folder, "http.yaml")
  writeFileSync(
    file,
    `modules:
  input: {module: wishbone.input.http, arguments: {port: ${port}, delimiter: "\\n"}}
  output:
    module: wishbone.output.http
    arguments: {url: "http://127.0.0.1:${sinkPort}", connections: ${connections}, batch: {events: 100}}
routingtable:
  - input.outbox -> output.inbox
`,
  )
  return start(process.execPath, [launcher, "debug", "--config", file, "--loglevel", "warn"], { stdio: ["ignore", "ignore", "ignore"] })
}

/** @throws Error when a byte was lost or doubled */
async function relayOnce(load: HttpLoad, warmRequests: number, startRelay: (task: RelayTask) => ChildProcess): Promise<Sample> {
  const { connections, requests, lines, size } = load
  const task = { port: await freePort(), sinkPort: await freePort(), connections }
  const sink = new Sink()
  await sink.listen(task.sinkPort)
  const relay = startRelay(task)
  try {
    await untilAccepting(task.port)
    await ask(task.port, { ...load, requests: warmRequests })
    const before = processUse(relay.pid as number)
    const warmBytes = sink.bytes
    const startMs = performance.now()
    await ask(task.port, load)
    const seconds = (performance.now() - startMs) / 1000
    const after = processUse(relay.pid as number)
    const bytes = sink.bytes - warmBytes
    if (bytes !== requests * lines * size) throw new Error(`${bytes} bytes arrived of ${requests * lines * size}`)
    return { count: requests * lines, seconds, bytes, cpuSeconds: after.cpuSeconds - before.cpuSeconds, rssBytes: after.rssMaxBytes }
  } finally {
    await stop(relay)
    sink.close()
  }
}

const task = givenTask<RelayTask>()
if (task !== undefined) runRelay(task)
else {
  const folder = temporaryFolder()
  const load: HttpLoad = { connections: 8, requests: 4000, lines: 100, size: 1024 }
  const side = (startRelay: (task: RelayTask) => ChildProcess): Side => ({ run: () => relayOnce(load, 2000, startRelay) })
  const bare = side((given) => startTask(import.meta.url, given))
  const ours = side((given) => startWishbone(folder, given))
  await compareAll(
    [
      {
        title: "HTTP in, HTTP out, 1 KB, batches of 100",
        unit: "lines",
        names: ["node:http and undici", "wishbone-ts"],
        round: () => oneAfterTheOther(bare, ours),
        bars: [{ ratio: 0.7 }],
      },
    ],
    options({ limitSeconds: 120 }),
  )
}
