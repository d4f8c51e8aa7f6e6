// One life of the script in a process of its own, on the real platform: `spool-life.ts <directory> <life>`. Says what it delivered, and
// waits to be killed.

import { unlinkSync } from "node:fs"
import { dirname } from "node:path"
import type { FileHandle, Files, Platform } from "../../src/platform/platform.ts"
import { realPlatform } from "../../src/platform/real.ts"
import { fillDisk } from "./small-disk.ts"
import { type Faults, live } from "./spool-script.ts"

const [directory = "", life = "0"] = process.argv.slice(2)
let refusals = 0

/** The real files, with a layer in between that refuses syncs when told to. */
function refusing(files: Files): Files {
  const open = async (...args: Parameters<Files["open"]>): Promise<FileHandle> => {
    const handle = await files.open(...args)
    const sync = handle.sync.bind(handle)
    handle.sync = async () => {
      if (refusals === 0) return sync()
      refusals -= 1
      throw Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" })
    }
    return handle
  }
  return new Proxy(files, { get: (target, name) => (name === "open" ? open : Reflect.get(target, name)) })
}

const disk = dirname(directory)
const made: Faults = {
  begin: (fault) => {
    if (fault === "full disk") fillDisk(disk)
    else refusals = 1
  },
  end: (fault) => {
    if (fault === "full disk") unlinkSync(`${disk}/filler`)
  },
}

const real = realPlatform()
const platform: Platform = new Proxy(real, { get: (target, name) => (name === "files" ? refusing(real.files) : Reflect.get(target, name)) })
process.stdout.write(`${JSON.stringify(await live(platform, directory, Number(life), made))}\n`)
setInterval(() => {}, 1000)
