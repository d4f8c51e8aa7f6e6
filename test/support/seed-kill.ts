// The seed's graph under `kill -9` of every process in turn, and what its books say afterwards.
//
// A graph that is killed writes no `--report`. So runs that are killed lie between runs that are stopped in order, and the books of the
// killed ones are closed from outside: by what they said of themselves right before the kill (over the admin socket), by what the
// destinations read while they lived, and by what the next run recovered from disk.
// One cycle is five runs of the graph (D1 to D3 are the destinations; each is killed once and started again):
//
//   1  stopped   D1, D2, D3 are killed one after another, each when lines arrive there; then lines fall to disk
//   2  KILLED    nobody listens: all it makes falls to disk
//   3  stopped   nobody listens: its books begin with what a killed run left behind
//   4  KILLED    all listen again: killed while the spool is being fed back
//   5  stopped   the spool is fed back to the end
//
// What must hold, exactly unless it says otherwise:
//
//   every stopped run    the equation of the ledger; nothing failed, dropped, lost, held or in flight; everything it made arrives
//   every killed run     what arrives of it is 1..m without a gap: only what no destination and no disk had seen is gone; the
//                        destinations read at least what it said was delivered, and at least what it said was on disk is recovered
//   between two runs     recovered = what the run before left waiting; after run 2: what run 1 left waiting + all that arrives of run 2;
//                        after run 4: at most that, and what is less was read by a destination while run 4 lived
//   lines, stopped run   delivered <= lines that the destinations read meanwhile <= delivered + duplicated
//   in all               made by stopped runs + arrived of killed runs = distinct lines; what came twice is at most what the stopped runs
//                        count as duplicated + what was recovered after a killed run; nothing waits at the end
//
// What a killed run had only in memory is in no book and stands in no check: events made, and neither sent nor synced.

import { strict as assert } from "node:assert"
import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { balances, type Report } from "../../src/ledger.ts"
import { eventually, freePorts, type Program } from "./programs.ts"
import { Destination } from "./recorder.ts"
import { type RunStatus, SeedRun, seedFile } from "./seed-graph.ts"

/** Lines after which the next step is taken. */
const someLines = 30
/** Segments grow by this before the next step is taken: some sixty events, so that feeding back takes several steps. */
const someBytes = 60_000
const limitMs = 60_000

interface StoppedRun {
  readonly name: string
  readonly report: Report
  /** What destinations read while it lived. */
  readonly lines: number
}

export interface SeedKillResult {
  readonly kills: number
  /** Events of which it is known that they were made. */
  readonly made: number
  readonly repeated: number
  readonly repeatedBound: number
}

export class SeedKill {
  private readonly folder: string
  private readonly onStarted: (program: Program) => void
  private destinations: Destination[] = []
  private file = ""
  private cycles = 0
  private kills = 0
  private made = 0
  private repeatedBound = 0

  constructor(options: { folder: string; onStarted: (program: Program) => void }) {
    this.folder = options.folder
    this.onStarted = options.onStarted
  }

  async prepare(): Promise<void> {
    const ports = await freePorts(3)
    const { folder, onStarted } = this
    this.file = await seedFile(folder, ports)
    this.destinations = ports.map((port) => new Destination({ port, folder, onStarted }))
    for (const destination of this.destinations) await destination.start()
  }

  /** One kill of each destination and two of the graph, with all checks. */
  async cycle(): Promise<void> {
    this.cycles += 1
    const runs = [1, 2, 3, 4, 5].map((number) => `c${this.cycles}r${number}`)
    const [name1 = "", name2 = "", name3 = "", name4 = "", name5 = ""] = runs
    const first = await this.killDestinations(name1)
    const second = await this.killedWithoutDestinations(name2)
    const third = await this.stoppedWithoutDestinations(name3)
    const readByFourth = await this.killedWhileFeedingBack(name4, [name1, name2, name3])
    const fifth = await this.fedBack(name5)
    for (const run of [first, third, fifth]) await this.checkStopped(run)
    const ofSecond = await this.checkKilled(name2)
    await this.checkKilled(name4)
    assert.equal(first.report.recovered, 0, "nothing was left from before")
    atMost(second.spooled, third.report.recovered, "on disk by its own words, recovered after the kill")
    assert.equal(third.report.recovered, first.report.waiting + ofSecond, "what waited and what the killed run had written")
    atMost(fifth.report.recovered, third.report.waiting, "recovered of what waited")
    atMost(third.report.waiting, fifth.report.recovered + readByFourth, "what waited, recovered or read")
    assert.equal(fifth.report.waiting, 0, "the spool is empty")
    this.repeatedBound += third.report.recovered + fifth.report.recovered
  }

  /** The checks over all cycles. */
  async result(): Promise<SeedKillResult> {
    const lines = await this.lines()
    const distinct = new Set(lines).size
    const { kills, made, repeatedBound } = this
    const repeated = lines.length - distinct
    assert.equal(distinct, made, "every event that is known to be made arrived, and no other")
    atMost(repeated, repeatedBound, "repeated")
    return { kills, made, repeated, repeatedBound }
  }

  private async killDestinations(name: string): Promise<StoppedRun> {
    const before = (await this.lines()).length
    const run = this.start(name)
    for (const destination of this.destinations) {
      const had = (await destination.lines()).length
      await this.until(run, `lines on ${destination.port}`, async () => (await destination.lines()).length >= had + someLines)
      await destination.kill()
      this.kills += 1
    }
    await this.untilSpooled(run, 0)
    return this.stopped(run, before)
  }

