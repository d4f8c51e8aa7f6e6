// How an output makes bytes of what it sends, when the file gives it a `protocol`.

import type { ProtocolSpec } from "../spec/protocol.ts"
import { Part } from "./part.ts"

/**
 * Makes text or bytes of one payload.
 *
 * @example
 * export default class Shout extends Encoder<typeof spec> {
 *   static readonly spec = spec
 *
 *   encode(value: unknown): string {
 *     if (typeof value !== "string") throw new Invalid("only text can be shouted")
 *     return value.toUpperCase()
 *   }
 * }
 */
export abstract class Encoder<Spec extends ProtocolSpec = ProtocolSpec> extends Part<Spec> {
  /** The payload as it leaves. Bytes must not be changed afterwards. @throws Invalid when it cannot be encoded: the event fails. */
  abstract encode(value: unknown): string | Buffer
}
