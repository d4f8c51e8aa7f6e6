// Provocations of what is wrong with the routing table of a bootstrap file.

import { flow, inFile, type Provocations } from "./told.ts"

const funnel = "  funnel: { module: wishbone.flow.funnel }\n"
const out = "  out: { module: wishbone.output.tcp }\n"
const routed = (...routes: readonly string[]): string => routes.map((route) => `  - ${route}\n`).join("")

export const routeProvocations: Provocations = {
  WB_ROUTE_SYNTAX: inFile(flow({ routes: routed("source.outbox => spool.inbox") })),
  WB_ROUTE_UNKNOWN_INSTANCE: inFile(flow({ routes: routed("source.outbox -> spol.inbox") })),
  WB_ROUTE_UNKNOWN_QUEUE: inFile(flow({ routes: routed("source.outbux -> spool.inbox") })),
  WB_ROUTE_DIRECTION: inFile(flow({ routes: routed("source.outbox -> spool.failed") })),
  WB_ROUTE_QUEUE_NAME: inFile(flow({ modules: funnel, routes: routed("source.outbox -> funnel.First", "funnel.outbox -> spool.inbox") })),
  WB_ROUTE_INTO_FUNNEL: inFile(flow({ routes: routed("source.outbox -> _logs.source") })),
  WB_ROUTE_SOURCE_TWICE: inFile(flow({ modules: funnel, routes: routed("source.outbox -> spool.inbox", "source.outbox -> funnel.one") })),
  WB_ROUTE_DEADLOCK: inFile(
    flow({
      modules: `${funnel}  limit: { module: wishbone.flow.throttle, arguments: { events_max: 10 } }\n`,
      routes: routed(
        "source.outbox -> funnel.fresh",
        "funnel.outbox -> limit.inbox",
        "limit.outbox -> spool.inbox",
        "limit.throttled -> funnel.again",
      ),
    }),
  ),
  WB_RETRY_PLACE: inFile(flow({ source: "retry: { interval: 5m }" })),
  WB_RETRY_FAILOVER: inFile(
    flow({
      modules: `  out_1: { module: wishbone.output.tcp, retry: { interval: 5m } }\n  out_2: { module: wishbone.output.tcp, arguments: { port: 9001 } }\n`,
      routes: routed("source.outbox -> out_1.inbox", "out_1.failed -> out_2.inbox", "out_2.failed -> spool.inbox"),
    }),
  ),
  WB_ROUTE_SPIN: inFile(
    flow({
      modules: `  funnel: { module: wishbone.flow.funnel, queues: { again: { when_full: spill, spill: disk } } }\n${out}`,
      routes: routed(
        "source.outbox -> funnel.fresh",
        "funnel.outbox -> out.inbox",
        "out.successful -> spool.inbox",
        "out.failed -> funnel.again",
      ),
    }),
  ),
}
