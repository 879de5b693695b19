// What a batch of items is to `conclave.commit` (commit-sql.ts): arrays of what all have, and an item's own JSON where it
// has more. Nothing here knows what the database holds: sequences are places in an append, from 1 on.
import { randomFillSync } from 'node:crypto'
import type { EventId, RoomId } from '@conclave/wire'
import { canonicalBytes } from '@conclave/wire/transparency/canonical'
import { toHex } from '@conclave/wire/transparency/chain'
import { idParameter } from '../../postgres/ids.ts'
import type { Columns, Value } from '../../postgres/pool.ts'
import { indexed, storedJson } from '../../postgres/text.ts'
import { concerned, isListed } from '../../room/concerned.ts'
import type { EventBody, RoomEvent, Suite } from '../../room/events.ts'
import { isControl } from '../../room/events.ts'
import { endOf } from '../../room/ttl.ts'
import { SALT_BYTES } from '../chains.ts'
import {
  advance,
  audienceOf,
  classOf,
  type HeadDraft,
  keptBody,
  MEDIUM,
  mediaOf,
  type Projected,
  project,
} from '../projection.ts'
import type { Append, Guard, Item, MessageKey, Outcome, ReceiptRow, Row } from '../store.ts'
import { flags, ids, integers, jsons, numbersOf, texts } from './arrays.ts'
import { documentRow } from './documents.ts'
import { identityRow } from './identity.ts'
import { kindOf, Locks } from './locks.ts'
import type { Change, Effects, Messages } from './messages.ts'
import { eventId, type Giver } from './positions.ts'
import { projectedRows } from './projected.ts'
import { isApart } from './rows.ts'
import { Waves } from './waves.ts'

/** Calls it with `values`. Each column of its one row: the position before the first event's id, sequences, times, refusals. */
export const CALL = `SELECT start, sequences, times, refusals FROM conclave.commit(${Array.from({ length: 35 }, (_, n) => `$${n + 1}`).join(', ')})`

const SUITES: readonly Suite[] = ['none', 'rocketchat', 'xchat']

/** An item with its place in the batch and what it has beside its events. */
interface Draft {
  readonly index: number
  readonly item: Item
  readonly special: Special | null
  /** Its message key goes with its one event. */
  readonly key: MessageKey | null
  readonly wave: number
}

/** As `conclave.write_special` reads it. */
type Special = Record<string, unknown> & { readonly changes?: readonly Change[] }

export interface Batch {
  readonly values: readonly Value[]
  /** Rooms whose heads it locks. */
  readonly rooms: readonly string[]
  outcomes(row: Columns): Outcome[]
  /** The newest id that it gave, of the row; undefined where it has no events. */
  newestId(row: Columns): EventId | undefined
}

/** `refused`: items that are expected to be. `messages`: what was read of those that the items do something to. */
export function batchOf(
  items: readonly Item[],
  giver: Giver,
  now: number,
  messages: Messages,
  refused: ReadonlySet<number>,
): Batch {
  const locks = new Locks()
  const waves = new Waves()
  const rooms = new Set<string>()
  const drafts = items.map((item, index) =>
    draftOf(item, index, { locks, waves, rooms, messages, isRefused: refused.has(index) }),
  )
  if (drafts.some(({ wave }) => wave > 0)) drafts.sort((a, b) => a.wave - b.wave || a.index - b.index)
  return new Arrays(items, drafts, giver, now, locks, [...rooms])
}

interface Around {
  readonly locks: Locks
  readonly waves: Waves
  readonly rooms: Set<string>
  readonly messages: Messages
  readonly isRefused: boolean
}

