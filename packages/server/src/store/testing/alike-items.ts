// What is tried on two stores at once, whose ids differ: an event stands in an item as `@room/sequence` (`mark`), and what is
// known of a document's version is asked of each store by itself.
import type { EventId, RoomId } from '@conclave/wire'
import fc from 'fast-check'
import type { EventBody, RoomEvent } from '../../room/events.ts'
import { isControl } from '../../room/events.ts'
import type { Guard, Item, Row } from '../store.ts'
import {
  account,
  added,
  append,
  asked,
  channel,
  created,
  deleted,
  fading,
  message,
  publicKey,
  removed,
  role,
  room,
  rotated,
  token,
  turnedAway,
  user,
  whisper,
} from './items.ts'

export const ROOMS = ['2070276095283454999', '2070276095283455000', '2070276095283455001', '7'].map(room)
export const USERS = ['1', '2', '3', '12', '9223372036854775807'].map(user)
export const NAMES = ['Alpha', 'ALPHA', 'Béta', 'béTA']
export const KEYS = ['a', 'b', 'c', 'é', 'z\u0000z']

/** A version that nothing has. */
const NEVER = 999_999_999

/** Where an event stands, in place of its id. */
export function mark(of: RoomId, sequence: number): EventId {
  return `@${of}/${sequence}` as EventId
}

const MESSAGES = ['message', 'said', 'whisper', 'fading', 'file', 'reply', 'reply', 'naming'] as const
const CHANGES = ['edit', 'react', 'react', 'pin', 'follow', 'delete', 'sweep'] as const
const CONTROLS = [
  ...['add', 'add', 'remove', 'rotate', 'role', 'ask', 'reject', 'rename', 'configure', 'switch', 'discuss', 'team'],
  ...['ban', 'acls', 'gone'],
] as const
const ROWS = [
  ...['cursor', 'acks', 'acks', 'hide', 'hide', 'hide', 'star', 'star', 'keep', 'keep', 'seen'],
  ...[
    'account',
    'password',
    'token',
    'app',
    'channel',
    'key',
    'pair',
    'ref',
    'word',
    'meta',
    'outgoing',
    'document',
    'document',
  ],
] as const

function seldom<const T>(...values: readonly T[]): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...values) })
}

export const attempt = fc.record({
  what: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<string>(...MESSAGES) },
    { weight: 4, arbitrary: fc.constantFrom<string>(...CHANGES) },
    { weight: 3, arbitrary: fc.constantFrom<string>(...CONTROLS) },
    { weight: 4, arbitrary: fc.constantFrom<string>(...ROWS) },
  ),
  /** A row beside the events. */
  beside: fc.option(fc.constantFrom<string>(...ROWS), { nil: null, freq: 3 }),
  // Much of it happens to few, so that it meets.
  room: fc.constantFrom(0, 0, 0, 0, 0, 1, 1, 2, 3),
  who: fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3, 4),
  other: fc.constantFrom(0, 0, 1, 1, 2, 3, 4),
  picks: fc.array(fc.nat(60), { minLength: 2, maxLength: 5 }),
  on: fc.boolean(),
  /** Most have seen the newest control sequence; some an older one. */
  late: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1),
  key: seldom(...range(30)),
  claim: seldom(0, 1, 2, 3),
  release: seldom(0, 1, 2, 3),
  guard: seldom('account', 'channel', 'keys', 'document'),
})
export type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never

/** ms that pass before it. */
export const batch = fc.record({
  ms: fc.constantFrom(0, 0, 1, 7, 400),
  attempts: fc.array(attempt, { minLength: 1, maxLength: 8, size: 'max' }),
})
export const history = fc.record({
  batches: fc.array(batch, { minLength: 1, maxLength: 16, size: 'max' }),
  salt: fc.nat(),
})
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never

/** What was acknowledged, as far as what comes next refers to it. */
export class Told {
  readonly logs = new Map<RoomId, RoomEvent[]>(ROOMS.map(id => [id, []]))
  readonly #ahead = new Map<RoomId, { sequence: number; control: number }>()
  #outgoing = 0

