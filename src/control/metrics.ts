// The metrics of a graph, one entry a family: its stable name, its labels, what it means and where the numbers come from. docs/metrics.md
// is made from this list. Labels name instances, queues, directories, reasons and states, never anything that comes with the data, so the
// number of series is bounded by the bootstrap file.

import type { QueueFigures } from "../router/figures.ts"
import { type Declared, labelled, type MetricFamily, single } from "./metrics-family.ts"
import { ledgerFamilies } from "./metrics-ledger.ts"
import type { MetricsSource, SpoolFigures } from "./metrics-source.ts"
import { metricsText, type Sample } from "./metrics-text.ts"

/** How the states of a circuit are called: `first` is the time before the first attempt has ended. */
const circuitStates: Readonly<Record<string, string>> = { first: "connecting", closed: "closed", open: "open" }

const graphFamilies: readonly MetricFamily[] = [
  labelled(["wishbone_build_info", "gauge", "1, with the version of the program."], ["version"], ({ version }) => [[[version], 1]]),
  single(["wishbone_ready", "gauge", "1 while `/ready` answers 200, else 0."], ({ ready }) => (ready ? 1 : 0)),
  labelled(["wishbone_instance_info", "gauge", "1, with the module of the instance."], ["instance", "module", "kind"], ({ instances }) =>
    instances.map(({ name, module, kind }): Sample => [[name, module, kind], 1]),
  ),
  labelled(
    [
      "wishbone_circuit_state",
      "gauge",
      "How many circuits of the instance are in this state: connecting (for the first time), closed, open.",
    ],
    ["instance", "state"],
    circuitSamples,
  ),
  labelled(
    ["wishbone_background_restarts_total", "counter", "Background loops of the instance that crashed and were started again."],
    ["instance"],
    ({ instances }) => instances.map(({ name, restarts }): Sample => [[name], restarts]),
  ),
]

const queueFamilies: readonly MetricFamily[] = [
  perQueue(["wishbone_queue_events", "gauge", "Events that wait in the queue, in memory."], ({ size }) => size),
  perQueue(["wishbone_queue_bytes", "gauge", "Payload bytes that wait in the queue, in memory."], ({ bytes }) => bytes),
  perQueue(["wishbone_queue_events_max", "gauge", "Events at which the queue is full."], ({ sizeMax }) => sizeMax),
  perQueue(["wishbone_queue_bytes_max", "gauge", "Bytes at which the queue is full."], ({ bytesMax }) => bytesMax),
  perQueue(["wishbone_queue_in_total", "counter", "Events that came to the queue."], (queue) => queue.in_total),
  perQueue(["wishbone_queue_out_total", "counter", "Events taken from the queue."], (queue) => queue.out_total),
  perQueue(["wishbone_queue_dropped_total", "counter", "Events thrown away because the queue was full."], (queue) => queue.dropped_total),
  perQueue(
    [
      "wishbone_queue_oldest_seconds",
      "gauge",
      "Age of the event that waits longest, since it was made; 0 when none waits. Absent for queues by priority.",
    ],
    ({ oldestMs, size }) => (oldestMs === undefined ? (size === 0 ? 0 : undefined) : oldestMs / 1000),
  ),
]

const spoolFamilies: readonly MetricFamily[] = [
  perSpool(["wishbone_spool_waiting_events", "gauge", "Events on disk that are not delivered yet."], ({ waiting }) => waiting),
  perSpool(["wishbone_spool_in_flight_events", "gauge", "Of these, events that are on their way."], ({ inFlight }) => inFlight),
  perSpool(["wishbone_spool_bytes", "gauge", "Bytes that the segments take."], ({ bytes }) => bytes),
  perSpool(
    [
      "wishbone_spool_oldest_seconds",
      "gauge",
      "Age of the oldest event that waits, too high by no more than the life of a segment; 0 when none waits.",
    ],
    ({ oldestMs }) => (oldestMs ?? 0) / 1000,
  ),
  perSpool(
    ["wishbone_spool_quarantined_files", "gauge", "Files in quarantine now. Absent when the disk does not answer within half a second."],
    ({ quarantined }) => quarantined,
  ),
  perSpool(
    ["wishbone_spool_quarantined_total", "counter", "Events set aside since the start, as they came back too often."],
    ({ quarantinedTotal }) => quarantinedTotal,
  ),
  perSpool(["wishbone_spool_damaged_total", "counter", "Events that could not be read from disk."], ({ damagedTotal }) => damagedTotal),
  perSpool(
    ["wishbone_spool_missing_total", "counter", "Events of which the disk has nothing any more."],
    ({ missingTotal }) => missingTotal,
  ),
]

