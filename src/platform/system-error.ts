// Errors as Node and the kernel make them: `code`, `errno`, `syscall`, and the text "ENOENT: no such file or directory, open '/x'".
// The simulated platform makes all of its errors here; the real one only those that the kernel never got to make.

import { getSystemErrorMap } from "node:util"

/** An error of the operating system. Callers match `code`. */
export interface SystemError extends Error {
  code: string
  errno?: number
  syscall?: string
  path?: string
  dest?: string
  address?: string
  port?: number
}

interface Known {
  readonly errno: number
  readonly text: string
}

const known: ReadonlyMap<string, Known> = new Map([...getSystemErrorMap()].map(([errno, [code, text]]) => [code, { errno, text }] as const))

/** Makes the error that Node would make for `code`, with the fields Node would set. */
export function systemError(
  code: string,
  syscall: string,
  place: { path?: string; dest?: string; address?: string; port?: number } = {},
): SystemError {
  const { errno, text } = known.get(code) ?? { errno: 0, text: "unknown error" }
  const target = place.dest === undefined ? "" : ` -> '${place.dest}'`
  const message = place.path === undefined ? networkText(code, syscall, place) : `${code}: ${text}, ${syscall} '${place.path}'${target}`
  return Object.assign(new Error(message), { errno, code, syscall }, place)
}

function networkText(code: string, syscall: string, place: { address?: string; port?: number }): string {
  if (place.address === undefined) return `${syscall} ${code}`
  return place.port === undefined ? `${syscall} ${code} ${place.address}` : `${syscall} ${code} ${place.address}:${place.port}`
}

/** The `code` of a system error, `undefined` for anything else. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined
  return typeof error.code === "string" ? error.code : undefined
}
