// A disk that is full: every waiting command is answered with an error, nothing of it is kept, /ready says 503; when
// there is room again the server goes on by itself, and what was acked is all there (L6).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '@conclave/server/store/sqlite/store'
import type { RoomId } from '@conclave/wire'
import { idOfUuid } from '@conclave/wire'
import { io, type Socket } from 'socket.io-client'
import { afterAll, expect, test } from 'vitest'
import { startServer, type TestServer } from './server.ts'

const SIZE = 12 * 1024 * 1024
const CONTENT = Buffer.from('x'.repeat(20_000)).toString('base64')

const directory = mkdtempSync(join(tmpdir(), 'conclave-disk-'))
const mounted = mount()
let server: TestServer | undefined

function mount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', directory], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

afterAll(async () => {
  await server?.stop()
  if (mounted) execFileSync('umount', ['-l', directory])
  rmSync(directory, { recursive: true, force: true })
})

const world = {
  users: [{ id: '4001', username: 'disk', tokens: ['disk-token'] }],
  channels: [{ ref: 'c', name: 'disk' }],
  rooms: [{ ref: 'r', channel: 'c', name: 'disk room', kind: 'static' }],
}

interface Ack {
  readonly status_code: number
  readonly data?: { readonly id: string }
}

const name = 'a full disk costs nobody an acked message, and the server recovers by itself'
const reason = ' # this machine lets us mount no small file system'

test.skipIf(!mounted)(mounted ? name : name + reason, async () => {
  server = await startServer({ data: directory, world, config: { limits: { flood: 1_000_000 } } })
  const { url } = server
  const room = server.rooms.r as string
  const socket: Socket = io(`${url}/ws`, { transports: ['websocket'], forceNew: true })
  const ask = (event: string, body: object): Promise<Ack> => socket.timeout(10_000).emitWithAck(event, body)
  const actor = {
    id: '4001',
    displayName: Buffer.from('disk').toString('base64'),
    attachments: [{ objectType: 'token', content: 'disk-token' }],
  }
  expect((await ask('login', { verb: 'login', actor })).status_code).toBe(200)
  expect((await ask('join', { verb: 'join', target: { id: room } })).status_code).toBe(200)
  const send = (): Promise<Ack> =>
    ask('message', { verb: 'send', target: { id: room, objectType: 'room' }, object: { content: CONTENT } })
  const ready = async (): Promise<number> => (await fetch(`${url}/ready`)).status

  // A file that takes part of the disk, to be deleted later: how an operator makes room.
  writeFileSync(join(directory, 'filler'), Buffer.alloc(8 * 1024 * 1024))
  const acked: string[] = []
  const refused: number[] = []
  while (refused.length === 0 && acked.length < 2_000) {
    for (const ack of await Promise.all(Array.from({ length: 20 }, send))) {
      if (ack.status_code === 200) acked.push(ack.data?.id as string)
      else refused.push(ack.status_code)
    }
  }
  expect(refused.length).toBeGreaterThan(0)
  expect(new Set(refused)).toEqual(new Set([250]))
  expect(await ready()).toBe(503)
  expect((await fetch(`${url}/health`)).status).toBe(200)
  expect((await send()).status_code).toBe(250)

  rmSync(join(directory, 'filler'))
  const deadline = Date.now() + 20_000
  while ((await ready()) !== 200) {
    expect(Date.now()).toBeLessThan(deadline)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  const after = await send()
  expect(after.status_code).toBe(200)
  acked.push(after.data?.id as string)
  socket.close()
  expect(await server.stop()).toBe(0)

  const store = await openSqliteStore({ directory, node: 0, clock: { now: () => Date.now() } })
  try {
    const log = await store.page({
      room: idOfUuid(room) as RoomId,
      right: { by: 'server' },
      select: 'all',
      order: 'oldest',
      limit: 10_000,
    })
    expect(log?.map(event => event.sequence)).toEqual(log?.map((_, index) => index + 1))
    const messages = log?.filter(event => event.body.type === 'message').map(event => event.id)
    expect(messages).toEqual(acked.map(uuid => idOfUuid(uuid)))
  } finally {
    await store.close()
  }
})
