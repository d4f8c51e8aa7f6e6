// Any payload as a JSON document: maps and lists, and text, numbers, truth values and nothing as well. Bytes are written as
// `{"$bytes": "<base64>"}`, as everywhere.

import { defineProtocol, Encoder, toJson, z } from "../../src/index.ts"

const spec = defineProtocol({
  name: "wishbone.protocol.encode.json",
  summary: "Writes a JSON document.",
  arguments: {
    sort_keys: z.boolean().default(false).describe("Writes the keys of maps in order."),
    ensure_ascii: z.boolean().default(false).describe("Writes only ASCII, other characters as `\\uXXXX`."),
    indent: z
      .int()
      .min(0)
      .max(10)
      .nullable()
      .default(null)
      .describe("Spaces a level is indented by, over several lines; `null`: all on one line."),
  },
  examples: [
    { title: "One document a line", arguments: {} },
    { title: "Comparable", arguments: { sort_keys: true, ensure_ascii: true } },
  ],
})

export default class JsonEncoder extends Encoder<typeof spec> {
  static readonly spec = spec

  encode(value: unknown): string {
    const { sort_keys, ensure_ascii, indent } = this.args
    const text = toJson(value, { indent: indent ?? 0, sorted: sort_keys })
    return ensure_ascii ? text.replace(/[\u007f-\uffff]/g, escaped) : text
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
}
