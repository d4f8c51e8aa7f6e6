// How the simulated network and its controls name listeners: by address, or by a port on any host.

import type { Address } from "../platform.ts"

/** Which connections a control means: a port on any host, or one address. */
export type Target = number | Address

const anyHost: readonly string[] = ["0.0.0.0", "::"]

/** `address` with its host as the network knows it. */
export function canonical(address: Address): Address {
  if ("path" in address) return address
  const host = address.host.toLowerCase()
  return { host: host === "localhost" ? "127.0.0.1" : host, port: address.port }
}

/** The key of one listener. */
export function addressKey(address: Address): string {
  return "path" in address ? `path ${address.path}` : `${address.host} ${address.port}`
}

/** The key of what a control names. */
export function targetKey(target: Target): string {
  return typeof target === "number" ? `* ${target}` : addressKey(canonical(target))
}

/** Every key under which a control may name `address`. */
export function targetKeys(address: Address): string[] {
  return "path" in address ? [addressKey(address)] : [addressKey(address), `* ${address.port}`]
}

/** The rule of the most exact target that means `address`. */
export function ruleFor<Rule>(address: Address, rules: ReadonlyMap<string, Rule>): Rule | undefined {
  for (const key of targetKeys(address)) {
    const rule = rules.get(key)
    if (rule !== undefined) return rule
  }
  return undefined
}

/** Whether `target` means `address`. */
export function matches(target: Target, address: Address): boolean {
  return targetKeys(address).includes(targetKey(target))
}

/** Whether one listener at `one` would also be reached at `other`. */
export function overlaps(one: Address, other: Address): boolean {
  if ("path" in one || "path" in other) return addressKey(one) === addressKey(other)
  if (one.port !== other.port) return false
  return one.host === other.host || anyHost.includes(one.host) || anyHost.includes(other.host)
}
