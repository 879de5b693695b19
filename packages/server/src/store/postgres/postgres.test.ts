// PostgreSQL under the contract, on databases that each sentence finds empty.
import { afterAll } from 'vitest'
import { type OpenStore, storeContract } from '../contract.ts'
import { NOW } from '../testing/items.ts'
import { type FreshStores, freshStores } from './testing.ts'

const clock = { now: () => NOW }
const made: FreshStores[] = []
const free: FreshStores[] = []
afterAll(() => Promise.all(made.map(each => each.close())))

storeContract('postgres', async (): Promise<OpenStore> => {
  const stores = free.pop() ?? (await freshStores())
  if (!made.includes(stores)) made.push(stores)
  return {
    store: await stores.open({ node: 1, clock }),
    async close() {
      await stores.empty()
      free.push(stores)
    },
    crashAndReopen: () => stores.open({ node: 1, clock }),
  }
})
