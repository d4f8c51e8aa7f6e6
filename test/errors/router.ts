// Provocations of what goes wrong while a graph starts, runs and changes.

import { collector, type Script, source, startGraph } from "../support/graph.ts"
import { type Provocations, thrown } from "./told.ts"

const routes = ["in.outbox -> out.inbox"]

export const routerProvocations: Provocations = {
  WB_ROUTER_PHASE: thrown("A program that calls `router.reload` after `router.stop`.", async () => {
    const graph = await startGraph({ in: source, out: collector() }, routes)
    await graph.stop()
    await graph.startReload({}, [])
  }),
  WB_START_FAILED: thrown("A module that throws `no such printer` in its `preHook`.", async () => {
    const broken = collector({
      start: () => {
        throw new Error("no such printer")
      },
    })
    await startGraph({ in: source, printer: broken }, ["in.outbox -> printer.inbox"])
  }),
  WB_MODULE_NO_HANDLER: thrown("A module that declares the in queue `inbox` and has neither `consumers` nor `batches`.", async () => {
    const silent: Script = { outs: [] }
    await startGraph({ in: source, silent }, ["in.outbox -> silent.inbox"])
  }),
  WB_RELOAD_RESTART: async () => {
    const out = collector()
    const graph = await startGraph({ in: source, out }, routes)
    const { problem } = await graph.reload({ in: source, out }, routes, { state: "/elsewhere" })
    if (problem === undefined) throw new Error("the reload was not refused")
    return { ...problem, severity: "error", provokedBy: "A bootstrap file whose `state:` is changed while its graph runs." }
  },
}
