// An instance of the file on its way to the plan.

import type { InstancePlan } from "../spec/plan.ts"
import type { ModuleSpec } from "../spec/spec.ts"
import type { MapEntry, ScalarNode } from "./node.ts"

/** An instance as far as it could be read. */
export interface Draft {
  readonly entry: MapEntry
  readonly plan: InstancePlan
  /** Missing when the module is not known. */
  readonly spec: ModuleSpec | undefined
  /** The arguments are right, so what the module promises can be asked. */
  readonly sound: boolean
  /** Values that nobody may print. */
  readonly secrets: readonly ScalarNode[]
}
