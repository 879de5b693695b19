// The recorded cases about connections, methods, subscriptions and streams.
import { expect } from 'vitest'
import { Ddp } from '../ddp.ts'
import { IDS, start } from '../start.ts'
import { api, as, type Cases, connected, framed, general, opened, quiet, sealedRoom, secret, server } from './tools.ts'

export const DDP: Cases = {
  'RC-001': async () => {
    const client = await opened()
    client.send({ msg: 'connect', version: '1', support: ['1', 'pre2', 'pre1'] })
    expect(await client.until(({ msg }) => msg === 'connected')).toEqual({
      msg: 'connected',
      session: expect.any(String),
    })
  },
  'RC-002': async () => {
    const client = await opened()
    client.send({ msg: 'connect', version: 'pre2', support: ['pre2'] })
    await client.until(({ msg }) => msg === 'connected')
  },
  'RC-003': async () => {
    const client = await opened()
    client.send({ msg: 'method', method: 'login', params: [], id: '1' })
    expect(await client.untilClosed()).toBe(1002)
  },
  'RC-005': async () => {
    const [text, binary] = [await connected(), await connected()]
    text.send('this is no JSON')
    binary.ws.send(Buffer.from('{"msg":"ping"}'))
    expect([await text.untilClosed(), await binary.untilClosed()]).toEqual([1007, 1007])
  },
  'RC-007': async () => {
    const client = await framed()
    client.send({ msg: 'connect', version: '1', support: ['1'] })
    await client.until(({ msg }) => msg === 'connected')
    expect(client.controls).toEqual(['o'])
  },
  'RC-008': async () => {
    const response = await fetch(`${server.url}/sockjs/info`)
    const info = (await response.json()) as { entropy: number }
    expect(info).toEqual({ websocket: true, origins: ['*:*'], cookie_needed: false, entropy: expect.any(Number) })
    expect([response.status, Number.isInteger(info.entropy), info.entropy < 2 ** 32]).toEqual([200, true, true])
  },
  'RC-009': async () => {
    const client = await connected()
    client.send({ msg: 'ping' })
    expect(await client.until(({ msg }) => msg === 'pong')).toEqual({ msg: 'pong' })
  },
  'RC-010': async () => {
    const client = await connected()
    client.send({ msg: 'ping', id: '7' })
    expect(await client.until(({ msg }) => msg === 'pong')).toEqual({ msg: 'pong', id: '7' })
  },
  'RC-011': async () => {
    const strict = await start({ config: { rocketchat: { silence: 0.3 } } })
    try {
      const client = await Ddp.connect(strict.url)
      expect(await client.until(({ msg }) => msg === 'ping')).toEqual({ msg: 'ping' })
      expect(await client.untilClosed()).toBe(4000)
    } finally {
      await strict.remove()
    }
  },
  'RC-013': async () => {
    const client = await connected()
    client.send({ msg: 'method', id: '1' })
    expect(await client.untilClosed()).toBe(1002)
  },
  'RC-014': async () => {
    const client = await connected()
    client.send({ msg: 'method', method: 'login' })
    expect(await client.untilClosed()).toBe(1002)
  },
  'RC-015': async () => {
    const { error } = await (await as('alice')).ask('no.such.method')
    expect(error).toEqual({
      isClientSafe: true,
      error: 404,
      reason: "Method 'no.such.method' not found",
      message: "Method 'no.such.method' not found [404]",
      errorType: 'Meteor.Error',
    })
  },
  'RC-020': async () => {
    const answer = await (await as('alice')).sub('no-such-publication', 'x')
    expect(answer).toMatchObject({
      msg: 'nosub',
      error: { error: 404, reason: "Subscription 'no-such-publication' not found" },
    })
  },
  'RC-021': async () => {
    const answer = await (await as('mallory')).sub('stream-room-messages', secret)
    expect(answer).toMatchObject({ msg: 'nosub', error: { error: 'not-allowed', errorType: 'Meteor.Error' } })
  },
  'RC-022': async () => {
    expect((await (await connected()).sub('stream-notify-all', '')).error.error).toBe('invalid-event-name')
  },
  'RC-023': async () => {
    const client = await as('alice')
    const { id } = await client.sub('stream-room-messages', general, true)
    const [added, ready] = client.frames.slice(-2)
    const fields = { eventName: general }
    expect(added).toEqual({ msg: 'added', collection: 'stream-room-messages', id: 'id', fields })
    expect(ready).toEqual({ msg: 'ready', subs: [id] })
  },
  'RC-025': async () => {
    const client = await as('alice')
    const { id } = await client.sub('stream-room-messages', general)
    client.send({ msg: 'unsub', id })
    expect(await client.until(({ msg }) => msg === 'nosub')).toEqual({ msg: 'nosub', id })
  },
  'RC-026': async () => {
    const client = await as('alice')
    const before = client.frames.length
    client.send({ msg: 'unsub', id: 'zzz' })
    await client.call('e2e.fetchMyKeys')
    expect(client.frames.slice(before).map(({ msg }) => msg)).toEqual(['result', 'updated'])
  },
  'RC-029': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    await alice.sub('stream-room-messages', '__my_messages__', true)
    await bob.call('sendMessage', { rid: general, msg: 'to all of my rooms' })
    const [message, about] = await alice.event('room-messages', ([one]) => one.msg === 'to all of my rooms')
    expect(message.rid).toBe(general)
    expect(about).toEqual({ roomParticipant: true, roomType: 'c', roomName: 'general' })
  },
  'RC-030': async () => {
    const [alice, mallory] = [await as('alice'), await as('mallory')]
    await mallory.sub('stream-room-messages', '__my_messages__')
    await alice.call('sendMessage', { rid: secret, msg: 'not for everybody' })
    await quiet()
    expect(mallory.events('room-messages')).toEqual([])
  },
  'RC-031': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await sealedRoom(alice)
    const { id } = await bob.sub('stream-room-messages', rid)
    await bob.call('leaveRoom', rid)
    const before = bob.frames.length
    const content = { algorithm: 'rc.v2.aes-sha2', kid: 'k', iv: 'A'.repeat(16), ciphertext: 'A'.repeat(24) }
    await alice.call('sendMessage', { rid, t: 'e2e', content })
    await quiet()
    expect(bob.frames.slice(before)).toEqual([])
    bob.send({ msg: 'unsub', id })
    await quiet()
  },
  'RC-032': async () => {
    expect((await (await connected()).sub('stream-notify-logged', 'user-status')).error.error).toBe('not-allowed')
  },
  'RC-034': async () => {
    expect((await (await as('alice')).sub('stream-notify-user', `${IDS.bob}/message`)).error.error).toBe('not-allowed')
  },
  'RC-036': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    await alice.sub('stream-notify-user', `${IDS.alice}/e2ekeyRequest`)
    await bob.sub('stream-notify-user', `${IDS.bob}/e2ekeyRequest`)
    const answer = await alice.ask('stream-notify-room-users', `${general}/e2ekeyRequest`, general, 'keyId')
    expect(answer).not.toHaveProperty('result')
    expect(await bob.event('notify-user')).toEqual([general, 'keyId'])
    expect(alice.events('notify-user')).toEqual([])
  },
  'RC-037': async () => {
    const [mallory, alice] = [await as('mallory'), await as('alice')]
    await alice.sub('stream-notify-user', `${IDS.alice}/e2ekeyRequest`)
    expect(await mallory.call('stream-notify-room-users', `${general}/e2ekeyRequest`, general, 'k')).toBeUndefined()
    await quiet()
    expect(alice.events('notify-user')).toEqual([])
  },
  'RC-038': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    for (const client of [alice, bob]) await client.sub('stream-notify-room', `${general}/user-activity`)
    await alice.call('stream-notify-room', `${general}/user-activity`, 'alice', ['user-typing'])
    expect(await bob.event('notify-room')).toEqual(['alice', ['user-typing']])
    expect(alice.events('notify-room')).toEqual([])
  },
  'RC-039': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    await bob.sub('stream-notify-room', `${general}/user-activity`)
    await alice.call('stream-notify-room', `${general}/user-activity`, 'bob', ['user-typing'])
    await quiet()
    expect(bob.events('notify-room')).toEqual([])
  },
  'RC-042': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    await bob.sub('stream-notify-room', `${general}/deleteMessage`)
    const { _id } = await alice.call('sendMessage', { rid: general, msg: 'to be deleted' })
    await alice.call('deleteMessage', { _id })
    expect(await bob.event('notify-room', ([one]) => one?._id === _id)).toEqual([expect.objectContaining({ _id })])
  },
  'RC-044': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    const rid = await sealedRoom(alice)
    const [kind, doc] = await bob.event('notify-user', ([, one]) => one.rid === rid)
    expect([kind, doc.u._id, doc.encrypted]).toEqual(['inserted', IDS.bob, true])
  },
  'RC-045': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await sealedRoom(alice)
    await bob.sub('stream-notify-user', `${IDS.bob}/rooms-changed`)
    await alice.call('e2e.setRoomKeyID', rid, 'K')
    const [kind, doc] = await bob.event('notify-user', ([, one]) => one._id === rid)
    expect([kind, doc.e2eKeyId]).toEqual(['updated', 'K'])
  },
  'RC-047': async () => {
    const frank = await as('frank')
    await frank.sub('stream-notify-user', `${IDS.frank}/force_logout`)
    await api('frank', 'POST', 'users.logout', {})
    expect(await frank.untilClosed()).toBe(4001)
    expect(frank.events('notify-user', `${IDS.frank}/force_logout`)).toHaveLength(1)
  },
  'RC-048': async () => {
    const [alice, ada] = [await as('alice'), await as('ada')]
    await alice.sub('stream-notify-all', 'public-settings-changed')
    await ada.sub('stream-notify-logged', 'private-settings-changed')
    await api('ada', 'POST', 'settings/Message_AllowPinning', { value: true })
    const [action, setting] = await alice.event('notify-all')
    expect([action, setting]).toMatchObject(['updated', { _id: 'Message_AllowPinning', value: true }])
    expect(await ada.event('notify-logged')).toEqual([action, setting])
  },
  'RC-049': async () => {
    const [alice] = [await as('alice'), await as('erin')]
    expect((await alice.sub('stream-user-presence', '', { added: [IDS.erin] })).msg).toBe('ready')
    await api('erin', 'POST', 'users.setStatus', { status: 'away', message: 'text' })
    const told = await alice.until(({ collection, fields }) => collection === 'stream-user-presence' && fields.args[0][1] === 2)
    expect(told).toMatchObject({ msg: 'changed', id: IDS.erin })
    expect(told.fields).toEqual({ uid: IDS.erin, args: [['erin', 2, 'text']], eventName: IDS.erin })
    await api('erin', 'POST', 'users.setStatus', { status: 'online', message: '' })
  },
  'RC-050': async () => {
    const alice = await as('alice')
    const rid = await sealedRoom(alice)
    await alice.call('e2e.setRoomKeyID', rid, 'K')
    await alice.sub('stream-notify-room', `${rid}/e2e.keyRequest`)
    await alice.call('addUsersToRoom', { rid, users: ['carol'] })
    expect(await alice.event('notify-room')).toEqual(['K'])
  },
}
