// Ports of 127.0.0.1 that are free, below those the kernel hands out by itself: an output that tries again and again to reach a port of
// that range while nobody listens may, by chance, get that very port for its own end, and be connected to itself.

import { WishboneError } from "../../errors.ts"
import type { Platform } from "../../platform/platform.ts"

const lowest = 20_000
const highest = 30_000
const triesMax = 200

/** Finds `count` different ports. @throws `WB_DEMO_LISTENER` when nothing can be bound. */
export async function freePorts({ random, sockets }: Pick<Platform, "random" | "sockets">, count: number): Promise<number[]> {
  const found = new Set<number>()
  let problem = "every port that was tried is in use"
  for (let tries = 0; tries < triesMax && found.size < count; tries++) {
    const port = lowest + Math.floor(random.float() * (highest - lowest))
    try {
      const listener = await sockets.listen({ address: { host: "127.0.0.1", port } }, (connection) => connection.destroy())
      await listener.close()
      found.add(port)
    } catch (thrown) {
      problem = thrown instanceof Error ? thrown.message : String(thrown)
    }
  }
  if (found.size < count) throw new WishboneError("WB_DEMO_LISTENER", { name: "listeners", reason: problem })
  return [...found]
}
