// Code blocks of the documentation that a test runs. A comment before a block says what it is: `<!-- file: src/a.ts -->` the content of a
// file, `<!-- append: src/a.ts -->` more of it, `<!-- run: name -->` commands.

import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { repository } from "./package-files.ts"

export interface DocBlock {
  readonly what: "file" | "append" | "run"
  readonly name: string
  readonly text: string
}

/** The marked blocks of a file of the repository, in their order. */
export async function docBlocks(file: string): Promise<DocBlock[]> {
  const text = await readFile(join(repository, file), "utf8")
  return [...text.matchAll(/^<!-- (file|append|run): (\S+) -->\n```\w*\n(.*?)^```$/gms)].map(([, what, name = "", block = ""]) => ({
    what: what as DocBlock["what"],
    name,
    text: block,
  }))
}

/** The files that the blocks of several documents make, by path. */
export function docFiles(blocks: readonly DocBlock[]): Record<string, string> {
  const files: Record<string, string> = {}
  for (const { what, name, text } of blocks) {
    if (what === "file") files[name] = text
    if (what === "append") files[name] = `${files[name] ?? ""}\n${text}`
  }
  return files
}

/** Commands of a block, a line each, without comments. */
export function docCommands(blocks: readonly DocBlock[], name: string): string[] {
  const block = blocks.find((found) => found.what === "run" && found.name === name)
  if (block === undefined) throw new Error(`no block runs ${name}`)
  return block.text.split("\n").flatMap((line) => line.replace(/\s#.*$/, "").trim() || [])
}
