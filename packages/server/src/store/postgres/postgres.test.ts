// PostgreSQL under the contract. Each sentence finds an empty database, but mostly one of an earlier sentence, whose
// connections know its statements already: learning them takes longer than most sentences.
import { afterAll } from 'vitest'
import { type OpenStore, storeContract } from '../contract.ts'
import type { Store } from '../store.ts'
import { NOW } from '../testing/items.ts'
import { type FreshStores, freshStores } from './testing.ts'

const node = { node: 1, clock: { now: () => NOW } }
const made: FreshStores[] = []
const free: { readonly stores: FreshStores; readonly store: Store }[] = []
afterAll(() => Promise.all(made.map(each => each.close())))

async function begun(): Promise<{ stores: FreshStores; store: Store }> {
  const stores = await freshStores()
  made.push(stores)
  return { stores, store: await stores.open(node) }
}

storeContract('postgres', async (): Promise<OpenStore> => {
  const { stores, store } = free.pop() ?? (await begun())
  let current = store
  return {
    store,
    async close() {
      const isOpen = await current.reopen().then(
        () => true,
        () => false,
      )
      if (!isOpen) current = await stores.open(node)
      await stores.empty(current)
      free.push({ stores, store: current })
    },
    async crashAndReopen() {
      current = await stores.open(node)
      return current
    },
  }
})
