// Every error code of the catalogue with the way to provoke it, room by room. A code that is new gets a provocation in the file of its room,
// or in a file of its own that is listed here; the page docs/errors.md is made of them.

import { backgroundProvocations } from "./background.ts"
import { bootstrapProvocations } from "./bootstrap.ts"
import { commandProvocations } from "./commands.ts"
import { controlProvocations } from "./control.ts"
import { declarationProvocations } from "./declarations.ts"
import { fileProvocations } from "./file.ts"
import { moduleProvocations } from "./modules.ts"
import { packageProvocations } from "./packages.ts"
import { partProvocations } from "./parts.ts"
import { routerProvocations } from "./router.ts"
import { routeProvocations } from "./routes.ts"
import { spoolProvocations } from "./spool.ts"
import { storeProvocations } from "./store.ts"
import type { Provocations } from "./told.ts"

export interface Room {
  readonly title: string
  readonly provocations: Provocations
}

export const rooms: readonly Room[] = [
  { title: "The bootstrap file as text", provocations: fileProvocations },
  { title: "Keys, instances and arguments", provocations: bootstrapProvocations },
  { title: "Routes", provocations: routeProvocations },
  { title: "Protocols, functions and templates", provocations: partProvocations },
  { title: "Packages and module files", provocations: packageProvocations },
  { title: "Declarations of modules, protocols and functions", provocations: declarationProvocations },
  { title: "A graph that starts, runs and changes", provocations: routerProvocations },
  { title: "Ports, certificates and files of modules", provocations: moduleProvocations },
  { title: "Spools", provocations: spoolProvocations },
  { title: "Stores", provocations: storeProvocations },
  { title: "The admin socket, health and metrics", provocations: controlProvocations },
  { title: "Background processes", provocations: backgroundProvocations },
  { title: "Commands", provocations: commandProvocations },
]

/** The provocation of each code. */
export const provocations: Provocations = Object.assign({}, ...rooms.map((room) => room.provocations)) as Provocations
