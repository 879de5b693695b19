// A backup of the embedded database while the server is being talked to, and a server that goes on from it.
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { uuidOf } from '@conclave/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { base64, DinoClient } from './dino/client.ts'
import { conclave, startServer, type TestServer } from './server.ts'

const WORLD = {
  users: [
    { id: '1', username: 'ann', tokens: ['tok1'] },
    { id: '3', username: 'cat', tokens: ['tok3'] },
  ],
  channels: [{ ref: 'c', name: 'channel', owners: ['3'] }],
  rooms: [{ ref: 'room', channel: 'c', name: 'a room', owners: ['3'] }],
}
/** ms, for servers are started several times. */
const LONG = 120_000

describe('a backup', { timeout: LONG }, () => {
  let server: TestServer
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'conclave-backup-'))
    // Whoever sends as fast as it is answered may send more than a user should.
    server = await startServer({ world: WORLD, config: { limits: { flood: 1_000_000 } } })
  })
  afterAll(async () => {
    await server.remove()
    await rm(folder, { recursive: true, force: true })
  })

  async function inside(at: TestServer): Promise<DinoClient> {
    const client = await DinoClient.open(at.url)
    expect((await client.login('3', 'cat')).code).toBe(200)
    await client.request('join', { verb: 'join', target: { id: server.rooms.room } })
    return client
  }

  test('holds everything that was acked before it began, and a server goes on from it', async () => {
    const cat = await inside(server)
    const acked: string[] = []
    let talking = true
    const storm = (): void => {
      const target = { id: server.rooms.room, objectType: 'room' }
      const body = { verb: 'send', target, object: { content: base64(`message ${acked.length}`) } }
      cat.socket.emit('message', body, (answer: { status_code: number; data: { id: string } }) => {
        if (answer.status_code === 200) acked.push(answer.data.id)
        if (talking) storm()
      })
    }
    for (let n = 0; n < 8; n++) storm()
    while (acked.length < 500) await new Promise(resolve => setTimeout(resolve, 5))
    const older = join(folder, 'older.export')
    expect((await server.command('export', older)).code).toBe(0)
    const before = [...acked]
    const file = join(folder, 'conclave.sqlite')
    const done = await server.command('backup', file)
    expect([done.code, done.err]).toEqual([0, ''])
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    // It held nobody up.
    const during = acked.length
    while (acked.length < during + 100) await new Promise(resolve => setTimeout(resolve, 5))
    talking = false
    cat.close()

    await server.stop()
    const data = join(folder, 'restored')
    await mkdir(data)
    await cp(file, join(data, 'conclave.sqlite'))
    const restored = await startServer({ data })
    try {
      const client = await inside(restored)
      const answer = await client.request('history', { verb: 'list', target: { id: server.rooms.room } })
      expect(answer.code).toBe(200)
      const exported = join(folder, 'restored.export')
      expect((await restored.command('export', exported)).code).toBe(0)
      // Whole in itself, and nothing is missing that was there before.
      const verified = await restored.command('verify', exported, '--against', older)
      expect([verified.code, verified.err]).toEqual([0, ''])
      const events = await readEvents(exported)
      expect(before.filter(id => !events.has(id))).toEqual([])
      client.close()
    } finally {
      await restored.stop()
    }
  })

  test.each([
    ['where a file is', async (file: string) => writeFile(file, 'kept')],
    ['where a backup was broken off', async (file: string) => writeFile(`${file}.part`, 'kept')],
    ['where no folder is', async (file: string) => rm(join(file, '..'), { recursive: true })],
  ])('is not written %s', async (_, arrange) => {
    const place = await mkdtemp(join(folder, 'place-'))
    const file = join(place, 'copy')
    await arrange(file)
    const { code, err } = await server.command('backup', file)
    expect([code, err.trim().split('\n').length]).toEqual([1, 1])
    expect(err).toContain(file)
  })

  test('of a data directory without a database says so and makes none', async () => {
    const data = await mkdtemp(join(folder, 'empty-'))
    const { code, err } = await conclave(['backup', join(folder, 'none')], { CONCLAVE_DATA: data })
    expect([code, err.trim().split('\n').length]).toEqual([1, 1])
    await expect(stat(join(folder, 'none'))).rejects.toThrow('ENOENT')
  })
})

/** The ids, as Dino shows them, of what an export holds. */
async function readEvents(file: string): Promise<Set<string>> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(line => line.startsWith('{"kind":"event"'))
  return new Set(lines.map(line => uuidOf((JSON.parse(line) as { id: never }).id)))
}
