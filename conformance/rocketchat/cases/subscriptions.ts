// The recorded cases about what a user keeps of their rooms.
import { expect } from 'vitest'
import { api, as, general, type Cases } from './tools.ts'

export const SUBSCRIPTIONS: Cases = {
  'RC-185': async () => {
    const alice = await as('alice')
    expect(await alice.call('subscriptions/get', { $date: 0 })).toEqual({ update: expect.any(Array), remove: [] })
    expect(await alice.call('subscriptions/get')).toEqual(expect.any(Array))
  },
  'RC-186': async () => {
    const alice = await as('alice')
    expect(await alice.call('rooms/get', { $date: 0 })).toEqual({ update: expect.any(Array), remove: [] })
    const rooms = await alice.call('rooms/get')
    expect(rooms).toContainEqual(expect.objectContaining({ _id: general, t: 'c', name: 'general', fname: 'general' }))
  },
  'RC-192': async () => {
    // Over DDP as the real server falls over; REST says it (conformance/rocketchat/subscriptions.test.ts).
    expect((await (await as('carol')).ask('readMessages', general)).error.error).toBe(500)
    expect((await api('carol', 'POST', 'subscriptions.read', { rid: general })).body.error).toBe(
      'error-invalid-subscription',
    )
  },
}
