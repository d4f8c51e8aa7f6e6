// Kills a graph with a spool, and its receiver, in turn while lines are being acknowledged, and looks whether every acknowledged line
// arrives in the end.

import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { LineSender } from "./line-sender.ts"
import { eventually, freePorts, Program, wishbone } from "./programs.ts"

const receipts = fileURLToPath(new URL("../fixtures/receipts.mjs", import.meta.url))
const linesARound = 200

const graphText = (input: number, output: number): string => `
modules:
  source:
    module: wishbone.input.tcp
    arguments: { port: ${input}, acknowledge: line }
  funnel:
    module: wishbone.flow.funnel
  push:
    module: wishbone.output.tcp
    arguments: { port: ${output}, confirm: line }
  diskout:
    module: wishbone.output.disk
    arguments: { directory: ./buffer }
  diskin:
    module: wishbone.input.disk
    arguments: { directory: ./buffer }
routingtable:
  - source.outbox -> funnel.one
  - funnel.outbox -> push.inbox
  - push.failed   -> diskout.inbox
  - diskin.outbox -> funnel.two
`

export interface KillResult {
  readonly acknowledged: number
  /** Acknowledged lines that never arrived. */
  readonly lost: readonly number[]
  /** Lines that arrived more than once. */
  readonly duplicates: number
  readonly repeated: number
}

/** Runs `rounds` rounds in `folder`; programs that live on are handed to `onStarted` for cleaning up. */
export async function killRounds(options: {
  rounds: number
  folder: string
  /** Where the program lies, when it is not this one. */
  home?: string
  onStarted: (program: Program) => void
}): Promise<KillResult> {
  const { rounds, folder, home, onStarted } = options
  const [input = 0, output = 0] = await freePorts(2)
  const file = join(folder, "graph.yaml")
  const arrivedFile = join(folder, "arrived.txt")
  await writeFile(file, graphText(input, output))
  await writeFile(arrivedFile, "")
  const startGraph = (): Program => started(wishbone(["debug", "--config", file], home === undefined ? {} : { home }), onStarted)
  const startReceiver = (): Program => started(new Program(process.execPath, [receipts, String(output), arrivedFile]), onStarted)
  let receiver = startReceiver()
  let graph = startGraph()
  const sender = new LineSender(input)
  for (let round = 0; round < rounds; round++) {
    const enough = sender.acknowledged.size + linesARound
    await eventually(
      () => sender.acknowledged.size >= enough,
      `${linesARound} more acknowledged lines in round ${round}\n${graph.stderr.slice(-2000)}`,
      30_000,
    )
    if (round % 2 === 0) {
      await graph.kill()
      graph = startGraph()
    } else {
      await receiver.kill()
      // Some rounds go on without a receiver for a while, so that lines fall to disk.
      if (round % 4 === 1)
        await eventually(() => sender.acknowledged.size >= enough + linesARound, "lines acknowledged without a receiver", 30_000)
      receiver = startReceiver()
    }
  }
  sender.finish()
  await eventually(() => sender.settled, `the last answers\n${graph.stderr.slice(-2000)}`, 60_000)
  const arrived = async (): Promise<number[]> =>
    (await readFile(arrivedFile, "utf8")).split("\n").flatMap((line) => (line === "" ? [] : [Number(line.slice(5))]))
  let lost: number[] = []
  const allThere = async (): Promise<boolean> => {
    const there = new Set(await arrived())
    lost = [...sender.acknowledged].filter((number) => !there.has(number))
    return lost.length === 0
  }
  await eventually(allThere, "all acknowledged lines", home === undefined ? 90_000 : 5_000).catch(() => undefined)
  sender.close()
  graph.signal("SIGTERM")
  await graph.exit()
  await receiver.kill()
  const numbers = await arrived()
  return { acknowledged: sender.acknowledged.size, lost, duplicates: numbers.length - new Set(numbers).size, repeated: sender.repeated }
}

function started(program: Program, onStarted: (program: Program) => void): Program {
  onStarted(program)
  return program
}
