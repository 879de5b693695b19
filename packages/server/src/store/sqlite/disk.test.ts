// Disks that say no: full, out of bounds, read-only, failing to sync. Whatever was acknowledged is there, nothing of a
// failed commit is, nothing is written until the store was opened anew, and then the log goes on without a gap (L6).
import { type ChildProcess, execFileSync, fork, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { type Store, StoreFailure } from '../store.ts'
import { append, committed, created, logOf, message, NOW, room, textsOf, user } from '../testing/items.ts'
import { openSqliteStore } from './store.ts'
import type { Answer, Step } from './testing/driven.ts'

const ROOM = room('2070276095283454999')
const MIB = 1024 * 1024
const clock = { now: () => NOW }
const here = join(import.meta.dirname, 'testing')
/** The user that owns nothing. */
const NOBODY = 65_534

const base = mkdtempSync(join(tmpdir(), 'conclave-disk-'))
const mounted: string[] = []
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => {
  for (const path of mounted) spawnSync('umount', ['-l', path])
  rmSync(base, { recursive: true, force: true })
})

/** A file system of its own of that size; undefined where the machine does not let us. */
function smallDisk(name: string, size: number): string | undefined {
  const path = join(base, name)
  mkdirSync(path)
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'conclave-test', path])
  if (mount.status !== 0) return undefined
  mounted.push(path)
  return path
}

/** Takes whatever space is left. */
function fillUp(file: string): void {
  const chunk = Buffer.alloc(4_096)
  for (;;) {
    try {
      writeFileSync(file, chunk, { flag: 'a' })
    } catch {
      return
    }
  }
}

const disk = smallDisk('full', 48 * MIB)
const checkpointed = disk && smallDisk('checkpoint', 48 * MIB)

describe('a full disk', () => {
  const why = disk ? '' : ' # needs to mount a small file system, which this machine does not allow'

  test.skipIf(!disk).each([
    ['while the log grows', disk, false],
    ['while the log is moved', checkpointed, true],
  ])(
    `%s loses nothing acknowledged, applies nothing refused and is recovered from${why}`,
    async (_when, path, turns) => {
      const directory = path as string
      writeFileSync(join(directory, 'ballast'), Buffer.alloc(28 * MIB))
      const store = await openSqliteStore({ directory, node: 1, clock })
      await committed(store, append(ROOM, 0, [created({ members: [user('1')] })]))
      const acknowledged: string[] = []
      const failure = await appendUntilRefused(store, acknowledged, turns)
      expect(failure).toBeInstanceOf(StoreFailure)
      expect((failure as Error).message).toMatch(/^the store cannot write: /)
      expect((failure as Error).message).not.toContain('text')

      // Reading goes on, writing does not, and opening anew does not help while the disk is full.
      fillUp(join(directory, 'filler'))
      expect(textsOf(await logOf(store, ROOM))?.slice(1)).toEqual(acknowledged)
      await expect(store.commit([append(ROOM, 1, [message('refused')])])).rejects.toBeInstanceOf(StoreFailure)
      await expect(store.reopen()).rejects.toBeInstanceOf(StoreFailure)
      await expect(store.commit([append(ROOM, 1, [message('refused')])])).rejects.toBeInstanceOf(StoreFailure)
      expect(textsOf(await logOf(store, ROOM))?.slice(1)).toEqual(acknowledged)

      for (const file of ['ballast', 'filler']) rmSync(join(directory, file))
      // Space alone is not enough: the store is written again once it was opened anew.
      await expect(store.commit([append(ROOM, 1, [message('refused')])])).rejects.toBeInstanceOf(StoreFailure)
      await store.reopen()
      const [events] = await committed(store, append(ROOM, 1, [message('after')]))
      expect(events?.[0]?.sequence).toBe(acknowledged.length + 2)
      await store.close()

      const again = await openSqliteStore({ directory, node: 1, clock })
      const log = await logOf(again, ROOM)
      expect(textsOf(log)?.slice(1)).toEqual([...acknowledged, 'after'])
      expect(log.map(event => event.sequence)).toEqual(log.map((_, index) => index + 1))
      expect(await again.head(ROOM)).toMatchObject({ sequence: log.length, messages: log.length - 1 })
      await again.close()
    },
  )
})

