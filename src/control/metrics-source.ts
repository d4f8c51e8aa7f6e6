// What the metrics are read from, taken at one moment. Nothing is kept between two readings, so nothing can drift.

import type { Report } from "../ledger.ts"
import type { ProcessFigures } from "../platform/monitor.ts"
import type { Platform } from "../platform/platform.ts"
import type { InstanceFigures } from "../router/figures.ts"
import type { Router } from "../router/router.ts"
import { countQuarantined } from "../spool/quarantine.ts"
import type { Spool } from "../spool/spool.ts"
import { readinessOf } from "./readiness.ts"

/** A router, as far as it is measured. */
export type MeasuredRouter = Pick<Router, "figures" | "report" | "status" | "spools">

/** One spool that the graph has open. */
export interface SpoolFigures {
  readonly directory: string
  readonly waiting: number
  readonly inFlight: number
  readonly bytes: number
  readonly oldestMs: number | undefined
  /** Files in quarantine now; `undefined` when the disk did not say so in time. */
  readonly quarantined: number | undefined
  readonly quarantinedTotal: number
  readonly damagedTotal: number
  readonly missingTotal: number
}

/** All that the metrics show. */
export interface MetricsSource {
  readonly version: string
  readonly ready: boolean
  readonly process: ProcessFigures
  readonly instances: readonly InstanceFigures[]
  readonly report: Report
  /** Branches that the ledger lost track of; nought unless there is a bug. */
  readonly imbalance: number
  readonly spools: readonly SpoolFigures[]
}

/** How long the disk may take to count what lies in quarantine: one that hangs must not take the metrics with it. */
const quarantineMs = 500

/** Reads everything. */
export async function readSource(parts: {
  readonly platform: Pick<Platform, "files" | "timers">
  readonly router: MeasuredRouter
  readonly version: string
  readonly process: () => ProcessFigures
}): Promise<MetricsSource> {
  const { platform, router, version } = parts
  // First: this alone takes time, and what follows should be of one moment.
  const counted = await countAll(router.spools.list(), platform)
  const figures = router.figures()
  return {
    version,
    ready: readinessOf(figures).ready,
    process: parts.process(),
    instances: figures.instances,
    report: router.report(),
    imbalance: router.status().imbalances.reduce((sum, { difference }) => sum + Math.abs(difference), 0),
    spools: router.spools.list().map((spool) => spoolFigures(spool, counted.get(spool))),
  }
}

function spoolFigures(spool: Spool, quarantined: number | undefined): SpoolFigures {
  const { counts } = spool
  return {
    directory: spool.path,
    waiting: spool.waiting,
    inFlight: spool.reader?.inFlight ?? 0,
    bytes: spool.bytes,
    oldestMs: spool.oldestMs,
    quarantined,
    quarantinedTotal: counts.quarantined,
    damagedTotal: counts.damaged,
    missingTotal: counts.missing,
  }
}

/** Counts what lies in the quarantine of each spool, as far as the disk answers in time. */
async function countAll(spools: readonly Spool[], platform: Pick<Platform, "files" | "timers">): Promise<Map<Spool, number>> {
  const counted = new Map<Spool, number>()
  const counting = spools.map(async (spool) => {
    const count = await countQuarantined({ platform, path: spool.path }).catch(() => undefined)
    if (count !== undefined) counted.set(spool, count)
  })
  const over = new AbortController()
  await Promise.race([Promise.all(counting), platform.timers.sleep(quarantineMs, over.signal).catch(() => undefined)])
  over.abort()
  return counted
}
