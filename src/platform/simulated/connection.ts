// One end of a simulated connection. Bytes go from the owner of one end through its kernel and over the wire to the inbox of the other
// end, and from there to that owner, always in order, never within the call that caused it.
//
// Like TCP: `written` says that the kernel took the bytes, not that anybody read them; the kernel holds only so much that was not read;
// closing with unread bytes, or receiving any after closing, resets the connection. A paused end does not learn of a FIN, and of a
// reset only while little is unread.

import { highWaterBytes } from "../address.ts"
import type { Address, Connection, ConnectionEvents } from "../platform.ts"
import { systemError } from "../system-error.ts"
import type { Owner } from "./agenda.ts"
import type { Place, Wire } from "./wire.ts"

interface Outgoing {
  readonly bytes: Buffer
  taken: number
  readonly written: ((error: Error | undefined) => void) | undefined
}

type Parcel = Buffer | "fin" | "reset"

/** With less than this unread a paused end still reads ahead, and so notices a reset. Node does the same. */
const readAheadBytes = 16 * 1024

/** One end; made by the network in pairs. */
export class SimulatedConnection implements Connection {
  readonly remote: string
  readonly owner: Owner
  /** The listener's address, by which the controls find the connection. */
  readonly address: Address
  /** The listener's end. */
  readonly accepted: boolean
  readonly #wire: Wire
  readonly #halfOpen: boolean
  #events: ConnectionEvents
  #peer: SimulatedConnection | undefined
  #closed = false
  #ready = false
  // Sending
  #outgoing: Outgoing[] = []
  #pendingBytes = 0
  #blocked = false
  #ending = false
  #finSent = false
  #unreadByPeer = 0
  readonly #transit: Parcel[] = []
  // Receiving
  #inbox: Buffer[] = []
  #inboxBytes = 0
  #finArrived = false
  #endTold = false
  #resetArrived = false
  #paused = false
  #sendPosted = false
  #receivePosted = false

