// What a protocol declares about itself: how an input makes items of bytes (`decode`), or an output bytes of a payload (`encode`). The
// same kind of declaration as a module's, and the same validation, `show` text and JSON Schema follow from it.

import { type ComponentDeclaration, declare } from "./declare.ts"
import type { ArgumentShape, ComponentSpec } from "./spec.ts"

/** Inputs decode, outputs encode. */
export type ProtocolKind = "decode" | "encode"

/** Marks a {@link ProtocolSpec} across copies of this package. */
export const protocolBrand: unique symbol = Symbol.for("wishbone-ts.protocol-spec")

/** A checked declaration: what `defineProtocol` gives. Frozen. */
export interface ProtocolSpec<Shape extends ArgumentShape = ArgumentShape> extends ComponentSpec<Shape> {
  readonly [protocolBrand]: true
  readonly kind: ProtocolKind
}

/**
 * Declares a protocol. Its id, `namespace.protocol.decode.name` or `namespace.protocol.encode.name`, says which way it works; arguments
 * are declared as those of a module, and take no templates. In a bootstrap file an instance names it by its last word
 * (`protocol: csv`), or by a name of the file's own:
 *
 * ```yaml
 * protocols:
 *   table: { protocol: acme.protocol.decode.csv, arguments: { separator: ";" } }
 * modules:
 *   source: { module: wishbone.input.tcp, protocol: table }
 * ```
 *
 * @throws WishboneError `WB_COMPONENT_NAME` when the name is of another form, `WB_MODULE_ALIAS` for an alias that leads nowhere.
 * @example
 * const spec = defineProtocol({
 *   name: "acme.protocol.decode.csv",
 *   summary: "Splits each line into its fields.",
 *   arguments: { separator: z.string().length(1).default(",").describe("What stands between two fields.") },
 * })
 *
 * export default class Csv extends Decoder<typeof spec> {
 *   static readonly spec = spec
 *   #line = ""
 *
 *   decode(chunk: Buffer, out: Decoded): void {
 *     const lines = (this.#line + chunk.toString("latin1")).split("\n")
 *     this.#line = lines.pop() ?? ""
 *     for (const line of lines) out.item(line.split(this.args.separator))
 *   }
 *
 *   override flush(out: Decoded): void {
 *     if (this.#line !== "") out.item(this.#line.split(this.args.separator))
 *     this.#line = ""
 *   }
 * }
 * @see Wishbone 3: `protocols`, `wishbone.protocol.<decode|encode>.<name>`
 */
export function defineProtocol<Shape extends ArgumentShape>(declaration: ComponentDeclaration<Shape>): ProtocolSpec<Shape> {
  const kinds: readonly ProtocolKind[] = ["decode", "encode"]
  return declare(declaration, { brand: protocolBrand, what: "protocol", kinds }) as ProtocolSpec<Shape>
}

/** Whether `value` is a {@link ProtocolSpec}, of this or of another copy of the package. */
export function isProtocolSpec(value: unknown): value is ProtocolSpec {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[protocolBrand] === true
}