const processFamilies: readonly MetricFamily[] = [
  labelled(
    [
      "wishbone_event_loop_delay_seconds",
      "summary",
      "How late the event loop ran what was due, over the last half minute to minute; quantile 1 is the worst.",
    ],
    ["quantile"],
    ({ process: { loopDelay } }) => [
      [["0.5"], loopDelay.p50],
      [["0.9"], loopDelay.p90],
      [["0.99"], loopDelay.p99],
      [["1"], loopDelay.max],
    ],
  ),
  single(
    ["wishbone_event_loop_active_seconds_total", "counter", "Time the event loop was at work."],
    ({ process }) => process.loopActiveSeconds,
  ),
  single(
    ["wishbone_event_loop_idle_seconds_total", "counter", "Time the event loop had nothing to do."],
    ({ process }) => process.loopIdleSeconds,
  ),
  single(["process_cpu_user_seconds_total", "counter", "CPU time spent in user mode."], ({ process }) => process.cpuUserSeconds),
  single(["process_cpu_system_seconds_total", "counter", "CPU time spent in the kernel."], ({ process }) => process.cpuSystemSeconds),
  single(["process_cpu_seconds_total", "counter", "CPU time in all."], ({ process }) => process.cpuUserSeconds + process.cpuSystemSeconds),
  single(["process_resident_memory_bytes", "gauge", "Memory of the process."], ({ process }) => process.residentBytes),
  single(
    ["process_start_time_seconds", "gauge", "When the process began, in seconds since 1970."],
    ({ process }) => process.startedSeconds,
  ),
  single(["nodejs_heap_size_used_bytes", "gauge", "Heap in use."], ({ process }) => process.heapUsedBytes),
  single(["nodejs_heap_size_total_bytes", "gauge", "Heap reserved."], ({ process }) => process.heapTotalBytes),
  single(["nodejs_external_memory_bytes", "gauge", "Memory of buffers, outside the heap."], ({ process }) => process.externalBytes),
]

/** Every family, in the order in which they are written. */
export const metricFamilies: readonly MetricFamily[] = [
  ...graphFamilies,
  ...queueFamilies,
  ...spoolFamilies,
  ...ledgerFamilies,
  ...processFamilies,
]

/** What `/metrics` answers. */
export function metricsOf(source: MetricsSource): string {
  return metricsText(metricFamilies.map((family) => [family, family.read(source)] as const))
}

function perQueue(declared: Declared, read: (queue: QueueFigures) => number | undefined): MetricFamily {
  return labelled(declared, ["instance", "queue"], ({ instances }) =>
    instances.flatMap(({ name, queues }) => queues.flatMap((queue) => sample([name, queue.name], read(queue)))),
  )
}

function perSpool(declared: Declared, read: (spool: SpoolFigures) => number | undefined): MetricFamily {
  return labelled(declared, ["directory"], ({ spools }) => spools.flatMap((spool) => sample([spool.directory], read(spool))))
}

/** One sample, or none where there is no number. */
function sample(labels: readonly string[], value: number | undefined): Sample[] {
  return value === undefined ? [] : [[labels, value]]
}

function circuitSamples({ instances }: MetricsSource): Sample[] {
  return instances
    .filter(({ circuits }) => circuits.length > 0)
    .flatMap(({ name, circuits }) =>
      Object.entries(circuitStates).map(([state, word]): Sample => [[name, word], circuits.filter((found) => found === state).length]),
    )
}