/** Gives what the refused commit was rejected with. `turns`: lets a turn pass after each commit, in which the log is moved. */
async function appendUntilRefused(store: Store, acknowledged: string[], turns: boolean): Promise<unknown> {
  for (let batch = 0; ; batch++) {
    const texts = Array.from({ length: 50 }, (_, n) => `text ${batch} ${n} ${'x'.repeat(4_000)}`)
    try {
      await store.commit(texts.map(text => append(ROOM, 1, [message(text)])))
    } catch (error) {
      return error
    }
    acknowledged.push(...texts)
    if (turns) await new Promise(resolve => setImmediate(resolve))
  }
}

/** A store in a process of its own. */
class Driven {
  readonly child: ChildProcess

  constructor(directory: string, options: { env?: Record<string, string>; nobody?: boolean } = {}) {
    const as = options.nobody ? { uid: NOBODY, gid: NOBODY } : {}
    this.child = fork(join(here, 'driven.ts'), [directory], {
      env: { ...process.env, ...options.env },
      stdio: 'inherit',
      ...as,
    })
    children.push(this.child)
  }

  ready(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`the child ended with ${code}`))
      this.child.once('exit', ended)
      this.child.once('message', answer => {
        this.child.off('exit', ended)
        resolve(answer as Answer)
      })
    })
  }

  ask(step: Step): Promise<Answer> {
    const answer = this.ready()
    this.child.send(step)
    return answer
  }

  append(...texts: string[]): Promise<Answer> {
    return this.ask({ step: 'append', texts })
  }

  async texts(): Promise<readonly string[] | undefined> {
    return (await this.ask({ step: 'texts' })).texts
  }

  async kill(): Promise<void> {
    const ended = new Promise(resolve => this.child.once('exit', resolve))
    this.child.kill('SIGKILL')
    await ended
  }
}

async function textsIn(directory: string): Promise<string[] | undefined> {
  const store = await openSqliteStore({ directory, node: 1, clock })
  const texts = textsOf(await logOf(store, ROOM))?.slice(1)
  await store.close()
  return texts
}

const REFUSED = /^StoreFailure: the store cannot write: /
const big = (text: string): string => `${text} ${'x'.repeat(8_000)}`

const limits = spawnSync('prlimit', ['--version']).status === 0

describe('a write that fails', () => {
  const why = limits ? '' : ' # needs the command prlimit'

  test.skipIf(!limits)(`half-way through a commit leaves nothing of it${why}`, async () => {
    const directory = join(base, 'limited')
    const driven = new Driven(directory)
    await driven.ready()
    const limit = (bytes: string) => execFileSync('prlimit', ['--pid', `${driven.child.pid}`, `--fsize=${bytes}:`])
    expect(await driven.append('a')).toEqual({})
    const batch = Array.from({ length: 200 }, (_, n) => big(`lost ${n}`))
    limit(`${MIB}`)
    expect((await driven.append(...batch)).failed).toMatch(REFUSED)
    expect(await driven.texts()).toEqual(['a'])
    expect((await driven.append('b')).failed).toMatch(REFUSED)
    limit('100000')
    expect((await driven.ask({ step: 'reopen' })).failed).toMatch(REFUSED)
    limit('unlimited')
    expect((await driven.append('c')).failed).toMatch(REFUSED)
    expect(await driven.ask({ step: 'reopen' })).toEqual({})
    expect(await driven.append('d')).toEqual({})
    expect(await driven.texts()).toEqual(['a', 'd'])
    await driven.kill()
    expect(await textsIn(directory)).toEqual(['a', 'd'])
  })

  test.skipIf(!limits)(
    `while the log is moved stops the store before the log grows, and loses nothing${why}`,
    async () => {
      const directory = join(base, 'unmoved')
      const driven = new Driven(directory)
      await driven.ready()
      // More than the log ever needs, less than the database will: only moving the log can fail.
      const limit = (bytes: string) => execFileSync('prlimit', ['--pid', `${driven.child.pid}`, `--fsize=${bytes}:`])
      limit(`${28 * MIB}`)
      const acknowledged: string[] = []
      for (let batch = 0; ; batch++) {
        const texts = Array.from({ length: 50 }, (_, n) => big(`text ${batch} ${n}`))
        const answer = await driven.append(...texts)
        if (answer.failed) break
        acknowledged.push(...texts)
      }
      expect(statSync(join(directory, 'conclave.sqlite-wal')).size).toBeLessThan(20 * MIB)
      expect(await driven.texts()).toEqual(acknowledged)
      limit('unlimited')
      expect(await driven.ask({ step: 'reopen' })).toEqual({})
      expect(await driven.append('after')).toEqual({})
      await driven.kill()
      expect(await textsIn(directory)).toEqual([...acknowledged, 'after'])
    },
  )
})

