// What process modules add. They change events rather than steer them; to the runtime they are like flow modules.

import type { ModuleSpec } from "../spec/spec.ts"
import { FlowModule } from "./flow.ts"

/** A module that changes events. */
export abstract class ProcessModule<Spec extends ModuleSpec = ModuleSpec> extends FlowModule<Spec> {}
