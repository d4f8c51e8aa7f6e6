import { beforeEach, describe, expect, test } from "vitest"
import { Destination } from "../../../../src/cli/demo/destination.ts"
import { freePorts } from "../../../../src/cli/demo/free-ports.ts"
import { Receipts } from "../../../../src/cli/demo/receipts.ts"
import { playStory, type Stage, type StoryListener } from "../../../../src/cli/demo/story.ts"
import { realPlatform } from "../../../../src/platform/real.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../../../src/platform/simulated/simulated.ts"

let platform: SimulatedPlatform
let receipts: Receipts
let up: boolean[]
let told: string[]
let graph: { sent: number; onDisk: number }

beforeEach(() => {
  platform = simulatedPlatform()
  receipts = new Receipts(3)
  up = [true, true, true]
  told = []
  graph = { sent: 0, onDisk: 0 }
})

function listener(index: number): StoryListener {
  const turn = (value: boolean) => async () => {
    await platform.timers.sleep(5)
    up[index] = value
  }
  return { name: `listener_${index + 1}`, start: turn(true), kill: turn(false) }
}

/** The graph as it should be: every 10 ms an event arrives at the first listener that is up, else it goes to disk. */
function runGraph({ failsOver }: { failsOver: boolean }): void {
  platform.timers.every(10, () => {
    graph.sent += 1
    const first = failsOver ? up.indexOf(true) : 0
    if (first < 0) graph.onDisk += 1
    else if (up[first] === true) receipts.add(first, `event_${graph.sent}`, platform.clock.monotonic())
    if (first >= 0 && graph.onDisk > 0) graph.onDisk -= 1
  })
}

function stage(signal = new AbortController().signal): Stage {
  const tell = (caption: string): void => void told.push(caption)
  const rest = (): void => undefined
  const destinations = [0, 1, 2].map(listener)
  return { destinations, receipts, graph, clock: platform.clock, timers: platform.timers, signal, pace: 1, tell, rest }
}

describe("the story", () => {
  test("kills and revives, tells what it sees at the other end, and goes on until a thousand events were sent", async () => {
    runGraph({ failsOver: true })
    await platform.complete(playStory(stage()))
    expect(graph.sent).toBeGreaterThanOrEqual(1000)
    expect(graph.onDisk).toBe(0)
    expect(told.map((caption) => caption.replace(/(after )?\b\d+(\.\d)? (s|ms)\b/g, "…").replace(/\b\d{2,} events/, "… events"))).toEqual([
      "Three listeners, each its own process. output_1 takes every event.",
      "kill -9 listener_1",
      "output_2 takes over ….",
      "kill -9 listener_2",
      "output_3 takes over ….",
      "listener_1 is back.",
      "output_1 is connected again … and takes every event.",
      "kill -9 listener_1 listener_3",
      "All three are down. Events go to disk …, and are synced.",
      "All three are back. … events wait on disk.",
      "output_1 takes new events …. The disk waits for quiet.",
      "The disk has fed back all it had, … after the return.",
    ])
  })

  test("fits into eighty columns, time included", async () => {
    runGraph({ failsOver: true })
    await platform.complete(playStory(stage()))
    for (const caption of told) expect(caption.length).toBeLessThanOrEqual(70)
  })

  test("does not go on when the graph does not fail over", async () => {
    runGraph({ failsOver: false })
    await expect(platform.complete(playStory(stage()))).rejects.toMatchObject({
      code: "WB_DEMO_STUCK",
      message: "The demo waited 20 s in vain: output_2 did not take over",
    })
  })

  test("ends at once when it is interrupted", async () => {
    runGraph({ failsOver: true })
    const abort = new AbortController()
    const played = playStory(stage(abort.signal))
    platform.timers.after(1500, () => abort.abort("enough"))
    await expect(platform.complete(played)).rejects.toBe("enough")
    expect(platform.clock.monotonic()).toBeLessThan(1600)
  })
})

describe("listeners", () => {
  test("one whose program does not start is told with the reason", async () => {
    // The program is a file of the build: beside the sources there is none.
    const destination = new Destination({ name: "listener_1", port: 1, timers: realPlatform().timers, received: () => undefined })
    await expect(destination.start()).rejects.toMatchObject({
      code: "WB_DEMO_LISTENER",
      message: expect.stringMatching(/^The demo's listener_1 did not start: .*listener\.js/s) as string,
    })
    await destination.kill()
    await destination.end()
  })

  test("get ports that are free, below those the kernel hands out", async () => {
    const ports = await platform.complete(freePorts(platform, 3))
    expect(new Set(ports).size).toBe(3)
    for (const port of ports) expect(port).toBeGreaterThanOrEqual(20_000)
    for (const port of ports) expect(port).toBeLessThan(30_000)
  })
})
