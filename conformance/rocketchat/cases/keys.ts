// The recorded cases about keys.
import { expect } from 'vitest'
import { IDS } from '../start.ts'
import { api, as, connected, sealedRoom, type Cases } from './tools.ts'

export const KEYS: Cases = {
  'RC-077': async () => {
    const keys = { private_key: 'test', public_key: 'test' }
    expect((await api('carol', 'POST', 'e2e.setUserPublicAndPrivateKeys', keys)).body).toEqual({ success: true })
    const again = await (await as('carol')).ask('e2e.setUserPublicAndPrivateKeys', keys)
    expect(again.error.error).toBe('error-keys-already-set')
  },
  'RC-078': async () =>
    expect((await api('carol', 'GET', 'e2e.fetchMyKeys')).body).toEqual({
      public_key: 'test',
      private_key: 'test',
      success: true,
    }),
  'RC-080': async () => {
    const keys = { private_key: 'b', public_key: 'b', force: true }
    expect((await api('carol', 'POST', 'e2e.setUserPublicAndPrivateKeys', keys)).body).toEqual({ success: true })
    expect((await api('carol', 'GET', 'e2e.fetchMyKeys')).body).toMatchObject({ public_key: 'b', private_key: 'b' })
  },
  'RC-081': async () => expect((await api('dave', 'GET', 'e2e.fetchMyKeys')).body).toEqual({ success: true }),
  'RC-084': async () =>
    expect((await (await connected()).ask('e2e.setUserPublicAndPrivateKeys', {})).error.error).toBe(
      'error-invalid-user',
    ),
  'RC-088': async () => expect(JSON.stringify((await api('carol', 'GET', 'me')).body)).not.toMatch(/e2e|public_key/),
  'RC-089': async () => {
    const answer = await api('dave', 'POST', 'e2e.setUserPublicAndPrivateKeys', { public_key: 'x' })
    expect([answer.status, answer.body.errorType]).toEqual([400, 'invalid-params'])
  },
  'RC-090': async () => {
    const rid = await sealedRoom(await as('alice'))
    expect((await api('alice', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'K' })).body).toEqual({ success: true })
  },
  'RC-091': async () => {
    const rid = await sealedRoom(await as('alice'))
    await api('alice', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'K' })
    for (const keyID of ['K', 'K2'])
      expect(await api('alice', 'POST', 'e2e.setRoomKeyID', { rid, keyID })).toMatchObject({
        status: 400,
        body: {
          error: 'E2E Key ID already exists [error-room-e2e-key-already-exists]',
          errorType: 'error-room-e2e-key-already-exists',
          details: { method: 'e2e.setRoomKeyID' },
        },
      })
  },
  'RC-092': async () => {
    const rid = await sealedRoom(await as('alice'))
    const answers = await Promise.all(
      (['alice', 'bob'] as const).map(name => api(name, 'POST', 'e2e.setRoomKeyID', { rid, keyID: `K-${name}` })),
    )
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 400])
    const lost = answers.find(({ status }) => status === 400)
    expect(lost?.body.errorType).toBe('error-room-e2e-key-already-exists')
  },
  'RC-093': async () => {
    const rid = await sealedRoom(await as('alice'))
    const answer = await api('mallory', 'POST', 'e2e.setRoomKeyID', { rid, keyID: 'K' })
    expect([answer.status, answer.body.error]).toEqual([400, 'Invalid room [error-invalid-room]'])
  },
  'RC-096': async () => {
    const alice = await as('alice')
    const answer = await alice.ask('e2e.setRoomKeyID', await sealedRoom(alice), 'K')
    expect(answer).toEqual({ msg: 'result', id: answer.id })
  },
  'RC-097': async () => {
    const rid = await sealedRoom(await as('alice'), ['carol', 'dave'])
    const { body } = await api('alice', 'GET', `e2e.getUsersOfRoomWithoutKey?rid=${rid}`)
    expect(body).toEqual({ users: [{ _id: IDS.carol, e2e: { public_key: 'b' } }], success: true })
  },
  'RC-099': async () => {
    const { status, body } = await api('alice', 'GET', 'e2e.getUsersOfRoomWithoutKey')
    expect([status, body.errorType]).toEqual([400, 'invalid-params'])
  },
  'RC-107': async () => {
    const { error } = await (await connected()).ask('e2e.updateGroupKey', 'R', IDS.bob, 'key')
    expect(error).toMatchObject({ error: 'error-invalid-user', details: { method: 'e2e.acceptSuggestedGroupKey' } })
  },
  'RC-114': async () => expect((await api(null, 'POST', 'e2e.updateGroupKey', {})).status).toBe(401),
  'RC-140': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await sealedRoom(alice)
    await alice.call('e2e.setRoomKeyID', rid, 'K')
    await alice.sub('stream-notify-room', `${rid}/e2e.keyRequest`)
    expect(await bob.call('e2e.requestSubscriptionKeys')).toBe(true)
    expect(await alice.event('notify-room')).toEqual(['K'])
  },
  'RC-142': async () => {
    const { error } = await (await connected()).ask('e2e.requestSubscriptionKeys')
    expect(error).toMatchObject({ error: 'error-invalid-user', details: { method: 'requestSubscriptionKeys' } })
  },
  'RC-164': async () => {
    const alice = await as('alice')
    const rid = await sealedRoom(alice, ['carol', 'dave'])
    await alice.call('e2e.setRoomKeyID', rid, 'K')
    const room = (await alice.call('rooms/get')).find((one: { _id: string }) => one._id === rid)
    expect(room.usersWaitingForE2EKeys.map((one: { userId: string }) => one.userId)).toEqual([IDS.carol])
  },
}
