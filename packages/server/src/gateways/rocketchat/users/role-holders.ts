// Who has roles that say more than that they are a user: every client asks for them when it begins, so everybody is looked
// through once, and again only for those who have changed since.
import type { UserId } from '@conclave/wire'
import type { Account } from '../../../room/facts.ts'
import type { GatewayParts } from '../../gateway.ts'
import { globalRolesOf } from '../encode.ts'
import { CHANGED_HOLDERS } from '../limits.ts'
import { everybody } from './everybody.ts'
import { hasEnded } from './find.ts'

export interface Holder {
  readonly username: string
  readonly roles: readonly string[]
}
type Holders = Map<UserId, Holder>

export class RoleHolders {
  readonly #parts: GatewayParts
  /** Of the look that runs or is over; null before one, and where too many have changed since. */
  #held: Promise<Holders> | null = null
  readonly #changed = new Set<UserId>()

  constructor(parts: GatewayParts) {
    this.#parts = parts
    parts.bus.subscribe('all', message => {
      if (message.kind !== 'changed' || message.of !== 'account' || !this.#held) return
      if (this.#changed.add(message.id as UserId).size > CHANGED_HOLDERS) this.#forget()
    })
  }

  async all(): Promise<ReadonlyMap<UserId, Holder>> {
    this.#held ??= this.#look()
    const holders = await this.#held
    for (const user of this.#changed) {
      this.#changed.delete(user)
      const account = await this.#parts.identity.accounts.load(user)
      holders.delete(user)
      if (account) keep(holders, account)
    }
    return holders
  }

  async #look(): Promise<Holders> {
    const holders: Holders = new Map()
    try {
      for await (const account of everybody({ parts: this.#parts }, null)) keep(holders, account)
      return holders
    } catch (error) {
      this.#forget()
      throw error
    }
  }

  #forget(): void {
    this.#held = null
    this.#changed.clear()
  }
}

function keep(holders: Holders, account: Account): void {
  const roles = globalRolesOf(account).filter(role => role !== 'user')
  if (roles.length > 0 && !hasEnded(account)) holders.set(account.id, { username: account.username, roles })
}
