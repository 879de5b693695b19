// Whoever blocks the other of a direct room hears nothing more of them there, until they end it themselves.

import { expect, test } from 'vitest'
import { DinoClient } from '../dino/client.ts'
import { stage } from './stage.ts'
import { IDS, type Name, tokenOf } from './start.ts'

const on = stage()
const { as, api } = on

const subscription = async (name: Name, roomId: string) =>
  (await api(name, 'GET', `subscriptions.getOne?roomId=${roomId}`)).body.subscription
const send = async (name: Name, rid: string) => {
  const { status, body } = await api(name, 'POST', 'chat.sendMessage', { message: { rid, msg: 'hello' } })
  return [status, body.error]
}

test('neither writes while either blocks the other, and each ends only their own', async () => {
  const [alice, bob] = [await as('alice'), await as('bob')]
  const { rid } = await alice.call('createDirectMessage', 'bob')
  expect(await send('bob', rid)).toEqual([200, undefined])
  await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
  expect(await alice.call('blockUser', { rid, blocked: IDS.bob })).toBe(true)
  await bob.event('notify-user', ([, shown]) => shown.rid === rid && shown.blocked === true)
  const held = await subscription('alice', rid)
  expect([held.blocker, held.blocked]).toEqual([true, undefined])
  for (const name of ['alice', 'bob'] as const) expect(await send(name, rid)).toEqual([400, 'room_is_blocked'])
  expect(await bob.call('unblockUser', { rid, blocked: IDS.alice })).toBe(true)
  expect(await send('bob', rid)).toEqual([400, 'room_is_blocked'])
  expect(await api('alice', 'POST', 'im.blockUser', { roomId: rid, block: false })).toMatchObject({
    status: 200,
    body: { success: true },
  })
  expect(await send('bob', rid)).toEqual([200, undefined])
  expect(await subscription('bob', rid)).not.toHaveProperty('blocked')
})

test('a block holds on the other wires, and for what is done to messages that were sent before', async () => {
  const alice = await as('alice')
  const { rid } = await alice.call('createDirectMessage', 'carol')
  const { body } = await api('carol', 'POST', 'chat.sendMessage', { message: { rid, msg: 'before' } })
  await alice.call('blockUser', { rid, blocked: IDS.carol })
  const react = { messageId: body.message._id, emoji: ':smile:' }
  const update = { roomId: rid, msgId: body.message._id, text: 'after' }
  expect((await api('carol', 'POST', 'chat.react', react)).status).toBe(400)
  expect((await api('carol', 'POST', 'chat.update', update)).status).toBe(400)
  const dino = await DinoClient.open(on.server.url)
  expect((await dino.login(IDS.carol, 'CAROL', tokenOf('carol'))).code).toBe(200)
  const say = () =>
    dino.request('message', {
      verb: 'send',
      target: { id: IDS.alice, objectType: 'private' },
      object: { content: Buffer.from('hello').toString('base64'), objectType: 'private' },
    })
  expect((await say()).code).toBe(705)
  await alice.call('unblockUser', { rid, blocked: IDS.carol })
  expect((await say()).code).toBe(200)
  dino.close()
})

test('strangers, rooms of more than two and oneself: nobody is blocked, and nobody learns anything', async () => {
  const [alice, mallory] = [await as('alice'), await as('mallory')]
  const { rid } = await alice.call('createDirectMessage', 'dave')
  const unknown = (await mallory.ask('blockUser', { rid: 'nothing', blocked: IDS.alice })).error
  for (const [client, given] of [
    [mallory, { rid, blocked: IDS.alice }],
    [alice, { rid, blocked: IDS.alice }],
    [alice, { rid, blocked: IDS.mallory }],
    [alice, { rid: on.server.rooms.secret, blocked: IDS.bob }],
  ] as const)
    expect((await client.ask('blockUser', given)).error).toEqual(unknown)
  expect(unknown).toMatchObject({ error: 'error-invalid-room' })
  for (const wrong of [{}, { rid }, { rid, blocked: 7 }, null])
    expect((await alice.ask('blockUser', wrong)).error).toMatchObject({ error: 400 })
  expect(await send('dave', rid)).toEqual([200, undefined])
})
