// All users, page by page, with a turn of the event loop between: for lists that administrators look at and searches by
// name. However many look at once, one page is looked at in a turn. Accounts that ended are in none.
import { setImmediate } from 'node:timers/promises'
import type { UserId } from '@conclave/wire'
import type { Account } from '../../../room/facts.ts'
import type { Gate } from '../gate.ts'
import { ACCOUNTS_TOGETHER } from '../limits.ts'
import { hasEnded } from './find.ts'

export async function* everybody({ parts }: Pick<Gate, 'parts'>): AsyncGenerator<Account> {
  for (let after: UserId | null = null; ; ) {
    const left = await entered()
    try {
      const page: readonly Account[] = await parts.identity.page(after, ACCOUNTS_TOGETHER)
      for (const account of page) if (!hasEnded(account)) yield account
      if (page.length < ACCOUNTS_TOGETHER) return
      after = (page.at(-1) as Account).id
    } finally {
      left()
    }
  }
}

/** Who looked last; done a turn of the event loop after they have left. */
let last: Promise<unknown> = Promise.resolve()

/** Waits for those before. Nobody who is inside may wait for another look. */
async function entered(): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const before = last
  last = promise.then(() => setImmediate())
  await before
  return resolve
}

export async function countAdmins(gate: Gate, wanted: (account: Account) => boolean = () => true): Promise<number> {
  let count = 0
  for await (const account of everybody(gate)) {
    const isAdmin = account.roles.includes('admin') || account.roles.includes('superuser')
    if (isAdmin && wanted(account) && ++count > 1) return count
  }
  return count
}
