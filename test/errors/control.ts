// Provocations of what goes wrong between a running graph and whoever asks it: the admin socket, and health and metrics over HTTP.

import { ControlClient } from "../../src/control/client.ts"
import { HealthServer } from "../../src/control/health.ts"
import type { Answer } from "../../src/control/protocol.ts"
import { ControlServer } from "../../src/control/server.ts"
import type { Platform } from "../../src/platform/platform.ts"
import { realPlatform } from "../../src/platform/real.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../src/platform/simulated/simulated.ts"
import { collector, source, startGraph } from "../support/graph.ts"
import { silent } from "./spool.ts"
import { type Provocation, type Provocations, thrown } from "./told.ts"

const path = "/state/control.sock"

/** A graph that runs and answers on its admin socket. */
async function asked(): Promise<{ platform: SimulatedPlatform; server: ControlServer }> {
  const { platform, router } = await startGraph({ in: source, out: collector() }, ["in.outbox -> out.inbox"])
  const graph = { file: "/flow/flow.yaml", version: "0.1.0", router }
  const server = await platform.complete(ControlServer.start({ platform, log: silent, state: "/state", graph }))
  return { platform, server }
}

async function client(platform: SimulatedPlatform): Promise<ControlClient> {
  const found = await platform.complete(ControlClient.connect(platform, path))
  if (found === undefined) throw new Error("nobody answers on the admin socket")
  return found
}

/** The error with which a line is answered. */
function answered(line: string): Provocation {
  return async () => {
    const { platform } = await asked()
    let said = ""
    const connection = platform.sockets.connect({ path }, { data: (chunk) => (said += chunk.toString()) })
    connection.write(Buffer.from(`${line}\n`))
    await platform.runUntil(() => said.endsWith("\n"))
    const { error } = JSON.parse(said) as Answer
    if (error === undefined) throw new Error(`${line} was answered well`)
    return { ...error, severity: "error", provokedBy: `\`${line}\` on the admin socket.` }
  }
}

function listening(platform: Platform) {
  return async () => {
    const { router } = await startGraph({ in: source, out: collector() }, ["in.outbox -> out.inbox"])
    await HealthServer.start({ platform, log: silent, address: { path: "/nowhere/health.sock" }, router, version: "0.1.0" })
  }
}

export const controlProvocations: Provocations = {
  WB_CONTROL_REQUEST: answered('{"id": 1, "request": "stauts"}'),
  WB_CONTROL_SPOOL: answered('{"id": 1, "request": "events.list", "params": {"directory": "/spool"}}'),
  WB_CONTROL_ANSWER: thrown("A program that asks a running graph to list the events of a spool that this graph does not use.", async () => {
    const { platform } = await asked()
    await platform.complete((await client(platform)).request("events.list", { directory: "/spool" }))
  }),
  WB_CONTROL_CLOSED: thrown("A graph that ends while it is being asked.", async () => {
    const { platform, server } = await asked()
    const asking = await client(platform)
    await platform.complete(server.close())
    await platform.complete(asking.request("status", {}))
  }),

  WB_HTTP_LISTEN: thrown("`wishbone-ts debug --http /nowhere/health.sock`, and there is no folder `/nowhere`.", listening(realPlatform())),
  WB_HTTP_SIMULATED: thrown("A simulated run of a graph that is to serve `--http`.", listening(simulatedPlatform())),
}
