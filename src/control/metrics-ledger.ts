// The ledger as metrics: the whole graph under `wishbone_ledger_…`, and each instance under `wishbone_instance_…`, where `sum` would
// otherwise count everything twice. What grows only is a counter; `recovered` may be put right downwards once the disk has been read, so
// it is a gauge, as is what is read from where events are.

import type { Balance, InstanceBalance } from "../ledger.ts"
import { labelled, type MetricFamily, single } from "./metrics-family.ts"
import type { Sample } from "./metrics-text.ts"

interface Count {
  readonly name: string
  readonly type: "counter" | "gauge"
  readonly help: string
  readonly read: (balance: Balance) => number
}

const counts: readonly Count[] = [
  { name: "in_total", type: "counter", help: "Events made by inputs.", read: (balance) => balance.in },
  { name: "recovered", type: "gauge", help: "Events found on disk or in a store at start.", read: (balance) => balance.recovered },
  { name: "copied_total", type: "counter", help: "Copies made of events: clones and fan-out.", read: (balance) => balance.copied },
  { name: "delivered_total", type: "counter", help: "Events that ended well.", read: (balance) => balance.delivered },
  {
    name: "failed_total",
    type: "counter",
    help: "Events that ended badly, where no route led on from `failed`.",
    read: (balance) => balance.failed,
  },
  { name: "joined_total", type: "counter", help: "Events packed into others.", read: (balance) => balance.joined },
  { name: "lost_total", type: "counter", help: "Events lost. Anything but 0 needs a person.", read: (balance) => balance.lost },
  { name: "waiting_events", type: "gauge", help: "Events on disk or in a store.", read: (balance) => balance.waiting },
  { name: "held_events", type: "gauge", help: "Events that modules hold in memory.", read: (balance) => balance.held },
  {
    name: "in_flight_events",
    type: "gauge",
    help: "Events in memory queues, in handlers, and sent without being confirmed.",
    read: (balance) => balance.in_flight,
  },
  {
    name: "duplicated_total",
    type: "counter",
    help: "Events sent again after an attempt that may have arrived: an upper bound.",
    read: (balance) => balance.duplicated,
  },
]

const betweenInstances = [
  { name: "received_total", help: "Events that came from other instances.", read: (balance: InstanceBalance) => balance.received },
  { name: "forwarded_total", help: "Events handed on to other instances.", read: (balance: InstanceBalance) => balance.forwarded },
] as const

const dropped = "Events let go by the graph's own decision, or thrown away by a full queue (`overflow`)."

/** Of the whole graph. */
const wholeFamilies: readonly MetricFamily[] = [
  ...counts.map(({ name, type, help, read }) => single([`wishbone_ledger_${name}`, type, help], ({ report }) => read(report))),
  labelled(["wishbone_ledger_dropped_total", "counter", dropped], ["reason"], ({ report }) => Object.entries(report.dropped).map(byReason)),
  single(
    ["wishbone_ledger_imbalance_events", "gauge", "Events that the ledger has lost track of. Anything but 0 is a bug."],
    ({ imbalance }) => imbalance,
  ),
]

/** Of each instance. */
const instanceFamilies: readonly MetricFamily[] = [
  ...[...counts, ...betweenInstances.map((count) => ({ ...count, type: "counter" as const }))].map(({ name, type, help, read }) =>
    labelled([`wishbone_instance_${name}`, type, help], ["instance"], ({ report }) =>
      Object.entries(report.instances).map(([instance, balance]): Sample => [[instance], read(balance)]),
    ),
  ),
  labelled(["wishbone_instance_dropped_total", "counter", dropped], ["instance", "reason"], ({ report }) =>
    Object.entries(report.instances).flatMap(([instance, balance]) =>
      Object.entries(balance.dropped).map(([reason, count]): Sample => [[instance, reason], count]),
    ),
  ),
]

function byReason([reason, count]: [reason: string, count: number]): Sample {
  return [[reason], count]
}

/** The ledger, whole and by instance. */
export const ledgerFamilies: readonly MetricFamily[] = [...wholeFamilies, ...instanceFamilies]
