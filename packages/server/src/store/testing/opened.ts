// One store per test, closed after it.
import { afterEach, beforeEach } from 'vitest'
import type { OpenStore } from '../contract.ts'
import type { Store } from '../store.ts'

/** Opens before each test of the describe block; call the answer for the store of the running test. */
export function opened(open: () => Promise<OpenStore>): { (): Store; crash(): Promise<Store> | undefined } {
  let current: OpenStore | undefined
  beforeEach(async () => {
    current = await open()
  })
  afterEach(async () => {
    await current?.close()
    current = undefined
  })
  const held = (): OpenStore => {
    if (current === undefined) throw new Error('no store is open')
    return current
  }
  return Object.assign(() => held().store, { crash: () => held().crashAndReopen?.() })
}
