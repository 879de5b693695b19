// The recorded cases about messages.
import { expect } from 'vitest'
import { IDS } from '../start.ts'
import { api, as, general, sealedRoom, secret, type Cases } from './tools.ts'

export const MESSAGES: Cases = {
  'RC-042': async () => {
    const bob = await as('bob')
    await bob.sub('stream-notify-room', `${general}/deleteMessage`)
    const { body } = await api('alice', 'POST', 'chat.sendMessage', { message: { rid: general, msg: 'to be deleted' } })
    await (await as('alice')).call('deleteMessage', { _id: body.message._id })
    expect(await bob.event('notify-room')).toEqual([{ _id: body.message._id }])
  },
  'RC-167': async () => {
    const rid = await sealedRoom(await as('alice'))
    const { status, body } = await api('alice', 'POST', 'chat.sendMessage', { message: { rid, msg: 'plain' } })
    expect([status, body.success, body.errorType]).toEqual([400, false, 'error-not-allowed'])
  },
  'RC-169': async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await sealedRoom(alice)
    await bob.sub('stream-room-messages', rid)
    const content = { algorithm: 'rc.v2.aes-sha2', kid: 'k', iv: 'A'.repeat(16), ciphertext: 'A'.repeat(24) }
    const message = { _id: 'X', rid, t: 'e2e', e2e: 'pending', content }
    const { status, body } = await api('alice', 'POST', 'chat.sendMessage', { message })
    expect([status, body.success]).toEqual([200, true])
    expect(body.message).toMatchObject({ _id: 'X', t: 'e2e', msg: '', content, ts: expect.stringMatching(/^\d{4}-/) })
    expect((await bob.event('room-messages'))[0]).toMatchObject({ _id: 'X', content, msg: '' })
  },
  'RC-171': async () => {
    const message = { _id: 'sent-twice', rid: general, msg: 'once' }
    const first = await api('alice', 'POST', 'chat.sendMessage', { message })
    expect(await api('alice', 'POST', 'chat.sendMessage', { message })).toEqual(first)
    const other = await api('alice', 'POST', 'chat.sendMessage', { message: { ...message, msg: 'twice' } })
    const foreign = await api('bob', 'POST', 'chat.sendMessage', { message })
    expect([other.status, foreign.status]).toEqual([400, 400])
  },
  'RC-173': async () => {
    const { status, body } = await api('alice', 'POST', 'chat.sendMessage', {})
    expect([status, body.error]).toEqual([400, 'The "message" parameter must be provided. [error-invalid-params]'])
  },
  'RC-175': async () => {
    const alice = await as('alice')
    await alice.sub('stream-notify-user', `${IDS.alice}/message`)
    const ts = { $date: Date.now() - 120_000 }
    const answer = await alice.ask('sendMessage', { rid: general, msg: 'late', ts })
    expect(answer).toEqual({ msg: 'result', id: answer.id })
    expect((await alice.event('notify-user'))[0]).toMatchObject({
      rid: general,
      private: true,
      u: { _id: 'rocket.cat' },
    })
    const late = await api('alice', 'POST', 'chat.sendMessage', { message: { rid: general, msg: 'late', ts } })
    expect([late.status, late.body.errorType]).toEqual([400, 'error-message-ts-out-of-sync'])
  },
  'RC-179': async () => {
    const { status, body } = await api('mallory', 'POST', 'chat.sendMessage', { message: { rid: secret, msg: 'hi' } })
    expect([status, body.errorType]).toEqual([400, 'error-not-allowed'])
  },
  'RC-187': async () => {
    const mallory = await as('mallory')
    expect([await mallory.call('loadHistory', secret), await mallory.call('loadHistory', 'foreign')]).toEqual([
      false,
      false,
    ])
  },
  'RC-188': async () => {
    const result = await (await as('alice')).call('loadHistory', general, null, 50, { $date: 0 })
    expect(result.unreadNotLoaded).toBe(0)
    const times = result.messages.map(({ ts }: { ts: { $date: number } }) => ts.$date)
    expect(times).toEqual([...times].sort((a, b) => b - a))
  },
}
