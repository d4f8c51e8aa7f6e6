// Keeps docs/errors.md: every error code with what it tells, as provoking it (test/errors/) makes it tell. `npm run docs` writes it; a test
// fails when it is stale.

import { readFile, writeFile } from "node:fs/promises"
import { pathToFileURL } from "node:url"
import { catalogue, type ErrorCode } from "../src/error-catalogue.ts"
import { type FailureKind, failureKinds } from "../src/errors.ts"
import { tlsTexts } from "../src/platform/tls-error.ts"
import { rooms } from "../test/errors/index.ts"
import type { Told } from "../test/errors/told.ts"

const file = new URL("errors.md", import.meta.url)

const kinds: Readonly<Record<FailureKind, string>> = {
  error: "A handler threw something of no other kind. Not retried unless asked for (`retry.on: all`).",
  transient: "A reason that may pass: refused, reset, timed out, unreachable, no name found, a peer that answers with an error. Retried.",
  timeout: "The handler's promise had not settled within `timeout`. Retried.",
  invalid: "The event itself is wrong and would fail again: it cannot be decoded or encoded, a template finds nothing to fill in.",
  overflow: "A queue or a disk was full and set to drop rather than to wait (`when_full`).",
  quarantined: "A module set the event aside for a person to look at.",
  exhausted: "It was tried as often, or for as long, as `retry:` allows.",
  stale: "Its instance was removed or changed by a reload before the event was through, or what it waited for is out of date.",
  unstored: "It was to be kept, and the store or the disk did not take it.",
  ttl: "It went through more instances than its time to live allows, 254 at first: mostly a circle of routes.",
  stopped: "The graph stopped before the event was through.",
}

const statuses: readonly (readonly [number, string])[] = [
  [0, "nothing was lost"],
  [1, "the run failed, or what was asked for could not be done"],
  [2, "the bootstrap file or the usage is wrong; nothing was started"],
  [3, "something was lost, and the ledger says how much"],
  [130, "ended at once by a second signal"],
]

const head = `# Errors

Written by \`npm run docs\` from the error catalogue and from tests that provoke every error in it: what is printed below was really told.

A code stays what it is, so programs match codes; texts may improve. \`lint --json\` gives the code of each problem in a bootstrap file with
its place; errors that are thrown carry it as \`code\`. Problems of a bootstrap file are told all together and nothing starts; warnings and
notes stop nothing (\`lint --strict\` makes warnings errors).

## Exit status

| status | means |
|---|---|
${statuses.map(([status, means]) => `| ${status} | ${means} |`).join("\n")}

Below, each code has the status that it leads to.

## How an event fails

An event that fails goes to \`failed\` of its instance, with one of these kinds in \`meta.history\`. Circuits and \`retry:\` count \`transient\` and
\`timeout\`.

| kind | means |
|---|---|
${failureKinds.map((kind) => `| \`${kind}\` | ${kinds[kind]} |`).join("\n")}
`

const tls = `## TLS

Connections that cannot speak TLS end with one of these codes, in the log of the instance and, where an event failed for it, in its
\`meta.history\`. None of them ends the process.

| code | means |
|---|---|
${Object.entries(tlsTexts)
  .map(([code, means]) => `| \`${code}\` | ${means} |`)
  .join("\n")}
`

/** As the command line prints it. */
function printed({ code, message, hint, severity, place, provokedBy }: Told): string {
  if (place === undefined) return `error: ${message}\n${hint === "" ? "" : `  hint: ${hint}\n`}`
  const frame = isFrame(provokedBy) ? provokedBy.replace(/^(?=.)/gm, "  ") : undefined
  return [`${place}: ${severity}: ${message} [${code}]`, frame, hint === "" ? undefined : `  ${hint}`, ""]
    .filter((line) => line !== undefined)
    .join("\n")
}

function isFrame(provokedBy: string): boolean {
  return provokedBy.includes("\n")
}

function entry(told: Told): string {
  const { code, provokedBy, severity } = told
  const status = severity === "error" ? `Exit status ${catalogue[code as ErrorCode].exitStatus}.` : `A ${severity}.`
  const cause = isFrame(provokedBy) ? "" : ` ${provokedBy}`
  return `### ${code}\n\n${status}${cause}\n\n\`\`\`text\n${printed(told)}\`\`\`\n`
}

/** docs/errors.md as it is and as it should be. */
export async function errorsPage(): Promise<{ now: string; wanted: string }> {
  const sections: string[] = []
  for (const { title, provocations } of rooms) {
    const entries: string[] = []
    for (const provoke of Object.values(provocations)) entries.push(entry(await provoke()))
    sections.push(`## ${title}\n\n${entries.join("\n")}`)
  }
  return { now: await readFile(file, "utf8").catch(() => ""), wanted: [head, ...sections, tls].join("\n") }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { wanted } = await errorsPage()
  await writeFile(file, wanted)
}
