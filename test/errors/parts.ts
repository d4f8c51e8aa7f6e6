// Provocations of what is wrong with protocols, functions and templates.

import Switch from "../../modules/flow/switch.ts"
import TcpOutput from "../../modules/output/tcp.ts"
import Template from "../../modules/process/template.ts"
import { compilePattern } from "../../src/actor/patterns.ts"
import type { ComponentClass } from "../../src/router/registry.ts"
import { defineProtocol } from "../../src/spec/protocol.ts"
import { startModule } from "../../src/testing/harness.ts"
import { builtins } from "../support/plans.ts"
import { flow, inFile, type Provocations, thrown } from "./told.ts"

/** A second protocol whose id ends in `json`. */
function twoOfOneName(): ReturnType<typeof builtins> {
  const spec = defineProtocol({ name: "acme.protocol.decode.json", summary: "Another one.", arguments: {} })
  class Other {
    static readonly spec = spec
  }
  return builtins(Other as unknown as ComponentClass)
}

export const partProvocations: Provocations = {
  WB_PART_UNKNOWN: inFile(flow({ source: "protocol: jsn" })),
  WB_PART_AMBIGUOUS: inFile(flow({ source: "protocol: json" }), { registry: twoOfOneName() }),
  WB_PART_ARGUMENTS: inFile(
    flow({
      spool: "functions: { inbox: [set] }",
      top: "failed: reject.inbox\n",
      modules: "  reject: { module: wishbone.output.disk, arguments: { directory: ./reject } }\n",
    }),
  ),
  WB_PART_UNUSED: inFile(flow({ top: "protocols:\n  lines: { protocol: wishbone.protocol.decode.plain }\n" })),
  WB_PROTOCOL_DIRECTION: inFile(flow({ source: "protocol: wishbone.protocol.encode.json" })),
  WB_PROTOCOL_MISPLACED: inFile(
    flow({
      modules: "  funnel: { module: wishbone.flow.funnel, protocol: json }\n",
      routes: "  - source.outbox -> funnel.one\n  - funnel.outbox -> spool.inbox\n",
    }),
  ),
  WB_FUNCTION_CALL_NAME: inFile(flow({ top: 'template_functions:\n  "my-site": { function: wishbone.function.template.pid }\n' })),

  WB_TEMPLATE_SYNTAX: inFile(flow({ spool: 'arguments: { directory: ./spool, payload: "{{ data" }' })),
  WB_TEMPLATE_NAME: inFile(flow({ spool: 'arguments: { directory: ./spool, payload: "{{ dat }}" }' })),
  WB_TEMPLATE_START: thrown("An output whose argument `payload` is `{{ env.GREETING }}`, where the environment has no `GREETING`.", () =>
    startModule(TcpOutput, { payload: "{{ env.GREETING }}" }),
  ),
  WB_TEMPLATE_FILE: thrown("A `wishbone.process.template` whose `filename` is `/flow/mail.txt`, where there is no such file.", () =>
    startModule(Template, { filename: "/flow/mail.txt" }, { instance: { name: "mail" } }),
  ),
  WB_PATTERN_SYNTAX: thrown("A regular expression with a look-ahead: `\\d+(?= EUR)`.", () => compilePattern("\\d+(?= EUR)")),
  WB_TARGET_UNCONNECTED: thrown("A `wishbone.flow.switch` whose `outgoing` is `othr`; the routing table has `turn.other -> …`.", () =>
    startModule(Switch, { outgoing: "othr" }, { outQueues: ["other"], instance: { name: "turn" } }),
  ),
}
