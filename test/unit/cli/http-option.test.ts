import { Command } from "commander"
import { expect, test } from "vitest"
import { httpAddress, httpOption } from "../../../src/cli/http-option.ts"

test.each([
  ["127.0.0.1:9280", { host: "127.0.0.1", port: 9280 }],
  ["9280", { host: "127.0.0.1", port: 9280 }],
  ["0", { host: "127.0.0.1", port: 0 }],
  ["0.0.0.0:80", { host: "0.0.0.0", port: 80 }],
  ["localhost:65535", { host: "localhost", port: 65_535 }],
  ["[::1]:9280", { host: "::1", port: 9280 }],
  ["./w.sock", { path: "./w.sock" }],
  ["/run/w:9280", { path: "/run/w:9280" }],
])("%s is an address", (text, address) => {
  expect(httpAddress(text)).toEqual(address)
})

test.each(["", ":9280", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "a b:1", "::1:9280", "w.sock", "9280x", "-1"])(
  "`%s` is none",
  (text) => {
    expect(() => httpAddress(text)).toThrow(/Expected an address and a port such as 127\.0\.0\.1:9280/)
  },
)

test("the option hands the address over", () => {
  const command = new Command().addOption(httpOption()).parse(["--http", "9281"], { from: "user" })
  expect(command.opts()).toEqual({ http: { host: "127.0.0.1", port: 9281 } })
})
