// Entries of the error catalogue (src/error-catalogue.ts) for protocols and functions: their declarations, and how a bootstrap file
// names them.

import { listed, suggestion } from "./error-text.ts"

type Details = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 2
  readonly message: (details: Details) => string
  readonly hint: (details: Details) => string
}

/** A name, and the id behind it where that is another. */
function named({ name, id }: Details): string {
  return name === id ? `\`${name}\`` : `\`${name}\` (\`${id}\`)`
}

export const partErrors = {
  WB_COMPONENT_NAME: {
    exitStatus: 2,
    message: (d) =>
      `A ${d["what"]} is named \`namespace.${d["what"]}.kind.name\` in lowercase, its kind one of ${listed(d["kinds"])}; found \`${d["name"]}\``,
    hint: (d) => (d["what"] === "protocol" ? "For example `acme.protocol.decode.csv`." : "For example `acme.function.template.weekday`."),
  },
  WB_PART_UNKNOWN: {
    exitStatus: 2,
    message: (d) => `There is no ${d["what"]} \`${d["name"]}\``,
    hint: (d) => String(d["hint"] ?? suggestion(d["name"], d["known"])),
  },
  WB_PART_AMBIGUOUS: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` may be any of ${listed(d["ids"])}`,
    hint: (d) => `Write the whole id, or declare the one that is meant under \`${d["section"]}:\`.`,
  },
  WB_PART_ARGUMENTS: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` cannot be used without arguments: ${d["problem"]}`,
    hint: (d) => `Declare it under \`${d["section"]}:\`, with its arguments, and use the name it has there.`,
  },
  WB_PART_UNUSED: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` is declared under \`${d["section"]}\`, and nothing uses it`,
    hint: (d) => `Name it ${d["place"]}, or remove it.`,
  },
  WB_PROTOCOL_DIRECTION: {
    exitStatus: 2,
    message: (d) =>
      d["wanted"] === "decode"
        ? `\`${d["instance"]}\` takes bytes in and needs a protocol that decodes; ${named(d)} encodes`
        : `\`${d["instance"]}\` sends bytes out and needs a protocol that encodes; ${named(d)} decodes`,
    hint: (d) => (d["other"] === undefined ? "`wishbone-ts list` names the protocols." : `Use \`${d["other"]}\`.`),
  },
  WB_PROTOCOL_MISPLACED: {
    exitStatus: 2,
    message: (d) =>
      d["kind"] === "input" || d["kind"] === "output"
        ? `\`${d["instance"]}\` is a \`${d["module"]}\`, which has no bytes to ${d["kind"] === "input" ? "decode" : "encode"}, so a protocol has no place there`
        : `\`${d["instance"]}\` is a ${d["kind"]} module: it neither takes bytes in nor sends any out, so a protocol has no place there`,
    hint: () => "A protocol belongs to the input that takes the bytes in, or to the output that sends them out.",
  },
  WB_FUNCTION_CALL_NAME: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` cannot be the name of a template function`,
    hint: (d) =>
      d["taken"] === true
        ? "Every template has a function of that name already: choose another one."
        : "Templates call it by that name: use letters, digits and `_`, and begin with a letter.",
  },
} satisfies Record<string, Entry>
