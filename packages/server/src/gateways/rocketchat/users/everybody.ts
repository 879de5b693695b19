// All users, page by page, with a turn of the event loop between: for lists that administrators look at and searches by
// name. Accounts that ended are in none.
import { setImmediate } from 'node:timers/promises'
import type { UserId } from '@conclave/wire'
import type { Account } from '../../../room/facts.ts'
import type { Gate } from '../gate.ts'
import { ACCOUNTS_TOGETHER } from '../limits.ts'
import { hasEnded } from './find.ts'

export async function* everybody({ parts }: Pick<Gate, 'parts'>): AsyncGenerator<Account> {
  for (let after: UserId | null = null; ; ) {
    const page: readonly Account[] = await parts.identity.page(after, ACCOUNTS_TOGETHER)
    for (const account of page) if (!hasEnded(account)) yield account
    if (page.length < ACCOUNTS_TOGETHER) return
    after = (page.at(-1) as Account).id
    await setImmediate()
  }
}

export async function countAdmins(gate: Gate, wanted: (account: Account) => boolean = () => true): Promise<number> {
  let count = 0
  for await (const account of everybody(gate)) {
    const isAdmin = account.roles.includes('admin') || account.roles.includes('superuser')
    if (isAdmin && wanted(account) && ++count > 1) return count
  }
  return count
}