function draftOf(item: Item, index: number, { locks, waves, rooms, messages, isRefused }: Around): Draft {
  const { append, guards, rows } = item
  const shared: string[] = []
  const own: string[] = []
  for (const { of, id } of guards) {
    locks.shared(of, id)
    shared.push(`${of} ${id}`)
  }
  if (append === null && rows.length === 0) {
    return { index, item, special: null, key: null, wave: waves.next(shared, own) }
  }
  const special: Record<string, unknown> = {}
  const projected: { of: number; row: Projected }[] = []
  let key: MessageKey | null = null
  if (append) {
    const changesControl = append.control === 0 || append.bodies.some(isControl)
    // A key without an event stands where the log ends just then: not behind what comes later in the batch.
    const marksEnd = append.bodies.length === 0 && append.messageKeys.length > 0
    ;(changesControl || marksEnd ? own : shared).push(`room ${append.room}`)
    rooms.add(append.room)
    if (append.messageKeys.length === 1 && append.bodies.length === 1 && !changesControl) {
      key = append.messageKeys[0] as MessageKey
    } else if (append.messageKeys.length > 0) {
      Object.assign(special, keysOf(append))
    }
    for (const used of append.messageKeys) own.push(`key ${used.key}`)
    for (const { space, key } of [...append.claims, ...append.releases]) own.push(`claim ${space} ${key}`)
    if (append.claims.length > 0) special.claims = append.claims.map(claimRow)
    if (append.releases.length > 0) special.releases = append.releases.map(claimRow)
    if (changesControl) Object.assign(special, headOf(append))
    projectedOf(append, changesControl, special, projected)
  }
  if (rows.length > 0) rowsOf(rows, append?.bodies.length ?? 0, special, locks, own, rooms)
  const effects = messages.effects(index, item, projected, isRefused)
  if (effects.changes.length > 0) {
    special.changes = effects.changes
    if (effects.erased.size > 0) erasedOf(effects, special, locks, own, rooms)
  }
  // Its key is looked at before what else may refuse it.
  if (key && (special.claims || special.identity)) {
    Object.assign(special, keysOf(append as Append))
    key = null
  }
  const isSpecial = Object.keys(special).length > 0 || append?.control === 0 || append?.bodies.length === 0
  if (isSpecial && append) {
    special.room = append.room
    special.control = append.control
    special.events = append.bodies.length
  }
  return { index, item, special: isSpecial ? special : null, key, wave: waves.next(shared, own) }
}

/** Keys that do not go with an event; and what the second of two equal ones meets. */
function keysOf({ messageKeys: keys, room }: Append): Record<string, unknown> {
  const first = new Map<string, MessageKey>()
  let twin: unknown
  for (const [index, used] of keys.entries()) {
    const earlier = first.get(used.key)
    if (earlier) twin ??= { outcome: 'exists', index, room, sequence: 0, by: earlier.by, digest: earlier.digest }
    else first.set(used.key, used)
  }
  const rows = keys.map(({ key, by, digest }) => ({ key: indexed(key), by, digest }))
  return { keys: rows, ...(twin !== undefined && { twin }) }
}

/** The name of a document in guards. */
function documentId(kind: string, key: string): string {
  return `${kind}/${key}`
}

function claimRow({ space, key }: Append['claims'][number]): { space: string; key: string } {
  return { space, key: indexed(key) }
}

/** Stands in a draft for what the database holds. */
const KEPT = '\u0001'

/** What the head has after the append, beyond what follows from the events themselves; and the links of its chain. */
function headOf({ room, actor, bodies }: Append): Record<string, unknown> {
  const draft = {
    room,
    channel: KEPT,
    suite: KEPT,
    kind: KEPT,
    sequence: 0,
    control: 0,
    lastId: '0',
    lastAt: 0,
    lastMessageAt: null,
    messages: 0,
    removed: false,
    name: KEPT,
  } as unknown as HeadDraft
  const chain: unknown[] = []
  for (const [index, body] of bodies.entries()) {
    const event = eventAt(room, index, actor, body)
    advance(draft, event)
    if (!isControl(body)) continue
    chain.push({ at: index + 1, actor, salt: salt(), body: Buffer.from(canonicalBytes(body)).toString() })
  }
  const { channel, suite, kind, removed, messages } = draft
  const name = draft.name === null || draft.name === KEPT ? draft.name : indexed(draft.name)
  if (bodies[0]?.type === 'room.created') {
    return { chain, controlled: draft.control, created: { channel, suite, kind, removed, messages, name } }
  }
  const head = {
    ...((suite as string) !== KEPT && { suite }),
    ...((kind as string) !== KEPT && { kind }),
    ...(removed && { removed }),
    ...(name !== KEPT && { name }),
  }
  return { ...(chain.length > 0 && { chain }), ...(Object.keys(head).length > 0 && { head }) }
}

