// Whatever was synced, data and directory entry, is there after a power cut; what was not synced is what it was or what it should have
// become, sector by sector. Generated actions run against the disk and against a model that knows nothing of how the disk is made.
import fc from "fast-check"
import { expect, test } from "vitest"
import type { FileHandle, Files } from "../../../../src/platform/platform.ts"
import { simulatedPlatform } from "../../../../src/platform/simulated/simulated.ts"

const names = ["a", "b", "c"] as const
type Name = (typeof names)[number]

type Action =
  | { do: "create" | "unlink" | "sync"; name: Name }
  | { do: "write"; name: Name; position: number; length: number; fill: number }
  | { do: "truncate"; name: Name; length: number }
  | { do: "rename"; name: Name; to: Name }
  | { do: "syncDirectory" }

const name = fc.constantFrom(...names)
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constantFrom("create" as const, "unlink" as const, "sync" as const), name }),
  fc.record({
    do: fc.constant("write" as const),
    name,
    position: fc.nat(5000),
    length: fc.nat(5000),
    fill: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ do: fc.constant("truncate" as const), name, length: fc.nat(5000) }),
  fc.record({ do: fc.constant("rename" as const), name, to: name }),
  fc.record({ do: fc.constant("syncDirectory" as const) }),
)

/** A file as the model knows it: how long it may be, and in `values[i]` what byte i may be. */
class ModelFile {
  readonly inode: number
  readonly handle: FileHandle
  now = Buffer.alloc(0)
  leastLength = 0
  mostLength = 0
  values: Set<number>[] = []

  constructor(inode: number, handle: FileHandle) {
    this.inode = inode
    this.handle = handle
  }

  write(position: number, length: number, fill: number): void {
    if (length === 0) return
    this.#grow(position + length)
    this.now.fill(fill, position, position + length)
    for (let index = position; index < position + length; index += 1) this.#may(index, fill)
  }

  truncate(length: number): void {
    if (length > this.now.length) this.#grow(length)
    else this.now = Buffer.from(this.now.subarray(0, length))
    this.leastLength = Math.min(this.leastLength, length)
    // Whatever is written behind it later may fill up with zeros.
    for (let index = length; index < this.values.length; index += 1) this.#may(index, 0)
  }

  sync(): void {
    this.leastLength = this.now.length
    this.mostLength = this.now.length
    this.values = [...this.now].map((value) => new Set([value]))
  }

  /** What is wrong with `content` as a remainder of this file. */
  complaint(content: Buffer = Buffer.alloc(0)): string | undefined {
    if (content.length < this.leastLength) return `${content.length} bytes, at least ${this.leastLength} were synced`
    if (content.length > this.mostLength) return `${content.length} bytes, there never were more than ${this.mostLength}`
    const strange = content.findIndex((value, index) => this.values[index]?.has(value) !== true)
    return strange < 0 ? undefined : `byte ${strange} is ${content[strange]}`
  }

  #grow(length: number): void {
    for (let index = this.now.length; index < length; index += 1) this.#may(index, 0)
    if (length > this.now.length) this.now = Buffer.concat([this.now, Buffer.alloc(length - this.now.length)])
    this.mostLength = Math.max(this.mostLength, length)
  }

  #may(index: number, value: number): void {
    const known = this.values[index] ?? new Set([0])
    known.add(value)
    this.values[index] = known
  }
}

/** Which file a name may stand for after a power cut: the last one is how it is now. */
type Entries = Map<Name, (ModelFile | undefined)[]>

async function perform(action: Action, files: Files, entries: Entries): Promise<void> {
  if (action.do === "syncDirectory") {
    await files.syncDirectory("/tmp")
    for (const [key, known] of entries) entries.set(key, known.slice(-1))
    return
  }
  const file = entries.get(action.name)?.at(-1)
  const path = `/tmp/${action.name}`
  const become = (key: Name, node: ModelFile | undefined): void => void entries.get(key)?.push(node)
  if (action.do === "create" && file === undefined) {
    const handle = await files.open(path, "create")
    become(action.name, new ModelFile((await files.stat(path))?.inode as number, handle))
  }
  if (file === undefined) return
  if (action.do === "write") {
    await file.handle.write([Buffer.alloc(action.length, action.fill)], action.position)
    file.write(action.position, action.length, action.fill)
  } else if (action.do === "truncate") {
    await file.handle.truncate(action.length)
    file.truncate(action.length)
  } else if (action.do === "sync") {
    await file.handle.sync()
    file.sync()
  } else if (action.do === "unlink") {
    await files.unlink(path)
    become(action.name, undefined)
  } else if (action.do === "rename" && action.to !== action.name) {
    await files.rename(path, `/tmp/${action.to}`)
    become(action.to, file)
    become(action.name, undefined)
  }
}

async function contentOf(files: Files, key: Name): Promise<Buffer | undefined> {
  return (await files.stat(`/tmp/${key}`)) === undefined ? undefined : files.readFile(`/tmp/${key}`)
}

test("a power cut keeps what was synced, and makes nothing up", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40, size: "max" }), fc.nat(), async (actions, seed) => {
      const { files, disk } = simulatedPlatform({ seed })
      const entries: Entries = new Map(names.map((one) => [one, [undefined]]))
      for (const one of actions) await perform(one, files, entries)
      for (const one of names) {
        const content = await contentOf(files, one)
        expect(content).toEqual(entries.get(one)?.at(-1)?.now)
      }
      disk.powerCut()
      for (const one of names) {
        const inode = (await files.stat(`/tmp/${one}`))?.inode
        const known = entries.get(one) ?? []
        expect(known.map((file) => file?.inode)).toContain(inode)
        const file = known.find((candidate) => candidate?.inode === inode)
        expect(file?.complaint(await contentOf(files, one))).toBeUndefined()
      }
    }),
    { numRuns: 200 },
  )
})
