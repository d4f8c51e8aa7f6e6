// From `--config` to a checked plan: reads the file, or standard input, and what else the check needs of the world.

import { dirname, resolve } from "node:path"
import { type CheckedBootstrap, checkBootstrap } from "../bootstrap/check.ts"
import { problemAt } from "../bootstrap/problem.ts"
import { checkFileSize, fileBytesMax, startOf } from "../bootstrap/text.ts"
import type { Platform } from "../platform/platform.ts"
import type { Registry } from "../router/registry.ts"

/** What to load, and with what. */
export interface LoadOptions {
  /** A path, or `-` for standard input. */
  readonly config: string
  readonly registry: Registry
  readonly platform: Pick<Platform, "environment" | "files" | "streams">
  /** `--set` options. */
  readonly set?: readonly string[]
  readonly queueSize?: number | undefined
}

const secretBytesMax = 64 * 1024

/** Reads and checks a bootstrap file. A file that cannot be read is a problem like any other. */
export async function loadBootstrap({ config, registry, platform, set = [], queueSize }: LoadOptions): Promise<CheckedBootstrap> {
  const { environment, files, streams } = platform
  const content = config === "-" ? await readInput(streams) : await readConfig(config, files)
  if (!(content instanceof Uint8Array)) return { ...content, sources: new Map(), secrets: [] }
  return checkBootstrap({
    bytes: content,
    file: config,
    folder: config === "-" ? process.cwd() : dirname(resolve(config)),
    registry,
    environment,
    readSecret: (path) => readSecret(path, files),
    sets: set,
    ...(queueSize !== undefined && { queueSize }),
  })
}

type Refused = Pick<CheckedBootstrap, "problems">

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
