// Gathers what a decision may know, from memory where it can, and remembers the version of each as a guard (L3).
import type { ChannelId, UserId } from '@conclave/wire'
import type { Identity } from '../identity/identity.ts'
import type { Account, Channel, Facts, KeySet, Needs } from '../room/facts.ts'
import type { Guard } from '../store/store.ts'

export class Gathered implements Facts {
  readonly channel: Channel
  readonly #accounts: Found<Account>
  readonly #keys: Found<KeySet>

  constructor(channel: Channel, accounts: Found<Account>, keys: Found<KeySet>) {
    this.channel = channel
    this.#accounts = accounts
    this.#keys = keys
  }

  account(user: UserId): Account | undefined {
    return this.#accounts.of(user)
  }

  keys(user: UserId): KeySet | undefined {
    return this.#keys.of(user)
  }

  guards(): Guard[] {
    const guards: Guard[] = [{ of: 'channel', id: this.channel.id, version: this.channel.version }]
    this.#accounts.name('account', guards)
    this.#keys.name('keys', guards)
    return guards
  }
}

/** What there is of some users: mostly of one. */
class Found<T extends { readonly version: number }> {
  readonly #users: readonly UserId[]
  readonly #found: readonly (T | undefined)[]
  #byUser: Map<UserId, T | undefined> | null = null

  constructor(users: readonly UserId[], found: readonly (T | undefined)[]) {
    this.#users = users
    this.#found = found
  }

  of(user: UserId): T | undefined {
    const users = this.#users
    if (users.length <= FEW) return this.#found[users.indexOf(user)]
    this.#byUser ??= new Map(users.map((each, at) => [each, this.#found[at]]))
    return this.#byUser.get(user)
  }

  name(of: 'account' | 'keys', guards: Guard[]): void {
    const users = this.#users
    for (let at = 0; at < users.length; at++)
      guards.push({ of, id: users[at] as UserId, version: this.#found[at]?.version ?? 0 })
  }
}

/** Users that are sooner found by a walk. */
const FEW = 4

/** Where everything is in memory. */
export function atHand(identity: Identity, channel: string, needs: Needs): Gathered | undefined {
  const known = identity.channels.peek(channel)
  const users = { accounts: once(needs.accounts), keys: once(needs.keys) }
  const accounts = users.accounts.map(user => identity.accounts.peek(user))
  const keys = users.keys.map(user => identity.keys.peek(user))
  if (!known || accounts.includes(undefined) || keys.includes(undefined)) return undefined
  return new Gathered(known, new Found(users.accounts, accounts), new Found(users.keys, keys))
}

/** undefined: the channel does not exist. */
export async function gather(identity: Identity, channel: string, needs: Needs): Promise<Gathered | undefined> {
  const users = { accounts: once(needs.accounts), keys: once(needs.keys) }
  const [found, accounts, keys] = await Promise.all([
    identity.channels.load(channel as ChannelId),
    Promise.all(users.accounts.map(user => identity.accounts.load(user))),
    Promise.all(users.keys.map(user => identity.keys.load(user))),
  ])
  return found && new Gathered(found, new Found(users.accounts, accounts), new Found(users.keys, keys))
}

function once(users: readonly UserId[]): readonly UserId[] {
  return users.length < 2 ? users : [...new Set(users)]
}
