// Who may ask: users with passwords and bearers of tokens, as the bootstrap file names them. What a stranger shows is compared with all
// of them in the same time, whether it is right or wrong and wherever it differs.

import { createHash, timingSafeEqual } from "node:crypto"

export interface HttpAccessOptions {
  /** Passwords by user. */
  readonly users: Readonly<Record<string, string>>
  /** Tokens by the name of their bearer. */
  readonly tokens: Readonly<Record<string, string>>
}

interface Known {
  readonly name: string
  /** Of what the header must say behind its scheme. */
  readonly digest: Buffer
}

export class HttpAccess {
  /** Nobody is named: anybody may ask. */
  readonly isOpen: boolean
  /** What a request without credentials is told to show. */
  readonly challenge: string
  private readonly basic: readonly Known[]
  private readonly bearers: readonly Known[]

  constructor({ users, tokens }: HttpAccessOptions) {
    this.basic = Object.entries(users).map(([name, password]) => ({ name, digest: digestOf(`${name}:${password}`) }))
    this.bearers = Object.entries(tokens).map(([name, token]) => ({ name, digest: digestOf(token) }))
    this.isOpen = this.basic.length + this.bearers.length === 0
    const schemes = [this.basic.length > 0 && 'Basic realm="wishbone", charset="UTF-8"', this.bearers.length > 0 && "Bearer"]
    this.challenge = schemes.filter((scheme) => scheme !== false).join(", ")
  }

  /** The name behind an `Authorization` header; `undefined` when it is nobody's. */
  nameOf(authorization: unknown): string | undefined {
    const [, scheme = "", shown = ""] = typeof authorization === "string" ? (/^(\S+) +(\S+) *$/.exec(authorization) ?? []) : []
    if (scheme.toLowerCase() === "basic") return find(this.basic, Buffer.from(shown, "base64").toString("utf8"))
    return ["bearer", "token"].includes(scheme.toLowerCase()) ? find(this.bearers, shown) : undefined
  }
}

function find(known: readonly Known[], shown: string): string | undefined {
  const digest = digestOf(shown)
  let name: string | undefined
  for (const one of known) if (timingSafeEqual(one.digest, digest)) name = one.name
  return name
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest()
}
