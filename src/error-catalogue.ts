// Every error code with its message, its hint and the exit status it leads to. One entry a code, grouped by room.
// `details` are plain values; a message says what was found, what was expected and where.

import { bootstrapErrors } from "./error-bootstrap.ts"
import { cliErrors } from "./error-cli.ts"
import { controlErrors } from "./error-control.ts"
import { demoErrors } from "./error-demo.ts"
import { fileErrors } from "./error-files.ts"
import { httpErrors } from "./error-http.ts"
import { moduleErrors } from "./error-modules.ts"
import { packageErrors } from "./error-packages.ts"
import { partErrors } from "./error-parts.ts"
import { reloadErrors } from "./error-reload.ts"
import { storeErrors } from "./error-store.ts"
import { counted, listed, suggestion } from "./error-text.ts"

/** Plain values that fill a message: names, numbers, lists of names. */
export type ErrorDetails = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 1 | 2
  readonly message: (details: ErrorDetails) => string
  readonly hint: (details: ErrorDetails) => string
}

/** What to do when a listener cannot be bound, by the system error's code. */
const listenHints: Readonly<Record<string, string>> = {
  EACCES: "Ports below 1024 need a privilege: choose a higher `port`.",
  EADDRNOTAVAIL: "`host` must be an address of this machine, `127.0.0.1`, or `0.0.0.0` for all of its addresses.",
  ENOTFOUND: "The name in `host` has no address: write an address of this machine, such as `127.0.0.1`.",
}

/** What is filled in at start comes from the environment, mostly. */
function startHint(template: unknown): string {
  const variable = /\benv\b\W*(\w+)/.exec(String(template))?.[1]
  return variable === undefined
    ? "At start there are `env`, `version` and `pid`; what an event holds is filled in later."
    : `Set \`${variable}\` in the environment, or write \`\${${variable}:-value}\` to give a default.`
}

