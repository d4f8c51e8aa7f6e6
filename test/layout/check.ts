// Checks sources against `rules.ts` and returns every problem found. It works on the syntax tree, so names in comments and
// strings do not count, and on texts, so a test can hand in a small planted violation.
import { posix } from "node:path"
import ts from "typescript"
import { checkForbiddenNames } from "./forbidden.ts"
import { type Import, importsOf } from "./imports.ts"
import { doors, emptyNames, linesMax, notInPublicApi, ownName, ranks, roomOfWord } from "./rules.ts"

/** One file; `path` is relative to the repository root, with `/`. */
export interface Source {
  readonly path: string
  readonly text: string
}

export interface Problem {
  readonly path: string
  /** 1-based; 0 when the problem is the file as a whole. */
  readonly line: number
  readonly text: string
}

interface Parsed extends Source {
  readonly imports: readonly Import[]
  readonly tree: ts.SourceFile
}

/** Everything that is wrong with `sources`, in the order of the files. */
export function checkLayout(sources: readonly Source[]): Problem[] {
  const problems = sources.flatMap(checkName)
  const product = sources.filter((source) => /^(src|modules|bin)\//.test(source.path))
  const parsed = product.map(parse)
  for (const file of parsed) {
    problems.push(...checkLength(file), ...checkRoom(file), ...file.imports.flatMap((found) => checkImport(file, found)))
    problems.push(...checkForbiddenNames(file.path, file.tree, file.imports))
  }
  return [...problems, ...checkListed(parsed), ...checkCycles(parsed)]
}

export function describe(problem: Problem): string {
  return `${problem.path}${problem.line > 0 ? `:${problem.line}` : ""}: ${problem.text}`
}

function parse(source: Source): Parsed {
  const tree = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true)
  return { ...source, tree, imports: importsOf(tree) }
}

function checkName({ path }: Source): Problem[] {
  const parts = path.split("/")
  const stem = (parts.at(-1) ?? "").replace(/\.[a-z.]+$/, "")
  const names = [...parts.slice(0, -1), stem]
  const problems: Problem[] = []
  for (const name of names) {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) problems.push({ path, line: 0, text: `"${name}" is not kebab-case` })
    if (emptyNames.includes(name)) problems.push({ path, line: 0, text: `"${name}" says nothing: name the concept` })
  }
  return problems
}

function checkLength({ path, text }: Source): Problem[] {
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0)
  return lines > linesMax ? [{ path, line: 0, text: `${lines} lines, at most ${linesMax}` }] : []
}

function checkRoom({ path }: Source): Problem[] {
  const known = path.startsWith("modules/") ? /^modules\/(index|[^/]+\/[^/]+)\.ts$/.test(path) : roomOf(path) !== undefined
  return known ? [] : [{ path, line: 0, text: path.startsWith("modules/") ? "is not modules/<kind>/<name>.ts" : "belongs to no room" }]
}

/** The room of a file in `src/` or `bin/`; `index` is the public API. */
function roomOf(path: string): string | undefined {
  if (path.startsWith("bin/")) return "bin"
  const [top, first, ...deeper] = path.split("/")
  if (top !== "src" || first === undefined) return undefined
  if (deeper.length > 0) return rankOf(first) === undefined ? undefined : first
  const stem = first.replace(/\.ts$/, "")
  if (stem === "index") return "index"
  const word = stem.replace(/-.*/, "")
  return stem.includes("-") && word in roomOfWord ? roomOfWord[word] : ranks.flat().find((room) => word === room)
}

function rankOf(room: string): number | undefined {
  const rank = ranks.findIndex((rooms) => rooms.includes(room))
  return rank < 0 ? undefined : rank
}

function checkImport(file: Parsed, found: Import): Problem[] {
  const wrong = found.specifier.startsWith(".") ? relativeMistake(file.path, found) : packageMistake(file.path, found)
  return wrong === undefined ? [] : [{ path: file.path, line: found.line, text: `imports ${found.specifier}: ${wrong}` }]
}

function targetOf(path: string, found: Import): string {
  return posix.normalize(posix.join(posix.dirname(path), found.specifier))
}

function relativeMistake(path: string, found: Import): string | undefined {
  const target = targetOf(path, found)
  if (path === "modules/index.ts") {
    return target === "src/index.ts" || /^modules\/[^/]+\//.test(target) ? undefined : "the list imports modules and src/index.ts only"
  }
  if (path.startsWith("modules/")) return target === "src/index.ts" ? undefined : "a module imports src/index.ts only"
  const from = roomOf(path)
  if (from === "bin") return /^(src\/|bin\/|modules\/index\.ts$)/.test(target) ? undefined : "bin joins src/ and modules/index.ts"
  if (target === "src/index.ts") return "inside src/ nobody imports the public API"
  const to = roomOf(target)
  if (!target.startsWith("src/") || to === undefined) return "src/ imports rooms of src/ only"
  if (from === "index") return notInPublicApi.includes(to) ? `${to} is no part of the public API` : undefined
  return from === undefined || from === to || isLeftOf(to, from) ? undefined : `${from} may not look into ${to}`
}

function isLeftOf(left: string, right: string): boolean {
  return (rankOf(left) ?? Infinity) < (rankOf(right) ?? -1)
}

function packageMistake(path: string, found: Import): string | undefined {
  if (found.builtin) return undefined // `forbidden.ts` knows which of them belong to the platform.
  const name = found.specifier
    .split("/")
    .slice(0, found.specifier.startsWith("@") ? 2 : 1)
    .join("/")
  if (name === ownName) return "use the relative path"
  const door = doors[name]
  if (door !== undefined) return door.test(path) ? undefined : `its door is ${door.source}`
  // A module may load the client it is about: not at file top, where everyone would have to install it.
  if (path.startsWith("modules/")) return found.loads === "at start" ? "load a client in preHook, with await import()" : undefined
  return "this package has no door in test/layout/rules.ts"
}

function checkListed(files: readonly Parsed[]): Problem[] {
  const index = files.find((file) => file.path === "modules/index.ts")
  const listed = new Set(index?.imports.filter((found) => found.loads !== "never").map((found) => targetOf("modules/index.ts", found)))
  return files
    .filter((file) => /^modules\/[^/]+\//.test(file.path) && !listed.has(file.path))
    .map((file) => ({ path: file.path, line: 0, text: "is not listed in modules/index.ts" }))
}

/** A cycle is reported once, at the file on it that comes first. Type imports count: they bind files to each other too. */
function checkCycles(files: readonly Parsed[]): Problem[] {
  const known = new Map(files.map((file) => [file.path, file]))
  const problems: Problem[] = []
  const finished = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) problems.push({ path, line: 0, text: `import cycle: ${[...trail.slice(start), path].join(" -> ")}` })
    if (start >= 0 || finished.has(path)) return
    const imports = known.get(path)?.imports.filter((found) => found.specifier.startsWith(".")) ?? []
    for (const next of new Set(imports.map((found) => targetOf(path, found)))) visit(next, [...trail, path])
    finished.add(path)
  }
  for (const file of files) visit(file.path, [])
  return problems
}
