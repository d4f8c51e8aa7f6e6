// Holds the repository to its layout, and holds the checker to it: each kind of violation is planted once and must be found.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { checkLayout, describe as describeProblem, type Source } from "./layout/check.ts"

interface Lockfile {
  packages: Record<string, { resolved?: string; optionalDependencies?: Record<string, string> }>
}

const root = fileURLToPath(new URL("..", import.meta.url))

function readSources(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|cjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: file.slice(root.length).replaceAll("\\", "/"), text: readFileSync(file, "utf8") }))
}

function readRepository(): Source[] {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const wanted = ["bench", "bin", "modules", "src", "test"].filter((name) => folders.some((folder) => folder.name === name))
  return wanted.flatMap(readSources).filter((source) => !source.path.startsWith("test/fixtures/"))
}

/** Problems of planted files, given as path → text. */
function problemsOf(files: Record<string, string>): string[] {
  return checkLayout(Object.entries(files).map(([path, text]) => ({ path, text }))).map(describeProblem)
}

test("the repository keeps to its layout", () => {
  expect(checkLayout(readRepository()).map(describeProblem)).toEqual([])
})

describe("lockfile", () => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lockfile

  test("names no registry: everyone installs from the one they have set up", () => {
    expect(Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined)).toEqual([])
  })

  // A registry that lacks the binaries of some platform makes npm leave them out of the lockfile, which `npm ci` refuses.
  test("lists the binaries of every platform", () => {
    const wanted = Object.values(lock.packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
    expect(wanted.filter((name) => lock.packages[`node_modules/${name}`] === undefined)).toEqual([])
  })
})

describe("directions", () => {
  test("a room may look to its left", () => {
    expect(
      problemsOf({ "src/router/router.ts": 'import { Actor } from "../actor/actor.ts"\nimport "../errors.ts"\nimport "./graph.ts"' }),
    ).toEqual([])
  })

  test("a room may not look to its right, whatever the form of the import", () => {
    const found = problemsOf({
      "src/queue/ring.ts": 'import { a } from "../actor/actor.ts"',
      "src/event.ts": 'import type { Queue } from "./queue/queue.ts"',
      "src/ticket.ts": 'export * from "./event.ts"',
      "src/ledger.ts": 'export type T = import("./ticket.ts").Ticket',
      "src/log.ts": 'export const load = () => import("./cli/main.ts")',
    })
    expect(found).toEqual([
      "src/queue/ring.ts:1: imports ../actor/actor.ts: queue may not look into actor",
      "src/event.ts:1: imports ./queue/queue.ts: event may not look into queue",
      "src/ticket.ts:1: imports ./event.ts: ticket may not look into event",
      "src/ledger.ts:1: imports ./ticket.ts: ledger may not look into ticket",
      "src/log.ts:1: imports ./cli/main.ts: log may not look into cli",
    ])
  })

  test("rooms of one rank are strangers", () => {
    expect(problemsOf({ "src/control/page.ts": 'import "../testing/index.ts"' })).toEqual([
      "src/control/page.ts:1: imports ../testing/index.ts: control may not look into testing",
    ])
  })

  test("inside src nobody imports the public API, and the public API leaves out the command line", () => {
    expect(
      problemsOf({ "src/cli/run.ts": 'import "../index.ts"', "src/index.ts": 'export * from "./cli/main.ts"\nexport * from "./event.ts"' }),
    ).toEqual([
      "src/cli/run.ts:1: imports ../index.ts: inside src/ nobody imports the public API",
      "src/index.ts:1: imports ./cli/main.ts: cli is no part of the public API",
    ])
  })

  test("src does not know the built-in modules", () => {
    expect(problemsOf({ "src/cli/list.ts": 'import "../../modules/index.ts"' })).toEqual([
      "src/cli/list.ts:1: imports ../../modules/index.ts: src/ imports rooms of src/ only",
    ])
  })

  test("bin joins src and the list of modules, but takes no single module", () => {
    expect(
      problemsOf({ "bin/main.ts": 'import "../src/cli/main.ts"\nimport "../modules/index.ts"\nimport "../modules/flow/fanout.ts"' }),
    ).toEqual(["bin/main.ts:3: imports ../modules/flow/fanout.ts: bin joins src/ and modules/index.ts"])
  })

  test("a file of src outside the rooms is found", () => {
    expect(problemsOf({ "src/magic/wand.ts": "", "src/wand.ts": "" })).toEqual([
      "src/magic/wand.ts: belongs to no room",
      "src/wand.ts: belongs to no room",
    ])
    expect(problemsOf({ "src/error-text.ts": "", "src/event-path.ts": "" })).toEqual([])
  })
})

