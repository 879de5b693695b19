// Bans and mutes of a channel or of the whole server stand in its row or in the account's. Like a command in a room they
// are decided on what the store holds and written only while that holds: the row, who imposes and whom it is on (L3).
import type { ChannelId, UserId } from '@conclave/wire'
import type { Clock } from '../clock.ts'
import { guardOf, withoutVersion } from '../identity/account.ts'
import type { Identity } from '../identity/identity.ts'
import { Turns } from '../identity/turns.ts'
import { ATTEMPTS, CHANNEL_SANCTIONS, WAITING_SANCTIONS } from '../limits.ts'
import type { Sanction } from '../room/events.ts'
import type { Account, Channel } from '../room/facts.ts'
import type { Rejection } from '../room/rejection.ts'
import { isRejection } from '../room/rejection.ts'
import { checkChannelBan, checkGlobalBan } from '../room/rights.ts'
import type { Guard, Item, Row, Store, Write } from '../store/store.ts'

export interface SanctionRowsParts {
  readonly store: Store
  readonly write: Write
  readonly clock: Clock
  readonly identity: Identity
}

export type Wider = { readonly of: 'channel'; readonly channel: ChannelId } | { readonly of: 'global' }

export interface RowChange {
  readonly scope: Wider
  /** null: the operator, who may do everything. */
  readonly actor: UserId | null
  readonly user: UserId
  /** The new list; the very same one where there is nothing to write. */
  change(held: readonly Sanction[], now: number): readonly Sanction[] | Rejection
}

/** What was there, and is there now. */
export interface RowChanged {
  readonly before: readonly Sanction[]
  readonly after: readonly Sanction[]
  /** null for the scope `global`. */
  readonly channel: Channel | null
  /** undefined where a channel holds a sanction on somebody whom the server does not know. */
  readonly account: Account | undefined
  readonly actor: Account | null
}

export class SanctionRows {
  readonly #parts: SanctionRowsParts
  /** Those of one row wait for each other: each would make all others lose the race for it. */
  readonly #lines = new Turns(WAITING_SANCTIONS)
  #describe: ((changed: RowChanged) => readonly Row[]) | null = null

  constructor(parts: SanctionRowsParts) {
    this.#parts = parts
  }

  /** Who has rows to write in the transaction of a change. Must not throw: nothing would be written. */
  onDecided(describe: (changed: RowChanged) => readonly Row[]): void {
    this.#describe = describe
  }

  /** `then` runs before the next change of the same row, so that what it tells stands in the order of the changes. */
  async change<T>(asked: RowChange, then: (changed: RowChanged) => Promise<T>): Promise<T | Rejection> {
    // Who may not do it takes nobody's place in the line.
    const seen = await this.#see(asked)
    if (isRejection(seen)) return seen
    const { scope, user } = asked
    const row = scope.of === 'channel' ? `channel:${scope.channel}` : `user:${user}`
    const run = async (): Promise<T | Rejection> => {
      const changed = await this.#write(asked)
      return isRejection(changed) ? changed : then(changed)
    }
    return this.#lines.run(row, run) ?? { rejected: 'busy' }
  }

  async #write(asked: RowChange): Promise<RowChanged | Rejection> {
    const { write, clock, identity } = this.#parts
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const seen = await this.#see(asked)
      if (isRejection(seen)) return seen
      const { held, channel, account, actor } = seen
      const sanctions = asked.change(held, clock.now())
      if (isRejection(sanctions)) return sanctions
      if (sanctions === held) return { before: held, after: held, channel, account, actor }
      const changed: RowChanged = {
        before: held,
        after: sanctions,
        channel: channel && { ...channel, sanctions, version: channel.version + 1 },
        account: channel || !account ? account : { ...account, sanctions, version: account.version + 1 },
        actor,
      }
      const { guards, append, rows } = await this.#item(seen, sanctions)
      const { outcome } = await write({ guards, append, rows: [...rows, ...(this.#describe?.(changed) ?? [])] })
      if (outcome !== 'committed') continue
      identity.changed(channel ? 'channel' : 'account', channel?.id ?? asked.user)
      return changed
    }
    return { rejected: 'conflict', current: null }
  }

  /** As the store has it, and as far as the actor may change it. */
  async #see({ scope, user, actor: acting }: RowChange): Promise<Seen | Rejection> {
    const { store, clock } = this.#parts
    const account = await store.account(user)
    const actor = acting === null ? null : await store.account(acting)
    if (actor === undefined) return { rejected: 'account.inactive' }
    const now = clock.now()
    if (scope.of === 'global') {
      const barred = actor && checkGlobalBan(actor, account, now)
      if (barred) return barred
      return account ? { held: account.sanctions, channel: null, user, account, actor } : unknown(user)
    }
    const channel = await store.channel(scope.channel)
    if (!channel) return { rejected: 'room.unknown' }
    const barred = actor && checkChannelBan(channel, actor, account, now)
    return barred ?? { held: channel.sanctions, channel, user, account, actor }
  }

  async #item({ channel, user, account, actor }: Seen, sanctions: readonly Sanction[]): Promise<Item> {
    const guards: Guard[] = [account ? guardOf(account) : { of: 'account', id: user, version: 0 }]
    if (actor && actor.id !== user) guards.push(guardOf(actor))
    if (!channel) return { guards, append: null, rows: [await this.#accountRow(account as Account, sanctions)] }
    const { version, ...bare } = channel
    guards.push({ of: 'channel', id: channel.id, version })
    return { guards, append: null, rows: [{ put: 'channel', channel: { ...bare, sanctions } }] }
  }

  /** The address is read after the account: were it the other way round, a change between the two would be lost. */
  async #accountRow(account: Account, sanctions: readonly Sanction[]): Promise<Row> {
    const { store, clock } = this.#parts
    const email = await store.email(account.id)
    return { put: 'account', account: withoutVersion({ ...account, sanctions }), email, createdAt: clock.now() }
  }
}

interface Seen {
  readonly held: readonly Sanction[]
  readonly channel: Channel | null
  readonly user: UserId
  readonly account: Account | undefined
  readonly actor: Account | null
}

function unknown(user: UserId): Rejection {
  return { rejected: 'members.unaddable', user }
}

/** With one more: what has run out goes, and what was there of that kind on that user is replaced. The very same list
 * where it stands there already. */
export function withSanction(
  held: readonly Sanction[],
  entry: Sanction,
  most: number = CHANNEL_SANCTIONS,
): readonly Sanction[] | Rejection {
  const known = held.find(one => isOn(one, entry))
  if (known && known.until === entry.until && known.reason === entry.reason) return held
  const kept = held.filter(one => !isOn(one, entry) && (one.until === null || one.until > entry.from))
  if (kept.length >= most) return { rejected: 'limit', text: 'too many sanctions on this channel' }
  return [...kept, entry]
}

/** Without one; the very same list where there is none. */
export function withoutSanction(
  held: readonly Sanction[],
  lifted: Pick<Sanction, 'kind' | 'user'>,
): readonly Sanction[] {
  return held.some(one => isOn(one, lifted)) ? held.filter(one => !isOn(one, lifted)) : held
}

function isOn(one: Sanction, { kind, user }: Pick<Sanction, 'kind' | 'user'>): boolean {
  return one.kind === kind && one.user === user
}
