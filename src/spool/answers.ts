// What became of records that were offered under one ticket, as their spool is told: what ended well leaves the disk, what did not stays
// and is offered again. Neighbours that ended well are settled together, as most batches end well as a whole.

import type { Ticket } from "../ticket.ts"
import type { SpoolAccount } from "./account.ts"
import type { SpoolReader } from "./reader.ts"

/** Who is told. */
export interface Offering {
  readonly reader: Pick<SpoolReader, "settleRange" | "giveBack">
  readonly account: Pick<SpoolAccount, "settled" | "givenBack">
}

/** `sequences` are those of the records behind the slots of `ticket`, which is settled. To be called once. */
export function answerRecords({ reader, account }: Offering, ticket: Ticket, sequences: readonly number[]): void {
  const { failed } = ticket
  let from = 0
  for (let slot = 0; slot < sequences.length; slot++) {
    const sequence = sequences[slot] as number
    const failure = failed === null ? undefined : failed.get(slot)
    if (failure !== undefined) {
      reader.giveBack(sequence, { kind: failure.kind })
      account.givenBack(sequence)
      from = slot + 1
    } else if (sequences[slot + 1] !== sequence + 1 || failed?.has(slot + 1) === true) {
      const count = slot - from + 1
      reader.settleRange(sequence - count + 1, count)
      account.settled(count, sequence - count + 1)
      from = slot + 1
    }
  }
}
