// All users, page by page, with a turn of the event loop between: for lists that administrators look at and searches by
// name. However many look at once, one page is looked at in a turn. Accounts that ended are in none.
import type { UserId } from '@conclave/wire'
import type { Account } from '../../../room/facts.ts'
import type { Gate } from '../gate.ts'
import { ACCOUNTS_TOGETHER } from '../limits.ts'
import { hasEnded } from './find.ts'

/** `asker`: whoever asks for it; askers take turns, however much one of them asks at once. */
export async function* everybody({ parts }: Pick<Gate, 'parts'>, asker: UserId | null): AsyncGenerator<Account> {
  for (let after: UserId | null = null; ; ) {
    await lines.enter(asker)
    try {
      const page: readonly Account[] = await parts.identity.page(after, ACCOUNTS_TOGETHER)
      for (const account of page) if (!hasEnded(account)) yield account
      if (page.length < ACCOUNTS_TOGETHER) return
      after = (page.at(-1) as Account).id
    } finally {
      lines.leave()
    }
  }
}

/** One is inside at a time, and the next a turn of the event loop later. Nobody who is inside may wait for another look. */
export class Lines {
  #inside = false
  /** By asker, in the order of their turns. */
  readonly #waiting = new Map<UserId | null, (() => void)[]>()

  async enter(asker: UserId | null): Promise<void> {
    if (!this.#inside) {
      this.#inside = true
      return
    }
    const line = this.#waiting.get(asker) ?? []
    this.#waiting.set(asker, line)
    await new Promise<void>(resolve => line.push(resolve))
  }

  leave(): void {
    setImmediate(() => this.#next())
  }

  #next(): void {
    const [first] = this.#waiting
    if (!first) {
      this.#inside = false
      return
    }
    const [asker, line] = first
    this.#waiting.delete(asker)
    const enter = line.shift()
    if (line.length > 0) this.#waiting.set(asker, line)
    enter?.()
  }
}
const lines = new Lines()

export async function countAdmins(gate: Gate, wanted: (account: Account) => boolean = () => true): Promise<number> {
  let count = 0
  for await (const account of everybody(gate, null)) {
    const isAdmin = account.roles.includes('admin') || account.roles.includes('superuser')
    if (isAdmin && wanted(account) && ++count > 1) return count
  }
  return count
}