  take(events: readonly RoomEvent[]): void {
    for (const event of events) this.logs.get(event.room)?.push(event)
    this.#ahead.clear()
  }

  log(id: RoomId): readonly RoomEvent[] {
    return this.logs.get(id) ?? []
  }

  head(id: RoomId): { sequence: number; control: number } {
    const log = this.log(id)
    return { sequence: log.length, control: log.findLast(({ body }) => isControl(body))?.sequence ?? 0 }
  }

  /** A guard's version below 0 stands for the newest, which each store gives by itself. */
  item(each: Attempt, now: number): Item {
    const id = ROOMS[each.room] as RoomId
    const head = this.#ahead.get(id) ?? this.head(id)
    const unborn = this.log(id).length === 0
    const bodies = unborn ? begun(each, id, now) : bodiesOf(each, this.log(id), now)
    const rows = [each.what, ...(each.beside === null ? [] : [each.beside])].flatMap(what =>
      this.#rows(what, each, now),
    )
    const guards: Guard[] = each.guard === null ? [] : [this.#guard(each.guard, each)]
    if (bodies.length === 0) return { guards, append: null, rows }
    const control = unborn ? 0 : Math.max(0, head.control - each.late)
    const given = append(id, control, bodies, {
      at: now - (each.picks[0] as number),
      actor: each.picks[1] === 0 ? null : by(each),
      messageKeys: each.key === null ? [] : [{ key: `key ${each.key}`, digest: each.what, by: by(each) }],
      claims: each.claim === null ? [] : [{ space: 'name', key: `claim ${each.claim}` }],
      releases: each.release === null ? [] : [{ space: 'name', key: `claim ${each.release}` }],
    })
    const after = { ...head }
    for (const body of bodies) {
      after.sequence += 1
      if (isControl(body)) after.control = after.sequence
    }
    this.#ahead.set(id, after)
    return { ...given, guards, rows }
  }

  #guard(of: Guard['of'], each: Attempt): Guard {
    const id = of === 'channel' ? '5' : of === 'document' ? `media.medium/${keyOf(each)}` : by(each)
    return { of, id, version: each.late === 0 ? -1 : NEVER }
  }

