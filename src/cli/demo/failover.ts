// `demo failover`: a graph and three listeners; they are killed and come back, and at the end the listeners have counted every event.
//
// Everything it makes lies in a temporary folder, which is removed at the end, unless something was lost: then it is kept and named. The
// listeners are processes of their own that end with this one, however it ends.

import { join } from "node:path"
import type { Platform } from "../../platform/platform.ts"
import { type TemporaryFolder, temporaryFolder } from "../../platform/real-temporary.ts"
import type { Context } from "../command.ts"
import { stackOf, tellFailure } from "../failure.ts"
import { Interrupts } from "../interrupts.ts"
import { ledgerTable } from "../ledger-table.ts"
import type { Shell } from "../shell.ts"
import { Destination } from "./destination.ts"
import { freePorts } from "./free-ports.ts"
import { DemoGraph } from "./graph.ts"
import { graphText } from "./graph-file.ts"
import type { DemoOptions } from "./options.ts"
import { Receipts } from "./receipts.ts"
import { Reporter } from "./reporter.ts"
import { PlainScreen, type Screen, TerminalScreen } from "./screen.ts"
import { pausesSeconds, playStory } from "./story.ts"
import { judge, type Verdict, verdictStatus, verdictText } from "./verdict.ts"

/** Between two events. The shorter the demo the more often, so that there are always enough. */
const intervalMs = 4
const stopMs = 10_000
const framesMs = 100
/** Beside the pauses: starting, taking over, coming back, emptying the disk. */
const overheadSeconds = 6
/** Lines the picture needs, and some of the story above it. */
const rowsMin = 18

/** Everything there is while it runs. */
interface Play {
  readonly shell: Shell
  readonly platform: Platform
  readonly folder: TemporaryFolder
  readonly graph: DemoGraph
  readonly destinations: readonly Destination[]
  readonly receipts: Receipts
  readonly reporter: Reporter
}

/** Runs the demo; resolves to the exit status. */
export async function runFailover(options: DemoOptions, { registry, shell }: Context): Promise<number> {
  if (options.showConfig === true) {
    shell.out(graphText({ ports: [10_001, 10_002, 10_003], intervalMs }))
    return 0
  }
  const platform = await shell.platform()
  const folder = await temporaryFolder("wishbone-ts-demo-")
  const screen = screenFor(options, shell)
  const destinations: Destination[] = []
  let keep = false
  try {
    const ports = (await freePorts(platform, 3)) as [number, number, number]
    const receipts = new Receipts(ports.length)
    destinations.push(...ports.map((port, index) => destinationOf(index, { port, platform, receipts })))
    const graph = await DemoGraph.build({ folder: folder.path, choices: { ports, intervalMs }, platform, registry: await registry() })
    const reporter = new Reporter({
      screen,
      graph,
      destinations,
      receipts,
      clock: platform.clock,
      terminal: shell.terminal,
      environment: platform.environment,
    })
    const status = await perform({ shell, platform, folder, graph, destinations, receipts, reporter }, options)
    keep = status === 3
    return status
  } finally {
    screen.close()
    await Promise.all(destinations.map((destination) => destination.end()))
    if (!keep) await folder.remove()
  }
}

function screenFor({ plain }: DemoOptions, { out, terminal }: Shell): Screen {
  return plain === true || terminal === undefined || terminal.rows < rowsMin ? new PlainScreen(out) : new TerminalScreen(out, terminal)
}

function destinationOf(index: number, parts: { port: number; platform: Platform; receipts: Receipts }): Destination {
  const { port, platform, receipts } = parts
  const { clock, timers } = platform
  const received = (line: string): void => receipts.add(index, line, clock.monotonic())
  return new Destination({ name: `listener_${index + 1}`, port, timers, received })
}

/** From the start of the graph to the verdict. A first signal ends it in order, a second at once. */
async function perform(play: Play, options: DemoOptions): Promise<number> {
  const { graph, platform, reporter, shell } = play
  const abort = new AbortController()
  const interrupts = new Interrupts(shell.events, (error) => shell.err(`error: ${stackOf(error)}\n`))
  void interrupts.first.then((why) => abort.abort(why))
  const frames = platform.timers.every(framesMs, () => reporter.draw(), { background: true })
  try {
    const acted = act(play, options, abort.signal).then((status) => (interrupts.crashed ? 1 : status))
    return await Promise.race([acted, interrupts.second.then(() => 130)])
  } finally {
    frames.cancel()
    graph.router.stopNow()
    interrupts.dispose()
  }
}

async function act(play: Play, { seconds }: DemoOptions, signal: AbortSignal): Promise<number> {
  const { destinations, graph, platform, receipts, reporter, shell } = play
  const { clock, timers } = platform
  const pace = Math.max(0.1, (seconds - overheadSeconds) / pausesSeconds)
  try {
    reporter.opening(graph.file)
    await Promise.all(destinations.map((destination) => destination.start()))
    await graph.router.start()
    await playStory({
      destinations,
      receipts,
      graph,
      clock,
      timers,
      signal,
      pace,
      tell: (caption, mood) => reporter.tell(caption, mood),
      rest: () => reporter.rest(),
    })
  } catch (thrown) {
    await graph.router.stop({ timeoutMs: stopMs / 5 })
    reporter.leave()
    if (!signal.aborted) return tellFailure(thrown, shell)
    reporter.tell("Interrupted.", "plain")
    return 130
  }
  return conclude(play)
}

/** Lets the graph drain, and counts. */
async function conclude(play: Play): Promise<number> {
  const { destinations, graph, receipts, reporter, shell } = play
  reporter.rest()
  reporter.tell("The input stops, the graph drains.", "plain")
  await graph.router.stop({ timeoutMs: stopMs })
  // What the listeners have said is read to its end.
  await Promise.all(destinations.map((destination) => destination.end()))
  reporter.leave()
  const verdict = judge(graph.report, receipts, graph.status.imbalances)
  shell.out(`\n${ledgerTable(graph.report)}\n`)
  for (const disagreement of verdict.disagreements) shell.out(`The graph's own numbers disagree: ${disagreement}.\n`)
  if (verdict.lost > 0) shell.out(`Kept for a look: ${await keepEvidence(play, verdict)}\n`)
  reporter.verdict(verdictText(verdict), verdictStatus(verdict) === 0)
  return verdictStatus(verdict)
}

/** Puts what helps to find the cause beside what is there already. */
async function keepEvidence({ folder, graph, platform, receipts }: Play, { sent }: Verdict): Promise<string> {
  const { files } = platform
  await files.writeFile(join(folder.path, "missing.txt"), `${receipts.missing(sent).join("\n")}\n`)
  await files.writeFile(join(folder.path, "ledger.json"), `${JSON.stringify(graph.report, undefined, 2)}\n`)
  await files.writeFile(join(folder.path, "graph.log"), graph.log.join(""))
  return `${folder.path} (failover.yaml, graph.log, ledger.json, and missing.txt with the numbers)`
}
