// Text as bytes and back, in the few charsets that protocols know. What cannot be read or written is refused, never replaced.

import { isAscii, isUtf8 } from "node:buffer"
import { Invalid } from "../errors.ts"
import { z } from "../spec/schema.ts"

const names = {
  "utf-8": "utf8",
  utf8: "utf8",
  latin1: "latin1",
  "latin-1": "latin1",
  "iso-8859-1": "latin1",
  ascii: "ascii",
  "us-ascii": "ascii",
} as const

/** A charset as a file names it. */
export type Charset = keyof typeof names

/** An argument that names a charset, UTF-8 by default. */
export function charset(): z.ZodDefault<z.ZodEnum<{ [Name in Charset]: Name }>> {
  const known = Object.fromEntries(Object.keys(names).map((name) => [name, name])) as { [Name in Charset]: Name }
  return z.enum(known).default("utf-8")
}

/** Bytes as text. @throws Invalid when they are no text of that charset. */
export function textOfBytes(bytes: Buffer, name: Charset): string {
  const encoding = names[name]
  if (encoding === "utf8" && !isUtf8(bytes)) throw new Invalid("the bytes are no UTF-8", { code: "charset" })
  if (encoding === "ascii" && !isAscii(bytes)) throw new Invalid("the bytes are no ASCII", { code: "charset" })
  return bytes.toString(encoding)
}

/** Text as bytes. @throws Invalid when the charset has no bytes for a character of it. */
export function bytesOfText(text: string, name: Charset): Buffer {
  const encoding = names[name]
  const stranger = (encoding === "utf8" ? /\p{Surrogate}/u : encoding === "latin1" ? /[\u0100-\u{10ffff}]/u : /\P{ASCII}/u).exec(text)?.[0]
  if (stranger === undefined) return Buffer.from(text, encoding)
  const code = stranger.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")
  throw new Invalid(`${name} has no bytes for U+${code}`, { code: "charset" })
}
