// A destination on another machine of a simulated world: it outlives the process under test.

import type { SimulatedPlatform } from "../../src/platform/simulated/simulated.ts"

/** Listens outside the simulated process and keeps the lines it reads. */
export async function listenOutside(platform: SimulatedPlatform, port: number): Promise<string[]> {
  const lines: string[] = []
  await platform.outside.sockets.listen({ address: { host: "127.0.0.1", port } }, (connection) => {
    let rest = ""
    connection.setEvents({
      data: (chunk) => {
        const parts = (rest + chunk.toString()).split("\n")
        rest = parts.pop() ?? ""
        lines.push(...parts)
      },
    })
  })
  return lines
}
