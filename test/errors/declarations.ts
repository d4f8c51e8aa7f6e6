// Provocations of what is wrong with how a module, protocol or function is declared: what its author sees.

import { createRegistry, type ModuleClass } from "../../src/router/registry.ts"
import { contractOf } from "../../src/spec/contract.ts"
import { defineModule } from "../../src/spec/define.ts"
import { defineProtocol } from "../../src/spec/protocol.ts"
import { z } from "../../src/spec/schema.ts"
import { type Provocations, thrown } from "./told.ts"

const inbox = { direction: "in", summary: "Events." } as const
const outbox = { direction: "out", summary: "Events." } as const
const contract = { acknowledges: "none", failsWithinMs: 0, reorders: false, holds: "nothing" } as const

function moduleClass(): ModuleClass {
  const spec = defineModule({ name: "acme.flow.enrich", summary: "Adds.", arguments: {}, queues: { inbox, outbox }, contract })
  return class {
    static readonly spec = spec
  } as unknown as ModuleClass
}

export const declarationProvocations: Provocations = {
  WB_MODULE_NAME: thrown('`defineModule({ name: "acme.fow.enrich", … })`.', () =>
    defineModule({ name: "acme.fow.enrich", summary: "Adds.", arguments: {}, queues: { inbox, outbox }, contract }),
  ),
  WB_MODULE_QUEUE_RESERVED: thrown("`defineModule({ …, queues: { inbox, failed } })`.", () =>
    defineModule({ name: "acme.flow.enrich", summary: "Adds.", arguments: {}, queues: { inbox, failed: outbox }, contract }),
  ),
  WB_MODULE_ALIAS: thrown('`defineModule({ …, arguments: { host: … }, aliases: { address: "hots" } })`.', () =>
    defineModule({
      name: "acme.flow.enrich",
      summary: "Adds.",
      arguments: { host: z.string() },
      queues: { inbox, outbox },
      contract,
      aliases: { address: "hots" as "host" },
    }),
  ),
  WB_MODULE_CONTRACT: thrown('`defineModule({ …, queues: { inbox, outbox }, contract: { …, waits: { inbox: ["outbix"] } } })`.', () =>
    contractOf(
      defineModule({
        name: "acme.flow.enrich",
        summary: "Adds.",
        arguments: {},
        queues: { inbox, outbox },
        contract: { ...contract, waits: { inbox: ["outbix" as "outbox"] } },
      }) as never,
      {},
    ),
  ),
  WB_MODULE_DUPLICATE: thrown("A registry of two classes that are both called `acme.flow.enrich`.", () =>
    createRegistry([moduleClass(), moduleClass()]),
  ),
  WB_COMPONENT_NAME: thrown('`defineProtocol({ name: "acme.protocol.csv", … })`.', () =>
    defineProtocol({ name: "acme.protocol.csv" as "acme.protocol.decode.csv", summary: "Rows.", arguments: {} }),
  ),
}
