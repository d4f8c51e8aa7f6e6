import { beforeEach, expect, test } from "vitest"
import { RecordedShell } from "./recorded-shell.ts"

let shell: RecordedShell

beforeEach(() => {
  shell = new RecordedShell()
})

const mebi = 1024 * 1024

interface Memory {
  readonly queueBytes: number
  readonly moduleBytes: number
  readonly totalBytes: number
  readonly instances: readonly { readonly name: string; readonly queueBytes: number; readonly moduleBytes?: number }[]
}

async function lint(file: object, ...options: string[]): Promise<string> {
  await shell.world.files.writeFile("/flow.yaml", JSON.stringify(file))
  await shell.finish("lint", "--config", "/flow.yaml", ...options)
  return shell.stdout
}

async function memoryOf(file: object): Promise<Memory> {
  return (JSON.parse(await lint(file, "--json")) as { memory: Memory }).memory
}

const chain = (sink: object, delay: object = {}): object => ({
  modules: {
    source: { module: "test.input.counter" },
    delay: { module: "test.flow.delay", ...delay },
    sink: { module: "test.output.sink", ...sink },
  },
  routingtable: ["source.outbox -> delay.inbox", "delay.outbox -> sink.inbox"],
})

test("memory at worst is what routed queues may hold and what modules say they keep", async () => {
  const memory = await memoryOf(
    chain({ arguments: { hangs: true }, inflight: { bytes: "2 MiB" } }, { queues: { inbox: { bytes: "1 MiB" } } }),
  )
  expect(memory).toEqual({
    queueBytes: 17 * mebi,
    moduleBytes: 2 * mebi + 1024,
    totalBytes: 19 * mebi + 1024,
    instances: [
      { name: "source", queueBytes: 0 },
      { name: "delay", queueBytes: mebi },
      { name: "sink", queueBytes: 16 * mebi, moduleBytes: 2 * mebi + 1024 },
    ],
  })
})

test("two routes into one queue are one queue", async () => {
  const both = { a: { module: "test.input.counter" }, b: { module: "test.input.counter" }, sink: { module: "test.output.sink" } }
  const memory = await memoryOf({ modules: both, routingtable: ["a.outbox -> sink.inbox", "b.outbox -> sink.inbox"] })
  expect(memory.queueBytes).toBe(16 * mebi)
})

test("the catch-all counts as a route, and so do the funnels of logs that are in use", async () => {
  const modules = { source: { module: "test.input.counter" }, log: { module: "test.output.sink" }, reject: { module: "test.output.sink" } }
  const memory = await memoryOf({ failed: "reject.inbox", modules, routingtable: ["_logs.outbox -> log.inbox"] })
  expect(memory.instances.map(({ name, queueBytes }) => [name, queueBytes / mebi])).toEqual([
    ["source", 0],
    ["log", 16],
    ["reject", 16],
    // From `source` alone: what lies behind the funnel does not lead into it.
    ["_logs", 16],
  ])
})

test("people get one line, which says how many modules do not tell", async () => {
  const text = await lint(chain({ inflight: { bytes: "1 MiB" } }))
  expect(text).toMatch(/^memory at worst: 33 MiB of events \(queues 32 MiB, modules 1 MiB; 2 modules do not tell what they keep\)$/m)
})

test("a file with errors has no worst case", async () => {
  expect(await memoryOf(chain({ arguments: { nothing: 1 } }))).toBeNull()
})