/** Rows that follow from the events: for each suite that the room may have, where they are not the same for all. */
function projectedOf(
  append: Append,
  changesControl: boolean,
  special: Record<string, unknown>,
  all: { of: number; row: Projected }[],
): void {
  const { bodies } = append
  const isCreated = bodies[0]?.type === 'room.created'
  const under = (suite: Suite): { of: number; row: Projected }[] => {
    const rows: { of: number; row: Projected }[] = []
    let current = suite
    for (const [index, body] of bodies.entries()) {
      const event = eventAt(append.room, index, append.actor, body)
      for (const row of project(event, current, 1)) rows.push({ of: index, row })
      if (body.type === 'suite.switched' || body.type === 'room.created') current = body.suite
    }
    return rows
  }
  const found = under('none')
  all.push(...found)
  const told = bodies.flatMap((body, index) => toldOf(body, index + 1))
  if (told.length > 0) special.told = told
  const rows = beside(found)
  if (!changesControl || isCreated) {
    if (rows.length > 0) special.projected = { any: rows }
    return
  }
  const [none, rocketchat, xchat] = SUITES.map(suite => beside(under(suite)))
  const alike = JSON.stringify(none) === JSON.stringify(rocketchat) && JSON.stringify(none) === JSON.stringify(xchat)
  if (alike && rows.length > 0) special.projected = { any: rows }
  else if (!alike) special.projected = { none, rocketchat, xchat }
}

/** Whom an event concerns who may not watch its room (room/concerned.ts). */
function toldOf(body: EventBody, at: number): unknown[] {
  const users = concerned(body).map(id => ({ of: 'membership', id, at }))
  return isListed(body) ? [...users, { of: 'listed', id: '', at }] : users
}

function beside(rows: readonly { row: Projected }[]): unknown[] {
  return projectedRows(
    rows.map(({ row }) => row).filter(({ row }) => row !== 'message.erased' && row !== 'message.changed'),
  )
}

function eventAt(room: RoomId, index: number, actor: Append['actor'], body: EventBody): RoomEvent {
  return { room, sequence: index + 1, id: '0' as EventId, at: 0, actor, body }
}

function rowsOf(
  rows: readonly Row[],
  events: number,
  special: Record<string, unknown>,
  locks: Locks,
  own: string[],
  rooms: Set<string>,
): void {
  const [identity, documents, outgoing, told]: unknown[][] = [[], [], [], []]
  const changed = (of: Guard['of'], id: string): void => {
    locks.exclusive(of, id)
    own.push(`${of} ${id}`)
    told?.push({ of, id })
  }
  for (const row of rows) {
    if ('erase' in row) rooms.add(row.room)
    else if (isReceipt(row)) {
      if (row.put !== 'seen') rooms.add(row.room)
    } else if (isOutgoing(row)) {
      if ('put' in row && row.event !== null && !(row.event >= 0 && row.event < events)) {
        throw new Error(`an outgoing event names event ${row.event} of ${events}`)
      }
      outgoing?.push(row)
      own.push(`outgoing ${'put' in row ? row.outgoing.id : row.id}`)
    } else if (isDocument(row)) {
      documents?.push(documentRow(row))
      const { kind, key } = 'put' in row ? row.document : row
      changed('document', documentId(kind, key))
    } else {
      identity?.push(identityRow(row))
      // They are few, and what is unique among them is not looked at here.
      own.push('identity')
      if ('drop' in row) {
        if (row.drop === 'token') told?.push({ of: 'token', id: row.hash })
      } else if (row.put === 'account') changed('account', row.account.id)
      else if (row.put === 'channel') changed('channel', row.channel.id)
      else if (row.put === 'publicKey') changed('keys', row.user)
    }
  }
  for (const [name, list] of Object.entries({ identity, documents, outgoing })) {
    if (list && list.length > 0) special[name] = list
  }
  if (told && told.length > 0) special.told = [...((special.told as unknown[] | undefined) ?? []), ...told]
}

/** Files of erased messages are due at once: their documents are written. */
function erasedOf(
  effects: Effects,
  special: Record<string, unknown>,
  locks: Locks,
  own: string[],
  rooms: Set<string>,
): void {
  special.erased = [...effects.erased].map(([room, erased]) => ({ room, ...erased }))
  for (const [room, { media }] of effects.erased) {
    rooms.add(room)
    for (const key of media) {
      const id = documentId(MEDIUM, key)
      locks.exclusive('document', id)
      own.push(`document ${id}`)
      special.told = [...((special.told as unknown[] | undefined) ?? []), { of: 'document', id }]
    }
  }
}

class Arrays implements Batch {
  readonly values: readonly Value[]
  readonly rooms: readonly string[]
  readonly #items: readonly Item[]
  readonly #giver: Giver
  readonly #guards: Guard[] = []
  /** By item, the place of its first event among all, from 1 on. */
  readonly #first: number[]
  readonly #events: number

