import { describe, expect, test } from "vitest"
import type { FileHandle } from "../../../../src/platform/platform.ts"
import { type SimulatedPlatform, simulatedPlatform } from "../../../../src/platform/simulated/simulated.ts"
import { turn } from "../recorder.ts"

const seeds = Array.from({ length: 60 }, (_, seed) => seed)

/** A new file with durable content and a durable name. */
async function durableFile(platform: SimulatedPlatform, path: string, content: string | Buffer): Promise<FileHandle> {
  const file = await platform.files.open(path, "create")
  await file.write([Buffer.from(content)], 0)
  await file.sync()
  await platform.files.syncDirectory("/tmp")
  return file
}

/** What `act` leaves behind a power cut, for many seeds. */
async function outcomes<T>(act: (platform: SimulatedPlatform) => Promise<void>, look: (platform: SimulatedPlatform) => T): Promise<T[]> {
  return Promise.all(
    seeds.map(async (seed) => {
      const platform = simulatedPlatform({ seed })
      await act(platform)
      platform.disk.powerCut()
      return look(platform)
    }),
  )
}

describe("a power cut", () => {
  test("leaves what was synced, content and name", async () => {
    const found = await outcomes(
      async (platform) => void (await durableFile(platform, "/tmp/a", "safe")),
      (platform) => platform.disk.snapshot()["/tmp/a"]?.toString(),
    )
    expect(new Set(found)).toEqual(new Set(["safe"]))
  })

  test("may take the name of a synced file whose directory was not synced", async () => {
    const found = await outcomes(
      async ({ files }) => {
        const file = await files.open("/tmp/a", "create")
        await file.write([Buffer.from("safe")], 0)
        await file.sync()
      },
      (platform) => platform.disk.snapshot()["/tmp/a"]?.toString(),
    )
    expect(new Set(found)).toEqual(new Set(["safe", undefined]))
  })

  test("may take, cut or keep what was written and not synced", async () => {
    const found = await outcomes(
      async (platform) => {
        const file = await durableFile(platform, "/tmp/a", "")
        await file.write([Buffer.alloc(20_000, "x")], 0)
      },
      (platform) => {
        const content = platform.disk.snapshot()["/tmp/a"] as Buffer
        if (content.length === 0) return "nothing"
        return content.equals(Buffer.alloc(20_000, "x")) ? "everything" : "something"
      },
    )
    expect(new Set(found)).toEqual(new Set(["nothing", "something", "everything"]))
  })

  test("tears at the borders of sectors, and keeps later sectors without earlier ones", async () => {
    const found = await outcomes(
      async (platform) => {
        const file = await durableFile(platform, "/tmp/a", Buffer.alloc(16_384, "-"))
        await file.write([Buffer.alloc(16_384 - 100, "x")], 100)
      },
      (platform) => platform.disk.snapshot()["/tmp/a"]?.toString() as string,
    )
    const sectors = found.map((content) => content.slice(100).match(/x+|-+/g) ?? [])
    for (const runs of sectors) {
      let border = 100
      for (const run of runs.slice(0, -1)) {
        border += run.length
        expect(border % 512).toBe(0)
      }
    }
    expect(sectors.some((runs) => runs[0]?.startsWith("-") === true && runs.length > 1)).toBe(true)
  })

  test("may keep a later write without an earlier one", async () => {
    const found = await outcomes(
      async (platform) => {
        const file = await durableFile(platform, "/tmp/a", Buffer.alloc(8192, "-"))
        await file.write([Buffer.from("1")], 0)
        await file.write([Buffer.from("2")], 4096)
      },
      (platform) => `${platform.disk.snapshot()["/tmp/a"]?.toString()[0]}${platform.disk.snapshot()["/tmp/a"]?.toString()[4096]}`,
    )
    expect(new Set(found)).toEqual(new Set(["--", "1-", "-2", "12"]))
  })

  test("keeps or loses a rename as a whole", async () => {
    const found = await outcomes(
      async (platform) => {
        await durableFile(platform, "/tmp/new", "new")
        await durableFile(platform, "/tmp/old", "old")
        await platform.files.rename("/tmp/new", "/tmp/old")
      },
      (platform) => JSON.stringify(Object.entries(platform.disk.snapshot()).map(([path, content]) => `${path}=${content}`)),
    )
    expect(new Set(found)).toEqual(new Set(['["/tmp/new=new","/tmp/old=old"]', '["/tmp/old=new"]']))
  })

  test("may undo a removal, unless its directory was synced", async () => {
    const remove = async (platform: SimulatedPlatform): Promise<void> => {
      await durableFile(platform, "/tmp/a", "x")
      await platform.files.unlink("/tmp/a")
    }
    const look = (platform: SimulatedPlatform): number => Object.keys(platform.disk.snapshot()).length
    expect(new Set(await outcomes(remove, look))).toEqual(new Set([0, 1]))
    const removeForGood = async (platform: SimulatedPlatform): Promise<void> => {
      await remove(platform)
      await platform.files.syncDirectory("/tmp")
    }
    expect(new Set(await outcomes(removeForGood, look))).toEqual(new Set([0]))
  })

  test("takes what is below a directory whose own name is lost", async () => {
    const found = await outcomes(
      async ({ files }) => {
        await files.makeDirectory("/tmp/folder")
        const file = await files.open("/tmp/folder/a", "create")
        await file.write([Buffer.from("x")], 0)
        await file.sync()
        await files.syncDirectory("/tmp/folder")
      },
      (platform) => platform.disk.snapshot()["/tmp/folder/a"]?.toString(),
    )
    expect(new Set(found)).toEqual(new Set(["x", undefined]))
  })

  test("may bring back what a truncation cut off", async () => {
    const found = await outcomes(
      async (platform) => (await durableFile(platform, "/tmp/a", "long")).truncate(1),
      (platform) => platform.disk.snapshot()["/tmp/a"]?.toString(),
    )
    expect(new Set(found)).toEqual(new Set(["long", "l"]))
  })

  test("does not count on a sync for writes that were not over when it began", async () => {
    const found = await outcomes(
      async (platform) => {
        const file = await durableFile(platform, "/tmp/a", "")
        const write = file.write([Buffer.from("x")], 0)
        await Promise.all([file.sync(), write])
      },
      (platform) => platform.disk.snapshot()["/tmp/a"]?.length,
    )
    expect(new Set(found)).toEqual(new Set([0, 1]))
  })

  test("is the same for the same seed", async () => {
    const act = async (platform: SimulatedPlatform): Promise<void> => {
      const file = await durableFile(platform, "/tmp/a", Buffer.alloc(4096, "-"))
      for (let index = 0; index < 20; index += 1) await file.write([Buffer.alloc(700, `${index % 10}`)], index * 650)
      await platform.files.writeFile("/tmp/b", "b")
      await platform.files.rename("/tmp/b", "/tmp/c")
    }
    const look = (platform: SimulatedPlatform): string => JSON.stringify(platform.disk.snapshot())
    const [one, other] = [await outcomes(act, look), await outcomes(act, look)]
    expect(one).toEqual(other)
    expect(new Set(one).size).toBeGreaterThan(20)
  })
})

