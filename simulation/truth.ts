// The one store that all nodes share: the real SQLite store in memory, which is the contract's semantics. Whatever is
// committed is judged in the same moment, and what a cluster's store tells the nodes afterwards (Feed) is kept here.
import type { Change, Changes, Feed } from '../packages/server/src/bus/feed.ts'
import type { Clock } from '../packages/server/src/clock.ts'
import { concerned } from '../packages/server/src/room/concerned.ts'
import type { EventBody, RoomEvent } from '../packages/server/src/room/events.ts'
import { openSqliteStore } from '../packages/server/src/store/sqlite/store.ts'
import type { Item, Outcome, PageQuery, Row, Store } from '../packages/server/src/store/store.ts'
import { Broken } from './broken.ts'
import { Judge } from './judge.ts'

/** The number of the node that gives events their ids: the store itself. */
export const STORE_NODE = 0

export class Truth implements Feed {
  readonly store: Store
  readonly judge: Judge
  readonly #clock: Clock
  readonly #tell: (line: string) => void
  readonly #changes: Change[] = []

  static async open(clock: Clock, lockstep: boolean, tell: (line: string) => void): Promise<Truth> {
    const store = await openSqliteStore({ directory: ':memory:', node: STORE_NODE, clock })
    return new Truth(store, new Judge(store, lockstep), clock, tell)
  }

  constructor(store: Store, judge: Judge, clock: Clock, tell: (line: string) => void) {
    this.store = store
    this.judge = judge
    this.#clock = clock
    this.#tell = tell
  }

  /** What a node asks, done at once. */
  async ask(method: string, args: unknown[]): Promise<unknown> {
    if (method === 'commit') return this.commit(args[0] as readonly Item[])
    const run = this.store[method as keyof Store] as (...args: unknown[]) => Promise<unknown>
    const answer = await run.apply(this.store, args)
    if (method === 'page') this.#judgePage(args[0] as PageQuery, answer as readonly RoomEvent[] | undefined)
    return answer
  }

  async commit(items: readonly Item[]): Promise<readonly Outcome[]> {
    const outcomes = await this.store.commit(items)
    this.#tell(`  store: ${outcomes.map((outcome, index) => lineOf(items[index] as Item, outcome)).join('; ')}`)
    await this.judge.committed(items, outcomes, this.#clock.now())
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.outcome !== 'committed') continue
      for (const row of items[index]?.rows ?? []) this.#changes.push(...changesOf(row))
      for (const event of outcome.events) this.#changes.push(...changesBy(event))
    }
    return outcomes
  }

  async position(): Promise<string> {
    return String(this.#changes.length)
  }

  async read(after: string, limit: number): Promise<Changes> {
    const from = Number(after)
    const changes = this.#changes.slice(from, from + limit)
    const end = from + changes.length
    return { changes, cursor: String(end), more: end < this.#changes.length, missed: false }
  }

  /** Nobody reads a room's log without the right, nor what came before they were let in (L10). */
  #judgePage({ room: id, right }: PageQuery, events: readonly RoomEvent[] | undefined): void {
    const { model } = this.judge
    const room = model.rooms.get(id)
    if (!room || !events || right.by !== 'member') return
    if (!room.members.has(right.user)) throw new Broken('L10', `${right.user} reads ${id} without being a member`)
    if (room.suite !== 'xchat') return
    for (const { sequence, body } of events) {
      if (model.wasMember(room, right.user, sequence)) continue
      // The rotation that let them in stands before their coming; their going is theirs to see.
      if (model.wasMember(room, right.user, sequence + 1)) continue
      if (body.type === 'members.removed' && body.users.includes(right.user)) continue
      throw new Broken('L10', `${right.user} reads event ${sequence} of ${id}, where they were no member`)
    }
  }
}

/** One item and what became of it. */
function lineOf({ append, rows }: Item, outcome: Outcome): string {
  const what = append
    ? `${append.actor} ${append.bodies.map(({ type }) => type).join('+')} in ${append.room}`
    : rows.map(row => ('put' in row ? row.put : 'other')).join('+')
  if (outcome.outcome !== 'committed') return `${what}: ${outcome.outcome}`
  return `${what}: ${outcome.events.map(({ sequence, id }) => `${sequence} (${id})`).join(' ') || 'committed'}`
}

function changesOf(row: Row): Change[] {
  if ('put' in row) {
    if (row.put === 'account') return [{ of: 'account', id: row.account.id }]
    if (row.put === 'channel') return [{ of: 'channel', id: row.channel.id }]
    if (row.put === 'publicKey') return [{ of: 'keys', id: row.user }]
    if (row.put === 'document') return [{ of: 'document', id: `${row.document.kind}/${row.document.key}` }]
  }
  return []
}

function changesBy({ body, room, sequence }: RoomEvent): Change[] {
  const changes: Change[] = concerned(body).map(user => ({ of: 'membership', user, room, sequence }))
  if (LISTED.has(body.type)) changes.push({ of: 'listed', room, sequence })
  return changes
}

const LISTED: ReadonlySet<EventBody['type']> = new Set(['room.created', 'room.renamed', 'room.removed'])
