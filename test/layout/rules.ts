// The layout of the repository as data: which room may look into which, which third-party package comes in through which
// door, and which names only the platform may use. `check.ts` applies it; `style.md` explains it.

/** Rooms of `src/` from left to right. A file imports its own room and rooms further left; rooms of one rank are strangers. */
export const ranks: readonly (readonly string[])[] = [
  ["errors"],
  ["platform"],
  ["log"],
  ["spec"],
  ["ledger"],
  ["ticket"],
  ["event"],
  ["queue"],
  ["store"],
  ["spool"],
  ["actor"],
  ["router"],
  ["bootstrap"],
  ["control", "testing"],
  ["cli"],
  ["bin"],
]

/** First words of files that lie directly in `src/`, where it is not the room's name: `error-text.ts` belongs to `errors`. */
export const roomOfWord: Readonly<Record<string, string>> = { error: "errors" }

/** Rooms that the public API does not re-export: the test kit has an entry of its own, the command line is a program. */
export const notInPublicApi: readonly string[] = ["testing", "cli", "bin"]

/** Where each third-party package may be imported. A package that is not listed has no door at all. */
export const doors: Readonly<Record<string, RegExp>> = {
  "@11ty/nunjucks": /^src\/actor\/template\.ts$/,
  chokidar: /^src\/platform\/real[^/]*\.ts$/,
  "cli-table3": /^src\/cli\//,
  commander: /^src\/cli\//,
  croner: /^modules\/input\/cron\.ts$/,
  "fs-extra": /^src\/platform\/real[^/]*\.ts$/,
  ioredis: /^src\/store\/redis[^/]*\.ts$/,
  lmdb: /^src\/store\/file[^/]*\.ts$/,
  pg: /^src\/store\/postgres[^/]*\.ts$/,
  msgpackr: /^src\/actor\/msgpack\.ts$/,
  picocolors: /^src\/(cli\/.*|log)\.ts$/,
  semver: /^src\/router\/package-manifest\.ts$/,
  pino: /^src\/log\.ts$/,
  re2js: /^src\/actor\/patterns\.ts$/,
  undici: /^src\/platform\/real[^/]*\.ts$/,
  yaml: /^src\/bootstrap\/file\.ts$/,
  zod: /^src\/spec\//,
}

/** Built-in modules of Node that belong to the platform: files, sockets, timers and threads. */
export const platformModules: readonly string[] = [
  "dgram",
  "dns",
  "dns/promises",
  "fs",
  "fs/promises",
  "http",
  "http2",
  "https",
  "net",
  "timers",
  "timers/promises",
  "tls",
  "worker_threads",
]

/** Global names that belong to the platform. */
export const platformGlobals: readonly string[] = [
  "FinalizationRegistry",
  "clearImmediate",
  "clearInterval",
  "clearTimeout",
  "setImmediate",
  "setInterval",
  "setTimeout",
]

/** Members that belong to the platform: of a global object, or of what a built-in module of that name exports. */
export const platformMembers: Readonly<Record<string, RegExp>> = {
  AbortSignal: /^timeout$/,
  Date: /^now$/,
  Math: /^random$/,
  crypto: /^(random.*|getRandomValues)$/,
  perf_hooks: /^(performance|monitorEventLoopDelay)$/,
  performance: /^now$/,
  process: /^(nextTick|hrtime)$/,
  // Compression is synchronous, in small pieces: the other forms answer from a thread, at a time nobody can simulate.
  zlib: /^(create(?!.*Sync).*|(de|in)flate(Raw)?|g(un)?zip|unzip|(brotli|zstd)(C|Dec)ompress)$/,
}

/** Classes that cross package borders: recognised by their brand, since a package may bring its own copy of this one. */
export const brandedClasses: readonly string[] = ["Invalid", "Quarantine", "Retry", "TransientError", "WishboneError"]

/** What only the command line may do: read arguments and end the process. */
export const cliMembers: Readonly<Record<string, RegExp>> = { process: /^(argv|exit)$/ }

/** Names that say nothing: a type or a function lives with its concept. */
export const emptyNames: readonly string[] = ["common", "helper", "helpers", "misc", "type", "types", "util", "utils"]

/** This package itself. Its own files use relative paths, which the directions are checked on. */
export const ownName = "wishbone-ts"

export const linesMax = 400
