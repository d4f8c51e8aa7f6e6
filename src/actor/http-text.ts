// What HTTP allows in its headers, and what some of them say.

import { Invalid } from "../errors.ts"

const nameForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// Line ends would begin another header, or another request.
// oxlint-disable-next-line no-control-regex
const valueForm = /^[\t\u0020-\u007e\u0080-\u00ff]*$/
const framing = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
])

/** What is wrong with the name of a header that the bootstrap file wants to send; `undefined` when nothing is. */
export function headerNameProblem(name: string): string | undefined {
  if (!nameForm.test(name)) return `\`${name}\` is no name of a header`
  return framing.has(name.toLowerCase()) ? `\`${name}\` says how the request is framed, and is added where it is needed` : undefined
}

/** The value of a header as it may be sent. @throws Invalid when it holds line ends or other control characters, or no single bytes. */
export function headerValue(name: string, value: string): string {
  if (valueForm.test(value)) return value.trim()
  throw new Invalid(`the header \`${name}\` holds a line end, another control character or one that no header may hold`, { code: "header" })
}

/** How long a server wants to be left alone: seconds, or a date; `undefined` when it does not say, or says nonsense. */
export function retryAfterMs(value: unknown, nowMs: number): number | undefined {
  if (typeof value !== "string") return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000
  const date = /^\w+, .*\d\d:\d\d:\d\d GMT$/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs)
}

/** The beginning of what a stranger wrote, on one line, for a log. */
export function excerpt(bytes: Buffer, charactersMax = 200): string {
  const text = bytes.subarray(0, 4 * charactersMax).toString("utf8")
  // oxlint-disable-next-line no-control-regex
  const line = text.replace(/[\u0000-\u0020\u007f-\u009f\u2028\u2029]+/g, " ").trim()
  return line.length > charactersMax ? `${line.slice(0, charactersMax)}…` : line
}
