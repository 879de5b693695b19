// What travels between nodes: every message comes back as it was, with references for what is looked up; what cannot be
// read, whoever sent it, is nothing.
import type { ChannelId, EventId, RoomId, UserId } from '@conclave/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fold } from '../../room/apply.ts'
import { blankRoom } from '../../room/commands/create-room.ts'
import type { RoomEvent, Sanction } from '../../room/events.ts'
import type { Account, Channel } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'
import type { BusMessage } from '../bus.ts'
import { decode, encodeHeads, encodeMessage, type Told } from './codec.ts'

const MOST = 64 * 1024
const id = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map(String)
const text = fc.string({ unit: 'binary', maxLength: 50 })
const user = id.map(one => one as UserId)
const roomId = id.map(one => one as RoomId)
const time = fc.nat({ max: 2_000_000_000 })
const orNull = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(one, { nil: null })

const state: fc.Arbitrary<RoomState> = fc
  .record({ id: roomId, control: fc.nat(), name: text })
  .map(({ id, control, name }) => {
    const room = blankRoom({ suite: 'none', kind: 'static', name, members: ['1' as UserId] })
    const body = { type: 'room.created', channel: '5' as ChannelId, ...room } as const
    const event: RoomEvent = { room: id, sequence: 1, id: '1' as EventId, at: 1, actor: null, body }
    return { ...(fold(undefined, [event]) as RoomState), control }
  })
const account = fc.record({ id: user, version: fc.nat(), username: text }).map(
  fields =>
    ({
      ...fields,
      name: 'a name',
      dinoName: '',
      active: true,
      roles: [],
      sanctions: [],
      attributes: { secret: 'stays here' },
      info: {},
      invisible: false,
      excluded: [],
    }) satisfies Account,
)
const channel = fc
  .record({ id: id.map(one => one as ChannelId), version: fc.nat(), name: text })
  .map(fields => ({ ...fields, sort: 1, tags: [], owners: [], admins: [], acls: [], sanctions: [] }) satisfies Channel)
const session = fc.record({
  id: text,
  user,
  wire: fc.constantFrom('dino', 'rocketchat', 'xchat'),
  token: orNull(text),
}) as fc.Arbitrary<Extract<BusMessage, { kind: 'entered' }>['session']>
const sanction: fc.Arbitrary<Sanction> = fc.record({
  kind: fc.constantFrom('ban', 'mute'),
  user,
  from: time,
  until: orNull(time),
  reason: text,
  by: orNull(user),
})
const event: fc.Arbitrary<RoomEvent> = fc.record({
  room: roomId,
  sequence: fc.integer({ min: 1 }),
  id: id.map(one => one as EventId),
  at: time,
  actor: orNull(user),
  body: text.map(text => ({ type: 'message' as const, messageId: text, content: { suite: 'none' as const, text } })),
})
const json = fc.jsonValue({ maxDepth: 3 }).map(value => JSON.parse(JSON.stringify(value)) as unknown)

/** Every kind of message. The type says when one is missing. */
const MESSAGES: { readonly [K in BusMessage['kind']]: fc.Arbitrary<Extract<BusMessage, { kind: K }>> } = {
  event: fc
    .record({ event, room: state, formerName: orNull(text), channel, actor: orNull(account), origin: orNull(text) })
    .map(delivery => ({ kind: 'event', delivery })),
  entered: fc.record({ kind: fc.constant('entered'), room: state, session, account, again: fc.boolean() }),
  left: fc.record(
    { kind: fc.constant('left'), room: state, session, account, putOut: fc.constantFrom('kicked', 'banned') },
    { requiredKeys: ['kind', 'room', 'session', 'account'] },
  ),
  sanctioned: fc.record({
    kind: fc.constant('sanctioned'),
    sanction,
    scope: fc.constantFrom('room', 'channel', 'global'),
    lifted: fc.boolean(),
    room: orNull(state),
    channel: orNull(channel),
    account,
    actor: orNull(account),
    summary: text,
    rooms: fc.array(roomId, { maxLength: 5 }),
  }),
  expired: fc.record({
    kind: fc.constant('expired'),
    room: state,
    at: time,
    messages: fc.array(fc.record({ id: id.map(one => one as EventId), messageId: orNull(text) }), { maxLength: 5 }),
  }),
  kicked: fc.record({ kind: fc.constant('kicked'), room: state, account, actor: orNull(account), reason: text }),
  typing: fc.record({ kind: fc.constant('typing'), room: roomId, account }),
  presence: fc.record({ kind: fc.constant('presence'), user }),
  notifications: fc.record({ kind: fc.constant('notifications'), room: state }),
  receipt: fc.record({ kind: fc.constant('receipt'), room: roomId, user, read: fc.boolean() }),
  signal: fc.record({
    kind: fc.constant('signal'),
    name: text,
    room: orNull(roomId),
    from: orNull(session),
    args: fc.array(json, { maxLength: 4 }),
  }),
  end: fc.record({
    kind: fc.constant('end'),
    token: orNull(text),
    user: orNull(user),
    wire: orNull(text),
    reason: text,
  }),
  changed: fc.record({
    kind: fc.constant('changed'),
    of: fc.constantFrom('account', 'channel', 'keys', 'document'),
    id: text,
  }),
} as never

