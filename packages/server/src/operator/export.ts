// What an export is made of, a part at a time: the running server answers a part and goes on serving. Where it stands is
// in the cursor that the asker brings back, so nothing is kept for an asker that went away. Each room is exported as it
// stood when its turn came, whatever is written meanwhile. Never among it: tokens, passwords, private keys, PIN records.
import type { RoomId, UserId } from '@conclave/wire'
import { z } from 'zod'
import type { Core } from '../engine/core.ts'
import { isControl } from '../room/events.ts'
import type { PublicKey } from '../room/facts.ts'
import type { RoomState } from '../room/state.ts'
import { usersWith } from '../room/state.ts'
import type { EventLine, ExportLine, KeyLine, RoomLine, UserLine } from './export-lines.ts'
import { EXPORT_CHARACTERS, EXPORT_LINES } from './limits.ts'
import { OperatorError } from './users.ts'

const text = z.string()
const place = z.int().min(0)
/** `after`: the last room or user that is done. */
const cursor = z.discriminatedUnion('of', [
  z.strictObject({
    of: z.literal('rooms'),
    after: text.nullable(),
    /** In the middle of one: up to which sequence it goes, what is done of its log, and of its chain. */
    open: z.strictObject({ id: text, until: place, sequence: place, number: place }).nullable(),
  }),
  z.strictObject({
    of: z.literal('users'),
    after: text.nullable(),
    open: z.strictObject({ id: text, until: place, number: place }).nullable(),
  }),
])
export const exportRequest = z.strictObject({ cursor: cursor.nullable() })
export type ExportCursor = z.output<typeof cursor>
type Rooms = Extract<ExportCursor, { of: 'rooms' }>
type Users = Extract<ExportCursor, { of: 'users' }>

export interface ExportPart {
  readonly lines: readonly ExportLine[]
  /** null when that was all. */
  readonly cursor: ExportCursor | null
}

/** Times that a room is looked at until it holds still: each look is a few reads without a wait for anything else. */
const LOOKS = 100

export async function exportPart(core: Core, from: ExportCursor | null): Promise<ExportPart> {
  const lines: ExportLine[] = []
  let characters = 0
  let at: ExportCursor | null = from ?? { of: 'rooms', after: null, open: null }
  while (at !== null && lines.length < EXPORT_LINES && characters < EXPORT_CHARACTERS) {
    const step: ExportPart = at.of === 'rooms' ? await roomStep(core, at) : await userStep(core, at)
    for (const line of step.lines) {
      characters += JSON.stringify(line).length
      lines.push(line)
    }
    at = step.cursor
  }
  return { lines, cursor: at }
}

async function roomStep(core: Core, at: Rooms): Promise<ExportPart> {
  if (at.open) return eventsStep(core, at, at.open)
  const [id] = await core.store.allRooms(at.after as RoomId | null, 1)
  if (id === undefined) return { lines: [], cursor: { of: 'users', after: null, open: null } }
  const line = await roomLine(core, id)
  if (line === undefined) return { lines: [], cursor: { ...at, after: id } }
  return { lines: [line], cursor: { ...at, open: { id, until: line.sequence, sequence: 0, number: 0 } } }
}

/** undefined where the room went with its database row only: no such thing is known. */
async function roomLine(core: Core, id: RoomId): Promise<RoomLine | undefined> {
  for (let look = 0; look < LOOKS; look++) {
    const head = await core.store.head(id)
    const chain = await core.store.chain(id, { by: 'server' }, 0, 0)
    const state = await stateAt(core, id, head?.control ?? 0)
    if (!head || !chain) return undefined
    if (!state || (await core.store.head(id))?.control !== head.control) continue
    const { suite, members, epoch } = state
    return {
      kind: 'room',
      id,
      suite,
      sequence: head.sequence,
      head: chain.head,
      members: [...members.keys()],
      admins: usersWith(state, 'owner'),
      epoch: epoch?.version ?? null,
    }
  }
  throw new OperatorError(`The room ${id} changes too fast to be exported now.`)
}