const root = process.getuid?.() === 0

describe('files that have become read-only', () => {
  const why = root ? '' : ' # needs root, to become a user without rights'

  test.skipIf(!root)(`are not taken for some that can be written${why}`, async () => {
    const directory = join(base, 'readonly')
    mkdirSync(directory)
    chmodSync(base, 0o755)
    chownSync(directory, NOBODY, NOBODY)
    const driven = new Driven(directory, { nobody: true })
    await driven.ready()
    expect(await driven.append('a')).toEqual({})
    const rights = (mode: number) => {
      for (const file of readdirSync(directory)) chmodSync(join(directory, file), mode)
    }
    rights(0o400)
    expect((await driven.ask({ step: 'reopen' })).failed).toMatch(REFUSED)
    expect((await driven.append('b')).failed).toMatch(REFUSED)
    expect(await driven.texts()).toEqual(['a'])
    rights(0o600)
    expect(await driven.ask({ step: 'reopen' })).toEqual({})
    expect(await driven.append('c')).toEqual({})
    expect(await driven.texts()).toEqual(['a', 'c'])
  })
})

/** The C compiler's work: a library whose sync fails on demand. undefined without a compiler. */
function failingSync(): string | undefined {
  const library = join(base, 'fsync.so')
  return spawnSync('cc', ['-shared', '-fPIC', '-o', library, join(here, 'fsync.c')]).status === 0 ? library : undefined
}

const library = process.platform === 'linux' ? failingSync() : undefined

describe('a sync that fails', () => {
  const why = library ? '' : ' # needs Linux and a C compiler'

  test.skipIf(!library)(`leaves nothing of its commit, not even after opening anew or a crash${why}`, async () => {
    const directory = join(base, 'sync')
    const flag = join(base, 'sync-fails')
    const driven = new Driven(directory, { env: { LD_PRELOAD: library as string, FAIL_SYNC: flag } })
    await driven.ready()
    expect(await driven.append('a')).toEqual({})
    // A read that puts it in its place syncs nothing, and leaves the next commit to be synced as before.
    expect(await driven.texts()).toEqual(['a'])
    writeFileSync(flag, '')
    // Its pages are all in the log, commit mark included: only the sync is missing.
    expect((await driven.append(...Array.from({ length: 100 }, (_, n) => big(`lost ${n}`)))).failed).toMatch(REFUSED)
    expect(await driven.texts()).toEqual(['a'])
    expect((await driven.ask({ step: 'reopen' })).failed).toMatch(REFUSED)
    expect((await driven.append('b')).failed).toMatch(REFUSED)
    rmSync(flag)
    expect(await driven.ask({ step: 'reopen' })).toEqual({})
    expect(await driven.texts()).toEqual(['a'])
    expect(await driven.append('c')).toEqual({})
    expect(await driven.texts()).toEqual(['a', 'c'])
    await driven.kill()
    expect(await textsIn(directory)).toEqual(['a', 'c'])
  })

  test.skipIf(!library)(`and a crash after the first attempt to open anew bring nothing back${why}`, async () => {
    const directory = join(base, 'sync-crash')
    const flag = join(base, 'sync-crash-fails')
    const driven = new Driven(directory, { env: { LD_PRELOAD: library as string, FAIL_SYNC: flag } })
    await driven.ready()
    expect(await driven.append('a')).toEqual({})
    writeFileSync(flag, '')
    expect((await driven.append(...Array.from({ length: 100 }, (_, n) => big(`lost ${n}`)))).failed).toMatch(REFUSED)
    expect((await driven.ask({ step: 'reopen' })).failed).toMatch(REFUSED)
    await driven.kill()
    expect(await textsIn(directory)).toEqual(['a'])
  })
})