const REFERRED = new Set(['room', 'channel', 'account', 'actor'])

/** As it is to arrive. */
function expected(message: BusMessage): unknown {
  const { kind, ...rest } = message.kind === 'event' ? { kind: 'event', ...message.delivery } : message
  const fields = Object.entries(rest).map(([name, value]) => {
    if (!REFERRED.has(name) || value === null || typeof value !== 'object') return [name, value]
    const { id, control, version } = value as { id: string; control?: number; version?: number }
    return [name, control === undefined ? { id, version } : { id, control }]
  })
  const sequence = message.kind === 'event' ? { sequence: message.delivery.event.sequence } : {}
  return { kind, ...sequence, ...Object.fromEntries(fields) }
}

function bytesOf(message: BusMessage): Uint8Array {
  const bytes = encodeMessage(message, MOST)
  if (!bytes) throw new Error('it is too large')
  return bytes
}

describe('what travels between nodes', () => {
  for (const [kind, messages] of Object.entries(MESSAGES))
    test(`${kind} comes back as it was, and takes no state along`, () => {
      fc.assert(
        fc.property(messages as fc.Arbitrary<BusMessage>, message => {
          const bytes = bytesOf(message)
          expect(decode(bytes)).toEqual(expected(message))
          expect(Buffer.from(bytes).toString()).not.toContain('stays here')
        }),
      )
    })

  test('heads come back', () => {
    const heads: readonly (readonly [RoomId, number])[] = [['12' as RoomId, 3]]
    expect(decode(encodeHeads(heads))).toEqual({ kind: 'heads', heads })
  })

  test('a message is read out of the middle of what a connection has read', () => {
    const bytes = bytesOf({ kind: 'presence', user: '7' as UserId })
    const read = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('after')])
    expect(decode(read.subarray(6, 6 + bytes.byteLength))).toEqual({ kind: 'presence', user: '7' })
  })

  test('an event that is too large travels without its content, and anything else not at all', () => {
    const [large] = fc.sample(MESSAGES.event, 1)
    if (!large) throw new Error('no sample')
    const { delivery } = large
    const content = { suite: 'none' as const, text: 'x'.repeat(MOST) }
    const body = { type: 'message' as const, messageId: null, content }
    const bytes = encodeMessage({ kind: 'event', delivery: { ...delivery, event: { ...delivery.event, body } } }, MOST)
    expect(bytes?.byteLength).toBeLessThan(MOST)
    const told = decode(bytes as Uint8Array) as Extract<Told, { kind: 'event' }>
    expect([told.event, told.sequence]).toEqual([null, delivery.event.sequence])
    const signal = { kind: 'signal', name: 'x'.repeat(MOST), room: null, from: null, args: [] } as const
    expect(encodeMessage(signal, MOST)).toBeUndefined()
  })

  test('a kind or a form of another version, and what is no message, is nothing', () => {
    for (const sent of [
      '1{"kind":"newer"}',
      '1{"kind":"constructor"}',
      '2{"kind":"presence","user":"7"}',
      '1',
      '',
      '1null',
      '1[]',
      '1{"kind":',
      '1"x"',
    ])
      expect(decode(Buffer.from(sent))).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        expect(decode(bytes)).toBeUndefined()
      }),
    )
  })

  test('what a newer version says besides is left alone', () => {
    expect(decode(Buffer.from('1{"kind":"presence","user":"7","more":{"x":1}}'))).toMatchObject({
      kind: 'presence',
      user: '7',
    })
  })
})
