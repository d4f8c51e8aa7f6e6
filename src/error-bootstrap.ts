// Entries of the error catalogue (src/error-catalogue.ts) for bootstrap files and their graphs, in the order in which a file meets
// the checks.

import { counted, listed, nearest, suggestion } from "./error-text.ts"

type Details = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 2
  readonly message: (details: Details) => string
  readonly hint: (details: Details) => string
}

/** Names in a list that may be as long as a graph is big. */
function listedInPart(values: unknown): string {
  const names = Array.isArray(values) ? values : [values]
  return names.length <= 8 ? listed(names) : `${listed(names.slice(0, 6)).replace(/ and (?=`[^`]*`$)/, ", ")} and ${names.length - 6} more`
}

export const bootstrapErrors = {
  // The file as text
  WB_FILE_UNREADABLE: {
    exitStatus: 2,
    message: (d) => `The file cannot be read: ${d["reason"]}`,
    hint: () =>
      "`--config` names the bootstrap file; a relative path counts from the folder of the call, and this user must be allowed to read it.",
  },
  WB_FILE_TOO_BIG: {
    exitStatus: 2,
    message: (d) => `The file has ${counted(d["bytes"])} bytes; a bootstrap file may have at most ${counted(d["bytesMax"])}`,
    hint: () => "Is this the right file? A graph of that size is split over several files, each run by itself.",
  },
  WB_FILE_NOT_UTF8: {
    exitStatus: 2,
    message: (d) =>
      `Byte ${d["offset"]} of the file (line ${d["line"]}) is 0x${Number(d["byte"]).toString(16).padStart(2, "0")}, which is no UTF-8 text`,
    hint: (d) => (d["wide"] === true ? "It looks like UTF-16: save it as UTF-8." : "Save the file as UTF-8."),
  },

  // YAML
  WB_YAML_TOO_DEEP: {
    exitStatus: 2,
    message: (d) => `Maps and lists lie more than ${d["nestingMax"]} deep in each other here`,
    hint: () => "A bootstrap file needs a handful of levels: is a bracket not closed, or do lines hold `: ` twice?",
  },
  WB_YAML_SYNTAX: {
    exitStatus: 2,
    message: (d) => String(d["problem"]),
    hint: (d) => String(d["hint"]),
  },
  WB_YAML_SECOND_DOCUMENT: {
    exitStatus: 2,
    message: () => "A second YAML document begins here; a bootstrap file is one document",
    hint: () => "Put it into a file of its own, or remove the `---`.",
  },
  WB_YAML_KEY_TWICE: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` is here for the second time; the first is on line ${d["line"]}`,
    hint: () => "Keep one of the two, or give one another name.",
  },
  WB_YAML_KEY_REFUSED: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` cannot be a key: JavaScript gives that name a meaning of its own`,
    hint: () => "Give it another name.",
  },
  WB_YAML_MERGE_KEY: {
    exitStatus: 2,
    message: () => "`<<` merges maps in YAML 1.1 only; here it would be a key like any other",
    hint: () => "Write the keys out, or use an alias for the whole value: `arguments: *common`.",
  },
  WB_YAML_ALIAS_UNKNOWN: {
    exitStatus: 2,
    message: (d) => `\`*${d["name"]}\` refers to \`&${d["name"]}\`, which does not come before it`,
    hint: (d) => suggestion(d["name"], d["known"]) || "Text that begins with `*` needs quotes.",
  },
  WB_YAML_ALIAS_INSIDE: {
    exitStatus: 2,
    message: (d) => `\`*${d["name"]}\` stands inside \`&${d["name"]}\` itself, so it would never end`,
    hint: () => "Write the value out.",
  },
  WB_YAML_ALIAS_BOMB: {
    exitStatus: 2,
    message: (d) =>
      `With \`*${d["name"]}\` the aliases of this file bring in more than ${counted(d["aliasedValuesMax"])} values, or lie more than ${d["nestingMax"]} deep`,
    hint: () => "Write the values out; each alias counts with all that it brings.",
  },

  // Environment and secrets
  WB_VARIABLE_MISSING: {
    exitStatus: 2,
    message: (d) => `The environment has no variable \`${d["name"]}\``,
    hint: (d) => `Set it, or give a default: \`\${${d["name"]}:-value}\`. \`$\${\` stands for a plain \`\${\`.`,
  },
  WB_VARIABLE_SYNTAX: {
    exitStatus: 2,
    message: (d) => `\`${d["found"]}\` is no reference to a variable`,
    hint: () => "Write `${NAME}`, `${NAME:-default}` or `${file:path}`; `$${` stands for a plain `${`.",
  },
  WB_VARIABLE_TEMPLATE: {
    exitStatus: 2,
    message: (d) => `What \`${d["found"]}\` stands for holds \`{{\`; templates come from the bootstrap file alone`,
    hint: () => "Write the template into the file.",
  },
  WB_SECRET_UNREADABLE: {
    exitStatus: 2,
    message: (d) => `The secret \`${d["path"]}\` cannot be read: ${d["reason"]}`,
    hint: () => "The path counts from the folder of the bootstrap file; the user who runs this must be allowed to read it.",
  },

  // --set
  WB_SET_SYNTAX: {
    exitStatus: 2,
    message: (d) => `\`--set ${d["set"]}\` is not of the form \`path=value\``,
    hint: () => "For example `--set output_1.port=9000` or `--set modules.output_1.timeout=5s`.",
  },
  WB_SET_PATH: {
    exitStatus: 2,
    message: (d) => `\`--set ${d["path"]}\`: there is neither an instance nor a top-level key called \`${d["found"]}\``,
    hint: (d) => suggestion(d["found"], d["known"]),
  },
  WB_SET_THROUGH_VALUE: {
    exitStatus: 2,
    message: (d) => `\`--set ${d["path"]}\`: \`${d["at"]}\` is ${d["found"]}, so nothing can be set inside it`,
    hint: (d) => `\`--set ${d["at"]}=…\` sets all of it.`,
  },

  // Keys
  WB_BOOTSTRAP_EMPTY: {
    exitStatus: 2,
    message: () => "The file is empty",
    hint: () => "A bootstrap file has `modules:` and `routingtable:`.",
  },
  WB_KEY_UNKNOWN: {
    exitStatus: 2,
    message: (d) => `There is no key \`${d["name"]}\` ${d["where"]}`,
    hint: (d) => suggestion(d["name"], d["known"]),
  },
  WB_KEY_MISSING: {
    exitStatus: 2,
    message: (d) => `The key \`${d["name"]}\` is missing ${d["where"]}`,
    hint: (d) => String(d["hint"]),
  },
  WB_VALUE_INVALID: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\`: expected ${d["expected"]}, found ${d["found"]}`,
    hint: (d) => String(d["hint"] ?? ""),
  },
  WB_INSTANCE_NAME: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` cannot be the name of an instance: ${d["problem"]}`,
    hint: (d) => String(d["hint"]),
  },
  WB_KEY_IGNORED: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` is understood and has no effect`,
    hint: (d) => String(d["hint"]),
  },
  WB_NAME_ALIAS: {
    exitStatus: 2,
    message: (d) => `\`${d["alias"]}\` is a former name of ${d["what"]} \`${d["canonical"]}\``,
    hint: (d) => `Write \`${d["canonical"]}\`.`,
  },
  WB_QUEUE_SETTING_UNKNOWN: {
    exitStatus: 2,
    message: (d) => `\`${d["instance"]}\` has no in queue \`${d["queue"]}\``,
    hint: (d) =>
      d["consumer"] === undefined
        ? suggestion(d["queue"], d["known"])
        : `${d["key"] === "functions" ? "Functions are applied where events are taken" : "A queue is set up where it is consumed"}: put this below \`${d["key"] ?? "queues"}:\` of \`${d["consumer"]}\`, as \`${d["as"]}\`.`,
  },

  // Routes
  WB_ROUTE_SYNTAX: {
    exitStatus: 2,
    message: (d) => `\`${d["route"]}\` is no route: ${d["problem"]}`,
    hint: (d) => String(d["hint"]),
  },
  WB_ROUTE_UNKNOWN_INSTANCE: {
    exitStatus: 2,
    message: (d) => `\`${d["route"]}\`: there is no instance \`${d["instance"]}\``,
    hint: (d) => suggestion(d["instance"], d["known"]),
  },
  WB_ROUTE_UNKNOWN_QUEUE: {
    exitStatus: 2,
    message: (d) => `\`${d["route"]}\`: \`${d["instance"]}\` (\`${d["module"]}\`) has no ${d["direction"]} queue \`${d["queue"]}\``,
    hint: (d) => {
      const known = Array.isArray(d["known"]) ? d["known"].map(String) : []
      const near = nearest(String(d["queue"]), known)
      if (near !== undefined) return `Did you mean \`${d["instance"]}.${near}\`?`
      return known.length === 0 ? `It has no ${d["direction"]} queues.` : `Known are ${listed(known)}.`
    },
  },
  WB_ROUTE_DIRECTION: {
    exitStatus: 2,
    message: (d) =>
      `\`${d["route"]}\`: \`${d["instance"]}.${d["queue"]}\` is an ${d["direction"]} queue and cannot be the ${d["part"]} of a route`,
    hint: (d) => String(d["hint"]),
  },
  WB_ROUTE_QUEUE_NAME: {
    exitStatus: 2,
    message: (d) => `\`${d["route"]}\`: \`${d["queue"]}\` cannot be the name of a queue`,
    hint: () => "Queue names are lowercase letters, digits and `_`, and do not begin with `_`.",
  },
  WB_ROUTE_INTO_FUNNEL: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\`: only ${d["takes"]} lead into \`${d["instance"]}\``,
    hint: (d) => String(d["hint"]),
  },
  WB_ROUTE_SOURCE_TWICE: {
    exitStatus: 2,
    message: (d) => `\`${d["source"]}\` is routed twice: \`${d["first"]}\` and \`${d["second"]}\``,
    hint: (d) =>
      d["first"] === d["second"]
        ? "Remove one of the two."
        : "A queue has one consumer. Route it to a `wishbone.flow.fanout` to copy each event to both, or to a `wishbone.flow.roundrobin` to share them out.",
  },
  WB_ROUTE_DEADLOCK: {
    exitStatus: 2,
    message: (d) => `${listedInPart(d["queues"])} wait for each other: once they are full, nothing moves any more`,
    hint: (d) =>
      `Let one of them give way, for example \`queues: { ${d["queue"]}: { when_full: drop_old } }\` on \`${d["instance"]}\`, or cut \`${d["route"]}\` (to keep its events, route it to a \`wishbone.output.disk\` and read them back with a \`wishbone.input.disk\`).`,
  },
  WB_ROUTE_SPIN: {
    exitStatus: 2,
    message: (d) =>
      `Events that fail at \`${d["instance"]}\` come back to it at once by ${listedInPart(d["routes"])}, and would go round as fast as the machine can`,
    hint: (d) =>
      `Put something that waits into the circle: route \`${d["instance"]}.failed\` to a \`wishbone.output.disk\` and read its directory back with a \`wishbone.input.disk\`.`,
  },

  // Warnings
  WB_FAILED_UNROUTED: {
    exitStatus: 2,
    message: (d) => `\`${d["instance"]}.failed\` is not routed: an event that fails there is gone`,
    hint: (d) =>
      d["catchAll"] === true
        ? "It lies behind the catch-all `failed:`, which therefore spares it. A `wishbone.output.disk` there waits rather than fail."
        : `Route it, for example \`${d["instance"]}.failed -> …\`, or name a place for all such events with the top-level key \`failed:\`.`,
  },
  WB_QUEUE_DROPS: {
    exitStatus: 2,
    message: (d) => `\`${d["instance"]}.${d["queue"]}\` throws away ${d["which"]} events when it is full`,
    hint: () => "That may be meant. With `when_full: wait` the sender waits instead.",
  },
  WB_INPUT_UNROUTED: {
    exitStatus: 2,
    message: (d) => `Nothing is routed from \`${d["instance"]}\`: what it takes in is dropped`,
    hint: (d) => `Add a route, for example \`${d["instance"]}.${d["queue"]} -> …\`.`,
  },
  WB_INSTANCE_UNREACHED: {
    exitStatus: 2,
    message: (d) => `No route leads to \`${d["instance"]}\`: only a program that publishes to it could give it events`,
    hint: (d) => `Add a route, for example \`… -> ${d["instance"]}.${d["queue"]}\`, or remove the instance.`,
  },
} satisfies Record<string, Entry>
