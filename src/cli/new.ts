// `new module`: makes a package with one module to begin with. Files that are there already are never touched: then nothing is written.

import { dirname, join, relative, resolve } from "node:path"
import { Argument, type Command } from "commander"
import { bootstrapJsonSchema } from "../bootstrap/json-schema.ts"
import { listed } from "../error-text.ts"
import { WishboneError } from "../errors.ts"
import type { Files } from "../platform/platform.ts"
import { type CliCommand, type Context, examples } from "./command.ts"
import { packageFiles, wantedBy } from "./scaffold.ts"
import { packageVersion, programFolder } from "./version.ts"

export const command: CliCommand = {
  declare(command: Command): void {
    command
      .addArgument(new Argument("<what>", "what to make").choices(["module"]))
      .addArgument(new Argument("<id>", "its id: `namespace.kind.name`; kinds are input, flow, process and output"))
      .option("--dir <dir>", "the folder of the package (default: named as the package, here)")
      .addHelpText("after", examples("new module acme.flow.enrich", "new module acme.output.parcel --dir ./parcel"))
  },

  async run(options: { dir?: string }, { registry, shell }: Context, [, id = ""]: readonly string[]): Promise<number> {
    const wanted = wantedBy(id)
    const folder = resolve(options.dir ?? wanted.packageName)
    const schema = bootstrapJsonSchema({ registry: await registry(), complete: false })
    const files = {
      ...packageFiles(wanted, folder, { version: packageVersion(), folder: programFolder() }),
      "wishbone.schema.json": `${JSON.stringify(schema, undefined, 2)}\n`,
    }
    const { files: disk } = await shell.platform()
    await makeFolder(folder, disk)
    await writeAll(folder, files, disk)
    const place = relative(process.cwd(), folder) || "."
    shell.out(`${wanted.packageName} is in ${place}:\n${Object.keys(files)
      .map((path) => `  ${path}\n`)
      .join("")}
Next:
${place === "." ? "" : `  cd ${place}\n`}  npm install
  npm test
  npm start
`)
    return 0
  },
}

function refused(folder: string, problem: string, hint: string): WishboneError {
  return new WishboneError("WB_NEW_FOLDER", { folder, problem, hint })
}

/** Makes the folder, below one that exists. */
async function makeFolder(folder: string, files: Files): Promise<void> {
  const parent = dirname(folder)
  const stat = await files.stat(folder).catch(() => undefined)
  if (stat !== undefined && !stat.isDirectory) throw refused(folder, "it is a file", "Name a folder with `--dir`.")
  if (stat !== undefined) return
  if ((await files.stat(parent).catch(() => undefined))?.isDirectory !== true)
    throw refused(folder, `the folder \`${parent}\` does not exist`, "Make it first, or name another folder with `--dir`.")
  await within(folder, () => files.makeDirectory(folder))
}

async function writeAll(folder: string, contents: Readonly<Record<string, string>>, files: Files): Promise<void> {
  const paths = Object.keys(contents)
  const stats = await Promise.all(paths.map((path) => files.stat(join(folder, path)).catch(() => undefined)))
  const there = paths.filter((_, at) => stats[at] !== undefined)
  if (there.length > 0)
    throw refused(
      folder,
      `${listed(there)} ${there.length === 1 ? "is" : "are"} there already`,
      "Name another folder with `--dir`; nothing was written.",
    )
  for (const below of new Set(paths.map((path) => dirname(path)).filter((path) => path !== ".")))
    await within(folder, () => files.makeDirectory(join(folder, below)))
  for (const [path, content] of Object.entries(contents)) await within(folder, () => writeNew(join(folder, path), content, files))
}

/** A file that appeared in the meantime is not overwritten either. */
async function writeNew(path: string, content: string, files: Files): Promise<void> {
  const file = await files.open(path, "create", { permissions: 0o644 })
  try {
    await file.write([Buffer.from(content)], 0)
  } finally {
    await file.close()
  }
}

async function within<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw refused(folder, (thrown as Error).message, "Name a folder that this user may write with `--dir`.")
  }
}
