// The plug is pulled in the middle of a storm, several times: every acked message is there once, in order, and the
// log folds to the state that the store's own tables show (L6, L7).

import { fold } from '@conclave/server/room/apply'
import { openSqliteStore } from '@conclave/server/store/sqlite/store'
import type { RoomId, UserId } from '@conclave/wire'
import { idOfUuid } from '@conclave/wire'
import { io, type Socket } from 'socket.io-client'
import { afterAll, expect, test } from 'vitest'
import { startServer, type TestServer } from './server.ts'

const SENDERS = 12
const ROUNDS = 3
/** ms of storm before the kill. */
const STORM = 1_200
/** Messages that one sender has under way. */
const WINDOW = 16

const users = Array.from({ length: SENDERS }, (_, n) => ({
  id: String(3_000 + n),
  username: `storm${n}`,
  name: `Storm ${n}`,
  tokens: [`storm-token-${n}`],
}))
const world = {
  users,
  channels: [{ ref: 'c', name: 'storm' }],
  rooms: [{ ref: 'r', channel: 'c', name: 'storm room', kind: 'static', members: [users[0]?.id] }],
}

let server: TestServer
afterAll(() => server?.remove())

interface Ack {
  readonly status_code: number
  readonly data?: { readonly id: string }
}

const b64 = (text: string): string => Buffer.from(text).toString('base64')

async function connect(n: number, room: string): Promise<Socket> {
  const user = users[n] as (typeof users)[number]
  const socket = io(`${server.url}/ws`, { transports: ['websocket'], reconnection: false, forceNew: true })
  const ask = (event: string, body: object): Promise<Ack> => socket.emitWithAck(event, body)
  const login = await ask('login', {
    verb: 'login',
    actor: {
      id: user.id,
      displayName: b64(user.username),
      attachments: [{ objectType: 'token', content: `storm-token-${n}` }],
    },
  })
  expect(login.status_code).toBe(200)
  expect((await ask('join', { verb: 'join', target: { id: room } })).status_code).toBe(200)
  return socket
}

/** Sends until the socket dies; gives what was acked, with the ids that the acks named. */
function storm(socket: Socket, room: string, tag: string, acked: Map<string, string>): void {
  let next = 0
  const send = (): void => {
    const text = `${tag}:${next++}`
    socket.emit(
      'message',
      { verb: 'send', target: { id: room, objectType: 'room' }, object: { content: b64(text) } },
      (ack: Ack) => {
        if (ack.status_code !== 200 || !ack.data) return
        expect(acked.has(text)).toBe(false)
        acked.set(text, ack.data.id)
        send()
      },
    )
  }
  for (let n = 0; n < WINDOW; n++) send()
}

test('no acked message is lost, repeated or moved when the server is killed under load', async () => {
  const acked = new Map<string, string>()
  server = await startServer({ world })
  const room = server.rooms.r as string
  for (let round = 0; round < ROUNDS; round++) {
    const sockets = await Promise.all(users.map((_, n) => connect(n, room)))
    for (const [n, socket] of sockets.entries()) storm(socket, room, `${round}/${n}`, acked)
    await new Promise(resolve => setTimeout(resolve, STORM))
    await server.kill()
    for (const socket of sockets) socket.close()
    const before = server
    server = await startServer({ data: before.data })
  }
  await server.stop()
  expect(acked.size).toBeGreaterThan(ROUNDS * SENDERS * WINDOW)

  const store = await openSqliteStore({ directory: server.data, node: 0, clock: { now: () => Date.now() } })
  try {
    const id = idOfUuid(room) as RoomId
    const log = await everything(store, id)
    log.forEach((event, index) => {
      expect(event.sequence).toBe(index + 1)
      if (index > 0) expect(BigInt(event.id)).toBeGreaterThan(BigInt(log[index - 1]?.id ?? 0))
    })
    const found = new Map<string, string[]>()
    const lastOf = new Map<string, number>()
    for (const { id: event, body } of log) {
      if (body.type !== 'message' || body.content.suite !== 'none') continue
      const { text } = body.content
      found.set(text, [...(found.get(text) ?? []), event])
      const [tag, number] = text.split(':') as [string, string]
      expect(Number(number)).toBeGreaterThan(lastOf.get(tag) ?? -1)
      lastOf.set(tag, Number(number))
    }
    for (const [text, uuid] of acked) expect(found.get(text), text).toEqual([idOfUuid(uuid)])
    for (const ids of found.values()) expect(ids.length).toBe(1)
    const state = fold(undefined, log)
    expect(state).toEqual(fold(undefined, await store.control(id, 0)))
    expect([...(state?.members.keys() ?? [])]).toEqual([users[0]?.id])
    expect(await store.roomsOf(users[0]?.id as UserId)).toEqual([id])
    const head = await store.head(id)
    expect([head?.sequence, head?.control]).toEqual([log.length, state?.control])
  } finally {
    await store.close()
  }
})

async function everything(store: Awaited<ReturnType<typeof openSqliteStore>>, room: RoomId) {
  const events = []
  for (let after = 0; ; ) {
    const page = await store.page({
      room,
      right: { by: 'server' },
      select: 'all',
      after,
      order: 'oldest',
      limit: 5_000,
    })
    if (!page || page.length === 0) return events
    events.push(...page)
    after = page.at(-1)?.sequence ?? 0
  }
}
