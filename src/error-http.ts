// Entries of the error catalogue (src/error-catalogue.ts) for what is served over HTTP.

type Details = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 1 | 2
  readonly message: (details: Details) => string
  readonly hint: (details: Details) => string
}

/** What to do when the address cannot be bound, by the system error's code. */
const hints: Readonly<Record<string, string>> = {
  EADDRINUSE: "Stop the program that listens there (`ss -ltnp` names it), or choose another address.",
  EACCES: "Ports below 1024 need a privilege: choose another address.",
  EADDRNOTAVAIL: "It must be an address of this machine: `127.0.0.1`, or `0.0.0.0` for all of its addresses.",
  ENOTFOUND: "The name has no address: write one of this machine, such as `127.0.0.1`.",
  ENAMETOOLONG: "The path of a unix socket has at most 107 bytes: choose a shorter one.",
}

export const httpErrors = {
  WB_HTTP_LISTEN: {
    exitStatus: 1,
    message: (d) => `${d["owner"]} cannot listen on ${d["address"]}: ${d["code"] === "EADDRINUSE" ? "the address is in use" : d["reason"]}`,
    // The system says EACCES for a socket whose folder does not exist, too.
    hint: (d) =>
      String(d["address"]).includes("/") && (d["code"] === "EACCES" || d["code"] === "ENOENT")
        ? "The folder of the socket must exist, and this user must be allowed to write there."
        : (hints[String(d["code"])] ?? "Choose another address."),
  },
  WB_HTTP_SIMULATED: {
    exitStatus: 2,
    message: (d) => `${d["owner"]} asks for HTTP, which a simulated run does not have`,
    hint: () => "Leave it out of what is simulated, or run it for real.",
  },
} satisfies Record<string, Entry>
