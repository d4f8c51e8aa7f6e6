// Dotted paths into data: `data.items[0].name`. Own properties only; names that reach a prototype are refused.

import { Invalid } from "./errors.ts"

const forbidden = new Set(["__proto__", "constructor", "prototype"])

/** The steps of a dotted path, numbers for list indices. @throws Invalid when the path is malformed or names a prototype key. */
export function parsePath(path: string): (string | number)[] {
  const steps: (string | number)[] = []
  for (const part of path.split(".")) {
    const match = /^([^[\]]*)((?:\[\d+\])*)$/.exec(part)
    if (match === null || (match[1] === "" && match[2] === "")) throw new Invalid(`\`${path}\` is not a path: write \`data.items[0].name\``)
    const name = match[1] ?? ""
    if (forbidden.has(name)) throw new Invalid(`the path \`${path}\` names \`${name}\`, which paths may not reach`)
    if (name !== "") steps.push(name)
    for (const index of (match[2] ?? "").matchAll(/\d+/g)) steps.push(Number(index[0]))
  }
  return steps
}

/** The value under `steps`, or `undefined` when a step is missing. */
export function readSteps(root: unknown, steps: readonly (string | number)[], from = 0): unknown {
  let value = root
  for (let at = from; at < steps.length; at++) {
    if (typeof value !== "object" || value === null) return undefined
    const step = steps[at] as string | number
    if (!Object.hasOwn(value, step)) return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value
}

/** Sets the value under `steps` in `root`, making missing maps on the way. @throws Invalid when a step on the way is neither map nor list. */
export function writeSteps(root: object, steps: readonly (string | number)[], value: unknown): void {
  let target = root as Record<string | number, unknown>
  for (let at = 0; at < steps.length - 1; at++) {
    const step = steps[at] as string | number
    const next = Object.hasOwn(target, step) ? target[step] : undefined
    if (next === undefined) target = target[step] = typeof steps[at + 1] === "number" ? ([] as unknown as typeof target) : {}
    else if (typeof next === "object" && next !== null) target = next as typeof target
    else throw new Invalid(`\`${steps.slice(0, at + 1).join(".")}\` is neither a map nor a list`)
  }
  const last = steps.at(-1)
  if (last !== undefined) target[last] = value
}

/** Removes what lies under `steps`; answers whether it was there. */
export function deleteSteps(root: unknown, steps: readonly (string | number)[]): boolean {
  const parent = readSteps(root, steps.slice(0, -1))
  const last = steps.at(-1)
  if (typeof parent !== "object" || parent === null || ArrayBuffer.isView(parent)) return false
  if (last === undefined || !Object.hasOwn(parent, last)) return false
  if (Array.isArray(parent) && typeof last === "number") parent.splice(last, 1)
  else delete (parent as Record<string | number, unknown>)[last]
  return true
}

/** A copy that shares nothing mutable: maps, lists, Dates, Maps, Sets and bytes are copied, anything else is kept as it is.
 *  Own code because `structuredClone` copies the whole chunk behind a small view of it. */
export function deepCopy(value: unknown, seen?: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value
  const known = seen?.get(value)
  if (known !== undefined) return known
  if (Buffer.isBuffer(value)) return Buffer.from(value)
  if (value instanceof Date) return new Date(value.getTime())
  const copies = seen ?? new Map<object, unknown>()
  if (Array.isArray(value)) return copyList(value, copies)
  if (value instanceof Map || value instanceof Set) return copyCollection(value, copies)
  if (ArrayBuffer.isView(value)) return copyView(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const copy: Record<string, unknown> = prototype === null ? (Object.create(null) as Record<string, unknown>) : {}
  copies.set(value, copy)
  for (const [key, inner] of Object.entries(value)) setOwn(copy, key, deepCopy(inner, copies))
  return copy
}

/** Sets a key as its own even if it is `__proto__`, which an assignment would take for the prototype. */
function setOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
  else map[key] = value
}

/** Only the bytes of the view, not the whole buffer behind it. */
function copyView(view: ArrayBufferView): unknown {
  if (!(view instanceof DataView)) return (view as Uint8Array).slice()
  return new DataView(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength))
}

function copyList(list: readonly unknown[], copies: Map<object, unknown>): unknown[] {
  const copy: unknown[] = []
  copies.set(list, copy)
  for (const inner of list) copy.push(deepCopy(inner, copies))
  return copy
}

function copyCollection(value: Map<unknown, unknown> | Set<unknown>, copies: Map<object, unknown>): unknown {
  if (value instanceof Set) {
    const copy = new Set<unknown>()
    copies.set(value, copy)
    for (const inner of value) copy.add(deepCopy(inner, copies))
    return copy
  }
  const copy = new Map<unknown, unknown>()
  copies.set(value, copy)
  for (const [key, inner] of value) copy.set(key, deepCopy(inner, copies))
  return copy
}