  private async killedWithoutDestinations(name: string): Promise<RunStatus> {
    const spooled = await this.spoolBytes()
    const run = this.start(name)
    await this.untilSpooled(run, spooled)
    return this.killed(run)
  }

  private async stoppedWithoutDestinations(name: string): Promise<StoppedRun> {
    const before = (await this.lines()).length
    const spooled = await this.spoolBytes()
    const run = this.start(name)
    await this.untilSpooled(run, spooled)
    return this.stopped(run, before)
  }

  /** How many of the spooled events of earlier `runs` destinations read while it lived. */
  private async killedWhileFeedingBack(name: string, runs: readonly string[]): Promise<number> {
    const spooled = async (): Promise<number> => new Set((await this.lines()).filter((line) => runs.includes(runOf(line)))).size
    for (const destination of this.destinations) await destination.start()
    const before = await spooled()
    const linesBefore = (await this.lines()).length
    const run = this.start(name)
    await this.until(run, "spooled lines", async () => (await spooled()) >= before + someLines)
    const { delivered } = await this.killed(run)
    atMost(delivered, (await this.lines()).length - linesBefore, `delivered by ${name} by its own words, read while it lived`)
    return (await spooled()) - before
  }

  private async fedBack(name: string): Promise<StoppedRun> {
    const before = (await this.lines()).length
    const run = this.start(name)
    const own = async (): Promise<number> => (await this.lines()).filter((line) => runOf(line) === name).length
    await this.until(run, "an empty spool", async () => (await own()) > 0 && (await this.spoolBytes()) === 0)
    return this.stopped(run, before)
  }

  private async checkStopped({ name, report, lines }: StoppedRun): Promise<void> {
    const made = report.instances["dictgenerator"]?.in ?? 0
    const { failed, lost, held, in_flight, copied, joined, dropped } = report
    assert.ok(balances(report), `the books of ${name}: ${JSON.stringify(report)}`)
    assert.equal(report.in, made, `in of ${name}`)
    assert.deepEqual(
      { failed, lost, held, in_flight, copied, joined },
      { failed: 0, lost: 0, held: 0, in_flight: 0, copied: 0, joined: 0 },
      name,
    )
    assert.deepEqual(dropped, { unconnected: 0, unmatched: 0, filtered: 0, overflow: 0 }, name)
    assert.equal(await this.gapless(name), made, `all of ${name} arrived`)
    atMost(report.delivered, lines, `delivered by ${name}, of the lines while it lived`)
    atMost(lines, report.delivered + report.duplicated, `lines while ${name} lived`)
    this.made += made
    this.repeatedBound += report.duplicated
  }

  /** How many of its events arrived. */
  private async checkKilled(name: string): Promise<number> {
    const made = await this.gapless(name)
    atMost(1, made, `what arrived of ${name}`)
    this.made += made
    return made
  }

  /** The highest number of a run that arrived, all below it having arrived too. */
  private async gapless(name: string): Promise<number> {
    const numbers = new Set((await this.lines()).filter((line) => runOf(line) === name).map((line) => Number(line.split("_")[1])))
    const last = Math.max(0, ...numbers)
    const missing = Array.from({ length: last }, (_, index) => index + 1).filter((number) => !numbers.has(number))
    assert.deepEqual(missing, [], `missing of ${name}, of which number ${last} arrived`)
    return last
  }

  private start(name: string): SeedRun {
    const { file, folder } = this
    const run = new SeedRun({ name, file, folder })
    this.onStarted(run.program)
    return run
  }

  private async stopped(run: SeedRun, linesBefore: number): Promise<StoppedRun> {
    const report = await run.stop()
    await this.untilRead()
    return { name: run.name, report, lines: (await this.lines()).length - linesBefore }
  }

  private async killed(run: SeedRun): Promise<RunStatus> {
    const status = await run.status()
    await run.program.kill()
    this.kills += 1
    await this.untilRead()
    return status
  }

  /** The graph is gone; what it had handed to the kernel is read too. */
  private untilRead(): Promise<void> {
    return eventually(() => this.destinations.every((destination) => destination.idle), "destinations without a connection", limitMs)
  }

  private untilSpooled(run: SeedRun, above: number): Promise<void> {
    return this.until(run, "events on disk", async () => (await this.spoolBytes()) > above + someBytes)
  }

  private until(run: SeedRun, what: string, condition: () => Promise<boolean>): Promise<void> {
    const looked = async (): Promise<boolean> => {
      if (run.program.status !== undefined) throw new Error(`${run.name} ended\n${run.program.stderr.slice(-4000)}`)
      return condition()
    }
    return eventually(looked, what, limitMs).catch((error: unknown) => {
      throw new Error(`${run.name}: ${String(error)}\n${run.program.stderr.slice(-4000)}`)
    })
  }

  /** Bytes of all segments. */
  private async spoolBytes(): Promise<number> {
    const buffer = join(this.folder, "buffer")
    const names = (await readdir(buffer).catch(() => [])).filter((name) => name.endsWith(".ready") || name.endsWith(".writing"))
    const sizes = names.map(async (name) => (await stat(join(buffer, name)).catch(() => ({ size: 0 }))).size)
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  }

  private async lines(): Promise<string[]> {
    return (await Promise.all(this.destinations.map((destination) => destination.lines()))).flat()
  }
}

function runOf(line: string): string {
  return line.slice(0, line.indexOf("_"))
}

function atMost(value: number, bound: number, what: string): void {
  assert.ok(value <= bound, `${what}: ${value} is above ${bound}`)
}
