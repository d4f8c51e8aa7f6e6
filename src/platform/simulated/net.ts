// The simulated network: listeners and connections in memory, and the controls by which a test does harm. All machines share it; a
// connection attempt finds the listener of its exact address, else one that listens on every address of that port.
//
// What is refused, stalled or cut is named by the listener's port, address or path, and applies to whoever connects to it.

import { addressText, defaultHandshakesMax } from "../address.ts"
import type {
  Address,
  Connection,
  ConnectionEvents,
  ConnectOptions,
  Listener,
  ListenOptions,
  Sockets,
  TlsCode,
  TlsServer,
} from "../platform.ts"
import { systemError } from "../system-error.ts"
import { checkPair, tlsError } from "../tls-error.ts"
import type { Owner } from "./agenda.ts"
import type { VirtualTime } from "./clock.ts"
import { SimulatedConnection } from "./connection.ts"
import { type HandshakeRule, SecureClient, ServerHandshake } from "./handshake.ts"
import type { SeededRandom } from "./random.ts"
import { addressKey, canonical, matches, overlaps, ruleFor, type Target, targetKey, targetKeys } from "./target.ts"
import type { Wire } from "./wire.ts"

interface Bound {
  readonly address: Address
  readonly owner: Owner
  readonly options: ListenOptions
  readonly accepted: (connection: Connection) => void
  readonly shaking: Set<ServerHandshake>
}

const largestChunk = 64 * 1024
const firstFreePort = 40_000
const defaultKernelBytes = 1024 * 1024

/** The network of a simulated world, which outlives its incarnations. */
export class SimulatedNet {
  /** Hands bytes over in chunks of random length, so that nothing can rely on where a chunk ends. */
  splitChunks = false
  readonly #time: VirtualTime
  readonly #random: SeededRandom
  readonly #owner: Owner = { alive: true }
  readonly #wire: Wire
  #bound: Bound[] = []
  readonly #ends = new Set<SimulatedConnection>()
  readonly #rules = new Map<string, "refuse" | "blackhole">()
  readonly #handshakeRules = new Map<string, HandshakeRule>()
  readonly #stalled = new Set<string>()
  #latency = { minMs: 0, maxMs: 0 }
  #kernelBytes = defaultKernelBytes
  #nextPort = firstFreePort

  constructor(time: VirtualTime, random: SeededRandom) {
    this.#time = time
    this.#random = random
    this.#wire = this.#makeWire()
  }

  /** The sockets of one machine, or of one incarnation of it. */
  socketsFor(owner: Owner): Sockets {
    return {
      connect: (address, events, options) => this.#connect(owner, address, events, options),
      listen: (options, accepted) => this.#listen(owner, options, accepted),
      checkTls: checkPair,
    }
  }

  // Controls

  /** Connection attempts get ECONNREFUSED, whoever listens. */
  refuse(target: Target): void {
    this.#rules.set(targetKey(target), "refuse")
  }

  /** Connection attempts get no answer. */
  blackhole(target: Target): void {
    this.#rules.set(targetKey(target), "blackhole")
  }

  /** TLS handshakes with a listener fail at both ends, for the reason that `code` stands for. */
  failHandshake(target: Target, code: TlsCode): void {
    this.#handshakeRules.set(targetKey(target), code)
  }

  /** TLS handshakes with a listener get no further than the hello. */
  slowHandshake(target: Target): void {
    this.#handshakeRules.set(targetKey(target), "slow")
  }

  /** Takes `refuse`, `blackhole`, `failHandshake` and `slowHandshake` back. Attempts that got no answer never get one. */
  accept(target: Target): void {
    this.#rules.delete(targetKey(target))
    this.#handshakeRules.delete(targetKey(target))
  }

