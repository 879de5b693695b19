import { expect, test } from 'vitest'
import { busContract } from './contract.ts'
import { localBus } from './local.ts'

busContract('local', async () => {
  const errors: unknown[] = []
  return { bus: localBus({ onError: error => errors.push(error) }), errors, settled: async () => {} }
})

test('a message is received before publish returns', () => {
  const bus = localBus()
  const received: string[] = []
  bus.subscribe('all', message => received.push(message.kind))
  bus.publish('all', { kind: 'changed', of: 'account', id: '1' })
  expect(received).toEqual(['changed'])
})
