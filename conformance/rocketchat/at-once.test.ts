// Several things done to one message at once, over both transports: each acked one happened, none twice (L6, L7).
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp, type Frame, rest } from './ddp.ts'
import { IDS, type Name, start, tokenOf } from './start.ts'

let server: TestServer
let general: string
let alice: Ddp
let bob: Ddp

beforeAll(async () => {
  server = await start()
  general = server.rooms.general as string
  alice = await Ddp.as(server.url, 'alice')
  bob = await Ddp.as(server.url, 'bob')
})
afterAll(async () => {
  alice?.close()
  bob?.close()
  await server?.remove()
})

const api = (name: Name, verb: 'GET' | 'POST', path: string, body?: unknown) =>
  rest(server.url, { id: IDS[name], token: tokenOf(name) }, verb, `v1/${path}`, body)
const history = async (): Promise<Frame[]> => (await alice.call('loadHistory', general, null, 200)).messages

test('one id sent many times over both is one message, and nobody else takes it', async () => {
  const message = { _id: 'sent-at-once', rid: general, msg: 'once' }
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      n % 2 === 0
        ? alice.ask('sendMessage', message).then(({ result }) => result?._id)
        : api('alice', 'POST', 'chat.sendMessage', { message }).then(({ body }) => body.message?._id),
    ),
  )
  expect(new Set(answers)).toEqual(new Set(['sent-at-once']))
  expect((await history()).filter(({ _id }) => _id === 'sent-at-once')).toHaveLength(1)
  for (const other of [
    { ...message, msg: 'twice' },
    { ...message, tmid: 'x' },
  ])
    expect((await api('alice', 'POST', 'chat.sendMessage', { message: other })).status).toBe(400)
  expect((await api('bob', 'POST', 'chat.sendMessage', { message })).status).toBe(400)
})

test('whoever has gone from a room gets no first answer again', async () => {
  const { body } = await api('alice', 'POST', 'groups.create', { name: 'gone-from', members: ['bob'] })
  const rid = body.group._id
  const message = { _id: 'said-before-going', rid, msg: 'mine' }
  expect((await api('bob', 'POST', 'chat.sendMessage', { message })).status).toBe(200)
  expect((await api('alice', 'POST', 'groups.kick', { roomId: rid, userId: IDS.bob })).status).toBe(200)
  await api('alice', 'POST', 'chat.update', { roomId: rid, msgId: message._id, text: 'said later' })
  const again = await api('bob', 'POST', 'chat.sendMessage', { message })
  expect([again.status, JSON.stringify(again.body).includes('said later')]).toEqual([400, false])
  expect((await bob.ask('sendMessage', message)).error).toBeDefined()
})

test('edits, reactions and a deletion at once leave nothing of the message', async () => {
  for (let round = 0; round < 10; round++) {
    const { body } = await api('alice', 'POST', 'chat.sendMessage', {
      message: { rid: general, msg: `first ${round}` },
    })
    const { _id } = body.message
    const edit = (n: number) =>
      api('alice', 'POST', 'chat.update', { roomId: general, msgId: _id, text: `remains ${n}` })
    await Promise.all([
      edit(1),
      api('bob', 'POST', 'chat.react', { messageId: _id, emoji: 'wave', shouldReact: true }),
      alice.ask('deleteMessage', { _id }),
      edit(2),
      bob.ask('setReaction', ':wave:', _id, true),
      alice.ask('starMessage', { _id, rid: general, starred: true }),
    ])
    expect((await api('alice', 'GET', `chat.getMessage?msgId=${_id}`)).status).toBe(400)
    expect(JSON.stringify(await history())).not.toContain('remains')
    expect((await api('alice', 'GET', `chat.search?roomId=${general}&searchText=remains`)).body.messages).toEqual([])
    expect((await api('alice', 'GET', `chat.getStarredMessages?roomId=${general}`)).body.total).toBe(0)
  }
})

test('a reaction that is acked is there, and nobody fills a message up for the others', async () => {
  const { body } = await api('alice', 'POST', 'chat.sendMessage', { message: { rid: general, msg: 'much loved' } })
  const { _id } = body.message
  const shown: string[] = []
  for (let n = 0; n < 60; n++) {
    const { error } = await bob.ask('setReaction', `e${n}`, _id, true)
    if (!error) shown.push(`:e${n}:`)
  }
  expect(shown.length).toBe(50)
  const twice = await Promise.all([1, 2, 3].map(() => alice.ask('setReaction', 'wave', _id, true)))
  expect(twice.every(({ error }) => error === undefined)).toBe(true)
  const { reactions } = (await api('alice', 'GET', `chat.getMessage?msgId=${_id}`)).body.message
  expect(reactions[':wave:'].usernames).toEqual(['alice'])
  expect(Object.keys(reactions).sort()).toEqual([...shown, ':wave:'].sort())
})
