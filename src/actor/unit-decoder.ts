// Decodes units: lines, files, datagrams, whatever stands for itself. A unit counts as a whole: when any of it cannot be decoded, none of
// it becomes an event, and whoever sent it learns that all of it was refused.

import { Invalid } from "../errors.ts"
import type { Decoded, Decoder } from "./decoder.ts"

/** Items of one unit; more are refused, as each becomes an event that is many times as large. */
const unitItemsMax = 65_536

export class UnitDecoder implements Decoded {
  private readonly prototype: Decoder
  /** Made at the first unit: what the decoder needs is not there before. */
  private decoder: Decoder | undefined = undefined
  private items: unknown[] = []
  private problem: string | undefined = undefined

  constructor(decoder: Decoder) {
    this.prototype = decoder
  }

  /** The items of a unit. @throws Invalid when any of it cannot be decoded */
  decode(unit: Buffer): readonly unknown[] {
    this.items = []
    this.problem = undefined
    const decoder = (this.decoder ??= this.prototype.fresh())
    try {
      decoder.decode(unit, this)
      decoder.flush(this)
    } catch (thrown) {
      // Nobody knows what is left inside.
      this.decoder = undefined
      this.problem ??= thrown instanceof Error ? thrown.message : String(thrown)
    }
    if (this.problem !== undefined) throw new Invalid(this.problem, { code: "undecodable" })
    return this.items
  }

  item(value: unknown): void {
    if (this.items.length < unitItemsMax) this.items.push(value)
    else this.invalid(`more than ${unitItemsMax} items`)
  }

  invalid(problem: string): void {
    this.problem ??= problem
  }
}
