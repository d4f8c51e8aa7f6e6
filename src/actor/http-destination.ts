// Where an output sends its requests, and with which headers: read once from the arguments, and filled in for each event where they are
// templates. What the bootstrap file wrote wrongly ends the start; what an event fills in wrongly fails that event.

import { isWishboneError, WishboneError } from "../errors.ts"
import { confinedTarget, type UrlBase, urlBase } from "./confined-url.ts"
import { headerNameProblem, headerValue } from "./http-text.ts"

/** What of the arguments says where to send. */
export interface HttpDestinationArguments {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly content_type?: string | undefined
  readonly auth?:
    | { readonly username?: string | undefined; readonly password?: string | undefined; readonly token?: string | undefined }
    | undefined
  readonly tls: unknown
}

/** Where one request goes, and with which headers, lower case. */
export interface HttpTarget {
  /** Events with the same one may share a request. */
  readonly key: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

export class HttpDestination {
  /** Scheme, host and port. */
  readonly origin: string
  /** Whether it speaks TLS. */
  readonly secure: boolean
  private readonly module: string
  private readonly base: UrlBase
  private readonly usual: Readonly<Record<string, string>>

  /** @throws WishboneError `WB_ARGUMENT_INVALID` */
  constructor(args: HttpDestinationArguments, module: string) {
    this.module = module
    const base = urlBase(args.url)
    if (typeof base === "string") throw this.wrong("url", base)
    this.base = base
    this.origin = base.origin
    this.secure = base.origin.startsWith("https:")
    if (!this.secure && args.tls !== false) throw this.wrong("tls", "the URL speaks no TLS", "Write `https://`.")
    for (const name of Object.keys(args.headers)) {
      const problem = headerNameProblem(name)
      if (problem !== undefined) throw this.wrong("headers", problem)
    }
    const authorization = this.authorization(args.auth)
    this.usual = {
      "user-agent": "wishbone-ts",
      ...(authorization !== undefined && { authorization }),
      ...(args.content_type !== undefined && { "content-type": this.fixed("content_type", args.content_type) }),
    }
  }

  /** The target of all events, when no argument needs one of them. @throws WishboneError `WB_ARGUMENT_INVALID` */
  fixedTarget(args: HttpDestinationArguments): HttpTarget {
    try {
      return this.targetOf(args)
    } catch (thrown) {
      if (isWishboneError(thrown)) throw thrown
      throw this.wrong((thrown as { code?: unknown }).code === "header" ? "headers" : "url", (thrown as Error).message)
    }
  }

  /** The target that arguments give, filled in for an event. @throws Invalid */
  targetOf({ url, headers: given }: HttpDestinationArguments): HttpTarget {
    const path = confinedTarget(this.base, url)
    const headers: Record<string, string> = { ...this.usual }
    for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = headerValue(name, value)
    return { key: JSON.stringify([path, Object.values(headers)]), path, headers }
  }

  /** Where on the same host a redirect leads; `undefined` when it leads elsewhere. */
  redirected(from: string, location: unknown): string | undefined {
    if (typeof location !== "string" || !URL.canParse(location, this.origin + from)) return undefined
    const url = new URL(location, this.origin + from)
    return url.origin === this.origin ? url.pathname + url.search : undefined
  }

  private authorization(auth: HttpDestinationArguments["auth"] = {}): string | undefined {
    const username = auth.username ?? this.base.username
    const password = auth.password ?? this.base.password
    if (auth.token !== undefined) {
      if (username !== "" || password !== "")
        throw this.wrong("auth", "it has a token as well as a user or a password: one of them is enough")
      return this.fixed("auth", `Bearer ${auth.token}`)
    }
    if (username === "" && password === "") return undefined
    if (username.includes(":")) throw this.wrong("auth", "the user holds a `:`, which ends the name")
    return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`
  }

  private fixed(argument: string, value: string): string {
    try {
      return headerValue(argument, value)
    } catch {
      throw this.wrong(argument, "it holds a line end or another character that no header may hold")
    }
  }

  private wrong(argument: string, problem: string, hint?: string): WishboneError {
    return new WishboneError("WB_ARGUMENT_INVALID", { module: this.module, argument, problem, hint })
  }
}
