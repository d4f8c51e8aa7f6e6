// From `--config` to a checked plan: reads the file, or standard input, and what else the check needs of the world.

import { dirname, resolve } from "node:path"
import { type CheckedBootstrap, checkBootstrap } from "../bootstrap/check.ts"
import { problemAt } from "../bootstrap/problem.ts"
import { checkFileSize, fileBytesMax, startOf } from "../bootstrap/text.ts"
import type { Platform } from "../platform/platform.ts"
import type { ComponentLoader } from "../router/packages.ts"
import type { Registry } from "../router/registry.ts"
import { packageVersion, programFolder } from "./version.ts"

/** What to load, and with what. */
export interface LoadOptions {
  /** A path, or `-` for standard input. */
  readonly config: string
  readonly registry: Registry
  readonly platform: Pick<Platform, "environment" | "files" | "streams" | "timers">
  /** `--set` options. */
  readonly set?: readonly string[]
  readonly queueSize?: number | undefined
  /** What the file holds, where that was read before. */
  readonly content?: Content
  /** Whether module files may be TypeScript, or a clause that says why not. @defaultValue true */
  readonly typescript?: true | string
}

const secretBytesMax = 64 * 1024

/** Reads and checks a bootstrap file. A file that cannot be read is a problem like any other. */
export async function loadBootstrap({
  config,
  registry,
  platform,
  set = [],
  queueSize,
  typescript = true,
  content: given,
}: LoadOptions): Promise<CheckedBootstrap> {
  const { environment, files } = platform
  const content = given ?? (await readContent(config, platform))
  if (!(content instanceof Uint8Array)) return { ...content, registry, loaded: [], sources: new Map(), secrets: [] }
  const folder = config === "-" ? process.cwd() : dirname(resolve(config))
  return checkBootstrap({
    bytes: content,
    file: config,
    folder,
    registry,
    loader: componentLoader(folder, platform, typescript),
    environment,
    readSecret: (path) => readSecret(path, files),
    sets: set,
    ...(queueSize !== undefined && { queueSize }),
  })
}

/** The code that loads components is itself loaded when a file asks for one: most do not. */
function componentLoader(folder: string, platform: LoadOptions["platform"], typescript: true | string): ComponentLoader {
  const make = async (): Promise<ComponentLoader> => {
    const { createComponentLoader } = await import("../router/packages.ts")
    const { files, timers } = platform
    return createComponentLoader({ files, timers, folder, program: programFolder(), version: packageVersion(), typescript })
  }
  return {
    package: async (name) => (await make()).package(name),
    file: async (name, file) => (await make()).file(name, file),
    exports: async (name, file) => {
      const { exports: load } = await make()
      if (load === undefined) throw new Error("this loader loads components alone")
      return load(name, file)
    },
  }
}

type Refused = Pick<CheckedBootstrap, "problems">

/** The bytes of a bootstrap file, or why there are none. */
export type Content = Uint8Array | Refused

/** Reads a bootstrap file, or standard input. */
export function readContent(config: string, { files, streams }: Pick<Platform, "files" | "streams">): Promise<Content> {
  return config === "-" ? readInput(streams) : readConfig(config, files)
}

async function readConfig(file: string, files: Platform["files"]): Promise<Uint8Array | Refused> {
  try {
    const tooBig = checkFileSize(file, (await files.stat(file))?.size ?? 0)
    return tooBig === undefined ? await files.readFile(file) : { problems: [tooBig] }
  } catch (thrown) {
    return unreadable(file, thrown)
  }
}

function readInput(streams: Platform["streams"]): Promise<Uint8Array | Refused> {
  return new Promise((done) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const input = streams.input({
      data: (chunk) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > fileBytesMax) input.destroy()
      },
      closed: (error) => {
        const tooBig = checkFileSize("-", bytes)
        if (tooBig !== undefined) done({ problems: [tooBig] })
        else done(error === undefined ? Buffer.concat(chunks) : unreadable("-", error))
      },
    })
  })
}

async function readSecret(path: string, files: Platform["files"]): Promise<Uint8Array> {
  const size = (await files.stat(path))?.size ?? 0
  if (size > secretBytesMax) throw new Error(`it has ${size} bytes, and a secret at most ${secretBytesMax}`)
  return files.readFile(path)
}

function unreadable(file: string, thrown: unknown): Refused {
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  return { problems: [problemAt(startOf(file), "WB_FILE_UNREADABLE", { reason })] }
}
