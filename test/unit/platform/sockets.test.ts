// The socket contract, held against the real and the simulated platform alike.
import { afterEach, describe, expect, test } from "vitest"
import type { Listener, Sockets } from "../../../src/platform/platform.ts"
import { realPlatform } from "../../../src/platform/real.ts"
import { simulatedPlatform } from "../../../src/platform/simulated/simulated.ts"
import { errorCode } from "../../../src/platform/system-error.ts"
import { overTls } from "./certificates.ts"
import { connectedPair, type Pair, Recorder, turn, until } from "./recorder.ts"

const megabyte = 1024 * 1024

describe.each<[string, () => Sockets]>([
  ["real", () => realPlatform().sockets],
  ["simulated", () => simulatedPlatform({ seed: 7 }).sockets],
  ["real, with TLS,", () => overTls(realPlatform().sockets)],
  ["simulated, with TLS,", () => overTls(simulatedPlatform({ seed: 7 }).sockets)],
])("sockets of the platform that is %s", (name, make) => {
  const open: Listener[] = []
  const sockets = make()

  afterEach(async () => {
    await Promise.all(open.splice(0).map((listener) => listener.close()))
  })

  async function pair(options?: Parameters<typeof connectedPair>[1]): Promise<Pair> {
    const made = await connectedPair(sockets, options)
    open.push(made.listener)
    return made
  }

  async function freeAddress(): Promise<{ host: string; port: number }> {
    const listener = await sockets.listen({ address: { host: "127.0.0.1", port: 0 } }, () => undefined)
    await listener.close()
    return listener.address as { host: string; port: number }
  }

  test("carries bytes both ways, in order", async () => {
    const { client, clientSaw, server, serverSaw } = await pair()
    client.write(Buffer.from("one "))
    client.write(Buffer.from("two"))
    server.write(Buffer.from("three"))
    await until(() => serverSaw.text === "one two" && clientSaw.text === "three")
    client.destroy()
  })

  test("names the peer", async () => {
    const { client, server, listener } = await pair()
    const { port } = listener.address as { port: number }
    expect(client.remote).toBe(`127.0.0.1:${port}`)
    expect(server.remote).toMatch(/^127\.0\.0\.1:\d+$/)
    client.destroy()
  })

  test("calls nothing within the call that caused it", async () => {
    const { client, clientSaw, serverSaw } = await pair()
    const before = clientSaw.seen.length
    let written = 0
    client.write(Buffer.from("x"), () => {
      written += 1
    })
    expect(written).toBe(0)
    await until(() => written === 1)
    client.destroy()
    expect(clientSaw.seen).toHaveLength(before)
    client.write(Buffer.from("x"), () => {
      written += 1
    })
    expect(written).toBe(1)
    await until(() => written === 2 && clientSaw.isClosed && serverSaw.isClosed)
  })

  test("closes in order when one end ends: ended once, closed once, without an error", async () => {
    const { client, clientSaw, serverSaw } = await pair()
    client.write(Buffer.from("last words"))
    client.end()
    await until(() => clientSaw.isClosed && serverSaw.isClosed)
    expect(serverSaw.seen).toEqual(["data", "ended", "closed"])
    expect(clientSaw.seen).toEqual(["connected", "ended", "closed"])
    expect(serverSaw.text).toBe("last words")
  })

  test("keeps a half-open connection for writing until its own end", async () => {
    const { client, clientSaw, server, serverSaw } = await pair({ halfOpen: true })
    client.end()
    await until(() => serverSaw.seen.includes("ended"))
    for (let count = 0; count < 5; count += 1) await turn()
    expect(serverSaw.isClosed).toBe(false)
    server.write(Buffer.from("receipt"))
    server.end()
    await until(() => clientSaw.isClosed && serverSaw.isClosed)
    expect(clientSaw.seen).toEqual(["connected", "data", "ended", "closed"])
  })

  test("tells of a refused connection by its code, later", async () => {
    const saw = new Recorder()
    const address = await freeAddress()
    const client = sockets.connect(address, saw)
    client.write(Buffer.from("lost"), (error) => saw.seen.push(error === undefined ? "written" : "not written"))
    expect(saw.seen).toEqual([])
    await until(() => saw.isClosed)
    expect(saw.seen).toEqual(["not written", "closed ECONNREFUSED"])
    expect(saw.error?.message).toBe(`connect ECONNREFUSED 127.0.0.1:${address.port}`)
  })

  test("sends what was written before the connection stood", async () => {
    const serverSaw = new Recorder()
    const listener = await sockets.listen({ address: { host: "127.0.0.1", port: 0 } }, (connection) => connection.setEvents(serverSaw))
    open.push(listener)
    const client = sockets.connect(listener.address, {})
    client.write(Buffer.from("early"))
    client.end()
    await until(() => serverSaw.isClosed)
    expect(serverSaw.text).toBe("early")
  })

  test("reaches a listener on 127.0.0.1 by the name localhost", async () => {
    const { listener, client } = await pair()
    const saw = new Recorder()
    const second = sockets.connect({ host: "localhost", port: (listener.address as { port: number }).port }, saw)
    await until(() => saw.seen.length > 0)
    expect(saw.seen).toEqual(["connected"])
    second.destroy()
    client.destroy()
  })

  test("refuses a second listener on the same address", async () => {
    const { listener, client } = await pair()
    const second = sockets.listen({ address: listener.address }, () => undefined)
    await expect(second).rejects.toMatchObject({ code: "EADDRINUSE", syscall: "listen" })
    client.destroy()
  })

  test("frees the address when the listener closes, and leaves its connections alone", async () => {
    const { listener, client, server, clientSaw } = await pair()
    await listener.close()
    await listener.close()
    const refused = new Recorder()
    sockets.connect(listener.address, refused)
    await until(() => refused.isClosed)
    expect(errorCode(refused.error)).toBe("ECONNREFUSED")
    server.write(Buffer.from("still here"))
    await until(() => clientSaw.text === "still here")
    const again = await sockets.listen({ address: listener.address }, () => undefined)
    open.push(again)
    client.destroy()
  })

  test("pushes back on a peer that does not read, and tells when all is taken", async () => {
    const { client, clientSaw, server, serverSaw } = await pair()
    server.pause()
    await turn()
    const block = Buffer.alloc(megabyte, "x")
    let blocks = 0
    let taken = 0
    const isStuck = (): boolean => client.pendingBytes > 0 && taken < blocks
    while (!isStuck() && blocks < 64) {
      blocks += 1
      const accepted = client.write(block, () => {
        taken += 1
      })
      expect(accepted).toBe(client.pendingBytes < 64 * 1024)
      for (let count = 0; count < 10; count += 1) await turn()
    }
    expect(isStuck()).toBe(true)
    const drainedBefore = clientSaw.count("drained")
    server.resume()
    await until(
      () =>
        clientSaw.count("drained") === drainedBefore + 1 &&
        serverSaw.chunks.reduce((sum, chunk) => sum + chunk.length, 0) === blocks * megabyte,
    )
    expect(taken).toBe(blocks)
    expect(client.pendingBytes).toBe(0)
    client.destroy()
  })

  test("gives no data while paused, and all of it afterwards", async () => {
    const { client, server, serverSaw } = await pair()
    server.pause()
    client.write(Buffer.from("wait"))
    client.end()
    for (let count = 0; count < 20; count += 1) await turn()
    expect(serverSaw.seen).toEqual([])
    server.resume()
    await until(() => serverSaw.isClosed)
    expect(serverSaw.seen).toEqual(["data", "ended", "closed"])
  })

  test("answers every write with an error before closed, when the connection is destroyed under them", async () => {
    const { client, clientSaw, server } = await pair()
    server.pause()
    const answers: string[] = []
    for (let count = 0; count < 40; count += 1) {
      client.write(Buffer.alloc(megabyte), (error) => answers.push(`${clientSaw.isClosed} ${error === undefined ? "taken" : "lost"}`))
    }
    client.destroy()
    expect(client.write(Buffer.from("late"))).toBe(false)
    await until(() => clientSaw.isClosed)
    await turn()
    expect(answers).toHaveLength(40)
    expect(new Set(answers)).toEqual(new Set(["false lost"]))
    expect(clientSaw.seen).toEqual(["connected", "closed"])
    server.destroy()
  })

  test("hands the owner's error back, and calls nothing else after destroy", async () => {
    const { client, clientSaw, server, serverSaw } = await pair()
    server.write(Buffer.from("unheard"))
    client.destroy(new Error("enough"))
    client.destroy(new Error("twice"))
    await until(() => clientSaw.isClosed && serverSaw.isClosed)
    expect(clientSaw.seen).toEqual(["connected", "closed enough"])
  })

  test("resets a peer that goes on writing to a closed end", async () => {
    const { client, clientSaw, server } = await pair({ halfOpen: true })
    server.destroy()
    await until(() => clientSaw.seen.includes("ended"))
    await until(() => {
      client.write(Buffer.from("anyone?"))
      return clientSaw.isClosed
    })
    expect(["ECONNRESET", "EPIPE"]).toContain(errorCode(clientSaw.error))
    expect(client.write(Buffer.from("no"))).toBe(false)
  })

  test("resets the peer when it closes with unread bytes", async () => {
    const { client, clientSaw, server } = await pair({ halfOpen: true })
    server.pause()
    let taken = false
    client.write(Buffer.alloc(200_000), () => {
      taken = true
    })
    await until(() => taken)
    for (let count = 0; count < 20; count += 1) await turn()
    server.destroy()
    await until(() => clientSaw.isClosed)
    expect(errorCode(clientSaw.error)).toBe("ECONNRESET")
  })

  test("refuses to write after end", async () => {
    const { client, serverSaw } = await pair()
    client.end()
    let answer: Error | undefined
    expect(
      client.write(Buffer.from("x"), (error) => {
        answer = error
      }),
    ).toBe(false)
    await until(() => answer !== undefined && serverSaw.isClosed)
    expect(errorCode(answer)).toBe("EPIPE")
    expect(serverSaw.text).toBe("")
  })

  test("serves abstract unix sockets, one owner at a time", async () => {
    const address = { path: `\0wishbone-test-${process.pid}-${name}` }
    const { client, serverSaw, listener } = await pair({ address })
    expect(listener.address).toEqual(address)
    await expect(sockets.listen({ address }, () => undefined)).rejects.toMatchObject({ code: "EADDRINUSE" })
    client.write(Buffer.from("over the abstract"))
    await until(() => serverSaw.text === "over the abstract")
    client.destroy()
    const refused = new Recorder()
    sockets.connect({ path: `${address.path}-other` }, refused)
    await until(() => refused.isClosed)
    expect(errorCode(refused.error)).toBe("ECONNREFUSED")
  })
})