describe("a crash", () => {
  test("leaves all that was written, synced or not", async () => {
    const { files, disk } = simulatedPlatform()
    const file = await files.open("/tmp/a", "create")
    await file.write([Buffer.from("written")], 0)
    disk.crash()
    expect(disk.snapshot()["/tmp/a"]?.toString()).toBe("written")
  })

  test("ends its incarnation: nothing settles, and old handles write nothing", async () => {
    const { files, disk } = simulatedPlatform()
    const file = await files.open("/tmp/a", "create")
    let settled = 0
    const note = (): void => {
      settled += 1
    }
    file.size().then(note, note)
    disk.crash()
    file.write([Buffer.from("zombie")], 0).then(note, note)
    file.close().then(note, note)
    for (let count = 0; count < 10; count += 1) await turn()
    expect(settled).toBe(0)
    expect(disk.snapshot()["/tmp/a"]?.length).toBe(0)
    expect(await files.list("/tmp")).toEqual(["a"])
  })

  test("may come before, after or in the middle of a write under way", async () => {
    const lengths = seeds.map(async (seed) => {
      const { files, disk } = simulatedPlatform({ seed })
      const file = await files.open("/tmp/a", "create")
      void file.write([Buffer.alloc(1000)], 0)
      disk.crash()
      return disk.snapshot()["/tmp/a"]?.length as number
    })
    const found = new Set(await Promise.all(lengths))
    expect(found.has(0)).toBe(true)
    expect([...found].some((length) => length > 0 && length < 1000)).toBe(true)
  })
})

