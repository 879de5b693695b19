// Answers that their readers leave unread.
import { connect, type Socket } from 'node:net'
import type { RoomId, UserId } from '@conclave/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EventBody } from '../../room/events.ts'
import { append, created } from '../../store/testing/items.ts'
import { BODIES_OF_ONE, PAGE_CHARACTERS } from './limits.ts'
import type { XchatServer } from './testing.ts'
import { startXchat } from './testing.ts'

const { STALLED } = vi.hoisted(() => ({ STALLED: 3_000 }))
vi.mock(import('./limits.ts'), async original => ({ ...(await original()), ANSWER_STALLED: STALLED as never }))

const ROOM = '2080000000000000001' as RoomId
const LARGE = 'AAAA'.repeat(80_000)

let server: XchatServer
beforeEach(async () => {
  server = await startXchat()
  await server.user('1001')
  const members = ['1001', '1002'] as UserId[]
  await log(0, created({ channel: await server.core.roomsChannel(), suite: 'xchat', kind: 'private', members }))
  const of = { signature: 'AAAA', publicKeyVersion: '1', signatureVersion: '7', epoch: '1' }
  const content = { suite: 'xchat', createEvent: LARGE, ...of } as const
  await log(1, ...Array.from({ length: 60 }, (): EventBody => ({ type: 'message', messageId: null, content })))
})
afterEach(() => server.close())

async function log(control: number, ...bodies: readonly EventBody[]): Promise<void> {
  const outcome = await server.core.writer.write(append(ROOM, control, bodies))
  if (outcome.outcome !== 'committed') throw new Error(outcome.outcome)
}

const PAGE = `/2/chat/conversations/g${ROOM}/events?max_results=100`

function read(): Promise<Response> {
  return fetch(server.url + PAGE, { headers: { authorization: 'Bearer token-1001' } })
}

/** Asks for a page and takes nothing of it. */
async function stall(): Promise<Socket> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  await new Promise<void>(resolve =>
    socket.write(`GET ${PAGE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer token-1001\r\n\r\n`, () => resolve()),
  )
  return socket
}

test('hold so many bytes in memory and no more, until nothing was read of them for a while', async () => {
  const first = await read()
  const bytes = (await first.arrayBuffer()).byteLength
  expect([first.status, bytes <= PAGE_CHARACTERS + 100_000]).toEqual([200, true])
  const most = Math.floor(BODIES_OF_ONE / bytes)

  const stalled: Socket[] = []
  for (let n = 0; n <= most; n++) stalled.push(await stall())
  const refused = await read()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
  expect(await refused.json()).toMatchObject({ title: 'Too Many Requests' })

  await expect.poll(async () => (await read()).status).toBe(200)
  for (const socket of stalled) socket.destroy()
})

test('are not cut while somebody reads them, however slowly', async () => {
  const socket = await stall()
  let taken = 0
  socket.on('data', chunk => {
    taken += chunk.length
    socket.pause()
    setTimeout(() => socket.resume(), 20)
  })
  const began = Date.now()
  await expect.poll(() => Date.now() - began > 1.5 * STALLED).toBe(true)
  expect(socket.destroyed).toBe(false)
  socket.removeAllListeners('data')
  socket.on('data', chunk => {
    taken += chunk.length
  })
  await expect.poll(() => taken > 7_000_000).toBe(true)
  socket.destroy()
})

test('end early where they are full, and go on from there without a gap', async () => {
  const seen: string[] = []
  let token = ''
  for (let pages = 0; pages < 10; pages++) {
    const answer = await fetch(`${server.url}${PAGE}${token}`, { headers: { authorization: 'Bearer token-1001' } })
    const { data, meta } = (await answer.json()) as { data: { id: string }[]; meta: Record<string, string> }
    seen.push(...data.map(({ id }) => id))
    if (!meta.next_token) break
    expect(data.length).toBeGreaterThan(20)
    token = `&pagination_token=${meta.next_token}`
  }
  expect([seen.length, new Set(seen).size]).toEqual([60, 60])
})
