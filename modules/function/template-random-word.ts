// A word at random, of a short list of its own or of a file with one word a line.

import { charset, defineFunction, path, TemplateFunction, textOfBytes, WishboneError } from "../../src/index.ts"

const fileBytesMax = 16 * 1024 * 1024

const spec = defineFunction({
  name: "wishbone.function.template.random_word",
  summary: "`random_word()`: a word at random.",
  arguments: {
    filename: path()
      .nullable()
      .default(null)
      .describe("A file with one word a line, of at most 16 MiB; `null` takes a short list of its own."),
    encoding: charset().describe("How the file is to be read."),
  },
  examples: [
    { title: "From the short list", arguments: {} },
    { title: "From a dictionary", arguments: { filename: "/usr/share/dict/words" } },
  ],
})

export default class RandomWord extends TemplateFunction<typeof spec> {
  static readonly spec = spec
  #words = words

  override async prepare(): Promise<void> {
    const { filename } = this.args
    if (filename !== null) this.#words = await this.#read(filename)
  }

  call(): string {
    return this.#words[Math.floor(this.platform.random.float() * this.#words.length)] as string
  }

  async #read(filename: string): Promise<readonly string[]> {
    const { files } = this.platform
    try {
      const size = (await files.stat(filename))?.size ?? 0
      if (size > fileBytesMax) throw new Error(`it has ${size} bytes, and may have ${fileBytesMax}`)
      const lines = textOfBytes(await files.readFile(filename), this.args.encoding).split("\n")
      const found = lines.map((line) => line.trim()).filter((line) => line !== "")
      if (found.length === 0) throw new Error("it holds no word")
      return found
    } catch (cause) {
      const problem = `the words in \`${filename}\` cannot be read: ${(cause as Error).message}`
      throw new WishboneError("WB_ARGUMENT_INVALID", { module: spec.name, argument: "filename", problem }, { cause })
    }
  }
}

const words: readonly string[] = (
  "acorn amber anchor apple arrow autumn barley basket birch bridge button candle canyon castle cedar chalk cherry cinder clover " +
  "copper coral cotton cradle crystal daisy dawn delta desert eagle ember falcon feather fern field flint forest fountain garden " +
  "glacier granite harbor hazel heron honey island ivory jasmine juniper kettle lantern laurel lemon linen lotus maple marble " +
  "meadow mirror moss nectar north oasis ocean olive orchard otter paper pebble pepper pine planet plum pocket poplar quartz " +
  "quill raven reed ribbon river saddle saffron salmon silver sparrow spruce stone summer thistle timber tulip valley velvet " +
  "violet walnut water willow window winter"
).split(" ")
