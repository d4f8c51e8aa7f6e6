// One queue into many, each event into one of them: in strict turn, in the order in which the file names the routes, or at random.
//
// A full queue is not passed over: nothing is taken until every target has room, so that the shares stay equal and nobody overtakes.
// A target that may drop (`when_full: drop_new`) never holds the others back, and loses its share while it is full. Events keep their
// order in each target; what the targets do afterwards may well mix them.

import { defineModule, type Event, FlowModule, z } from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.flow.roundrobin",
  summary: "Gives each event to one of the connected queues, in turn.",
  arguments: {
    randomize: z.boolean().default(false).describe("Chooses the queue at random instead of in turn."),
  },
  queues: {
    inbox: { direction: "in", summary: "Events to share out." },
    "*": { direction: "out", summary: "A share each; the routes name these queues." },
  },
  contract: { acknowledges: "none", waits: { inbox: ["*"] }, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [
    { title: "Equal shares for several destinations", arguments: {} },
    { title: "Shares by chance", arguments: { randomize: true } },
  ],
})

export default class Roundrobin extends FlowModule<typeof spec> {
  static readonly spec = spec
  override readonly consumers = { inbox: (event: Event) => this.#share(event) }
  #queues: string[] = []
  #next = 0

  override preHook(): void {
    this.#queues = this.outQueues
  }

  #share(event: Event): undefined {
    const { length } = this.#queues
    const at = this.args.randomize ? Math.floor(this.platform.random.float() * length) : this.#next
    this.#next = at + 1 < length ? at + 1 : 0
    // Without any route it falls away as unconnected, and is counted so.
    return this.submit(event, this.#queues[at])
  }
}
