// Protocols and functions in a file: what it declares below `protocols:`, `module_functions:` and `template_functions:`, and which of it an
// instance uses. A name that is not declared is the id of a component, or its last word, with default arguments.

import { functionsCalled, isTaken } from "../actor/template.ts"
import { isWishboneError } from "../errors.ts"
import { type PartComponent, type PartSort, shortName } from "../router/parts.ts"
import { type ArgumentTemplate, checkArguments } from "../spec/arguments.ts"
import { resolvePaths } from "../spec/marked.ts"
import type { InstancePlan, PartPlan } from "../spec/plan.ts"
import type { ModuleSpec } from "../spec/spec.ts"
import { readArguments } from "./arguments.ts"
import type { FileComponents } from "./components.ts"
import { functionKeys, namesOf, protocolKeys } from "./keys.ts"
import { secretNodes } from "./mask.ts"
import { entryOf, isEmpty, isUnknown, type MapEntry, placeOf, type ScalarNode, type YamlNode } from "./node.ts"
import { type Place, type Problem, problemAt } from "./problem.ts"
import { SettingsReader } from "./read.ts"

/** What a section of the file declares. */
const sections = {
  protocols: {
    key: "protocol",
    keys: protocolKeys,
    what: "protocol",
    sorts: ["decoder", "encoder"],
    place: "as the `protocol:` of an instance",
  },
  module_functions: {
    key: "function",
    keys: functionKeys,
    what: "module function",
    sorts: ["module function"],
    place: "below the `functions:` of an instance",
  },
  template_functions: {
    key: "function",
    keys: functionKeys,
    what: "template function",
    sorts: ["template function"],
    place: "in a template",
  },
} as const

type Section = keyof typeof sections

/** One thing that the file declares. */
interface Declared {
  readonly entry: MapEntry
  /** Missing when it is not right, which has been told. */
  readonly component?: PartComponent | undefined
  readonly plan?: PartPlan | undefined
  used: boolean
}

/** A component in use. */
interface Resolved {
  readonly component: PartComponent
  readonly plan: PartPlan
}

export interface PartSetting {
  readonly components: FileComponents
  readonly resolvePath: (path: string) => string
}

export class DeclaredParts {
  /** Values that nobody may print. */
  readonly secrets: ScalarNode[] = []
  private readonly setting: PartSetting
  private readonly reader = new SettingsReader()
  private readonly declared: Readonly<Record<Section, Map<string, Declared>>>
  /** Names that templates may call. */
  private readonly callable: readonly string[]
  private readonly templateFunctions: Pick<InstancePlan, "templateFunctions">

  constructor(root: YamlNode, setting: PartSetting) {
    this.setting = setting
    this.declared = { protocols: new Map(), module_functions: new Map(), template_functions: new Map() }
    this.read(root, "template_functions")
    const short = setting.components.registry.parts.byShortName("template function")
    this.callable = [...new Set([...this.declared.template_functions.keys(), ...short.keys()])]
    this.read(root, "protocols")
    // Their arguments may hold templates.
    this.read(root, "module_functions")
    const plans = [...this.declared.template_functions].flatMap(([name, { plan }]) => (plan === undefined ? [] : [[name, plan] as const]))
    this.templateFunctions = plans.length === 0 ? {} : { templateFunctions: Object.fromEntries(plans) }
  }

  /** What is wrong with the declarations themselves. */
  get problems(): readonly Problem[] {
    return this.reader.problems
  }

  /** The part of an instance's plan that is about protocols and functions. */
  usedBy(
    instance: MapEntry,
    spec: ModuleSpec | undefined,
    reader: SettingsReader,
  ): Pick<InstancePlan, "protocol" | "functions" | "templateFunctions"> {
    const protocol = this.protocolOf(instance, spec, reader)
    const functions = this.functionsOf(instance, reader)
    return {
      ...(protocol !== undefined && { protocol }),
      ...(functions !== undefined && { functions }),
      // All that are declared, whichever its templates call: files of templates may call more.
      ...this.templateFunctions,
    }
  }

  /** Reports templates that cannot be read or use what there is not, and remembers what they call. `owner` holds the `arguments:`. */
  checkTemplates(owner: MapEntry, templates: readonly ArgumentTemplate[], reader: SettingsReader): void {
    for (const { source, written } of templates) {
      const place = placeOf(owner.value, ["arguments", ...written])
      try {
        for (const name of functionsCalled(source, this.callable)) this.noteCall(name, place, reader)
      } catch (thrown) {
        if (!isWishboneError(thrown)) throw thrown
        const isTheirs = thrown.code === "WB_TEMPLATE_NAME" && this.setting.components.incomplete
        if (!isTheirs) reader.problems.push(problemAt(place, thrown.code, thrown.details))
      }
    }
  }

