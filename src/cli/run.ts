// One run of a graph, from start to exit status:
//
//   start ──► running ──► every input ended: what is under way is waited for as long as it takes ──┐
//                  └────► signal or crash ────────────────────────────────────────────────────────┴──► stop, within a time ──► ledger
//
// A second signal ends at once wherever the run is. Whatever happens the ledger is told, since it says what was lost.

import { isWishboneError } from "../errors.ts"
import type { Report } from "../ledger.ts"
import type { Log } from "../log.ts"
import type { Platform, Timers } from "../platform/platform.ts"
import type { Router } from "../router/router.ts"
import type { Blame } from "./blame.ts"
import { stackOf } from "./failure.ts"
import { type Interruption, Interrupts } from "./interrupts.ts"
import type { Shell } from "./shell.ts"
import { imbalanceText, logStatus } from "./status.ts"

/** What a run needs. */
export interface RunOptions {
  readonly router: Pick<Router, "start" | "ended" | "stop" | "stopNow" | "report" | "status">
  readonly platform: Pick<Platform, "clock" | "timers">
  readonly shell: Pick<Shell, "events" | "exit">
  readonly log: Log
  readonly stopTimeoutMs: number
  /** Opens the admin socket of the running graph; closed before the graph is stopped. */
  readonly control?: () => Promise<{ close(): Promise<void> }>
  /** Whose fault an error was that nobody caught. */
  readonly blame?: Blame
  /** Something went wrong that ends the run: told before it stops. */
  readonly fatal?: () => void
  /** The graph runs. */
  readonly running?: () => void
  /** Tells the ledger; called once. */
  readonly close: (report: Report) => Promise<void>
}

/** How long hooks may take on top of the drain, and the report of an end at once. */
const graceMs = 2000
/** How often it is looked whether all has arrived. */
const lookEveryMs = 10

const exitStatus = { well: 0, failed: 1, lost: 3, interrupted: 130 } as const

/** Runs a graph to its end; resolves to the exit status. */
export async function runGraph(options: RunOptions): Promise<number> {
  const { log, router, shell } = options
  const interrupts = new Interrupts(shell.events, (error) => {
    const culprit = options.blame?.(error)
    log.fatal(`uncaught error${culprit === undefined ? "" : ` in ${culprit}`}`, { stack: stackOf(error) })
    options.fatal?.()
  })
  const endedNow = interrupts.second.then(() => "now" as const)
  try {
    const outcome = await Promise.race([toTheEnd(options, interrupts), endedNow])
    if (outcome === "now") return await endAtOnce(options)
    const report = router.report()
    await tellBooks(options, report)
    return outcome === "failed" || interrupts.crashed ? exitStatus.failed : report.lost > 0 ? exitStatus.lost : exitStatus.well
  } finally {
    interrupts.dispose()
  }
}

async function toTheEnd(options: RunOptions, interrupts: Interrupts): Promise<"stopped" | "failed"> {
  const { log, platform, router, stopTimeoutMs } = options
  if (!(await started(options))) return "failed"
  const control = await options.control?.()
  options.running?.()
  const status = logStatus(router, platform, log)
  try {
    const why = await Promise.race([interrupts.first, inputsEnded(options, interrupts.first)])
    if (why.kind === "signal") log.info(`${why.name}: stopping`)
    await control?.close()
    if (await within(router.stop({ timeoutMs: stopTimeoutMs }), stopTimeoutMs + graceMs, platform.timers)) return "stopped"
    log.error("the graph did not stop in time")
    router.stopNow()
    return "failed"
  } catch (thrown) {
    log.fatal("the graph could not stop", { stack: stackOf(thrown) })
    return "failed"
  } finally {
    status.cancel()
  }
}

async function started({ fatal, log, router }: RunOptions): Promise<boolean> {
  try {
    await router.start()
    log.info("running")
    return true
  } catch (thrown) {
    if (isWishboneError(thrown)) log.fatal(thrown.message, { code: thrown.code, hint: thrown.hint === "" ? undefined : thrown.hint })
    else log.fatal("the graph could not start", { stack: stackOf(thrown) })
    fatal?.()
    return false
  }
}

/** Every input has ended by itself, and what they brought has arrived. No time is set for it: nobody asked for an end. */
async function inputsEnded({ log, platform, router }: RunOptions, interrupted: Promise<Interruption>): Promise<{ kind: "ended" }> {
  await router.ended
  log.info("every input has ended")
  let stop = false
  void interrupted.then(() => {
    stop = true
  })
  // What modules hold back is not waited for: they let it go when they are stopped.
  while (!stop && router.report().in_flight > 0) await platform.timers.sleep(lookEveryMs)
  return { kind: "ended" }
}

async function endAtOnce(options: RunOptions): Promise<number> {
  const { log, platform, router, shell } = options
  log.info("second signal: ending at once")
  router.stopNow()
  await within(tellBooks(options, router.report()), graceMs, platform.timers)
  shell.exit(exitStatus.interrupted)
  return exitStatus.interrupted
}

async function tellBooks({ close, log, router }: RunOptions, report: Report): Promise<void> {
  const { imbalances } = router.status()
  if (imbalances.length > 0) log.error(imbalanceText(imbalances))
  await close(report)
}

/** Whether `work` was done in time. It goes on when it was not, and nobody listens any more. */
function within(work: Promise<void>, limitMs: number, timers: Timers): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = timers.after(limitMs, () => resolve(false))
    void work.then(() => resolve(true), reject).finally(() => timer.cancel())
  })
}
