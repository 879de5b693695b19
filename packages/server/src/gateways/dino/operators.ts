// Who has a role for the whole server, wherever they are: everybody is looked through once, when it is first asked for, and
// then those alone who change.
import type { UserId } from '@conclave/wire'
import { isOperator } from '../../room/facts.ts'
import type { GatewayParts } from '../gateway.ts'
import { ACCOUNTS_LOOKED_AT, CHANGED_ACCOUNTS } from './limits.ts'

export class Operators {
  readonly #parts: GatewayParts
  /** Of the look that runs or is over; null before one, and where too many have changed since. */
  #held: Promise<Set<UserId>> | null = null
  readonly #changed = new Set<UserId>()

  constructor(parts: GatewayParts) {
    this.#parts = parts
    parts.bus.subscribe('all', message => {
      if (message.kind !== 'changed' || message.of !== 'account' || !this.#held) return
      if (this.#changed.add(message.id as UserId).size > CHANGED_ACCOUNTS) this.#forget()
    })
  }

  async all(): Promise<ReadonlySet<UserId>> {
    this.#held ??= this.#look()
    const operators = await this.#held
    for (const user of this.#changed) {
      this.#changed.delete(user)
      const account = await this.#parts.identity.accounts.load(user)
      if (account && isOperator(account)) operators.add(user)
      else operators.delete(user)
    }
    return operators
  }

  async #look(): Promise<Set<UserId>> {
    const operators = new Set<UserId>()
    try {
      for (let after: UserId | null = null; ; ) {
        const page = await this.#parts.identity.page(after, ACCOUNTS_LOOKED_AT)
        for (const account of page) if (isOperator(account)) operators.add(account.id)
        after = page.at(-1)?.id ?? null
        if (page.length < ACCOUNTS_LOOKED_AT || after === null) return operators
        // A turn of the event loop for everybody else.
        await new Promise(resolve => setImmediate(resolve))
      }
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
