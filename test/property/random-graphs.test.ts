// A thousand random graphs; ten thousand others in `npm run soak`. One that fails names its seed: `WISHBONE_SEED=<n>` plays it alone and
// prints what it did.

import { expect, test } from "vitest"
import { drawChaos, type Role } from "./chaos-plan.ts"
import { playRandomGraph } from "./random-graphs.ts"

const seconds = 1000
const alone = process.env["WISHBONE_SEED"]

async function playAlone(seed: number): Promise<void> {
  const { chaos, lines, report } = await playRandomGraph(seed, { traces: true })
  const routes = chaos.plan.routes.map(
    ({ source, destination }) => `${source.instance}.${source.queue} -> ${destination.instance}.${destination.queue}`,
  )
  console.log([...[...chaos.profiles.values()].map((profile) => JSON.stringify(profile)), ...routes, ...lines, report].join("\n"))
}

test(
  "a thousand random graphs keep their books, tell every ticket once, and lose nothing in silence",
  async () => {
    if (alone !== undefined) return playAlone(Number(alone))
    for (let seed = 1; seed <= 1000; seed++) await playRandomGraph(seed)
    return undefined
  },
  120 * seconds,
)

test("a seed gives the same run every time, step by step", async () => {
  for (const seed of [7, 40, 105, 157, 184, 463, 777]) {
    const first = await playRandomGraph(seed, { traces: true })
    const second = await playRandomGraph(seed, { traces: true })
    expect(second.lines).toEqual(first.lines)
    expect(second.report).toBe(first.report)
    expect(first.lines.length).toBeGreaterThan(0)
  }
})

test("the graphs are of all kinds", () => {
  const roles = new Map<Role, number>()
  const kinds = { keeps: 0, calm: 0, stopped: 0, cut: 0, circles: 0 }
  for (let seed = 1; seed <= 1000; seed++) {
    const chaos = drawChaos(seed)
    for (const { role } of chaos.profiles.values()) roles.set(role, (roles.get(role) ?? 0) + 1)
    if (chaos.keeps) kinds.keeps += 1
    if (chaos.calm) kinds.calm += 1
    if (chaos.stopAtMs !== undefined) kinds.stopped += 1
    if (chaos.cutAfterMs !== undefined) kinds.cut += 1
    if (chaos.profiles.has("back")) kinds.circles += 1
  }
  expect([...roles].filter(([, count]) => count < 100)).toEqual([])
  expect(Object.entries(kinds).filter(([, count]) => count < 50)).toEqual([])
})
