// A client that does not wait for answers: its messages share a commit, and it hears what it would have heard by waiting, in
// that order. What stands between them waits for those before it, and holds up those behind it.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp, type Frame } from './ddp.ts'
import { start } from './start.ts'

let server: TestServer
let general: string
let secret: string
let alice: Ddp
let bob: Ddp
let round = 0

beforeAll(async () => {
  server = await start({ config: { limits: { flood: 400 } } })
  general = server.rooms.general as string
  secret = server.rooms.secret as string
})
afterAll(() => server?.remove())
beforeEach(async () => {
  round += 1
  alice?.close()
  bob?.close()
  alice = await Ddp.as(server.url, 'alice')
  bob = await Ddp.as(server.url, 'bob')
  await bob.sub('stream-room-messages', general)
})

let requests = 0
/** One request, and its id. */
function asking(method: string, ...params: unknown[]): { id: string; frame: Frame } {
  const id = `p${requests++}`
  return { id, frame: { msg: 'method', id, method, params } }
}
const saying = (message: object) => asking('sendMessage', { rid: general, ...message })
const text = (n: number): string => `round ${round} text ${n}`

/** Sent together; the frames that answer them, in the order in which they came. */
async function together(client: Ddp, asked: readonly { id: string; frame: Frame }[]): Promise<Frame[]> {
  const from = client.frames.length
  const { _socket: socket } = client.ws as unknown as { _socket: { cork(): void; uncork(): void } }
  socket.cork()
  for (const { frame } of asked) client.send(frame)
  socket.uncork()
  const last = (frame: Frame): boolean => frame.msg === 'updated' || frame.msg === 'nosub' || frame.msg === 'ready'
  await client.until(() => client.frames.slice(from).filter(last).length >= asked.length, from)
  return client.frames.slice(from)
}

const idOf = ({ id, methods, subs }: Frame): string => id ?? methods?.[0] ?? subs?.[0]
const answers = (frames: readonly Frame[]): Frame[] =>
  frames.filter(({ msg }) => ['result', 'updated', 'nosub', 'ready'].includes(msg))
const result = (frames: readonly Frame[], id: string): Frame =>
  frames.find(frame => frame.msg === 'result' && frame.id === id)
const heard = (client: Ddp): string[] =>
  client
    .events('room-messages')
    .map(([{ msg }]) => msg)
    .filter(msg => msg.startsWith(`round ${round} `))

/** Each result, with its `updated` behind it, in the order of the requests. */
function expectInOrder(frames: readonly Frame[], asked: readonly { id: string; frame: Frame }[]): void {
  const wanted = asked.flatMap(({ id, frame }) => (frame.msg === 'method' ? [`result ${id}`, `updated ${id}`] : [id]))
  expect(
    answers(frames).map(frame =>
      ['nosub', 'ready'].includes(frame.msg) ? idOf(frame) : `${frame.msg} ${idOf(frame)}`,
    ),
  ).toEqual(wanted)
}

test('many messages are answered and heard in their order, more of them than wait for one commit', async () => {
  const asked = Array.from({ length: 300 }, (_, n) => saying({ msg: text(n) }))
  const frames = await together(alice, asked)
  expectInOrder(frames, asked)
  await bob.event('room-messages', ([{ msg }]) => msg === text(299))
  expect(heard(bob)).toEqual(asked.map((_, n) => text(n)))
  const times = asked.map(({ id }) => result(frames, id).result.ts.$date)
  expect(times).toEqual([...times].sort((a, b) => a - b))
})

test('those for which something has to be looked up keep their place', async () => {
  const more = ['', ' @carol', ' #general', ' @nobody-here @bob #nowhere', ' https://example.org/']
  const said = Array.from({ length: 40 }, (_, n) => `${text(n)}${more[(n * 7) % 5]}`)
  const asked = said.map(msg => saying({ msg }))
  const frames = await together(alice, asked)
  expectInOrder(frames, asked)
  await bob.until(() => heard(bob).length === said.length)
  expect(heard(bob)).toEqual(said)
})

