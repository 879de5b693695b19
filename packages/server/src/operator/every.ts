// Walks over everything of one kind in the store, page by page.
import type { RoomId, UserId } from '@conclave/wire'
import type { Account } from '../room/facts.ts'
import type { Store, Token } from '../store/store.ts'

/** Rows that one look reads. */
const PAGE = 1_000

export async function everyAccount(store: Store, visit: (account: Account) => void): Promise<void> {
  for (let after: UserId | null = null; ; ) {
    const page: readonly Account[] = await store.accounts(after, PAGE)
    for (const account of page) visit(account)
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    after = last.id
  }
}

export async function everyToken(store: Store, visit: (token: Token) => void): Promise<void> {
  for (let after: string | null = null; ; ) {
    const page: readonly Token[] = await store.tokens(after, PAGE)
    for (const token of page) visit(token)
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    after = last.hash
  }
}

export async function everyRoom(store: Store, visit: (id: RoomId) => Promise<void>): Promise<void> {
  for (let after: RoomId | null = null; ; ) {
    const page: readonly RoomId[] = await store.allRooms(after, PAGE)
    for (const id of page) await visit(id)
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    after = last
  }
}
