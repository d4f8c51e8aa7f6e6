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