describe("failures", () => {
  test("come as scripted: so often, for one operation, below one path", async () => {
    const { files, disk } = simulatedPlatform()
    await files.makeDirectory("/tmp/spool")
    disk.fail({ operation: "open", path: "/tmp/spool", code: "EACCES", times: 2 })
    await files.writeFile("/tmp/other", "x")
    const other = await files.open("/tmp/other", "read")
    await other.close()
    for (let count = 0; count < 2; count += 1) {
      await expect(files.open("/tmp/spool/a", "create")).rejects.toMatchObject({
        code: "EACCES",
        message: "EACCES: permission denied, open '/tmp/spool/a'",
      })
    }
    const file = await files.open("/tmp/spool/a", "create")
    disk.fail({ operation: "sync", code: "EIO", times: Number.POSITIVE_INFINITY })
    await expect(file.sync()).rejects.toMatchObject({ code: "EIO", syscall: "fdatasync" })
    await expect(file.sync()).rejects.toMatchObject({ code: "EIO" })
    disk.heal()
    await file.sync()
    expect(disk.count("sync")).toBe(3)
  })

  test("of a sync put its data in doubt for good, although a later sync succeeds", async () => {
    const found = await outcomes(
      async (platform) => {
        const file = await durableFile(platform, "/tmp/a", "")
        await file.write([Buffer.from("x")], 0)
        platform.disk.fail({ operation: "sync", code: "EIO" })
        await expect(file.sync()).rejects.toMatchObject({ code: "EIO" })
        await file.sync()
      },
      (platform) => platform.disk.snapshot()["/tmp/a"]?.length,
    )
    expect(new Set(found)).toEqual(new Set([0, 1]))
  })

  test("of a write may leave a part of it", async () => {
    const lengths = seeds.map(async (seed) => {
      const { files, disk } = simulatedPlatform({ seed })
      const file = await files.open("/tmp/a", "create")
      disk.fail({ operation: "write", code: "EIO" })
      await expect(file.write([Buffer.alloc(10)], 0)).rejects.toMatchObject({ code: "EIO" })
      return disk.snapshot()["/tmp/a"]?.length as number
    })
    expect(new Set(await Promise.all(lengths)).size).toBeGreaterThan(5)
  })

  test("of a full disk: as much as fits is written, and room made is room again", async () => {
    const { files, disk } = simulatedPlatform()
    disk.setCapacity(10)
    const file = await files.open("/tmp/a", "create")
    await file.write([Buffer.from("12345678")], 0)
    expect(await files.freeBytes("/tmp")).toBe(2)
    await expect(file.write([Buffer.from("9012")], 8)).rejects.toMatchObject({ code: "ENOSPC" })
    expect(disk.snapshot()["/tmp/a"]?.toString()).toBe("1234567890")
    await file.write([Buffer.from("over")], 0)
    await expect(files.writeFile("/tmp/b", "x")).rejects.toMatchObject({ code: "ENOSPC" })
    await file.truncate(5)
    await files.writeFile("/tmp/b", "x")
    await files.unlink("/tmp/a")
    expect(await files.freeBytes("/tmp")).toBe(9)
  })

  test("of a read-only disk: reading goes on, changing does not", async () => {
    const { files, disk } = simulatedPlatform()
    await files.writeFile("/tmp/a", "x")
    const file = await files.open("/tmp/a", "update")
    disk.setReadOnly(true)
    const refused = { code: "EROFS" }
    await expect(file.write([Buffer.from("y")], 0)).rejects.toMatchObject(refused)
    await expect(file.truncate(0)).rejects.toMatchObject(refused)
    await expect(files.open("/tmp/b", "create")).rejects.toMatchObject(refused)
    await expect(files.writeFile("/tmp/a", "y")).rejects.toMatchObject(refused)
    await expect(files.makeDirectory("/tmp/c")).rejects.toMatchObject(refused)
    await expect(files.rename("/tmp/a", "/tmp/b")).rejects.toMatchObject(refused)
    await expect(files.unlink("/tmp/a")).rejects.toMatchObject(refused)
    await files.makeDirectory("/tmp")
    expect((await files.readFile("/tmp/a")).toString()).toBe("x")
    expect(await files.writable("/tmp")).toBe(false)
  })
})