describe("modules", () => {
  const list = { "modules/index.ts": 'import a from "./flow/a.ts"\nexport const components = [a]' }

  test("a module may import the public API", () => {
    expect(problemsOf({ ...list, "modules/flow/a.ts": 'import { z } from "../../src/index.ts"' })).toEqual([])
  })

  test("a module may import neither another module nor a file inside src", () => {
    const text =
      'import "./b.ts"\nimport "../../src/event.ts"\nimport "../index.ts"\nimport type { X } from "wishbone-ts"\nimport "wishbone-ts"'
    expect(problemsOf({ "modules/index.ts": 'import "./flow/a.ts"', "modules/flow/a.ts": text })).toEqual([
      "modules/flow/a.ts:1: imports ./b.ts: a module imports src/index.ts only",
      "modules/flow/a.ts:2: imports ../../src/event.ts: a module imports src/index.ts only",
      "modules/flow/a.ts:3: imports ../index.ts: a module imports src/index.ts only",
      "modules/flow/a.ts:4: imports wishbone-ts: use the relative path",
      "modules/flow/a.ts:5: imports wishbone-ts: use the relative path",
      "modules/index.ts: import cycle: modules/index.ts -> modules/flow/a.ts -> modules/index.ts",
    ])
  })

  test("a module that is not listed is found", () => {
    expect(problemsOf({ ...list, "modules/flow/a.ts": "", "modules/flow/b.ts": "" })).toEqual([
      "modules/flow/b.ts: is not listed in modules/index.ts",
    ])
  })

  test("a type import does not list a module", () => {
    expect(problemsOf({ "modules/index.ts": 'import type A from "./flow/a.ts"', "modules/flow/a.ts": "" })).toHaveLength(1)
  })

  test("a module lies in the folder of its kind", () => {
    expect(problemsOf({ "modules/index.ts": "", "modules/stray.ts": "" })).toEqual(["modules/stray.ts: is not modules/<kind>/<name>.ts"])
  })

  test("a client is loaded by a call, not with the file", () => {
    expect(problemsOf({ ...list, "modules/flow/a.ts": 'import type { X } from "mqtt"\nexport const load = () => import("mqtt")' })).toEqual(
      [],
    )
    expect(problemsOf({ ...list, "modules/flow/a.ts": 'import mqtt from "mqtt"' })).toHaveLength(1)
  })
})

describe("doors", () => {
  test.each([
    ["yaml", "src/bootstrap/file.ts", "src/bootstrap/check.ts"],
    ["pino", "src/log.ts", "src/actor/actor.ts"],
    ["fs-extra", "src/platform/real.ts", "src/platform/platform.ts"],
    ["chokidar", "src/platform/real-files.ts", "src/bootstrap/watch.ts"],
    ["zod", "src/spec/schema.ts", "src/index.ts"],
    ["zod/v4/core", "src/spec/schema.ts", "src/router/registry.ts"],
    ["@11ty/nunjucks", "src/actor/template.ts", "src/actor/actor.ts"],
    ["commander", "src/cli/main.ts", "src/control/admin.ts"],
    ["cli-table3", "src/cli/list.ts", "bin/main.ts"],
    ["picocolors", "src/log.ts", "src/router/graph.ts"],
  ])("%s comes in at its door alone", (name, inside, outside) => {
    expect(problemsOf({ [inside]: `import x from "${name}"` })).toEqual([])
    expect(problemsOf({ [outside]: `import x from "${name}"` })).toHaveLength(1)
    expect(problemsOf({ [outside]: `import type x from "${name}"` })).toHaveLength(1)
  })

  test("a package without a door comes in nowhere", () => {
    expect(problemsOf({ "src/router/router.ts": 'import "left-pad"' })).toHaveLength(1)
  })
})