  #rows(what: string, each: Attempt, now: number): Row[] {
    const [id, who, [one = 0, two = 0]] = [ROOMS[each.room] as RoomId, by(each), each.picks]
    const length = Math.max(1, this.log(id).length)
    const sequences = each.picks.map(pick => 1 + (pick % (length + 1)))
    const sequence = sequences[0] as number
    const here = { room: id, user: who } as const
    switch (what) {
      case 'cursor':
        return [{ put: 'cursor', ...here, sequence: Math.min(sequence, length), at: now }]
      case 'acks':
        return [{ put: 'acks', ...here, status: each.on ? 2 : 1, sequences }]
      case 'hide':
        // Close to each other and to the beginning, so that stretches grow together.
        return [
          { put: 'hidden', ...here, sequences: each.picks.map(pick => 1 + (((one % 9) + (pick % 6)) % (length + 1))) },
        ]
      case 'star':
        return [{ put: 'star', ...here, sequence, on: two % 4 !== 0, at: now }]
      case 'keep':
        return [kept(each, id, sequence, now)]
      case 'seen':
        return [{ put: 'seen', user: who, at: now - one }]
      case 'sweep':
        // Of what is there: none names what it appends itself.
        return [{ erase: 'expired', room: id, sequences: range(this.log(id).length), at: now }]
      case 'account':
        return [
          account(who, { username: NAMES[one % 4] as string, email: each.on ? `${NAMES[two % 4]}@example.org` : null }),
        ]
      case 'password':
        return [{ put: 'password', user: who, hash: each.on ? `hash ${one}` : null }]
      case 'token': {
        const held = token(keyOf(each), {
          id: `id ${one % 3}`,
          user: each.on ? who : null,
          expiresAt: two % 2 ? null : now,
        })
        return [two % 4 === 0 ? { drop: 'token', hash: keyOf(each) } : { put: 'token', token: held }]
      }
      case 'app':
        return [{ put: 'app', app: { id: keyOf(each), secret: `s ${one}`, owner: who, redirects: [`r ${two}`] } }]
      case 'channel':
        return [channel(each.on ? '5' : '6', { name: NAMES[one % 4] as string, sort: two })]
      case 'key':
        return [{ put: 'publicKey', user: who, key: publicKey(`${one % 9}`) }]
      case 'pair': {
        const pair = each.on ? { publicKey: `public ${one}`, privateKey: `private ${two}` } : null
        return [{ put: 'keyPair', user: who, pair, at: now, fingerprint: each.on ? `print ${one}` : '' }]
      }
      case 'ref':
        return [{ put: 'ref', kind: each.on ? 'room' : 'channel', ref: keyOf(each), id }]
      case 'word':
        return [{ [two % 3 === 0 ? 'drop' : 'put']: 'word', word: NAMES[one % 4] } as Row]
      case 'meta':
        return [{ put: 'meta', key: keyOf(each), value: `${one}` }]
      case 'outgoing':
        return this.#outgoings(each, id, now)
      case 'document':
        return [document(each, id, now)]
      default:
        return []
    }
  }

  #outgoings(each: Attempt, id: RoomId, now: number): Row[] {
    const [one = 0, two = 0] = each.picks
    const known = `${1000 + (one % Math.max(1, this.#outgoing))}`
    const dueAt = each.on ? now + two : null
    if (two % 4 === 0) return [{ drop: 'outgoing', id: known }]
    if (two % 4 === 1) return [{ change: 'outgoing', id: known, attempts: one, dueAt, error: keyOf(each) }]
    const place = each.picks.length % 2 ? { room: id, sequence: one } : { room: null, sequence: null }
    const outgoing = {
      id: `${1000 + this.#outgoing++}`,
      to: keyOf(each),
      at: now,
      verb: each.what,
      body: '{}',
      ...place,
    }
    return [{ put: 'outgoing', outgoing: { ...outgoing, attempts: 0, dueAt, error: '' }, event: null }]
  }
}

function by({ who }: Attempt): (typeof USERS)[number] {
  return USERS[who] as (typeof USERS)[number]
}

function keyOf({ picks }: Attempt): string {
  return KEYS[(picks[1] as number) % KEYS.length] as string
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index + 1)
}

function kept(each: Attempt, id: RoomId, sequence: number, at: number): Row {
  const [one = 0, two = 0] = each.picks
  const fields = {
    [keyOf(each)]: two % 4 === 0 ? null : { at: one, [keyOf(each)]: each.on },
    threads: { [`${one}`]: two },
  }
  return {
    put: 'kept',
    room: id,
    user: by(each),
    at,
    ...(one % 2 ? { fields } : {}),
    ...(one % 3 === 0 ? { hidden: each.on } : {}),
    ...(two % 3 === 0 ? { unreadFrom: each.on ? sequence : null } : {}),
    ...(two % 5 === 0 ? { threadsRead: true } : {}),
  }
}

function document(each: Attempt, owner: string, now: number): Row {
  const [one = 0, two = 0] = each.picks
  const kind = each.on ? 'media.medium' : 'other'
  const key = keyOf(each)
  if (two % 5 === 0) return { drop: 'document', kind, key }
  return { put: 'document', document: { kind, key, owner, body: `{"n":${one}}`, dueAt: two % 2 ? null : now + one } }
}

function begun(each: Attempt, id: RoomId, now: number): EventBody[] {
  const [one = 0, two = 0] = each.picks
  const suite = (['none', 'none', 'xchat', 'rocketchat'] as const)[one % 4] as 'none'
  const kind = (['static', 'public', 'private', 'direct', 'temporary'] as const)[two % 5] as 'static'
  const members = USERS.filter((_, index) => (one >> index) % 2 === 0)
  const place = two % 3 === 0 ? { team: { main: each.on ? id : (ROOMS[0] as RoomId), isDefault: each.on } } : {}
  const begin = created({ suite, kind, name: each.on ? (NAMES[two % 4] as string) : null, members, ...place })
  return [{ ...begin, owners: [by(each)] } as EventBody, message('first'), fading('soon', now + two)]
}