/** What the server itself goes by, not what the events of the export give. */
async function stateAt(core: Core, id: RoomId, control: number): Promise<RoomState | undefined> {
  const known = await core.rooms.load(id)
  const state = known?.control === control ? known : await core.rooms.refresh(id)
  return state?.control === control ? state : undefined
}

async function eventsStep(core: Core, at: Rooms, open: NonNullable<Rooms['open']>): Promise<ExportPart> {
  const room = open.id as RoomId
  const bounds = { after: open.sequence, before: open.until + 1, limit: EVENTS }
  const server = { by: 'server' } as const
  const events = (await core.store.page({ room, right: server, select: 'all', order: 'oldest', ...bounds })) ?? []
  const control = events.filter(event => isControl(event.body)).length
  const links = control === 0 ? [] : ((await core.store.chain(room, server, open.number, control))?.links ?? [])
  const bySequence = new Map(links.map(link => [link.opened?.event.sequence, link]))
  const lines = events.map(({ sequence, id, at: time, actor, body, erased }): EventLine => {
    const link = bySequence.get(sequence)
    return {
      kind: 'event',
      room,
      sequence,
      id,
      at: time,
      actor,
      body,
      ...(erased && { erased }),
      ...(link?.opened && {
        link: { number: link.number, salt: link.opened.salt, digest: link.digest, hash: link.hash },
      }),
    }
  })
  const last = events.at(-1)
  if (!last || last.sequence >= open.until) return { lines, cursor: { of: 'rooms', after: room, open: null } }
  return { lines, cursor: { ...at, open: { ...open, sequence: last.sequence, number: open.number + links.length } } }
}

/** Events that one look reads: a rotation of a large group is as much as a part holds. */
const EVENTS = 50

async function userStep(core: Core, at: Users): Promise<ExportPart> {
  if (at.open) return keysStep(core, at.open)
  const accounts = await core.store.accounts(at.after as UserId | null, ACCOUNTS)
  for (const { id, username } of accounts) {
    const line = await userLine(core, id, username)
    if (line) return { lines: [line], cursor: { ...at, open: { id, until: line.head.number, number: 0 } } }
  }
  const last = accounts.at(-1)
  return { lines: [], cursor: last ? { ...at, after: last.id } : null }
}

/** Accounts that are looked through for one with a key log. */
const ACCOUNTS = 100

/** undefined for who never had a key. */
async function userLine({ store }: Core, id: UserId, username: string): Promise<UserLine | undefined> {
  for (let look = 0; look < LOOKS; look++) {
    const head = await store.keyLogHead(id)
    if (head.number === 0) return undefined
    const keys = (await store.keys(id))?.keys ?? []
    if ((await store.keyLogHead(id)).number !== head.number) continue
    return { kind: 'user', id, username, head, keys: keys.map(servedKey) }
  }
  throw new OperatorError(`The keys of ${id} change too fast to be exported now.`)
}

async function keysStep({ identity }: Core, { id, until, number }: NonNullable<Users['open']>): Promise<ExportPart> {
  const { links } = await identity.publicKeys.log(id as UserId, number, Math.min(EVENTS, until - number))
  const lines = links.map((link): KeyLine => ({ kind: 'key', user: id, ...link, entry: link.entry }))
  const last = links.at(-1)
  if (!last || last.number >= until) return { lines, cursor: { of: 'users', after: id, open: null } }
  return { lines, cursor: { of: 'users', after: null, open: { id, until, number: last.number } } }
}

/** As X's clients get it. */
function servedKey(key: PublicKey) {
  return {
    public_key_version: key.version,
    public_key: key.identityKey,
    signing_public_key: key.signingKey,
    identity_public_key_signature: key.identityKeySignature,
    signing_public_key_signature: key.signingKeySignature,
  }
}
