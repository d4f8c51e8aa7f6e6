// The test kit for authors of modules: one module in a harness, and the simulated platform it runs on.

export type { InstanceBalance } from "../ledger.ts"
export type { DiskFailure, DiskOperation, SimulatedDisk } from "../platform/simulated/disk.ts"
export type { SimulatedNet } from "../platform/simulated/net.ts"
export { type SimulatedOptions, SimulatedPlatform, simulatedPlatform } from "../platform/simulated/simulated.ts"
export type { SimulatedStreams } from "../platform/simulated/streams.ts"
export type { Target } from "../platform/simulated/target.ts"
export { type LogLine, ModuleRun, type StartOptions, startModule, type TestedClass, type TestedPart } from "./harness.ts"
