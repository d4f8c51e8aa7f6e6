// Ten faults in five lives of a spool, on the simulated platform and on a real file system: the same records end in the same places.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { expect, onTestFinished, test } from "vitest"
import { realPlatform } from "../../src/platform/real.ts"
import { simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { noSmallDisk, smallDisk } from "../support/small-disk.ts"
import { type Ends, endsOf, faults, live } from "../support/spool-script.ts"

const missing = noSmallDisk()
if (missing !== undefined) console.log(missing)

const program = fileURLToPath(new URL("../support/spool-life.ts", import.meta.url))

/** The script where time, disk and kills are simulated. */
async function simulated(): Promise<Ends> {
  let platform = simulatedPlatform({ seed: 4 })
  const delivered: string[] = []
  for (const life of faults.keys()) {
    const { disk } = platform
    const made = {
      begin: (fault: string) => (fault === "full disk" ? disk.setCapacity(0) : disk.fail({ operation: "sync", code: "EIO" })),
      end: (fault: string) => {
        if (fault === "full disk") disk.setCapacity(1e9)
      },
    }
    delivered.push(...(await platform.complete(live(platform, "/spool", life, made))))
    platform = platform.restart({ powerCut: false })
  }
  return platform.complete(endsOf(platform, "/spool", delivered))
}

/** The script in processes that are killed, on a file system that fills up. */
async function real(): Promise<Ends> {
  const disk = smallDisk(4)
  onTestFinished(() => disk.remove())
  const directory = `${disk.path}/spool`
  const delivered: string[] = []
  for (const life of faults.keys()) delivered.push(...(await lifeOfProcess(directory, life)))
  return endsOf(realPlatform(), directory, delivered)
}

async function lifeOfProcess(directory: string, life: number): Promise<string[]> {
  const child = spawn(process.execPath, ["--import", "tsx", program, directory, String(life)], { stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void child.kill("SIGKILL"))
  let text = ""
  for await (const piece of child.stdout.setEncoding("utf8")) {
    text += String(piece)
    if (text.endsWith("\n")) break
  }
  const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined
  child.kill("SIGKILL")
  await ended
  return JSON.parse(text) as string[]
}

test.skipIf(missing !== undefined)(
  "five kills, three full disks and two refused syncs leave every record where the simulated run leaves it",
  async () => {
    const expected = await simulated()
    expect(expected.delivered.length).toBeGreaterThan(50)
    expect(expected.quarantined.length).toBeGreaterThan(10)
    expect(new Set([...expected.delivered, ...expected.waiting, ...expected.quarantined]).size).toBe(200)
    expect(await real()).toEqual(expected)
  },
)