describe("the disk", () => {
  test("takes as long as it is told to, in virtual time", async () => {
    const platform = simulatedPlatform()
    platform.disk.setLatency({ minMs: 5, maxMs: 5 })
    await platform.complete(platform.files.writeFile("/tmp/a", "x"))
    expect(platform.clock.monotonic()).toBe(5)
    expect(platform.pendingTimers).toBe(0)
  })

  test("lets operations overtake each other when they take different times", async () => {
    const platform = simulatedPlatform({ seed: 5 })
    platform.disk.setLatency({ minMs: 1, maxMs: 50 })
    const order: number[] = []
    const work = Array.from({ length: 20 }, (_, index) => platform.files.writeFile(`/tmp/${index}`, "").then(() => order.push(index)))
    await platform.complete(Promise.all(work))
    expect(order).toHaveLength(20)
    expect(order).not.toEqual([...order].sort((a, b) => a - b))
  })

  test("holds what a test puts there, durable, and damages it on request", async () => {
    const { files, disk } = simulatedPlatform()
    disk.put("/var/spool/a", "content")
    disk.powerCut()
    disk.damage("/var/spool/a", 3, Buffer.from("!"))
    expect((await files.readFile("/var/spool/a")).toString()).toBe("con!ent")
    expect(() => disk.damage("/var/none", 0, Buffer.from("!"))).toThrow("ENOENT")
  })

  test("tells what would certainly survive", async () => {
    const platform = simulatedPlatform()
    const file = await durableFile(platform, "/tmp/a", "safe")
    await file.write([Buffer.from(" and unsafe")], 4)
    await platform.files.writeFile("/tmp/b", "unsafe")
    expect(platform.disk.snapshot({ durable: true })).toEqual({ "/tmp/a": Buffer.from("safe") })
    expect(Object.keys(platform.disk.snapshot())).toEqual(["/tmp/a", "/tmp/b"])
  })

  test("dates what is written by virtual time", async () => {
    const platform = simulatedPlatform({ startMs: 1000 })
    await platform.files.writeFile("/tmp/a", "x")
    await platform.advance(500)
    const file = await platform.files.open("/tmp/a", "update")
    expect((await platform.files.stat("/tmp/a"))?.modifiedMs).toBe(1000)
    await file.write([Buffer.from("y")], 0)
    expect((await platform.files.stat("/tmp/a"))?.modifiedMs).toBe(1500)
  })

  test("keeps its own copy of what it was given", async () => {
    const { files } = simulatedPlatform()
    const bytes = Buffer.from("mine")
    const file = await files.open("/tmp/a", "create")
    await file.write([bytes], 0)
    bytes.fill("!")
    expect((await files.readFile("/tmp/a")).toString()).toBe("mine")
  })
})