  constructor(
    items: readonly Item[],
    drafts: readonly Draft[],
    giver: Giver,
    now: number,
    locks: Locks,
    rooms: readonly string[],
  ) {
    this.#items = items
    this.#giver = giver
    this.rooms = rooms.filter(room => idParameter(room) !== null)
    this.#first = items.map(() => 0)
    const [item, room, control, at, actor, kind, body]: [
      number[],
      (string | null)[],
      number[],
      number[],
      (string | null)[],
      string[],
      string[],
    ] = [[], [], [], [], [], [], []]
    const keys = new Sparse<string>()
    const by = new Sparse<string>()
    const digest = new Sparse<string>()
    const audience = new Sparse<string>()
    const expires = new Sparse<number>()
    const file = new Sparse<boolean>()
    const thread = new Sparse<number>()
    const apart = new Sparse<boolean>()
    const [guardKind, guardId, guardVersion, usedBy, used]: [
      number[],
      (string | null)[],
      number[],
      number[],
      number[],
    ] = [[], [], [], [], []]
    const [specialItem, specials]: [number[], Special[]] = [[], []]
    const ends: [number[], number[], number[]] = [[], [], []]
    const receipts: { index: number; row: ReceiptRow }[] = []
    let known = new Map<string, number>()
    let events = 0
    const endWave = (): void => {
      ends[0].push(events)
      ends[1].push(this.#guards.length)
      ends[2].push(specials.length)
      known = new Map()
    }
    let wave = 0
    for (const draft of drafts) {
      const { index, item: given, special } = draft
      if (draft.wave !== wave) {
        // No wave is empty: each is one more than that of what it waits for.
        endWave()
        wave = draft.wave
      }
      for (const guard of given.guards) {
        const name = `${guard.of} ${guard.version} ${guard.id}`
        let number = known.get(name)
        if (number === undefined) {
          number = this.#guards.push(guard)
          known.set(name, number)
          guardKind.push(kindOf(guard.of))
          guardId.push(guard.of === 'document' ? guard.id : idParameter(guard.id))
          guardVersion.push(guard.version)
        }
        usedBy.push(index)
        used.push(number)
      }
      if (given.append) {
        const { append } = given
        this.#first[index] = events + 1
        for (const body_ of append.bodies) {
          item.push(index)
          room.push(append.room)
          control.push(append.control)
          at.push(append.at)
          actor.push(append.actor)
          kind.push(classOf(body_))
          body.push(JSON.stringify(keptBody(body_)))
          if (body_.type === 'message') {
            audience.set(events, audienceOf(body_))
            expires.set(events, endOf(body_))
            if (mediaOf(body_).length > 0) file.set(events, true)
            if (body_.thread) {
              thread.set(events, body_.thread.sequence)
              apart.set(events, isApart(body_))
            }
          }
          events += 1
        }
        if (draft.key) {
          keys.set(events - 1, indexed(draft.key.key))
          by.set(events - 1, draft.key.by)
          digest.set(events - 1, draft.key.digest)
        }
      }
      if (special) {
        specialItem.push(index)
        specials.push(given.append ? { ...special, first: this.#first[index] } : special)
      }
      for (const row of given.rows) if (isReceipt(row)) receipts.push({ index, row })
    }
    endWave()
    this.#events = events
    // In an order that every node keeps, for their rows are locked one by one.
    receipts.sort((a, b) => compare(placeOf(a.row), placeOf(b.row)))
    this.values = [
      giver.node,
      giver.instance,
      giver.ms,
      giver.newest,
      now,
      ids(this.rooms),
      integers(locks.numbers()),
      integers(ends[0]),
      integers(ends[1]),
      integers(ends[2]),
      integers(guardKind),
      texts(guardId),
      ids(guardVersion),
      integers(usedBy),
      integers(used),
      integers(item),
      ids(room),
      ids(control),
      ids(at),
      ids(actor),
      texts(kind),
      jsons(body),
      keys.array(events, texts),
      by.array(events, ids),
      digest.array(events, texts),
      audience.array(events, texts),
      expires.array(events, ids),
      file.array(events, flags),
      thread.array(events, ids),
      apart.array(events, flags),
      integers(specialItem),
      jsons(specials.map(special => storedJson(this.#numbered(special)))),
      integers(receipts.map(({ index }) => index)),
      texts(receipts.map(({ row }) => row.put)),
      jsons(receipts.map(({ row }) => storedJson(row))),
    ]
  }

  /** With marks that name events by their place among all. */
  #numbered(special: Special): Special {
    if (!special.changes?.some(change => change.does === 'change' && change.marks.length > 0)) return special
    const changes = special.changes.map(change => {
      if (change.does !== 'change') return change
      const marks = change.marks.map(([digits, { item, body, of }]) => [
        String(digits),
        (this.#first[item] as number) + body,
        of,
      ])
      return { ...change, marks }
    })
    return { ...special, changes } as unknown as Special
  }

  outcomes([start, sequences, times, refusals]: Columns): Outcome[] {
    const [places, ats] = [numbersOf(sequences), numbersOf(times)]
    const refused = new Map<number, Refusal>()
    for (const refusal of JSON.parse(refusals as string) as Refusal[]) {
      if (!refused.has(refusal.item)) refused.set(refusal.item, refusal)
    }
    const before = BigInt(start as string)
    return this.#items.map((item, index): Outcome => {
      const refusal = refused.get(index)
      if (refusal) return this.#refusal(refusal, item)
      const { append } = item
      if (!append) return { outcome: 'committed', events: [] }
      const first = this.#first[index] as number
      const events = append.bodies.map((body, n): RoomEvent => {
        const place = first + n
        return {
          room: append.room,
          sequence: places[place - 1] as number,
          id: eventId(this.#giver.node, before + BigInt(place)),
          at: ats[place - 1] as number,
          actor: append.actor,
          body,
        }
      })
      return { outcome: 'committed', events }
    })
  }

  newestId([start]: Columns): EventId | undefined {
    if (this.#events === 0) return undefined
    return eventId(this.#giver.node, BigInt(start as string) + BigInt(this.#events))
  }

  #refusal({ item: _, ...refusal }: Refusal, item: Item): Outcome {
    switch (refusal.outcome) {
      case 'stale':
        return { outcome: 'stale', guard: this.#guards[refusal.guard - 1] as Guard }
      case 'taken':
        return { ...refusal, claim: refusal.claim === null ? null : (item.append?.claims[refusal.claim] ?? null) }
      default:
        return refusal
    }
  }
}

type Refusal = { readonly item: number } & (
  | { readonly outcome: 'stale'; readonly guard: number }
  | { readonly outcome: 'taken'; readonly claim: number | null; readonly by: string | null }
  | Extract<Outcome, { outcome: 'moved' | 'exists' }>
)

/** What an error of `conclave.commit` tells of a message that was another one: by which item, and which ones are refused. */
export function changedIn(detail: string | null): { readonly item: number; readonly refused: ReadonlySet<number> } {
  const { item, refusals } = JSON.parse(detail ?? '') as { item: number; refusals: Refusal[] }
  return { item, refused: new Set(refusals.map(each => each.item)) }
}

/** A column that few events have a value in; none where none has. */
class Sparse<T> {
  readonly #values = new Map<number, T>()

  set(at: number, value: T | null): void {
    if (value !== null) this.#values.set(at, value)
  }

  array(length: number, form: (values: (T | null)[]) => Buffer): Buffer | null {
    if (this.#values.size === 0) return null
    return form(Array.from({ length }, (_, at) => this.#values.get(at) ?? null))
  }
}

const SALTS = Buffer.alloc(SALT_BYTES * 256)
let saltsUsed = SALTS.length

/** Fetched many at a time: asking the system for each one costs more than the rest of the link. */
function salt(): string {
  if (saltsUsed === SALTS.length) {
    randomFillSync(SALTS)
    saltsUsed = 0
  }
  saltsUsed += SALT_BYTES
  return toHex(SALTS.subarray(saltsUsed - SALT_BYTES, saltsUsed))
}

function placeOf(row: ReceiptRow): string {
  return row.put === 'seen' ? `~${row.user}` : `${row.room} ${row.user}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const RECEIPTS: ReadonlySet<string> = new Set<ReceiptRow['put']>(['acks', 'cursor', 'hidden', 'kept', 'seen', 'star'])

function isReceipt(row: Row): row is ReceiptRow {
  return 'put' in row && RECEIPTS.has(row.put)
}

function isOutgoing(
  row: Row,
): row is Extract<Row, { put: 'outgoing' } | { change: 'outgoing' } | { drop: 'outgoing' }> {
  if ('put' in row) return row.put === 'outgoing'
  return 'change' in row || ('drop' in row && row.drop === 'outgoing')
}

function isDocument(row: Row): row is Extract<Row, { put: 'document' } | { drop: 'document' }> {
  if ('put' in row) return row.put === 'document'
  return 'drop' in row && row.drop === 'document'
}
