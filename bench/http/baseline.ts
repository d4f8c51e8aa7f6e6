// The bare relay: a body comes in by `node:http`, goes out by undici as it is, and its answer goes back. No events, no lines, no limits.

import { createServer } from "node:http"
import { Pool } from "undici"

/** The ports of one relay, and how many requests go out at a time. */
export interface RelayTask {
  readonly port: number
  readonly sinkPort: number
  readonly connections: number
}

export function runRelay({ port, sinkPort, connections }: RelayTask): void {
  const pool = new Pool(`http://127.0.0.1:${sinkPort}`, { connections, pipelining: 1 })
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      void pool.request({ method: "POST", path: "/", body: Buffer.concat(chunks) }).then(async ({ statusCode, body }) => {
        await body.dump()
        response.writeHead(statusCode, { "content-length": 0 }).end()
      })
    })
  })
  server.listen(port, "127.0.0.1")
}
