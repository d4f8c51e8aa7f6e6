import { expect, test } from "vitest"
import { redactArguments, redactUrlPasswords, resolvePaths } from "../../../src/spec/marked.ts"
import { output } from "./sample.ts"

test("secrets are hidden wherever they lie, and nothing else changes", () => {
  const values = { weight: 1, password: "open sesame", tls: { ca: "ca.pem", key: "hush" } }
  expect(redactArguments(output, values)).toEqual({ weight: 1, password: "***", tls: { ca: "ca.pem", key: "***" } })
  expect(values.password).toBe("open sesame")
})

test("a secret of the wrong type is hidden too", () => {
  expect(redactArguments(output, { password: 1234 })).toEqual({ password: "***" })
})

test("passwords in URLs are hidden in every argument, former names included", () => {
  expect(redactArguments(output, { address: "amqp://me:hush@depot:1/x", headers: { from: "see http://a:b@c/" } })).toEqual({
    address: "amqp://me:***@depot:1/x",
    headers: { from: "see http://a:***@c/" },
  })
  expect(redactUrlPasswords("http://host:80/path@home")).toBe("http://host:80/path@home")
})

test("paths are made absolute, templates left alone", () => {
  const resolve = (path: string): string => `/etc/${path}`
  expect(resolvePaths(output, { base_dir: "labels", mode: "air" }, resolve)).toEqual({ base_dir: "/etc/labels", mode: "air" })
  expect(resolvePaths(output, { base_dir: "{{ env.X }}" }, resolve)).toEqual({ base_dir: "{{ env.X }}" })
})
