// Takes every event and does nothing with it: for tests, measurements, and queues whose events nobody wants.

import { type Batch, defineModule, OutputModule } from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.output.null",
  summary: "Discards every event.",
  arguments: {},
  protocol: false,
  queues: { inbox: { direction: "in", summary: "Events to discard." } },
  contract: { acknowledges: "none", waits: { inbox: [] }, failsWithinMs: 0, fails: false, reorders: false, holds: "nothing" },
  memory: () => 0,
  examples: [{ title: "Throw away what comes", arguments: {} }],
})

export default class Null extends OutputModule<typeof spec> {
  static readonly spec = spec
  override readonly batches = { inbox: (batch: Batch) => batch.delivered() }
}