  /** Both ends of each connection get ECONNRESET; what was under way is lost. */
  resetAll(target: Target): void {
    for (const end of this.#ends) if (matches(target, end.address)) end.resetNow()
  }

  /** The listener's end of each connection ends in order: what was written still arrives, then comes FIN. */
  cut(target: Target): void {
    for (const end of this.#ends) if (end.accepted && matches(target, end.address)) end.finNow()
  }

  /** Bytes stop to arrive, in both directions; the kernels take what they have room for. New connections stand, and are as silent. */
  stall(target: Target): void {
    this.#stalled.add(targetKey(target))
  }

  /** What was held back by `stall` arrives. */
  unstall(target: Target): void {
    this.#stalled.delete(targetKey(target))
    for (const end of this.#ends) end.kickReceive()
  }

  /** How long bytes and connection attempts are under way. */
  setLatency(latency: { minMs: number; maxMs: number }): void {
    this.#latency = latency
  }

  /** Bytes that may be under way or unread in each direction of a connection, 1 MiB at first. */
  setKernelBytes(bytes: number): void {
    this.#kernelBytes = bytes
  }

  /** Ends that are open now, the listener's and the connecting one counted each. */
  openEnds(target: Target): number {
    return [...this.#ends].filter((end) => matches(target, end.address)).length
  }

  // For the simulated platform

  /** Ends what belongs to a dead owner: its kernel closes the connections, or, without power, falls silent. */
  ownerDied(owner: Owner, { powerCut }: { powerCut: boolean }): void {
    this.#bound = this.#bound.filter((bound) => bound.owner !== owner)
    for (const end of this.#ends) {
      if (end.owner !== owner) continue
      if (powerCut) end.vanish()
      else end.destroy()
    }
  }

  #makeWire(): Wire {
    return {
      post: (task) => this.#time.post(this.#owner, task),
      deliver: (task) => this.#time.later(this.#owner, this.#delayMs(), task),
      after: (ms, task) => this.#time.later(this.#owner, ms, task),
      isStalled: (address) => this.#stalled.size > 0 && targetKeys(address).some((key) => this.#stalled.has(key)),
      chunkLength: (available) => this.#chunkLength(available),
      kernelBytes: () => this.#kernelBytes,
      closed: (end) => void this.#ends.delete(end as SimulatedConnection),
    }
  }

  #delayMs(): number {
    const { minMs, maxMs } = this.#latency
    return maxMs > 0 ? minMs + this.#random.float() * (maxMs - minMs) : 0
  }

  #chunkLength(available: number): number {
    const most = Math.min(available, largestChunk)
    return this.splitChunks ? 1 + this.#random.upTo(most - 1) : most
  }

  #connect(owner: Owner, asked: Address, events: ConnectionEvents, options: ConnectOptions = {}): Connection {
    const address = canonical(asked)
    const place = { address, remote: addressText(asked), halfOpen: options.halfOpen === true, accepted: false }
    const { tls } = options
    const secure = tls === undefined ? undefined : new SecureClient(this.#wire, owner, place, events, { ...options, tls })
    const end = secure?.raw ?? new SimulatedConnection(this.#wire, owner, place, events)
    if (owner.alive && !end.isClosed) {
      this.#ends.add(end)
      this.#wire.deliver(() => this.#attempt(end))
    }
    return secure ?? end
  }

  #attempt(end: SimulatedConnection): void {
    const { address } = end
    const rule = ruleFor(address, this.#rules)
    if (end.isClosed || rule === "blackhole") return
    const bound = rule === "refuse" ? undefined : this.#find(address)
    if (bound === undefined) {
      end.close(this.#refusal(address, rule))
      return
    }
    const remote = "path" in address ? "unknown" : `127.0.0.1:${this.#freePort()}`
    const halfOpen = bound.options.halfOpen === true
    const other = new SimulatedConnection(this.#wire, bound.owner, { address, remote, halfOpen, accepted: true }, {})
    this.#ends.add(other)
    end.join(other)
    other.join(end)
    const { tls } = bound.options
    const handshake = tls === undefined ? undefined : this.#shakeHands(bound, tls, other)
    if (tls === undefined) bound.accepted(other)
    other.connected()
    this.#wire.post(() => end.connected())
    // After the client's: its time is up first.
    handshake?.start()
  }

  #shakeHands(bound: Bound, tls: TlsServer, end: SimulatedConnection): ServerHandshake | undefined {
    const { options, shaking } = bound
    if (shaking.size >= (options.handshakesMax ?? defaultHandshakesMax)) {
      options.refused?.(end.remote, tlsError("WB_TLS_BUSY", { remote: end.remote }))
      end.destroy()
      return undefined
    }
    const handshake = new ServerHandshake(end, {
      wire: this.#wire,
      tls,
      options,
      rule: () => ruleFor(end.address, this.#handshakeRules),
      done: (error) => {
        shaking.delete(handshake)
        if (error === undefined) bound.accepted(end)
        else options.refused?.(end.remote, error)
      },
    })
    shaking.add(handshake)
    return handshake
  }

  #refusal(address: Address, rule: string | undefined): Error {
    if (!("path" in address)) return systemError("ECONNREFUSED", "connect", { address: address.host, port: address.port })
    const code = rule === "refuse" || address.path.startsWith("\0") ? "ECONNREFUSED" : "ENOENT"
    return systemError(code, "connect", { address: addressText(address) })
  }

  #find(address: Address): Bound | undefined {
    const key = addressKey(address)
    const exact = this.#bound.find((bound) => addressKey(bound.address) === key)
    return exact ?? this.#bound.find((bound) => overlaps(bound.address, address))
  }

  #listen(owner: Owner, options: ListenOptions, accepted: (connection: Connection) => void): Promise<Listener> {
    if (!owner.alive) return new Promise(() => undefined)
    return new Promise((resolve, reject) => {
      if (options.tls !== undefined) checkPair(options.tls)
      this.#time.post(owner, () => {
        const address = this.#withPort(canonical(options.address))
        if (this.#bound.some((bound) => overlaps(bound.address, address))) {
          reject(
            systemError(
              "EADDRINUSE",
              "listen",
              "path" in address ? { address: addressText(address) } : { address: address.host, port: address.port },
            ),
          )
          return
        }
        const bound: Bound = { address, owner, options, accepted, shaking: new Set() }
        this.#bound.push(bound)
        resolve({ address, close: () => this.#unbind(bound) })
      })
    })
  }

  #unbind(bound: Bound): Promise<void> {
    this.#bound = this.#bound.filter((other) => other !== bound)
    for (const handshake of bound.shaking) handshake.giveUp()
    bound.shaking.clear()
    return new Promise((resolve) => this.#time.post(bound.owner, resolve))
  }

  #withPort(address: Address): Address {
    return "path" in address || address.port !== 0 ? address : { host: address.host, port: this.#freePort() }
  }

  #freePort(): number {
    this.#nextPort += 1
    const taken = this.#bound.some(({ address }) => !("path" in address) && address.port === this.#nextPort)
    return taken ? this.#freePort() : this.#nextPort
  }
}
