// Provocations of what is wrong with a bootstrap file as text: its bytes, its YAML, its variables, and what `--set` does to it.

import { loadBootstrap } from "../../src/cli/load.ts"
import { simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { flow, inFile, type Provocations, registry, toldBy } from "./told.ts"

const port = (value: string): string => flow({ source: `arguments: { port: ${value} }` })
const host = (value: string): string => flow({ source: `arguments: { host: "${value}" }` })

/** Five lists, each of ten aliases of the one before. */
const bomb = Array.from(
  { length: 5 },
  (_, at) =>
    `&l${at} [${Array(10)
      .fill(at === 0 ? "x" : `*l${at - 1}`)
      .join(", ")}]`,
).join(", ")

export const fileProvocations: Provocations = {
  WB_FILE_UNREADABLE: async () => {
    const platform = simulatedPlatform()
    const loaded = await loadBootstrap({ config: "/flow/flow.yaml", registry, platform })
    return toldBy(loaded, "`wishbone-ts debug --config /flow/flow.yaml`, and there is no such file.")
  },
  WB_FILE_TOO_BIG: inFile(`#${"x".repeat(1024 * 1024)}`, { says: "A file of 1 MiB and one byte." }),
  WB_FILE_NOT_UTF8: inFile(Buffer.from(`${flow()}# f\u00fcr alle\n`, "latin1"), { says: "A comment `# für alle`, saved as ISO 8859-1." }),

  WB_YAML_TOO_DEEP: inFile(`modules: ${"[".repeat(100)}`, { says: "A hundred opening brackets in a row." }),
  WB_YAML_SYNTAX: inFile(flow().replace("tcp }", "tcp")),
  WB_YAML_SECOND_DOCUMENT: inFile(`${flow()}---\nmodules: {}\n`),
  WB_YAML_KEY_TWICE: inFile(flow({ modules: "  source: { module: wishbone.input.stdin }\n" })),
  WB_YAML_KEY_REFUSED: inFile(flow({ source: "arguments: { __proto__: 1 }" })),
  WB_YAML_MERGE_KEY: inFile(flow({ source: "arguments: &common { port: 9000 }", spool: "queues: { inbox: { <<: *common } }" })),
  WB_YAML_ALIAS_UNKNOWN: inFile(flow({ source: "queues: &common {}", spool: "queues: *comon" })),
  WB_YAML_ALIAS_INSIDE: inFile(flow({ source: "arguments: *own" }).replace("source: {", "source: &own {")),
  WB_YAML_ALIAS_BOMB: inFile(
    flow({ source: `arguments: { message: [${bomb}] }` }).replace("wishbone.input.tcp", "wishbone.input.testevent"),
    { says: "Five lists, each made of ten aliases of the one before." },
  ),

  WB_VARIABLE_MISSING: inFile(port('"${PORT}"')),
  WB_VARIABLE_SYNTAX: inFile(port('"${LISTEN-PORT}"')),
  WB_VARIABLE_TEMPLATE: inFile(host("${HOST}"), { environment: { HOST: "{{ data.host }}" } }),
  WB_SECRET_UNREADABLE: inFile(host("${file:./host}"), {
    readSecret: (path) => simulatedPlatform().files.readFile(path),
  }),

  WB_SET_SYNTAX: inFile(flow(), { sets: ["source.port"] }),
  WB_SET_PATH: inFile(flow(), { sets: ["sorce.port=9000"] }),
  WB_SET_THROUGH_VALUE: inFile(flow({ source: "arguments: { port: 9000 }" }), { sets: ["source.port.number=9001"] }),
}