  constructor(wire: Wire, owner: Owner, place: Place, events: ConnectionEvents) {
    this.#wire = wire
    this.owner = owner
    this.address = place.address
    this.remote = place.remote
    this.accepted = place.accepted
    this.#halfOpen = place.halfOpen
    this.#events = events
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get isClosed(): boolean {
    return this.#closed
  }

  write(bytes: Buffer, written?: (error: Error | undefined) => void): boolean {
    if (this.#closed || this.#ending) {
      if (written !== undefined) this.#wire.post(() => this.owner.alive && written(systemError("EPIPE", "write")))
      return false
    }
    this.#outgoing.push({ bytes, taken: 0, written })
    this.#pendingBytes += bytes.length
    this.kickSend()
    if (this.#pendingBytes < highWaterBytes) return true
    this.#blocked = true
    return false
  }

  end(): void {
    if (this.#closed || this.#ending) return
    this.#ending = true
    this.kickSend()
  }

  destroy(error?: Error): void {
    if (this.#closed) return
    this.#send(this.#inboxBytes > 0 ? "reset" : "fin")
    this.close(error)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.kickReceive()
  }

  setEvents(events: ConnectionEvents): void {
    this.#events = events
  }

  // For the network

  /** Joins the two ends; the connection stands, though its owner is told by `connected`. */
  join(peer: SimulatedConnection): void {
    this.#peer = peer
  }

  /** Tells the owner who connected that the connection stands, and lets bytes flow. */
  connected(): void {
    if (this.#closed) return
    this.#ready = true
    if (!this.accepted) this.#tell(() => this.#events.connected?.())
    this.kickSend()
    this.kickReceive()
  }

  /** Closes this end without a word to the other; what is pending is told its error first, then `closed`. */
  close(error?: Error): void {
    if (this.#closed) return
    this.#closed = true
    const lost = this.#outgoing
    this.#outgoing = []
    this.#pendingBytes = 0
    this.#inbox = []
    this.#inboxBytes = 0
    this.#wire.closed(this)
    this.#wire.post(() => {
      for (const { written } of lost) this.#tell(() => written?.(error ?? systemError("ECANCELED", "write")))
      this.#tell(() => this.#events.closed?.(error))
    })
  }

  /** The power fails at this end: it falls silent, and what is under way from it is lost. */
  vanish(): void {
    this.#transit.length = 0
    this.close()
  }

  /** A reset comes out of nowhere: what is under way from and unread at this end is lost. */
  resetNow(): void {
    this.#transit.length = 0
    this.#wire.post(() => this.close(systemError("ECONNRESET", this.#ready ? "read" : "connect")))
  }

  /** The peer's process ends in order, as this end sees it. */
  finNow(): void {
    this.#arrive("fin")
    this.end()
  }

  /** Puts bytes back in front of what is still to be read. */
  unread(bytes: Buffer): void {
    this.#peer?.acknowledged(-bytes.length)
    this.#inbox.unshift(bytes)
    this.#inboxBytes += bytes.length
    this.kickReceive()
  }

  kickSend(): void {
    if (this.#sendPosted || this.#closed || !this.#ready) return
    this.#sendPosted = true
    this.#wire.post(() => {
      this.#sendPosted = false
      if (!this.#closed) this.#sendTurn()
    })
  }

  kickReceive(): void {
    if (this.#receivePosted || this.#closed || !this.#ready) return
    this.#receivePosted = true
    this.#wire.post(() => {
      this.#receivePosted = false
      if (!this.#closed) this.#receiveTurn()
    })
  }

  #sendTurn(): void {
    if (this.#resetArrived && this.#outgoing.length > 0) {
      this.close(systemError("ECONNRESET", "write"))
      return
    }
    while (this.#takeSome()) if (this.#closed) return
    if (this.#outgoing.length > 0) return
    if (this.#blocked) {
      this.#blocked = false
      this.#tell(() => this.#events.drained?.())
    }
    if (!this.#ending || this.#finSent || this.#outgoing.length > 0) return
    this.#finSent = true
    this.#send("fin")
    this.#closeIfOver()
  }

  // The kernel takes what it has room for; answers whether it took anything.
  #takeSome(): boolean {
    const first = this.#outgoing[0]
    if (first === undefined) return false
    const count = Math.min(first.bytes.length - first.taken, this.#wire.kernelBytes() - this.#unreadByPeer)
    if (count <= 0 && first.bytes.length > 0) return false
    // A copy: the receiver owns its chunks, and may change them.
    if (count > 0) this.#send(Buffer.from(first.bytes.subarray(first.taken, first.taken + count)))
    first.taken += count
    this.#pendingBytes -= count
    this.#unreadByPeer += count
    if (first.taken < first.bytes.length) return false
    this.#outgoing.shift()
    this.#tell(() => first.written?.(undefined))
    return true
  }

  // Parcels lie in a list, and an arrival takes the first: a change of latency cannot reorder them.
  #send(parcel: Parcel): void {
    const peer = this.#peer
    if (peer === undefined) return
    this.#transit.push(parcel)
    this.#wire.deliver(() => {
      const arrived = this.#transit.shift()
      if (arrived !== undefined) peer.#arrive(arrived)
    })
  }

  #arrive(parcel: Parcel): void {
    if (this.#closed) {
      // Nobody is here any more; the kernel answers bytes with a reset.
      if (parcel instanceof Buffer) this.#send("reset")
      return
    }
    if (parcel === "fin") this.#finArrived = true
    else if (parcel === "reset") this.#resetArrived = true
    else {
      this.#inbox.push(parcel)
      this.#inboxBytes += parcel.length
    }
    this.kickReceive()
  }

  #receiveTurn(): void {
    if (this.#wire.isStalled(this.address)) return
    if (this.#paused) {
      if (this.#resetArrived && this.#inboxBytes < readAheadBytes) this.close(systemError("ECONNRESET", "read"))
      return
    }
    if (this.#inboxBytes > 0) {
      const chunk = this.#takeChunk(this.#wire.chunkLength(this.#inboxBytes))
      this.#peer?.acknowledged(chunk.length)
      this.kickReceive()
      this.#tell(() => this.#events.data?.(chunk))
    } else if (this.#resetArrived) this.close(systemError("ECONNRESET", "read"))
    else if (this.#finArrived && !this.#endTold) {
      this.#endTold = true
      this.#tell(() => this.#events.ended?.())
      if (!this.#halfOpen) this.end()
      this.#closeIfOver()
    }
  }

  /** The peer's owner got `count` bytes of ours. */
  acknowledged(count: number): void {
    this.#unreadByPeer -= count
    this.kickSend()
  }

  #takeChunk(length: number): Buffer {
    const all = this.#inbox.length === 1 ? (this.#inbox[0] as Buffer) : Buffer.concat(this.#inbox)
    this.#inbox = length < all.length ? [all.subarray(length)] : []
    this.#inboxBytes -= length
    return all.subarray(0, length)
  }

  #closeIfOver(): void {
    if (this.#finSent && this.#endTold) this.close()
  }

  #tell(call: () => void): void {
    if (this.owner.alive) call()
  }
}
