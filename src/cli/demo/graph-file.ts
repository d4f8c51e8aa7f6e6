// The graph of `demo failover`: bootstrap/failover.yaml once more, with what a demonstration needs: events that are numbered and come
// faster, ports that are free, destinations that answer each line, and a shorter idle time.

/** What differs from run to run. */
export interface GraphChoices {
  readonly ports: readonly [number, number, number]
  /** Time between two events. */
  readonly intervalMs: number
}

/** What the numbers of the events follow. */
export const eventWord = "event"

/** The bootstrap file. */
export function graphText({ ports, intervalMs }: GraphChoices): string {
  return `# The graph of \`wishbone-ts demo failover\`. \`wishbone-ts debug --config FILE\` runs it as well.
---
modules:

  input:
    module: wishbone.input.testevent
    arguments:
      message: ${eventWord}
      numbered: true          # event_1, event_2, ...: so that one that is missing has a name
      interval: ${intervalMs}ms

${ports.map((port, index) => outputText(index + 1, port)).join("\n")}
  diskout:
    module: wishbone.output.disk
    arguments:
      directory: ./buffer

  diskin:
    module: wishbone.input.disk
    arguments:
      directory: ./buffer
      idle_trigger: true      # feeds back when nothing was written for a second
      idle_time: 1

  funnel:
    module: wishbone.flow.funnel

routingtable:
  - input.outbox    -> funnel.one
  - funnel.outbox   -> output_1.inbox
  - output_1.failed -> output_2.inbox
  - output_2.failed -> output_3.inbox
  - output_3.failed -> diskout.inbox
  - diskin.outbox   -> funnel.two
...
`
}

function outputText(number: number, port: number): string {
  return `  output_${number}:
    module: wishbone.output.tcp
    arguments:
      port: ${port}
      confirm: line           # an event counts as delivered when listener_${number} has answered its line
`
}
