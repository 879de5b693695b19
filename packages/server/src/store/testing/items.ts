// What tests of stores are made of: items, bodies and rows with everything that a test does not care about filled in.
import type { ChannelId, EventId, RoomId, UserId } from '@conclave/wire'
import type { EventBody, RoomEvent } from '../../room/events.ts'
import type { Account, Channel, PublicKey } from '../../room/facts.ts'
import type { Append, Item, Outcome, Row, Store, Token } from '../store.ts'

export const NOW = 1_795_000_000_000

export const room = (id: string): RoomId => id as RoomId
export const user = (id: string): UserId => id as UserId
export const channelId = (id: string): ChannelId => id as ChannelId

type Body<T extends EventBody['type']> = Extract<EventBody, { type: T }>

export function created(fields: Partial<Body<'room.created'>> = {}): EventBody {
  return {
    type: 'room.created',
    channel: channelId('5'),
    suite: 'none',
    kind: 'static',
    name: null,
    title: null,
    avatar: null,
    ttlMs: null,
    topic: '',
    sort: 0,
    tags: [],
    members: [],
    owners: [],
    moderators: [],
    acls: [],
    pair: null,
    isDefault: false,
    isAdmin: false,
    ...fields,
  }
}

export function message(text: string, messageId: string | null = null): EventBody {
  return { type: 'message', messageId, content: { suite: 'none', text } }
}

/** Seen by its sender and by these users. */
export function whisper(text: string, ...to: readonly string[]): EventBody {
  return { type: 'message', messageId: null, content: { suite: 'none', text }, to: to.map(user) }
}

/** One that goes by itself; the clock of these tests stands at `NOW`. */
export function fading(text: string, expiresAt: number): EventBody {
  return { type: 'message', messageId: null, content: { suite: 'none', text }, expiresAt }
}

export function added(users: readonly string[], reads: 'rotation' | 'all' = 'all'): EventBody {
  return { type: 'members.added', users: users.map(user), reads, signed: null, title: null, avatar: null }
}

/** Asks to be let in. */
export function asked(who: string): EventBody {
  return { type: 'join.requested', user: user(who), signed: SIGNED }
}

export function turnedAway(...users: readonly string[]): EventBody {
  return { type: 'join.rejected', users: users.map(user), signed: null }
}

const SIGNED = { messageId: '', detail: '', signature: '', publicKeyVersion: '1', signatureVersion: '7' }

export function removed(users: readonly string[]): EventBody {
  return { type: 'members.removed', users: users.map(user), how: 'left', reason: '', closes: false, signed: null }
}

export function rotated(version: string): EventBody {
  return { type: 'epoch.opened', version, wraps: [], signed: null }
}

export function deleted(...events: readonly RoomEvent[]): EventBody {
  const targets = events.map(event => event.id)
  return { type: 'messages.deleted', targets, sequences: events.map(event => event.sequence), signed: null }
}

export function role(of: string, which: 'owner' | 'moderator', granted: boolean): EventBody {
  return { type: 'roles.changed', user: user(of), role: which, granted, signed: null }
}

export function append(to: RoomId, control: number, bodies: readonly EventBody[], more: Partial<Append> = {}): Item {
  return itemOf({
    room: to,
    control,
    at: NOW,
    actor: user('1'),
    bodies,
    claims: [],
    releases: [],
    messageKeys: [],
    ...more,
  })
}

export function rows(...given: readonly Row[]): Item {
  return { guards: [], append: null, rows: given }
}

export function itemOf(given: Append): Item {
  return { guards: [], append: given, rows: [] }
}

export function account(id: string, fields: Partial<Account> & { email?: string | null } = {}): Row {
  const { email = null, ...rest } = fields
  const filled: Account = {
    id: user(id),
    version: 0,
    username: `user${id}`,
    name: `User ${id}`,
    dinoName: `User ${id}`,
    active: true,
    roles: [],
    sanctions: [],
    attributes: {},
    info: {},
    invisible: false,
    excluded: [],
    ...rest,
  }
  return { put: 'account', account: filled, email, createdAt: NOW }
}

export function channel(id: string, fields: Partial<Channel> = {}): Row {
  const filled: Channel = {
    id: channelId(id),
    version: 0,
    name: `channel ${id}`,
    sort: 0,
    tags: [],
    owners: [],
    admins: [],
    acls: [],
    sanctions: [],
    ...fields,
  }
  return { put: 'channel', channel: filled }
}

export function token(hash: string, fields: Partial<Token> = {}): Token {
  return {
    hash,
    id: `id-${hash}`,
    kind: 'user',
    user: user('1'),
    app: null,
    scopes: ['read', 'write'],
    parent: null,
    issuer: 'test',
    createdAt: NOW,
    expiresAt: null,
    ...fields,
  }
}

export function publicKey(version: string, fingerprint = `print ${version}`): PublicKey {
  return {
    version,
    identityKey: 'aWRlbnRpdHk=',
    signingKey: 'c2lnbmluZw==',
    identityKeySignature: 'c2ln',
    signingKeySignature: 'c2ln',
    fingerprint,
    at: NOW,
  }
}

/** Commits and gives the events of each item. Throws where an item was not committed. */
export async function committed(store: Store, ...items: readonly Item[]): Promise<RoomEvent[][]> {
  const outcomes = await store.commit(items)
  return outcomes.map(outcome => {
    if (outcome.outcome !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`)
    return [...outcome.events]
  })
}

/** Commits one item and gives its outcome. */
export async function outcomeOf(store: Store, item: Item): Promise<Outcome> {
  const [outcome] = await store.commit([item])
  if (outcome === undefined) throw new Error('no outcome')
  return outcome
}

/** The whole log of a room. */
export async function logOf(store: Store, of: RoomId): Promise<RoomEvent[]> {
  const log: RoomEvent[] = []
  for (;;) {
    const after = log.at(-1)?.sequence ?? 0
    const page = await store.page({
      room: of,
      right: { by: 'server' },
      select: 'all',
      order: 'oldest',
      after,
      limit: 10_000,
    })
    if (page === undefined || page.length === 0) return log
    for (const event of page) log.push(event)
  }
}

export function sequencesOf(events: readonly RoomEvent[] | undefined): number[] | undefined {
  return events?.map(event => event.sequence)
}

export function textsOf(events: readonly RoomEvent[] | undefined): string[] | undefined {
  return events?.map(({ body }) =>
    body.type === 'message' && body.content.suite === 'none' ? body.content.text : body.type,
  )
}

export const eventId = (id: string): EventId => id as EventId
