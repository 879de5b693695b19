// Gathers what a decision may know, from memory where it can, and remembers the version of each as a guard (L3).
import type { ChannelId, UserId } from '@conclave/wire'
import type { Identity } from '../identity/identity.ts'
import type { Account, Channel, Facts, KeySet, Needs } from '../room/facts.ts'
import type { Guard } from '../store/store.ts'

export class Gathered implements Facts {
  readonly channel: Channel
  readonly #accounts: Map<UserId, Account | undefined>
  readonly #keys: Map<UserId, KeySet | undefined>

  constructor(channel: Channel, accounts: Map<UserId, Account | undefined>, keys: Map<UserId, KeySet | undefined>) {
    this.channel = channel
    this.#accounts = accounts
    this.#keys = keys
  }

  account(user: UserId): Account | undefined {
    return this.#accounts.get(user)
  }

  keys(user: UserId): KeySet | undefined {
    return this.#keys.get(user)
  }

  guards(): Guard[] {
    const guards: Guard[] = [{ of: 'channel', id: this.channel.id, version: this.channel.version }]
    for (const [id, account] of this.#accounts) guards.push({ of: 'account', id, version: account?.version ?? 0 })
    for (const [id, keys] of this.#keys) guards.push({ of: 'keys', id, version: keys?.version ?? 0 })
    return guards
  }
}

/** At once where everything is in memory, else a promise. undefined: the channel does not exist. */
export function gather(identity: Identity, channel: string, needs: Needs): Gathered | Promise<Gathered | undefined> {
  const known = identity.channels.peek(channel)
  const accounts = new Map<UserId, Account | undefined>()
  const keys = new Map<UserId, KeySet | undefined>()
  let complete = known !== undefined
  for (const user of needs.accounts) {
    const account = identity.accounts.peek(user)
    accounts.set(user, account)
    if (!account) complete = false
  }
  for (const user of needs.keys) {
    const set = identity.keys.peek(user)
    keys.set(user, set)
    if (!set) complete = false
  }
  return complete && known ? new Gathered(known, accounts, keys) : load(identity, channel as ChannelId, accounts, keys)
}

async function load(
  identity: Identity,
  channel: ChannelId,
  accounts: Map<UserId, Account | undefined>,
  keys: Map<UserId, KeySet | undefined>,
): Promise<Gathered | undefined> {
  const found = await identity.channels.load(channel)
  await Promise.all([
    ...[...accounts].map(async ([user, known]) => known ?? accounts.set(user, await identity.accounts.load(user))),
    ...[...keys].map(async ([user, known]) => known ?? keys.set(user, await identity.keys.load(user))),
  ])
  return found && new Gathered(found, accounts, keys)
}
