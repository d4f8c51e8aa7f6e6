// The argument `tls`, as every module that connects or listens takes it. Paths count from the bootstrap file; the files are read when the
// module starts.

import { path, z } from "./schema.ts"

const certificate = path().describe("File with the certificate to show, PEM, followed by those of authorities in between.")
const key = path().describe("File with the private key of `cert`, PEM, without a passphrase.")

/** What `tls` may be where a module connects: `true` verifies the peer against the authorities that come with Node. */
export function tlsClient() {
  const fields = z.object({
    ca: path().optional().describe("File with the authorities to trust, PEM, instead of those that come with Node."),
    cert: certificate.optional(),
    key: key.optional(),
    server_name: z.string().min(1).optional().describe("Name to find in the peer's certificate; by default `host`."),
    verify: z.boolean().default(true).describe("`false` accepts any certificate, from anybody who answers."),
  })
  return z.union([z.boolean(), fields]).default(false).describe("Speak TLS: `true`, or what it takes.")
}

/** What `tls` may be where a module listens: a certificate and its key at least. */
export function tlsServer() {
  const fields = z.object({
    cert: certificate,
    key,
    ca: path()
      .optional()
      .describe("File with the authorities that client certificates must be signed by, PEM; with it every client must show one."),
    verify: z.boolean().default(true).describe("With `ca`, `false` asks for a client certificate and accepts any, or none."),
  })
  return z
    .union([z.literal(false), fields])
    .default(false)
    .describe("Speak TLS, with this certificate and key.")
}

/** {@link tlsClient} as the module sees it. */
export type TlsClientArgument = z.output<ReturnType<typeof tlsClient>>

/** {@link tlsServer} as the module sees it. */
export type TlsServerArgument = z.output<ReturnType<typeof tlsServer>>
