// The status line of a running graph, every ten seconds, and the standing check of its books.

import type { Log } from "../log.ts"
import type { Platform, Timer } from "../platform/platform.ts"
import type { Router, Status } from "../router/router.ts"

const everyMs = 10_000

/** Logs the status now and then until the timer is cancelled. Books that do not balance are an ERROR: events were lost track of. */
export function logStatus(router: Pick<Router, "status">, platform: Pick<Platform, "clock" | "timers">, log: Log): Timer {
  const { clock, timers } = platform
  let last = { atMs: clock.monotonic(), inTotal: router.status().inTotal }
  return timers.every(
    everyMs,
    () => {
      const status = router.status()
      const now = { atMs: clock.monotonic(), inTotal: status.inTotal }
      const perSecond = ((now.inTotal - last.inTotal) * 1000) / Math.max(1, now.atMs - last.atMs)
      last = now
      log.info(statusText(status, perSecond))
      if (status.imbalances.length > 0) log.error(imbalanceText(status.imbalances))
    },
    { background: true },
  )
}

/** `1200 events/s, 40 waiting, spool 3 (oldest 2m), circuit open: output_1`. */
export function statusText({ waiting, spooled, oldestMs, openCircuits }: Status, perSecond: number): string {
  const oldest = oldestMs === undefined || spooled === 0 ? "" : ` (oldest ${ageText(oldestMs)})`
  const circuits = openCircuits.length === 0 ? "no circuit open" : `circuit open: ${openCircuits.join(", ")}`
  return `${rateText(perSecond)} events/s, ${waiting} waiting, spool ${spooled}${oldest}, ${circuits}`
}

/** The instances that events went missing at, or came from nowhere. */
export function imbalanceText(imbalances: Status["imbalances"]): string {
  const named = imbalances.map(
    ({ instance, difference }) => `${instance === "*" ? "between instances" : instance} (${difference > 0 ? "+" : ""}${difference})`,
  )
  return `the ledger does not balance: ${named.join(", ")}`
}

function rateText(perSecond: number): string {
  return perSecond < 10 ? String(Math.round(perSecond * 10) / 10) : String(Math.round(perSecond))
}

const ages = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
] as const

/** An age, in its largest whole unit: nobody needs the seconds of a day. */
function ageText(ms: number): string {
  const [unit, unitMs] = ages.find(([, scale]) => ms >= scale) ?? ["s", 1000]
  return `${Math.floor(ms / unitMs)}${unit}`
}
