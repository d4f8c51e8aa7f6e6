// From the plan of an instance to the classes of its protocol and functions.

import type { ModuleFunctionClass, PartUse, PartUses, ProtocolClass, TemplateFunctionClass } from "../actor/own-parts.ts"
import type { InstancePlan, PartPlan } from "../spec/plan.ts"
import type { PartIndex, PartSort } from "./parts.ts"
import type { Registry } from "./registry.ts"

/** What an instance uses, as classes. @throws WishboneError `WB_PART_UNKNOWN` for an id that nobody has. */
export function partUses(plan: InstancePlan, { parts }: Pick<Registry, "parts">): PartUses {
  const useOf = <Class>({ id, arguments: args }: PartPlan, ...sorts: readonly PartSort[]): PartUse<Class> => ({
    create: parts.get(id, ...sorts).create as unknown as Class,
    arguments: args,
  })
  const { protocol, functions = {}, templateFunctions = {} } = plan
  const declared = Object.entries(templateFunctions).map(([name, part]) => [name, useOf<TemplateFunctionClass>(part, "template function")])
  return {
    protocol: protocol && useOf<ProtocolClass>(protocol, "decoder", "encoder"),
    functions: Object.fromEntries(
      Object.entries(functions).map(([queue, list]) => [queue, list.map((part) => useOf<ModuleFunctionClass>(part, "module function"))]),
    ),
    templateFunctions: { ...undeclaredFunctions(parts), ...Object.fromEntries(declared) },
  }
}

/** Template functions that a file may call without declaring them: by the last word of their id, where that is unambiguous. */
function undeclaredFunctions(parts: PartIndex): Record<string, PartUse<TemplateFunctionClass>> {
  const unambiguous = [...parts.byShortName("template function")].filter(([, found]) => found.length === 1)
  return Object.fromEntries(
    unambiguous.flatMap(([name, [only]]) => (only ? [[name, { create: only.create as unknown as TemplateFunctionClass }]] : [])),
  )
}
