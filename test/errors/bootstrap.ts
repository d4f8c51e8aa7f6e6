// Provocations of what is wrong with the keys, instances and arguments of a bootstrap file.

import { flow, inFile, type Provocations } from "./told.ts"

const second = "  second: { module: wishbone.output.disk, arguments: { directory: ./second } }\n"

export const bootstrapProvocations: Provocations = {
  // Keys
  WB_BOOTSTRAP_EMPTY: inFile("# to be written\n"),
  WB_KEY_UNKNOWN: inFile(flow({ source: "queue: {}" })),
  WB_KEY_MISSING: inFile(flow({ modules: second.replace("module: wishbone.output.disk, ", "") })),
  WB_VALUE_INVALID: inFile(flow({ spool: "queues: { inbox: { when_full: dropnew } }" })),
  WB_INSTANCE_NAME: inFile(
    flow({
      modules: second.replace("second:", "Output-2:"),
      routes: "  - source.outbox -> spool.inbox\n  - spool.successful -> Output-2.inbox\n",
    }),
  ),
  WB_KEY_IGNORED: inFile(flow({ source: "event: false" })),
  WB_NAME_ALIAS: inFile(flow().replace("wishbone.input.tcp", "wishbone.module.input.tcp")),
  WB_QUEUE_SETTING_UNKNOWN: inFile(flow({ source: "queues: { outbox: { size: 1000 } }" })),

  // Arguments
  WB_ARGUMENT_INVALID: inFile(flow({ source: "arguments: { port: 90000 }" })),
  WB_ARGUMENTS_NOT_A_MAP: inFile(flow({ source: "arguments: [9000]" })),
  WB_ARGUMENT_UNKNOWN: inFile(flow({ source: "arguments: { prot: 9000 }" })),
  WB_ARGUMENT_MISSING: inFile(flow().replace("wishbone.input.tcp", "wishbone.input.file")),
  WB_ARGUMENT_TWICE: inFile(flow({ source: "arguments: { address: 127.0.0.1, host: 127.0.0.1 }" })),
  WB_ARGUMENT_TEMPLATE: inFile(flow({ source: 'arguments: { port: "{{ env.PORT }}" }' })),

  // Modules
  WB_MODULE_UNKNOWN: inFile(flow().replace("wishbone.input.tcp", "wishbone.input.tpc")),

  // Warnings
  WB_FAILED_UNROUTED: inFile(flow().replace("wishbone.output.disk, arguments: { directory: ./spool }", "wishbone.output.tcp")),
  WB_QUEUE_DROPS: inFile(flow({ spool: "queues: { inbox: { when_full: drop_old } }" })),
  WB_INPUT_UNROUTED: inFile(flow({ modules: "  second: { module: wishbone.input.tcp, arguments: { port: 9001 } }\n" })),
  WB_INSTANCE_UNREACHED: inFile(flow({ modules: second })),
}
