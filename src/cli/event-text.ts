// Events on disk as lines of a terminal. Data comes from anywhere: what could steer a terminal is written as an escape.

import type { EventLine } from "../spool/shown.ts"

// Control characters, and those that change the direction of what follows.
const unprintable = /[\p{Cc}\u2028-\u202e\u2066-\u2069\ufeff]/gu
const widths = { where: 10, sequence: 10, time: 24, uuid: 36, bytes: 9, codec: 7 } as const

export const eventRowHead = `${row({ where: "where", sequence: "sequence", time: "time", uuid: "uuid", bytes: "bytes", codec: "codec" }, "data")}\n`

/** One event, or whatever else lies in quarantine, as a row. */
export function eventRow({ where, sequence, time, uuid, bytes, codec, preview, file }: EventLine): string {
  const cells = { where, sequence: String(sequence ?? ""), time: time ?? "", uuid: uuid ?? "", bytes: String(bytes), codec: codec ?? "" }
  return row(cells, printable(preview ?? file ?? ""))
}

function row(cells: Record<keyof typeof widths, string>, data: string): string {
  const { where, sequence, time, uuid, bytes, codec } = cells
  const left = `${where.padEnd(widths.where)}  ${sequence.padStart(widths.sequence)}  ${time.padEnd(widths.time)}`
  return `${left}  ${printable(uuid).padEnd(widths.uuid)}  ${bytes.padStart(widths.bytes)}  ${codec.padEnd(widths.codec)}  ${data}`.trimEnd()
}

/** Text that does nothing to a terminal but to be seen. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, escaped)
}

/** JSON that does nothing to a terminal either, and means the same. */
export function printableJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent)
  return text.replaceAll(unprintable, (character) => (character === "\n" ? character : escaped(character)))
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
}