test('those that fail in the middle touch no other, and are answered at their place', async () => {
  const faulty: Record<number, object> = {
    3: { msg: 7 },
    5: { msg: 'x'.repeat(20_000) },
    8: { rid: '00000000-0000-4000-8000-000000000000', msg: text(8) },
    9: { t: 'uj', msg: text(9) },
    11: { msg: '' },
    12: { msg: text(12), tmid: 'of-nothing' },
    13: { msg: text(13), wrong: true },
  }
  const asked = Array.from({ length: 16 }, (_, n) => saying(faulty[n] ?? { msg: text(n) }))
  const frames = await together(alice, asked)
  expectInOrder(frames, asked)
  const fine = asked.flatMap((_, n) => (n in faulty ? [] : [n]))
  for (const n of fine) expect(result(frames, asked[n]?.id as string).result.msg).toBe(text(n))
  for (const n of Object.keys(faulty)) expect(result(frames, asked[Number(n)]?.id as string).result).toBeUndefined()
  expect(result(frames, asked[3]?.id as string).error.error).toBe(400)
  await bob.event('room-messages', ([{ msg }]) => msg === text(15))
  expect(heard(bob)).toEqual(fine.map(text))
})

test('a room’s stream that ends in the middle ends after the messages before, and before those behind', async () => {
  const { id: own } = await alice.sub('stream-room-messages', general)
  const before = Array.from({ length: 5 }, (_, n) => saying({ msg: text(n) }))
  const after = Array.from({ length: 5 }, (_, n) => saying({ msg: text(5 + n) }))
  const asked = [...before, { id: own, frame: { msg: 'unsub', id: own } }, ...after]
  const frames = await together(alice, asked)
  expectInOrder(frames, asked)
  await bob.event('room-messages', ([{ msg }]) => msg === text(9))
  expect([heard(alice), heard(bob).length]).toEqual([[0, 1, 2, 3, 4].map(text), 10])
  const shown = frames.filter(({ msg }) => msg === 'changed' || msg === 'nosub').map(({ msg }) => msg)
  expect(shown.indexOf('nosub')).toBe(5)
  // And the other way about.
  round += 1
  const sub = {
    id: 'again',
    frame: { msg: 'sub', id: 'again', name: 'stream-room-messages', params: [general, false] },
  }
  const more = [saying({ msg: text(0) }), sub, saying({ msg: text(1) })]
  expectInOrder(await together(alice, more), more)
  await alice.event('room-messages', ([{ msg }]) => msg === text(1))
  expect(heard(alice)).toEqual([text(1)])
})

test('who joins in the middle is let in to what follows, and who leaves to what came before', async () => {
  const carol = await Ddp.as(server.url, 'carol')
  const { _id: rid } = (await alice.call('createPrivateGroup', `pipelined-${round}`, ['bob'])) as Frame
  const say = (n: number) => asking('sendMessage', { rid, msg: text(n) })
  const added = asking('addUsersToRoom', { rid, users: ['carol'] })
  const removed = asking('removeUserFromRoom', { rid, username: 'bob' })
  const asked = [say(0), added, say(1), removed, say(2)]
  const frames = await together(alice, asked)
  expectInOrder(frames, asked)
  const { messages } = (await alice.call('loadHistory', rid, null, 50)) as Frame
  const log = messages.map(({ t, msg }: Frame) => t ?? msg).reverse()
  expect(log.slice(log.indexOf(text(0)))).toEqual([text(0), 'au', text(1), 'ru', text(2)])

  const gone = [
    asking('sendMessage', { rid, msg: text(3) }),
    asking('leaveRoom', rid),
    asking('sendMessage', { rid, msg: text(4) }),
  ]
  const left = await together(carol, gone)
  expectInOrder(left, gone)
  expect([result(left, gone[0]?.id as string).result.msg, result(left, gone[2]?.id as string).result]).toEqual([
    text(3),
    undefined,
  ])
  carol.close()
})

