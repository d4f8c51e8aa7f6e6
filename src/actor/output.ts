// What outputs add: the payload that leaves, and a gate before the in queues for while there is no connection.

import { Invalid } from "../errors.ts"
import type { Event } from "../event.ts"
import { toJson, toNative } from "../event-codec.ts"
import type { ModuleSpec } from "../spec/spec.ts"
import { Circuit, type CircuitOptions } from "./circuit.ts"
import { FlowModule } from "./flow.ts"
import type { ModuleContext } from "./module.ts"
import { RepeatedWarning } from "./repeated-warning.ts"
import { RequestCircuit, type RequestCircuitOptions } from "./request-circuit.ts"

/** The arguments every output has. */
interface OutputArguments {
  readonly selection: string | null
  readonly payload: unknown
  readonly native_events: boolean
}

/** A module by which events leave the graph. What its handlers neither fail nor hand on was delivered. */
export abstract class OutputModule<Spec extends ModuleSpec = ModuleSpec> extends FlowModule<Spec> {
  /** For warnings that load or a peer can cause at will. */
  protected readonly warnings: RepeatedWarning

  constructor(context: ModuleContext) {
    super(context)
    this.warnings = new RepeatedWarning(this.log, this.platform.clock)
  }

  /** What of the event leaves: the whole of it as plain data, the rendered `payload`, or what lies at `selection`; with a `protocol` as the text
   *  or bytes that its encoder makes of that. @throws Invalid */
  protected payloadOf(event: Event, args: OutputArguments = this.args as unknown as OutputArguments): unknown {
    const { encoder } = this.context
    const payload = this.selected(event, args)
    return encoder === null ? payload : encoder.encode(payload)
  }

  private selected(event: Event, args: OutputArguments): unknown {
    const { native_events, payload, selection } = args
    if (native_events) return toNative(event)
    if (payload !== null) return payload
    if (selection === "data") return event.data
    // As in Wishbone: nothing, or a dot, selects the whole event.
    if (selection === null || selection === "" || selection === ".") return toNative(event)
    const value = event.get(selection)
    if (value === undefined) throw new Invalid(`the event has nothing at \`${selection}\``)
    return value
  }

  /** Whether the event's data leaves just as it is, so that bytes need not be decoded. */
  protected get passesData(): boolean {
    const { selection, payload, native_events } = this.args as unknown as OutputArguments
    return (
      selection === "data" &&
      payload === null &&
      !native_events &&
      this.context.actor.args.perEvent === null &&
      this.context.encoder === null
    )
  }

  /** A circuit for the destination of this output. */
  protected circuit(options: Omit<CircuitOptions, "timers" | "clock" | "random" | "log" | "gate" | "failsOver">): Circuit {
    const { actor } = this.context
    const circuit = new Circuit({
      ...options,
      timers: this.platform.timers,
      clock: this.platform.clock,
      random: this.platform.random,
      log: this.log,
      gate: { open: () => actor.resume(), shut: () => actor.pause() },
      // Asked when it matters: routes are connected after modules are made.
      get failsOver() {
        return actor.port("failed").queue !== null
      },
    })
    actor.circuits.push(circuit)
    return circuit
  }

  /** A circuit for a destination that is sent requests, each of which can fail alone. */
  protected requestCircuit(options: Pick<RequestCircuitOptions, "destination" | "changed">): RequestCircuit {
    const { actor } = this.context
    const circuit = new RequestCircuit({
      ...options,
      timers: this.platform.timers,
      random: this.platform.random,
      log: this.log,
      get failsOver() {
        return actor.port("failed").queue !== null
      },
    })
    actor.circuits.push(circuit)
    return circuit
  }

  /** Whether whoever takes failed events honours a `Retry`, and the time it names. */
  protected get failedIsRetried(): boolean {
    return this.context.actor.port("failed").queue?.retries === true
  }

  /** Copies of an event were sent again after an attempt that may have arrived. */
  protected countDuplicated(count: number): void {
    this.context.actor.books.duplicated += count
  }
}

/** Text or bytes for the wire: text and bytes as they are, other data as one line of JSON. @throws Invalid */
export function textOrBytes(value: unknown): string | Buffer {
  if (typeof value === "string" || Buffer.isBuffer(value)) return value
  return toJson(value)
}
