// `lint --fix`: rewrites former names where they stand in a bootstrap file. The file is replaced in one step, and only when it means the
// same afterwards, which is checked by reading it again.

import { isDeepStrictEqual } from "node:util"
import type { CheckedBootstrap } from "../bootstrap/check.ts"
import { applyFixes } from "../bootstrap/fix.ts"
import type { Fix, Problem } from "../bootstrap/problem.ts"
import { problemsText } from "../bootstrap/report.ts"
import { decodeText } from "../bootstrap/text.ts"
import { isWishboneError, WishboneError } from "../errors.ts"
import type { Platform } from "../platform/platform.ts"
import type { Registry } from "../router/registry.ts"
import { loadBootstrap, readContent } from "./load.ts"
import type { Shell } from "./shell.ts"

/** What came of it. */
export interface FixResult {
  /** The file as it is now. */
  readonly loaded: CheckedBootstrap
  readonly fixes: readonly Fix[]
  /** What is left to a person. */
  readonly left: readonly Problem[]
  /** The text went to standard output, as it came from standard input. */
  readonly printed: boolean
}

export interface FixOptions {
  readonly config: string
  readonly registry: Registry
  readonly platform: Platform
  readonly shell: Pick<Shell, "out" | "err">
}

const byteOrderMark = "\uFEFF"

/** Rewrites the file. @throws `WB_FIX_SYNTAX`, `WB_FIX_UNSAFE`, `WB_FIX_CHANGED`, `WB_FIX_WRITE`; then it is as it was. */
export async function fixBootstrap({ config, registry, platform, shell }: FixOptions): Promise<FixResult> {
  const content = await readContent(config, platform)
  const before = await loadBootstrap({ config, registry, platform, content })
  const decoded = content instanceof Uint8Array ? decodeText(config, content) : undefined
  if (!(content instanceof Uint8Array) || decoded === undefined || "problem" in decoded || before.problems.some(isAboutText)) {
    shell.err(problemsText(before.problems, before.sources))
    throw new WishboneError("WB_FIX_SYNTAX", { file: nameOf(config) })
  }
  const { text, fixes, left } = applyFixes(config, decoded.text, before.problems)
  const marked = Buffer.from(content).toString("utf8").startsWith(byteOrderMark)
  const bytes = Buffer.from(marked ? byteOrderMark + text : text)
  const loaded = fixes.length === 0 ? before : await loadBootstrap({ config, registry, platform, content: bytes })
  const problem = difference(before, loaded, fixes.length)
  if (problem !== undefined) throw new WishboneError("WB_FIX_UNSAFE", { file: nameOf(config), problem })
  if (config === "-") shell.out(bytes.toString("utf8"))
  else if (fixes.length > 0) await replace(config, { before: content, after: bytes, platform })
  return { loaded, fixes, left, printed: config === "-" }
}

function nameOf(config: string): string {
  return config === "-" ? "standard input" : config
}

/** The text itself is wrong, so places in it cannot be trusted. */
function isAboutText({ code }: Problem): boolean {
  return code.startsWith("WB_YAML_") || code.startsWith("WB_FILE_") || code === "WB_BOOTSTRAP_EMPTY"
}

/** In what a file has come to mean something else; undefined when it has not. */
function difference(before: CheckedBootstrap, after: CheckedBootstrap, fixed: number): string | undefined {
  if (fixed === 0) return undefined
  if (before.plan !== undefined && !isDeepStrictEqual(before.plan, after.plan)) {
    const [first] = after.problems.filter(({ severity }) => severity === "error")
    return first === undefined ? "" : ` (line ${first.line}: ${first.message})`
  }
  // Columns move; notes about former names go.
  const told = ({ problems }: CheckedBootstrap): string[] =>
    problems.filter(({ code }) => code !== "WB_NAME_ALIAS").map(({ severity, code, line }) => `${severity} ${code} ${line}`)
  return isDeepStrictEqual(told(before).toSorted(), told(after).toSorted()) ? undefined : ""
}

async function replace(
  config: string,
  { before, after, platform }: { before: Uint8Array; after: Buffer; platform: Platform },
): Promise<void> {
  const { files } = platform
  try {
    if (Buffer.compare(await files.readFile(config), before) !== 0) throw new WishboneError("WB_FIX_CHANGED", { file: config })
    await files.replaceFile(config, after)
  } catch (thrown) {
    if (isWishboneError(thrown)) throw thrown
    throw new WishboneError(
      "WB_FIX_WRITE",
      { file: config, reason: thrown instanceof Error ? thrown.message : String(thrown) },
      { cause: thrown },
    )
  }
}
