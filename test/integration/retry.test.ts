// `retry:` with a real target, a real store and a real `kill -9`, on a file and in PostgreSQL.

import { randomUUID } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import pg from "pg"
import { describe, expect, onTestFinished, test } from "vitest"
import { LineSender } from "../support/line-sender.ts"
import { eventually, freePorts, type Program, temporaryDirectory, wishbone } from "../support/programs.ts"
import { Recorder, wholeLines } from "../support/recorder.ts"
import { findService } from "../support/services.ts"

const postgres = await findService("postgres")
const place = {
  host: postgres.host,
  port: postgres.port,
  database: "postgres",
  user: process.env["WISHBONE_TEST_POSTGRES_USER"] ?? "postgres",
}

async function sql(text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(place)
  await client.connect()
  try {
    return (await client.query(text)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

interface Kind {
  readonly name: string
  readonly skip: boolean
  /** The line of the file. */
  readonly store: () => string
}

const kinds: readonly Kind[] = [
  { name: "file", skip: false, store: () => "{ driver: file, path: ./kept }" },
  {
    name: postgres.title,
    skip: postgres.skip,
    store: () => {
      const schema = `wishbone_test_${randomUUID().slice(0, 8)}`
      onTestFinished(async () => void (await sql(`drop schema if exists ${schema} cascade`)))
      return `{ driver: postgres, host: ${place.host}, port: ${place.port}, database: ${place.database}, user: ${place.user}, schema: ${schema} }`
    },
  },
]

interface Setting {
  readonly file: string
  readonly folder: string
  readonly input: number
  readonly output: number
  readonly given: string
}

/** A graph from an acknowledging input to a target with `retry:`; what is given up goes to a file, with its number of tries. */
async function setUp(store: string, retry: string): Promise<Setting> {
  const folder = await temporaryDirectory(onTestFinished)
  const [input = 0, output = 0] = await freePorts(2)
  const file = join(folder, "graph.yaml")
  await writeFile(
    file,
    `---
stores: { safe: ${store} }
modules:
  source: { module: wishbone.input.tcp, arguments: { port: ${input}, acknowledge: line } }
  push:
    module: wishbone.output.tcp
    arguments: { port: ${output}, confirm: line }
    retry: { store: safe, ${retry} }
  given: { module: wishbone.output.file, arguments: { path: ./given.txt, payload: "{{ data }} {{ meta.attempts }}" } }
routingtable:
  - source.outbox -> push.inbox
  - push.failed   -> given.inbox
...
`,
  )
  return { file, folder, input, output, given: join(folder, "given.txt") }
}

async function start({ file, folder }: Setting): Promise<Program> {
  const program = wishbone(["debug", "--config", file, "--report", join(folder, "report.json")])
  onTestFinished(() => program.kill())
  await eventually(() => program.stderr.includes("running"), `the graph to run\n${program.stderr}`, 30_000)
  return program
}

async function recorder({ output, folder }: Setting): Promise<Recorder> {
  const started = await Recorder.start(output, join(folder, "arrived.txt"), { answering: true })
  onTestFinished(() => started.kill())
  return started
}

/** Sends lines until so many are acknowledged; answers their numbers. */
async function send({ input }: Setting, count: number): Promise<Set<number>> {
  const sender = new LineSender(input)
  onTestFinished(() => sender.close())
  await eventually(() => sender.acknowledged.size >= count, `${count} acknowledged lines`, 30_000)
  sender.finish()
  await eventually(() => sender.settled, "the last answers", 30_000)
  sender.close()
  return sender.acknowledged
}

const arrivedIn = ({ folder }: Setting): Promise<string[]> => wholeLines(join(folder, "arrived.txt"))

async function stop(program: Program): Promise<void> {
  program.signal("SIGTERM")
  expect(await program.exit(30_000)).toBe(0)
}

describe.each(kinds.map((kind) => [kind.name, kind] as const))("in %s", (_name, kind) => {
  test.skipIf(kind.skip)("all of an outage arrive once when the target is up, a kill -9 in the midst of it notwithstanding", async () => {
    const setting = await setUp(kind.store(), "interval: 1s, max: 0, lease: 1s")
    const before = await start(setting)
    const sent = await send(setting, 50)
    await before.kill()
    expect(await arrivedIn(setting)).toEqual([])
    const program = await start(setting)
    await recorder(setting)
    const wanted = [...sent].map((number) => `line ${number}`)
    await eventually(async () => new Set(await arrivedIn(setting)).size >= wanted.length, "all lines to arrive", 30_000)
    await stop(program)
    expect((await arrivedIn(setting)).toSorted()).toEqual(wanted.toSorted())
    // Nothing is left: another start brings nothing more.
    const again = await start(setting)
    await eventually(() => again.stderr.includes("connected") || true, "the start")
    await stop(again)
    expect(await arrivedIn(setting)).toHaveLength(wanted.length)
    expect(again.stderr).toMatch(/total\s+0/)
  })

  test.skipIf(kind.skip)("interval 1 s, max 3, a dead target: exactly four tries, then it is given up and nothing is kept", async () => {
    const setting = await setUp(kind.store(), "interval: 1s, max: 3")
    const program = await start(setting)
    const sent = await send(setting, 5)
    await eventually(async () => (await wholeLines(setting.given)).length >= sent.size, "all to be given up", 30_000)
    await stop(program)
    // Three tries were made before the last one.
    expect((await wholeLines(setting.given)).toSorted()).toEqual([...sent].map((number) => `line ${number} 3`).toSorted())
    const again = await start(setting)
    await stop(again)
    expect(again.stderr).toMatch(/total\s+0/)
  })

  test.skipIf(kind.skip)("a kill -9 in mid-pass loses nothing and repeats two groups at most", async () => {
    const setting = await setUp(kind.store(), "interval: 1s, max: 0, lease: 1s, on_success: false")
    const before = await start(setting)
    const sent = await send(setting, 1500)
    const target = await recorder(setting)
    await eventually(async () => (await arrivedIn(setting)).length > 0, "the pass to begin", 30_000)
    await before.kill()
    const inTime = (await arrivedIn(setting)).length
    const program = await start(setting)
    await eventually(async () => new Set(await arrivedIn(setting)).size >= sent.size, "all lines to arrive", 40_000)
    await stop(program)
    await target.kill()
    const arrived = await arrivedIn(setting)
    expect(new Set(arrived).size).toBe(sent.size)
    expect(arrived.length - sent.size).toBeLessThanOrEqual(Math.min(inTime, 300))
  })
})
