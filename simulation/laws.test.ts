// The judge goes by the right clock: what it calls a fault is one, and what is one does not pass (L3).
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import { expect, test } from 'vitest'
import { blankRoom } from '../packages/server/src/room/commands/create-room.ts'
import type { RoomEvent, Sanction } from '../packages/server/src/room/events.ts'
import { Laws } from './laws.ts'
import { Model } from './model.ts'

const ROOM = '1' as RoomId
const CHANNEL = '2' as ChannelId
const WRITER = '3' as UserId
const OTHER = '4' as UserId
const ENDS = 1_000

function event(sequence: number, at: number, actor: UserId, body: RoomEvent['body']): RoomEvent {
  return {
    room: ROOM,
    sequence,
    id: String(sequence) as RoomEvent['id'],
    at,
    actor,
    body,
    erased: false,
  }
}

function sanction(kind: Sanction['kind']): Sanction {
  return { kind, user: WRITER, from: 0, until: ENDS, reason: '', by: OTHER }
}

/** Judges a message for which a node decided at one time, and which the log holds under another. */
function judges(where: 'room' | 'account' | 'channel', kind: Sanction['kind'], at: number, logged: number): void {
  const model = new Model()
  const laws = new Laws(model, false)
  const held = (here: typeof where): Sanction[] => (where === here ? [sanction(kind)] : [])
  const blank = { roles: [], info: {}, attributes: {}, invisible: false, excluded: [] } as const
  const names = { username: 'w', name: 'W', dinoName: 'w' }
  const account = { id: WRITER, ...names, ...blank, active: true, sanctions: held('account') }
  model.accounts.set(WRITER, { version: 1, value: account as never })
  const channel = { id: CHANNEL, name: 'c', sort: 0, tags: [], owners: [], admins: [], acls: [] }
  model.channels.set(CHANNEL, { version: 1, value: { ...channel, sanctions: held('channel') } as never })
  const named = { suite: 'none', kind: 'public', name: 'r', members: [WRITER], owners: [OTHER] } as const
  const created = { type: 'room.created', channel: CHANNEL, ...blankRoom(named) } as unknown as RoomEvent['body']
  const first = event(1, 1, OTHER, created)
  const room = model.begin(first)
  model.take(room, first, { rotates: false, lockstep: false })
  for (const one of held('room'))
    model.take(room, event(2, 2, OTHER, { type: 'sanction.set', sanction: one } as RoomEvent['body']), {
      rotates: false,
      lockstep: false,
    })
  const body = { type: 'message', messageId: null, content: { suite: 'none', text: 'hello' } }
  laws.lawful(room, event(3, logged, WRITER, body as RoomEvent['body']), { at, now: at, first: 2 })
}

test.each(['mute', 'ban'] as const)('a %s in a room ends by the log, in which time does not go back', kind => {
  // A node whose clock is ahead wrote before: seed 982 found this.
  expect(() => judges('room', kind, ENDS - 300, ENDS)).not.toThrow()
  expect(() => judges('room', kind, ENDS - 300, ENDS - 1)).toThrow(/^L3/)
})

test.each(['account', 'channel'] as const)('what holds beyond a room (%s) ends when it was decided on', where => {
  for (const kind of ['mute', 'ban'] as const) {
    expect(() => judges(where, kind, ENDS, ENDS)).not.toThrow()
    expect(() => judges(where, kind, ENDS - 1, ENDS)).toThrow(/^L3/)
  }
})
