// Protocols and functions by id. Where a file names one without declaring it, the last word of the id is enough, as long as it means
// just one of its sort.

import { listed } from "../error-text.ts"
import { WishboneError } from "../errors.ts"
import { type FunctionSpec, isFunctionSpec } from "../spec/function.ts"
import { isProtocolSpec, type ProtocolSpec } from "../spec/protocol.ts"
import type { ComponentSpec } from "../spec/spec.ts"
import { grouped } from "./graph.ts"

/** What a protocol or function is good for. */
export type PartSort = "decoder" | "encoder" | "module function" | "template function"

/** A class of any sort of component, as the registry sees it; the actor room knows what its constructor takes. */
export interface ComponentClass {
  readonly spec: ComponentSpec
  new (context: never): unknown
}

/** A protocol or function that a file can name. */
export interface PartComponent {
  readonly sort: PartSort
  readonly spec: ProtocolSpec | FunctionSpec
  readonly create: ComponentClass
}

/** The component of a protocol or function; `undefined` for a class of another sort. */
export function partOf(create: ComponentClass): PartComponent | undefined {
  const { spec } = create
  if (isProtocolSpec(spec)) return { sort: spec.kind === "decode" ? "decoder" : "encoder", spec, create }
  if (isFunctionSpec(spec)) return { sort: spec.kind === "module" ? "module function" : "template function", spec, create }
  return undefined
}

/** The last word of an id. */
export function shortName(id: string): string {
  return id.slice(id.lastIndexOf(".") + 1)
}

/** All protocols and functions of a run. Read-only once made. */
export class PartIndex {
  readonly all: readonly PartComponent[]
  private readonly byId: ReadonlyMap<string, PartComponent>

  /** @throws WishboneError `WB_MODULE_DUPLICATE` when two of them share an id. */
  constructor(parts: readonly PartComponent[]) {
    const byId = new Map<string, PartComponent>()
    for (const part of parts) {
      const known = byId.get(part.spec.name)
      if (known !== undefined && known.create !== part.create)
        throw new WishboneError("WB_MODULE_DUPLICATE", { name: part.spec.name, what: `${part.sort}s` })
      byId.set(part.spec.name, part)
    }
    this.byId = byId
    this.all = [...byId.values()].toSorted((a, b) => (a.spec.name < b.spec.name ? -1 : 1))
  }

  ofSort(...sorts: readonly PartSort[]): readonly PartComponent[] {
    return this.all.filter(({ sort }) => sorts.includes(sort))
  }

  /** The components of some sorts by the last word of their ids. */
  byShortName(...sorts: readonly PartSort[]): ReadonlyMap<string, readonly PartComponent[]> {
    return grouped(this.ofSort(...sorts), ({ spec }) => shortName(spec.name))
  }

  /** The component of an id. @throws WishboneError `WB_PART_UNKNOWN`, with the nearest known id in its hint. */
  get(id: string, ...sorts: readonly PartSort[]): PartComponent {
    const found = this.byId.get(id)
    if (found !== undefined && sorts.includes(found.sort)) return found
    throw new WishboneError("WB_PART_UNKNOWN", {
      what: sorts.every((sort) => sort === "decoder" || sort === "encoder") ? "protocol" : sorts[0],
      name: id,
      known: this.ofSort(...sorts).map(({ spec }) => spec.name),
      hint: found === undefined ? this.hintFor(id, sorts) : `That is the id of ${found.sort === "encoder" ? "an" : "a"} ${found.sort}.`,
    })
  }

  /** A last word that fits is the better guess than nearness in letters: ids are long. */
  private hintFor(id: string, sorts: readonly PartSort[]): string | undefined {
    const namesakes = this.ofSort(...sorts).filter(({ spec }) => shortName(spec.name) === shortName(id))
    return namesakes.length === 0 ? undefined : `Did you mean ${listed(namesakes.map(({ spec }) => spec.name)).replace(" and ", " or ")}?`
  }
}