describe("names that belong to the platform", () => {
  test.each([
    "Date.now()",
    'Date["now"]()',
    "globalThis.Date.now()",
    "const { now } = Date",
    "new Date()",
    "new Date",
    "Date()",
    "performance.now()",
    "setTimeout(f, 1)",
    "globalThis.setTimeout(f, 1)",
    "const later = setTimeout",
    "const box = { setTimeout }",
    "setInterval(f, 1)",
    "setImmediate(f)",
    "process.nextTick(f)",
    "process.hrtime.bigint()",
    "AbortSignal.timeout(5)",
    "Math.random()",
    "crypto.randomUUID()",
    "globalThis.crypto.getRandomValues(bytes)",
    'import { randomBytes } from "node:crypto"',
    'import { randomUUID as id } from "crypto"',
    'import * as c from "node:crypto"; c.randomInt(3)',
    'import { performance } from "node:perf_hooks"',
    'import { nextTick } from "node:process"',
    'import { gzip } from "node:zlib"',
    'import zlib from "node:zlib"; zlib.createGunzip()',
    'import { setTimeout as sleep } from "node:timers/promises"',
    'import { lookup } from "node:dns"',
    'import { readFileSync } from "node:fs"',
    'import { readFile } from "fs/promises"',
    'import type { Stats } from "node:fs"',
    'import net from "node:net"',
    'import { connect } from "node:tls"',
    'import dgram from "node:dgram"',
    'import http from "node:http"',
    'import { Worker } from "node:worker_threads"',
    'const fs = await import("node:fs")',
    'const fs = process.getBuiltinModule("fs")',
    "new FinalizationRegistry(f)",
  ])("%s", (text) => {
    expect(problemsOf({ "src/actor/planted.ts": text })).toHaveLength(1)
    expect(problemsOf({ "src/platform/planted.ts": text })).toEqual([])
    expect(problemsOf({ "modules/index.ts": 'import "./flow/a.ts"', "modules/flow/a.ts": text })).toHaveLength(1)
    expect(problemsOf({ "bin/main.ts": text })).toHaveLength(1)
  })

  test("comments, strings, members of other objects and dates of a given time do not count", () => {
    const text = [
      "// setTimeout(f, 1) and Date.now() are not used here",
      'const hint = "Math.random() and new Date()"',
      "this.platform.setTimeout(f, 1)",
      "clock.Date.now()",
      "const timers = { setTimeout: f, setInterval() {} }",
      "interface Timers { setTimeout(f: () => void): void; handle: ReturnType<typeof setTimeout> }",
      "const text = new Date(ms).toISOString()",
      'import { createHash, timingSafeEqual } from "node:crypto"',
      'import { crc32, gzipSync, inflateRawSync } from "node:zlib"',
      "Math.max(1, 2)",
    ].join("\n")
    expect(problemsOf({ "src/actor/planted.ts": text })).toEqual([])
  })

  test("a name is reported where it is used", () => {
    expect(problemsOf({ "src/event.ts": "// first\nexport const now = () =>\n  Date.now()\n" })).toEqual([
      "src/event.ts:3: Date.now belongs to the platform",
    ])
  })

  test("only the command line reads arguments and ends the process", () => {
    const text = "process.exit(process.argv.length)"
    expect(problemsOf({ "src/router/router.ts": text })).toEqual([
      "src/router/router.ts:1: process.exit belongs to the command line",
      "src/router/router.ts:1: process.argv belongs to the command line",
    ])
    expect(problemsOf({ "src/cli/main.ts": text })).toEqual([])
  })
})

test("a class that crosses package borders is recognised by its brand", () => {
  expect(
    problemsOf({ "src/queue/ring.ts": "if (thrown instanceof Invalid) throw thrown\nif (thrown instanceof Error) throw thrown" }),
  ).toEqual(["src/queue/ring.ts:1: Invalid is recognised by its brand, not by instanceof"])
})

describe("cycles and names", () => {
  test("a cycle among files is found once, type imports included", () => {
    const files = {
      "src/queue/a.ts": 'import "./b.ts"',
      "src/queue/b.ts": 'import type { C } from "./c.ts"',
      "src/queue/c.ts": 'export * from "./a.ts"',
    }
    expect(problemsOf(files)).toEqual([
      "src/queue/a.ts: import cycle: src/queue/a.ts -> src/queue/b.ts -> src/queue/c.ts -> src/queue/a.ts",
    ])
  })

  test("two ways to one file are no cycle", () => {
    const files = { "src/queue/a.ts": 'import "./b.ts"\nimport "./c.ts"', "src/queue/b.ts": 'import "./c.ts"', "src/queue/c.ts": "" }
    expect(problemsOf(files)).toEqual([])
  })

  test("a file has at most 400 lines", () => {
    expect(problemsOf({ "src/event.ts": "//\n".repeat(400) })).toEqual([])
    expect(problemsOf({ "src/event.ts": "//\n".repeat(401) })).toEqual(["src/event.ts: 401 lines, at most 400"])
  })

  test.each(["src/queue/RingBuffer.ts", "src/queue/ring_buffer.ts", "test/unit/someThing.test.ts"])("%s is not kebab-case", (path) => {
    expect(problemsOf({ [path]: "" })).toHaveLength(1)
  })

  test.each(["src/queue/utils.ts", "src/queue/helpers.ts", "src/router/common.ts", "src/spec/types.ts", "test/helpers/run.ts"])(
    "%s says nothing",
    (path) => {
      expect(problemsOf({ [path]: "" })).toHaveLength(1)
    },
  )
})
