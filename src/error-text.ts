// Words that error messages share: lists of names, and the guess at what somebody meant to write.

/** "`a`, `b` and `c`" */
export function listed(values: unknown): string {
  const names = (Array.isArray(values) ? values : [values]).map((value) => `\`${String(value)}\``)
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
}

/** A number as people read it: "1,048,576". */
export function counted(value: unknown): string {
  return typeof value === "number" ? value.toLocaleString("en-US") : String(value)
}

/** The known name nearest to `found`, when it is near enough to be a slip of the pen. */
export function nearest(found: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(found.length / 3)) + 1
  for (const name of known) {
    const distance = editDistance(found.toLowerCase(), name.toLowerCase())
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein distance with transpositions of neighbours counted as one edit. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}

/** "Did you mean `x`?", else the list of what is known. */
export function suggestion(found: unknown, known: unknown): string {
  const names = Array.isArray(known) ? known.map(String) : []
  const near = nearest(String(found), names)
  if (near !== undefined) return `Did you mean \`${near}\`?`
  return names.length === 0 ? "" : `Known are ${listed(names)}.`
}
