// One queue into many: every connected out queue gets the event. All but the last get a clone, with a uuid of its own and the original's
// uuid among its parents. A full out queue holds all of them back; give the slow branch a queue that drops if it may lose events.

import { defineModule, type Event, FlowModule } from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.flow.fanout",
  summary: "Copies each event to every connected queue.",
  arguments: {},
  queues: {
    inbox: { direction: "in", summary: "Events to copy." },
    "*": { direction: "out", summary: "One copy each; the routes name these queues." },
  },
  contract: { acknowledges: "none", waits: { inbox: ["*"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  memory: () => 0,
  examples: [{ title: "One source, several destinations", arguments: {} }],
})

export default class Fanout extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event) => this.#copy(event) }
  #queues: string[] = []

  override preHook(): void {
    this.#queues = this.outQueues
  }

  #copy(event: Event): void {
    const last = this.#queues.length - 1
    for (let at = 0; at < last; at++) this.submit(event.clone(), this.#queues[at])
    if (last >= 0) this.submit(event, this.#queues[last])
  }
}