test('what names a message that was sent just before finds it', async () => {
  const own = `own-${round}`
  const link = `${server.url}/channel/general?msg=quoted-${own}`
  const read = asking('loadHistory', general, null, 50)
  const asked = [
    saying({ _id: own, msg: text(0) }),
    saying({ msg: text(1), tmid: own }),
    saying({ _id: own, msg: text(0) }),
    saying({ _id: own, msg: 'something else' }),
    saying({ _id: `quoted-${own}`, msg: text(2) }),
    saying({ msg: `${text(3)} ${link}` }),
    read,
    saying({ msg: text(4) }),
    asking('deleteMessage', { _id: own }),
    saying({ _id: own, msg: text(0) }),
  ]
  const frames = await together(alice, asked)
  expectInOrder(frames, asked)
  const [first, reply, again, other, , quote, , , , late] = asked.map(({ id }) => result(frames, id))
  expect([first.result._id, reply.result.tmid]).toEqual([own, own])
  // Sent again it is the same message (L7), and of another one it is not the id.
  expect([again.result._id, again.result.ts, other.result]).toEqual([own, first.result.ts, undefined])
  expect(quote.result.attachments[0].text).toBe(text(2))
  const texts = result(frames, read.id).result.messages.map(({ msg }: Frame) => msg)
  expect(texts.filter((msg: string) => msg === text(0))).toHaveLength(1)
  expect([texts.includes(text(1)), texts.includes(text(4))]).toEqual([true, false])
  expect(late.result).toBeUndefined()
})

test('messages to several rooms keep the order of each, and their answers the order of all', async () => {
  await alice.sub('stream-room-messages', secret)
  await alice.sub('stream-room-messages', general)
  const asked = Array.from({ length: 60 }, (_, n) =>
    asking('sendMessage', { rid: n % 3 === 0 ? secret : general, msg: text(n) }),
  )
  const frames = await together(alice, asked)
  expectInOrder(frames, asked)
  await alice.until(() => heard(alice).length === 60)
  for (const [rid, fits] of [
    [secret, (n: number) => n % 3 === 0],
    [general, (n: number) => n % 3 !== 0],
  ] as const) {
    const said = alice.events('room-messages', rid).map(([{ msg }]) => msg)
    const wanted = asked.flatMap((_, n) => (fits(n) ? [text(n)] : []))
    expect(said.filter(msg => msg.startsWith(`round ${round} `))).toEqual(wanted)
  }
})

test('who sends more than is taken in a second is told so for each, and the others are answered in their order', async () => {
  let asked: ReturnType<typeof saying>[] = []
  let frames: Frame[] = []
  let refused: Frame[] = []
  // On a machine that takes more than a second for them, once more.
  while (refused.length === 0) {
    round += 1
    asked = Array.from({ length: 450 }, (_, n) => saying({ msg: text(n) }))
    frames = await together(alice, asked)
    refused = frames.filter(({ msg, error }) => msg === 'result' && error?.error === 'too-many-requests')
  }
  const rest = asked.filter(({ id }) => !refused.some(frame => frame.id === id))
  expectInOrder(
    frames.filter(frame => rest.some(({ id }) => idOf(frame) === id)),
    rest,
  )
  await bob.until(() => heard(bob).length === rest.length)
  expect(heard(bob)).toEqual(rest.map(({ frame }) => frame.params[0].msg))
})

test('what a client has sent that goes at once is there from the beginning, without holes, and others are served', async () => {
  const asked = Array.from({ length: 200 }, (_, n) => saying({ msg: text(n) }))
  for (const { frame } of asked) alice.send(frame)
  await bob.event('room-messages', ([{ msg }]) => msg === text(0))
  alice.ws.terminate()
  const next = await Ddp.as(server.url, 'alice')
  await next.call('sendMessage', { rid: general, msg: text(1_000) })
  await bob.event('room-messages', ([{ msg }]) => msg === text(1_000))
  const said = heard(bob)
  expect(said.slice(0, -1)).toEqual(asked.slice(0, said.length - 1).map((_, n) => text(n)))
  next.close()
})
