// The recorded cases about rooms.
import { expect } from 'vitest'
import { as, type Cases, sealedRoom } from './tools.ts'

export const ROOMS: Cases = {
  'RC-190': async () => {
    const alice = await as('alice')
    const rid = await sealedRoom(alice, [])
    const { error } = await alice.ask('muteUserInRoom', { rid, username: 'bob' })
    expect(error).toMatchObject({
      error: 'error-user-not-in-room',
      reason: 'User is not in this room',
      details: { method: 'muteUserInRoom' },
    })
  },
}