/** Of a room that is there. */
function bodiesOf(each: Attempt, log: readonly RoomEvent[], now: number): EventBody[] {
  const [one = 0, two = 0] = each.picks
  const other = USERS[each.other] as (typeof USERS)[number]
  const messages = log.filter(({ body }) => body.type === 'message')
  const targets = each.picks.flatMap(
    pick => messages[messages.length - 1 - (pick % Math.max(1, messages.length))] ?? [],
  )
  const aimed = targets.map(event => ({ ...event, id: mark(event.room, event.sequence) }))
  const target = aimed[0]
  const at = target && { target: target.id, sequence: target.sequence }
  const plain = { suite: 'none', text: `text ${one}` } as const
  const mentions = {
    users: two % 3 === 2 ? [] : [{ id: other, username: other, name: 'Other' }],
    groups: two % 3 === 0 ? [] : (['all'] as const),
  }
  switch (each.what) {
    case 'message':
      return range(1 + (one % 3)).map(n => message(`message ${n}`, each.on ? `id ${one} ${n}` : null))
    case 'said':
      return [
        {
          type: 'message',
          messageId: 'r',
          content: { suite: 'rocketchat', content: { algorithm: 'a' }, msg: `${one}` },
        },
      ]
    case 'whisper':
      return [whisper('to one', other), message('to all'), whisper('to nobody')]
    case 'fading':
      return [fading('going', now + one - 20)]
    case 'file':
      return [{ type: 'message', messageId: null, content: plain, media: [keyOf(each)] }]
    case 'reply': {
      if (!target) return []
      const thread = { id: target.id, sequence: target.sequence }
      const content = each.on ? { ...plain, extra: { rocketchat: { tshow: true } } } : plain
      return [{ type: 'message', messageId: null, content, thread, ...(two % 2 ? { mentions } : {}) }]
    }
    case 'naming':
      return [{ type: 'message', messageId: null, content: plain, mentions }]
    case 'edit':
      return at ? [{ type: 'message.edited', ...at, content: plain, ...(each.on ? { mentions } : {}) }] : []
    case 'react':
      return at ? [{ type: 'message.reacted', ...at, user: by(each), emoji: `:${one % 3}:`, on: two % 3 !== 0 }] : []
    case 'pin':
      return at ? [{ type: 'message.pinned', ...at, on: two % 3 !== 0 }] : []
    case 'follow':
      return at ? [{ type: 'thread.followed', ...at, user: by(each), on: each.on }] : []
    case 'delete':
      return aimed.length > 0 ? [deleted(...aimed)] : []
    case 'add':
      return each.on ? [added([other])] : [message('before'), rotated(`${one}`), added([other, by(each)], 'rotation')]
    case 'remove':
      return [removed([other])]
    case 'rotate':
      return [rotated(`${one % 5}`), message('after')]
    case 'role':
      return [role(other, each.on ? 'owner' : 'moderator', two % 3 !== 0)]
    case 'ask':
      return [asked(other)]
    case 'reject':
      return [turnedAway(other)]
    case 'rename':
      return [{ type: 'room.renamed', name: NAMES[one % 4] as string }]
    case 'configure':
      return [{ type: 'room.configured', changes: each.on ? { kind: 'private' } : { topic: 't' } }]
    case 'switch':
      return [{ type: 'suite.switched', suite: each.on ? 'none' : 'rocketchat' }]
    case 'discuss':
      return [{ type: 'discussion.started', discussion: ROOMS[one % 4] as RoomId, name: 'd', message: null }]
    case 'team':
      return [{ type: 'team.changed', team: each.on ? { main: ROOMS[one % 4] as RoomId, isDefault: true } : null }]
    case 'ban':
      return [
        { type: 'sanction.set', sanction: { kind: 'ban', user: other, from: 0, until: null, reason: '', by: null } },
      ]
    case 'acls':
      return [{ type: 'acls.changed', acls: [] }]
    case 'gone':
      return one % 4 === 0 ? [{ type: 'room.removed', reason: '' }] : []
    default:
      return []
  }
}
