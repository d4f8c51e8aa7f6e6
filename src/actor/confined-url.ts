// URLs that event data has a say in, confined to what the bootstrap file wrote literally: scheme, host and port always, and of the path
// all that stands before the first template. Data fills in what comes behind; it opens no query where the file has none, and climbs out
// of nothing.

import { Invalid } from "../errors.ts"
import { redactUrlPasswords } from "../spec/marked.ts"

/** Where requests may go: the literal part of a URL, looked at once. */
export interface UrlBase {
  /** Scheme, host and port, as URLs write them. */
  readonly origin: string
  /** Percent-decoded; empty when the URL has none. */
  readonly username: string
  readonly password: string
  /** The URL up to the first template, whole when there is none. */
  readonly literal: string
  readonly path: string
  /** The literal part reaches into the query, so the path is fixed. */
  readonly inQuery: boolean
  /** The file itself writes a query, before or behind a template. */
  readonly hasQuery: boolean
}

// Nothing of this belongs in a URL; URL parsers leave some of it out, so that `.\t.` would become `..`.
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u0020\u007f\\]/

/** Looks at a URL of the bootstrap file, which may be a template. A text says what is wrong with it. */
export function urlBase(source: string): UrlBase | string {
  const at = source.search(/\{[{%#]/)
  const literal = at < 0 ? source : source.slice(0, at)
  const url = URL.canParse(literal) ? new URL(literal) : undefined
  if (url === undefined)
    return at < 0 ? "it is no URL such as `https://example.test/in`" : "its beginning must name scheme and host literally"
  if (url.protocol !== "http:" && url.protocol !== "https:") return `its scheme is \`${url.protocol.slice(0, -1)}\`, not http or https`
  if (forbidden.test(literal)) return "it holds a space, a backslash or a control character"
  if (url.hash !== "" || literal.endsWith("#")) return "it has a fragment (`#`), which is never sent"
  if (climbs(pathOf(literal))) return "its path holds `.` or `..`"
  // Else data would go on with the name of the host, or its port.
  if (at >= 0 && !/^https?:\/\/[^/?]+[/?]/i.test(literal)) return "the host must end, in a `/`, before the first template"
  const credentials = credentialsOf(url)
  if (typeof credentials === "string") return credentials
  return {
    origin: url.origin,
    ...credentials,
    literal,
    path: url.pathname,
    inQuery: literal.includes("?"),
    hasQuery: source.replace(/\{\{[^]*?\}\}|\{%[^]*?%\}|\{#[^]*?#\}/g, "").includes("?"),
  }
}

function credentialsOf(url: URL): { username: string; password: string } | string {
  try {
    return { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }
  } catch {
    return "its user or password is not percent-encoded"
  }
}

/** Path and query to ask for, of a URL that a template gave. @throws Invalid when it leads out of its base. */
export function confinedTarget(base: UrlBase, text: string): string {
  const refuse = (problem: string): never => {
    const shown = JSON.stringify(redactUrlPasswords(text.length > 120 ? `${text.slice(0, 120)}…` : text))
    throw new Invalid(`the URL ${shown} ${problem}`, { code: "url" })
  }
  if (!text.startsWith(base.literal)) refuse("does not begin as the file wrote it")
  if (forbidden.test(text)) refuse("holds a space, a backslash or a control character (`| urlencode` writes them as URLs do)")
  if (text.includes("#")) refuse("holds a `#`")
  if (!base.hasQuery && text.includes("?")) refuse("has a query, which the file does not (`| urlencode` writes a `?` as URLs do)")
  if (climbs(pathOf(text))) refuse("climbs out of its folder")
  const url = URL.canParse(text) ? new URL(text) : refuse("is none")
  if (url.origin !== base.origin) refuse("leads to another host")
  if (base.inQuery ? url.pathname !== base.path : !url.pathname.startsWith(base.path)) refuse("leads to another path")
  return url.pathname + url.search
}

/** The path of a URL as it is written. */
function pathOf(text: string): string {
  return /^[^/]*\/\/[^/?]*([^?]*)/.exec(text)?.[1] ?? ""
}

/** Whether a part of the path is `.` or `..`, in whatever writing. */
function climbs(path: string): boolean {
  try {
    return decodeURIComponent(path)
      .split(/[/\\]/)
      .some((part) => part === "." || part === "..")
  } catch {
    return true
  }
}