const entries = {
  // Router
  WB_ROUTER_PHASE: {
    exitStatus: 1,
    message: (d) => `The router is ${d["phase"]} and cannot ${d["wanted"]}`,
    hint: () => "A router runs once; build another one from the same plan.",
  },
  WB_START_FAILED: {
    exitStatus: 1,
    message: (d) => `\`${d["instance"]}\` could not start: ${d["reason"]}`,
    hint: () => "The reason is in the words of its module: mend what it names. `show --module ID` explains what a module needs.",
  },

  // Modules as they run
  WB_MODULE_NO_HANDLER: {
    exitStatus: 1,
    message: (d) => `\`${d["module"]}\` (instance \`${d["instance"]}\`) has no handler for its in queue \`${d["queue"]}\``,
    hint: (d) => `Name a handler in \`consumers\` or \`batches\` of the module, under \`${d["queue"]}\` or \`"*"\`.`,
  },
  WB_PORT_IN_USE: {
    exitStatus: 1,
    message: (d) => `\`${d["instance"]}\` cannot listen on ${d["host"]}:${d["port"]}: the port is in use`,
    hint: () => "Stop the program that listens there (`ss -ltnp` names it), or choose another `port`.",
  },
  WB_LISTEN_FAILED: {
    exitStatus: 1,
    message: (d) => `\`${d["instance"]}\` cannot listen on ${d["host"]}:${d["port"]}: ${d["problem"]}`,
    hint: (d) => listenHints[String(d["code"])] ?? "Choose another `host` or `port`.",
  },
  WB_TLS_FILE: {
    exitStatus: 1,
    message: (d) => `\`${d["instance"]}\` cannot read \`${d["file"]}\` (\`${d["argument"]}\`): ${d["problem"]}`,
    hint: (d) =>
      d["code"] === "ENOENT" ? "Relative paths count from the folder of the bootstrap file." : "Name a file that this user may read.",
  },
  WB_TLS_UNUSABLE: {
    exitStatus: 1,
    message: (d) => `\`${d["instance"]}\` cannot speak TLS with the files it was given: ${String(d["problem"]).replace(/^TLS: /, "")}`,
    hint: () => "`openssl x509 -in FILE -noout -text` shows what a certificate holds, `openssl pkey -in FILE -noout -text` a key.",
  },

  // Modules and their arguments
  WB_ARGUMENT_INVALID: {
    exitStatus: 2,
    message: (d) => `Argument \`${d["argument"]}\` of \`${d["module"]}\`: ${d["problem"]}`,
    hint: (d) => String(d["hint"] ?? ""),
  },
  WB_ARGUMENTS_NOT_A_MAP: {
    exitStatus: 2,
    message: (d) => `The arguments of \`${d["module"]}\`: ${d["problem"]}`,
    hint: () => "Write one `name: value` a line below `arguments:`.",
  },
  WB_ARGUMENT_UNKNOWN: {
    exitStatus: 2,
    message: (d) => `\`${d["module"]}\` has no argument \`${d["argument"]}\``,
    hint: (d) => suggestion(d["name"], d["known"]),
  },
  WB_ARGUMENT_MISSING: {
    exitStatus: 2,
    message: (d) => `\`${d["module"]}\` needs the argument \`${d["argument"]}\``,
    hint: (d) =>
      d["expected"] === undefined ? `\`wishbone-ts show --module ${d["module"]}\` explains its arguments.` : `Give it ${d["expected"]}.`,
  },
  WB_ARGUMENT_TWICE: {
    exitStatus: 2,
    message: (d) => `\`${d["alias"]}\` and \`${d["canonical"]}\` of \`${d["module"]}\` are two names of one argument, and both are given`,
    hint: (d) => `Keep \`${d["canonical"]}\`; \`${d["alias"]}\` is its former name.`,
  },
  WB_ARGUMENT_TEMPLATE: {
    exitStatus: 2,
    message: (d) => `Argument \`${d["argument"]}\` of \`${d["module"]}\` cannot be a template, found \`${d["template"]}\``,
    hint: (d) =>
      d["environment"] === undefined
        ? "Its value is fixed when the file is read; `show` marks the arguments that take templates."
        : `Write \`\${${d["environment"]}}\` to fill in an environment variable when the file is read.`,
  },
  WB_MODULE_NAME: {
    exitStatus: 2,
    message: (d) =>
      d["kind"] === undefined
        ? `A module is named \`namespace.kind.name\` in lowercase, found \`${d["name"]}\``
        : `\`${d["name"]}\`: there is no kind of module called \`${d["kind"]}\``,
    hint: (d) => (d["kind"] === undefined ? "For example `acme.process.translate`." : suggestion(d["kind"], d["known"])),
  },
  WB_MODULE_QUEUE_RESERVED: {
    exitStatus: 2,
    message: (d) => `\`${d["module"]}\` declares a queue \`${d["queue"]}\`, a name kept for the runtime`,
    hint: (d) => `Every instance has ${listed(d["reserved"])} by itself, and no other queue begins with \`_\`.`,
  },
  WB_MODULE_ALIAS: {
    exitStatus: 2,
    message: (d) => `\`${d["module"]}\` declares the alias \`${d["alias"]}\` for \`${d["canonical"]}\`, which ${d["problem"]}`,
    hint: (d) => `Its arguments are ${listed(d["known"])}.`,
  },
  WB_MODULE_CONTRACT: {
    exitStatus: 2,
    message: (d) => `The contract of \`${d["module"]}\` ${d["problem"]}`,
    hint: (d) => suggestion(d["name"], d["known"]),
  },
  WB_MODULE_DUPLICATE: {
    exitStatus: 2,
    message: (d) =>
      `Two ${d["what"] ?? "modules"} are called \`${d["name"]}\`${d["first"] === undefined ? "" : `: one of \`${d["first"]}\`, one of \`${d["second"]}\``}`,
    hint: () => "Give one of them a namespace of its own, or list its package once.",
  },
  WB_MODULE_UNKNOWN: {
    exitStatus: 2,
    message: (d) => `There is no module \`${d["written"] ?? d["name"]}\``,
    hint: (d) =>
      String(
        d["hint"] ?? (suggestion(d["name"], d["known"]).startsWith("Did") ? suggestion(d["name"], d["known"]) : "`list` names them all."),
      ),
  },
  WB_TEMPLATE_SYNTAX: {
    exitStatus: 2,
    message: (d) =>
      `The template \`${d["template"]}\` cannot be read${d["column"] === undefined ? "" : ` (line ${d["line"]}, column ${d["column"]})`}: ${d["problem"]}`,
    hint: (d) =>
      String(d["hint"] || "What is filled in stands between `{{` and `}}`, as in `{{ data.name }}`; text around it stays as it is."),
  },
  WB_TEMPLATE_NAME: {
    exitStatus: 2,
    message: (d) => `The template \`${d["template"]}\` cannot be filled in: ${d["problem"]}`,
    hint: (d) => String(d["hint"] ?? suggestion(d["name"], d["known"])),
  },
  WB_TEMPLATE_START: {
    exitStatus: 2,
    message: (d) => `Argument \`${d["argument"]}\` could not be filled in at start: ${d["problem"]}`,
    hint: (d) => String(d["hint"] || startHint(d["template"])),
  },
  // Spool
  WB_SPOOL_DIRECTORY_MISSING: {
    exitStatus: 2,
    message: (d) =>
      `The directory \`${d["directory"]}\` of a spool does not exist${d["parent"] === undefined ? "" : `, nor does \`${d["parent"]}\``}`,
    hint: () => "A missing directory is made only below an existing one: make its parent, or correct the path.",
  },
  WB_SPOOL_DIRECTORY_INVALID: {
    exitStatus: 2,
    message: (d) => `\`${d["directory"]}\` ${d["problem"]}, so it cannot hold a spool`,
    hint: () => "Name a directory that this user may write.",
  },
  WB_SPOOL_LOCKED: {
    exitStatus: 1,
    message: (d) =>
      `The spool \`${d["directory"]}\` already has a ${d["role"]}: ${d["pid"] === undefined ? "another process" : `process ${d["pid"]}`}`,
    hint: (d) => `A spool has one ${d["role"]} at a time: stop the other one, or use a directory of its own.`,
  },
  WB_SPOOL_RECORD_TOO_LARGE: {
    exitStatus: 1,
    message: (d) =>
      `A record of ${counted(d["bytes"])} bytes is too large for the spool \`${d["directory"]}\`; it may have at most ${counted(d["bytesMax"])}`,
    hint: () => "Split the event before it gets there, or leave out of it what is not needed.",
  },
  WB_SPOOL_WRITE_FAILED: {
    exitStatus: 1,
    message: (d) => `The spool \`${d["directory"]}\` could not be written${d["code"] === undefined ? "" : ` (${d["code"]})`}`,
    hint: (d) =>
      d["code"] === "ENOSPC"
        ? "Free space on its disk; with `when_full: wait` events are held until there is some."
        : "See that this user may write there, and what the system's log says about the disk.",
  },
  WB_SPOOL_CLOSED: {
    exitStatus: 1,
    message: (d) => `The spool \`${d["directory"]}\` is closed, so it takes no more records`,
    hint: () => "Append before the writer is closed, or open another one.",
  },
  // The admin socket, and events on disk as people handle them
  ...controlErrors,
  // Changes to a graph that runs
  ...reloadErrors,
  // What is served over HTTP
  ...httpErrors,
  // Demonstrations
  ...demoErrors,
  ...storeErrors,
  // Files that modules read and write
  ...fileErrors,
  // Protocols and functions
  ...partErrors,
  // Commands: background processes, files that commands write
  ...cliErrors,
  // Bootstrap files and their graphs
  ...bootstrapErrors,
  // What flow and process modules meet at start
  ...moduleErrors,
  // Components from outside
  ...packageErrors,
} satisfies Record<string, Entry>

/** A stable error code. */
export type ErrorCode = keyof typeof entries

/** The catalogue: code to message, hint and exit status. */
export const catalogue: Readonly<Record<ErrorCode, Entry>> = entries