  /** Warnings about what is declared and not used. */
  unused(): Problem[] {
    return Object.entries(this.declared).flatMap(([section, all]) =>
      [...all].flatMap(([name, { entry, plan, used }]) => {
        const details = { name, section, place: sections[section as Section].place }
        // What is not right has been told already.
        return used || plan === undefined ? [] : [problemAt(entry.keyAt, "WB_PART_UNUSED", details, "warning")]
      }),
    )
  }

  private noteCall(name: string, place: Place, reader: SettingsReader): void {
    const declared = this.declared.template_functions.get(name)
    if (declared !== undefined) declared.used = true
    else this.resolveShort(name, { place, section: "template_functions", sorts: ["template function"], reader })
  }

  private read(root: YamlNode, section: Section): void {
    const entries = this.reader.anyMap(entryOf(root, section))?.entries.values() ?? []
    for (const entry of entries) this.declared[section].set(entry.name, this.readOne(entry, section))
  }

  private readOne(entry: MapEntry, section: Section): Declared {
    const { reader, setting } = this
    const { key, keys } = sections[section]
    if (entry.value.kind === "scalar" && !isEmpty(entry.value)) {
      const hint = `Write \`${key}: ${entry.value.text}\` on a line of its own below \`${entry.name}:\`.`
      if (!isUnknown(entry.value)) reader.invalid(entry, `a map with the key \`${key}\``, hint)
      return { entry, used: false }
    }
    const node = reader.map(entry, `in \`${entry.name}\``, namesOf(keys))
    const component = this.componentOf(entry, section)
    const callable = section !== "template_functions" || this.checkCallName(entry, component)
    if (node === undefined || component === undefined) return { entry, used: false }
    const { values, problems, templates } = readArguments(entry, component.spec, reader)
    this.secrets.push(...secretNodes(component.spec, entryOf(node, "arguments")?.value))
    if (section === "module_functions") this.checkTemplates(entry, templates, reader)
    if (problems.length > 0) return { entry, component, used: false }
    const plan = { id: component.spec.name, arguments: resolvePaths(component.spec, values, setting.resolvePath) }
    // Of one that nobody can call it need not be told that nobody does.
    return { entry, component, plan, used: !callable }
  }

  /** Whether templates can call a function by the name it is declared by. */
  private checkCallName({ name, keyAt }: MapEntry, component: PartComponent | undefined): boolean {
    // Under its own name it does nothing new, so files that declare it go on working.
    const taken = isTaken(name) && component !== undefined && shortName(component.spec.name) !== name
    const callable = !taken && /^[A-Za-z_]\w*$/.test(name)
    if (!callable) this.reader.problems.push(problemAt(keyAt, "WB_FUNCTION_CALL_NAME", { name, taken }))
    return callable
  }

  /** The component that a declaration names. */
  private componentOf(entry: MapEntry, section: Section): PartComponent | undefined {
    const { reader } = this
    const { key, sorts, what } = sections[section]
    const named = entryOf(entry.value, key)
    if (isUnknown(named?.value) || (entry.value.kind !== "map" && !isEmpty(entry.value))) return undefined
    const id = reader.text(named)?.trim()
    if (named === undefined || id === undefined) {
      const details = { name: key, where: `in \`${entry.name}\``, hint: `It names the ${what}, as \`wishbone-ts list\` has it.` }
      if (isEmpty(named?.value)) reader.problems.push(problemAt(entry.keyAt, "WB_KEY_MISSING", details))
      return undefined
    }
    return this.lookup(id, named.value.at, sorts, reader)
  }

  private lookup(id: string, place: Place, sorts: readonly PartSort[], reader: SettingsReader): PartComponent | undefined {
    const { components } = this.setting
    try {
      return components.registry.parts.get(id, ...sorts)
    } catch (thrown) {
      if (!isWishboneError(thrown)) throw thrown
      if (!components.incomplete || id.startsWith("wishbone.")) reader.problems.push(problemAt(place, thrown.code, thrown.details))
      return undefined
    }
  }

