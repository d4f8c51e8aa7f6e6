// What is said over the admin socket: lines of JSON, each ended by LF, at most 64 KiB from the client.
//
//   client  {"id": 1, "request": "events.list", "params": {"directory": "/var/spool/a"}}
//   graph   {"id": 1, "item": {…}}                      any number of them, for requests that have more than one thing to say
//           {"id": 1, "result": {…}}                    the last line of a request that went well
//           {"id": 1, "error": {"code", "message", "hint"}}    the last line of one that did not
//
// A connection's requests are answered one after another, in order. A line that is no request gets an error with `"id": null`.
//
//   status                                      what `debug` logs, with process, version, file
//   spools                                      the spools that are open
//   reload                                      reads the bootstrap file again; result: {outcome, problems, and what changed}
//   events.list    {directory, quarantined?, sequences?, uuid?, limit?}       one item a record; result {"more": boolean}
//   events.show    {directory, quarantined?, sequences?, uuid?}               items: up to two records that fit
//   events.select  {directory, quarantined?, sequences?, uuid?}               result: {waiting, in_flight, quarantined}
//   events.replay, events.purge   {directory}   to what was selected last on this connection; items {"done": n}; result
//   events.move    {directory, to}              {"done", "in_flight", "skipped"}
//
// `sequences` is a list of `[first, next]`, `next` not included. Nothing can be removed that was not selected before on the same connection,
// so that whoever asks has seen how many there are. Paths are absolute.

import { WishboneError } from "../errors.ts"
import { z } from "../spec/schema.ts"

/** Bytes of the longest request. */
export const lineBytesMax = 64 * 1024

const directory = z.string().startsWith("/").max(4096)
const sequence = z.int().min(0)
const selection = {
  quarantined: z.boolean().optional(),
  sequences: z
    .array(z.tuple([sequence, sequence]))
    .max(1000)
    .optional(),
  uuid: z.string().max(1000).optional(),
}

const requests = {
  status: z.strictObject({}),
  spools: z.strictObject({}),
  reload: z.strictObject({}),
  "events.list": z.strictObject({ directory, ...selection, limit: z.int().min(0).optional() }),
  "events.show": z.strictObject({ directory, ...selection }),
  "events.select": z.strictObject({ directory, ...selection }),
  "events.replay": z.strictObject({ directory }),
  "events.purge": z.strictObject({ directory }),
  "events.move": z.strictObject({ directory, to: directory }),
} as const

const envelope = z.strictObject({ id: z.int(), request: z.string().max(100), params: z.unknown().optional() })

export type RequestName = keyof typeof requests
export type Params<Name extends RequestName> = z.output<(typeof requests)[Name]>

/** A request that was checked. */
export type Request = { [Name in RequestName]: { readonly id: number; readonly name: Name; readonly params: Params<Name> } }[RequestName]

/** A line from the graph. */
export interface Answer {
  readonly id: number | null
  readonly item?: unknown
  readonly result?: unknown
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string }
}

/** The id of a line, as far as there is one, so that its mistake can be told under it. */
export function idOf(line: string): number | null {
  const parsed = parse(line)
  const id = typeof parsed === "object" && parsed !== null ? (parsed as { id?: unknown }).id : undefined
  return typeof id === "number" && Number.isInteger(id) ? id : null
}

/** Reads a line. @throws `WB_CONTROL_REQUEST` */
export function readRequest(line: string): Request {
  const parsed = parse(line)
  if (parsed === undefined) throw refused("the line is no JSON")
  const outer = envelope.safeParse(parsed)
  if (!outer.success) throw refused(`expected {"id": 1, "request": "status", "params": {}}: ${problemOf(outer.error)}`)
  const { id, request, params = {} } = outer.data
  if (!isName(request)) throw refused(`there is no request \`${request}\``, `There are ${Object.keys(requests).join(", ")}.`)
  const inner = requests[request].safeParse(params)
  if (!inner.success) throw refused(`\`params\` of \`${request}\`: ${problemOf(inner.error)}`)
  return { id, name: request, params: inner.data } as Request
}

function isName(name: string): name is RequestName {
  return Object.hasOwn(requests, name)
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function problemOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`)).join("; ")
}

function refused(problem: string, hint?: string): WishboneError {
  return new WishboneError("WB_CONTROL_REQUEST", { problem, hint })
}
