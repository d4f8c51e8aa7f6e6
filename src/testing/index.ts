// The test kit for authors of modules: one module in a harness, and the simulated platform it runs on.

export { type SimulatedOptions, SimulatedPlatform, simulatedPlatform } from "../platform/simulated/simulated.ts"
export { type LogLine, ModuleRun, type StartOptions, startModule, type TestedClass } from "./harness.ts"