  private protocolOf(instance: MapEntry, spec: ModuleSpec | undefined, reader: SettingsReader): PartPlan | undefined {
    const entry = entryOf(instance.value, "protocol")
    const name = isUnknown(entry?.value) ? undefined : reader.text(entry)?.trim()
    if (entry === undefined || name === undefined || name === "") return undefined
    if (spec !== undefined && (spec.takesProtocol === false || (spec.kind !== "input" && spec.kind !== "output"))) {
      const declared = this.declared.protocols.get(name)
      if (declared !== undefined) declared.used = true
      reader.problems.push(
        problemAt(entry.value.at, "WB_PROTOCOL_MISPLACED", { instance: instance.name, kind: spec.kind, module: spec.name }),
      )
      return undefined
    }
    const wanted = spec?.kind === "output" ? "encoder" : "decoder"
    const sorts: readonly PartSort[] = spec === undefined ? ["decoder", "encoder"] : [wanted]
    const resolved = this.resolve(name, { place: entry.value.at, section: "protocols", sorts, reader })
    if (resolved === undefined || spec === undefined) return resolved?.plan
    const { component, plan } = resolved
    if (component.sort === wanted) return plan
    const other = this.twinOf(component, wanted)
    const details = { instance: instance.name, name, id: plan.id, wanted: wanted === "decoder" ? "decode" : "encode", other }
    reader.problems.push(problemAt(entry.value.at, "WB_PROTOCOL_DIRECTION", details))
    return undefined
  }

  /** The protocol of the same name that works the other way. */
  private twinOf({ spec }: PartComponent, wanted: PartSort): string | undefined {
    const twin = wanted === "decoder" ? spec.name.replace(".encode.", ".decode.") : spec.name.replace(".decode.", ".encode.")
    return this.setting.components.registry.parts.ofSort(wanted).find(({ spec: { name } }) => name === twin)?.spec.name
  }

  private functionsOf(instance: MapEntry, reader: SettingsReader): Record<string, readonly PartPlan[]> | undefined {
    const queues = reader.anyMap(entryOf(instance.value, "functions"))
    if (queues === undefined) return undefined
    const hint = "List the functions in order: `functions: { inbox: [first, second] }`."
    const lists = [...queues.entries.values()].map((queue): [string, PartPlan[]] => {
      const { value } = queue
      if (value.kind !== "list") {
        if (!isEmpty(value) && !isUnknown(value)) reader.invalid(queue, "a list of functions", hint)
        return [queue.name, []]
      }
      return [queue.name, value.items.flatMap((item) => this.functionAt(queue, item, reader) ?? [])]
    })
    return Object.fromEntries(lists.filter(([, list]) => list.length > 0))
  }

  private functionAt(queue: MapEntry, item: YamlNode, reader: SettingsReader): PartPlan | undefined {
    if (isUnknown(item)) return undefined
    if (item.kind !== "scalar" || typeof item.value !== "string") return reader.invalid({ ...queue, value: item }, "the name of a function")
    return this.resolve(item.text.trim(), { place: item.at, section: "module_functions", sorts: ["module function"], reader })?.plan
  }

  /** What a name stands for: something the file declares, the id of a component, or its last word. */
  private resolve(name: string, of: Reference): Resolved | undefined {
    const declared = this.declared[of.section].get(name)
    if (declared !== undefined) {
      declared.used = true
      const { component, plan } = declared
      return component && plan && { component, plan }
    }
    if (!name.includes(".")) return this.resolveShort(name, of)
    // Of either direction: which one is wanted is another question.
    const component = this.lookup(name, of.place, sections[of.section].sorts, of.reader)
    return component && this.withDefaults(name, component, of)
  }

  private resolveShort(name: string, of: Reference): Resolved | undefined {
    const { components } = this.setting
    const { place, section, sorts, reader } = of
    const { what, sorts: all } = sections[section]
    const { parts } = components.registry
    const [first, ...more] = parts.byShortName(...sorts).get(name) ?? parts.byShortName(...all).get(name) ?? []
    if (first === undefined) {
      if (components.incomplete) return undefined
      const known = [...new Set([...this.declared[section].keys(), ...parts.byShortName(...sorts).keys()])]
      reader.problems.push(problemAt(place, "WB_PART_UNKNOWN", { what, name, known }))
      return undefined
    }
    if (more.length > 0 && first.sort === more[0]?.sort) {
      const ids = [first, ...more].map(({ spec }) => spec.name)
      reader.problems.push(problemAt(place, "WB_PART_AMBIGUOUS", { name, ids, section }))
      return undefined
    }
    return this.withDefaults(name, first, of)
  }

  private withDefaults(name: string, component: PartComponent, { place, section, reader }: Reference): Resolved | undefined {
    const { values, problems } = checkArguments(component.spec, {})
    if (problems[0] === undefined) return { component, plan: { id: component.spec.name, arguments: values } }
    reader.problems.push(problemAt(place, "WB_PART_ARGUMENTS", { name, problem: problems[0].message, section }))
    return undefined
  }
}

/** Where something is named, and what may be meant there. */
interface Reference {
  readonly place: Place
  readonly section: Section
  readonly sorts: readonly PartSort[]
  readonly reader: SettingsReader
}
