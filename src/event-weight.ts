// How much an event weighs in the eyes of a queue.

/** Bytes a payload stands for: exact for text and bytes; for other data an estimate that costs at most a hundred steps. */
export function weightOf(value: unknown): number {
  if (typeof value === "string") return value.length
  if (typeof value !== "object" || value === null) return 8
  if (ArrayBuffer.isView(value)) return value.byteLength
  return estimate(value, { steps: 100 })
}

function estimate(value: object, budget: { steps: number }): number {
  let sum = 16
  const list = Array.isArray(value)
  for (const key in value) {
    if (--budget.steps < 0) return list ? (sum / 100) * value.length : sum
    const inner = (value as Record<string, unknown>)[key]
    sum += list ? 8 : key.length + 8
    if (typeof inner === "string") sum += inner.length
    else if (typeof inner === "object" && inner !== null) sum += ArrayBuffer.isView(inner) ? inner.byteLength : estimate(inner, budget)
  }
  return sum
}
