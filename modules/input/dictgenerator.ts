// Makes maps of random words, or of words and numbers: data with some variety for tests and demonstrations.

import { defineModule, duration, InputModule, WishboneError, z } from "../../src/index.ts"

const spec = defineModule({
  name: "wishbone.input.dictgenerator",
  summary: "Makes maps with random keys and values at an interval.",
  arguments: {
    keys: z.array(z.string()).default([]).describe("Keys each map has; without any, keys are made up."),
    randomize_keys: z.boolean().default(true).describe("Made-up keys are random words, else the numbers from 0."),
    num_values: z.boolean().default(false).describe("Values are whole numbers rather than words."),
    num_values_min: z.int().default(0).describe("Smallest number among the values."),
    num_values_max: z.int().default(1).describe("Largest number among the values."),
    min_elements: z.int().min(0).default(1).describe("Fewest keys a map has, when they are made up."),
    max_elements: z.int().min(0).max(10_000).default(1).describe("Most keys a map has, when they are made up."),
    interval: duration().default(1000).describe("Time between two events; 0 makes them as fast as the graph takes them."),
  },
  protocol: false,
  queues: { outbox: { direction: "out", summary: "The maps." } },
  contract: { acknowledges: "none", waits: {}, failsWithinMs: 0, reorders: false, holds: "nothing" },
  examples: [
    { title: "Five to ten random words", arguments: { min_elements: 5, max_elements: 10, interval: "500ms" } },
    {
      title: "Readings of two gauges",
      arguments: { keys: ["inside", "outside"], num_values: true, num_values_min: -10, num_values_max: 40 },
    },
  ],
})

export default class Dictgenerator extends InputModule<typeof spec> {
  static readonly spec = spec
  readonly #stopping = new AbortController()

  override preHook(): void {
    this.#checkOrder("min_elements", "max_elements")
    this.#checkOrder("num_values_min", "num_values_max")
    this.generate(this.args.interval, this.#stopping.signal, () => this.incoming(this.#map()))
  }

  override stopTaking(): void {
    this.#stopping.abort()
  }

  #checkOrder(least: "min_elements" | "num_values_min", most: "max_elements" | "num_values_max"): void {
    if (this.args[least] <= this.args[most]) return
    const problem = `is ${this.args[most]}, below \`${least}\`, which is ${this.args[least]}`
    throw new WishboneError("WB_ARGUMENT_INVALID", { module: spec.name, argument: most, problem })
  }

  #map(): Record<string, unknown> {
    const { keys, min_elements, max_elements } = this.args
    const map: Record<string, unknown> = {}
    const count = this.#wholeNumber(min_elements, max_elements)
    if (keys.length > 0) for (const key of keys) map[key] = this.#value()
    else for (let index = 0; index < count; index++) map[this.#key(map, index)] = this.#value()
    return map
  }

  /** A key that the map does not have, so that it gets as many as were drawn. */
  #key(map: Record<string, unknown>, index: number): string {
    if (!this.args.randomize_keys) return String(index)
    const word = this.#word()
    return Object.hasOwn(map, word) ? `${word}_${index}` : word
  }

  #value(): string | number {
    const { num_values, num_values_min, num_values_max } = this.args
    return num_values ? this.#wholeNumber(num_values_min, num_values_max) : this.#word()
  }

  #word(): string {
    return words[this.#wholeNumber(0, words.length - 1)] as string
  }

  /** From `least` to `most`, both included. */
  #wholeNumber(least: number, most: number): number {
    return least + Math.floor(this.platform.random.float() * (most - least + 1))
  }
}

const words: readonly string[] = (
  "acorn amber anchor apple apron arrow autumn badge bamboo barley barrel basket beacon birch biscuit blanket blossom bottle boulder " +
  "branch brass breeze brick bridge bronze brook bucket butter button cabin cactus camel candle canvas canyon carpet castle cedar cellar " +
  "chalk cherry chimney cider circle cliff clock cloud clover coast cobalt comet compass copper coral cotton cradle crane crater cricket " +
  "crystal curtain daisy dawn desert diamond dinner dolphin donkey drum dune eagle earth easel echo ember emerald engine evening falcon " +
  "feather fern ferry fiddle field finch flame flint flute fog forest fossil fountain fox garden garlic ginger glacier glove goose grain " +
  "granite grape gravel hammer harbour harvest hazel heron hill honey horizon island ivory ivy jacket jasmine jewel jungle juniper kettle " +
  "kite ladder lake lantern lark lemon lily linen lion lobster lotus magnet maple marble meadow melon mint mirror moon moss mountain " +
  "nectar needle nest nettle night north oak oasis ocean olive onion orchard otter owl paddle palace paper parrot pear pebble pepper " +
  "petal pigeon pine planet plum pocket pond poplar potato prairie quartz quill rabbit rain raven reed ribbon river robin rose saddle " +
  "saffron sail salmon sand shadow shell silver sparrow spring star stone storm summer sunset swallow thistle thunder tiger timber tulip " +
  "valley velvet violet walnut water wheat willow window winter wolf"
).split(" ")
