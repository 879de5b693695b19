// A bug in a handler (RC-016): the caller learns that there was one and nothing of it, and the log learns all but what the
// request said.
import { afterEach, expect, test } from 'vitest'
import { dispatch, METHODS } from './dispatch.ts'
import type { Caller, Gate } from './gate.ts'
import { method } from './method.ts'
import { nothing } from './params.ts'

const methods = METHODS as Map<string, ReturnType<typeof method>>
afterEach(() => methods.delete('broken'))

test.each([
  ['throws', new TypeError('the secret of alice is 42'), 500],
  ['throws what is no error', 'the secret of alice is 42', 500],
  ['meets a store that fails', Object.assign(new Error('disk'), { name: 'StoreFailure' }), 'error-unavailable'],
])('a method that %s', async (_, thrown, code) => {
  const logged: object[] = []
  const gate = { log: { error: (about: object) => void logged.push(about) } } as unknown as Gate
  const run = async () => {
    throw thrown
  }
  methods.set('broken', method({ name: 'broken', params: nothing, run }))
  const asked = { name: 'broken', params: ['the words of alice'], bytes: 1, address: '' }
  const answer = await dispatch(gate, {} as Caller, asked)
  const { error } = answer as { error: { error: unknown; toJSON(): object } }
  expect(error.error).toBe(code)
  const shown = JSON.stringify(error)
  expect(shown).not.toContain('secret')
  expect(shown).not.toContain('words')
  if (code !== 500) return
  const reason = 'Internal server error'
  expect(error.toJSON()).toEqual({
    isClientSafe: true,
    error: 500,
    reason,
    message: `${reason} [500]`,
    errorType: 'Meteor.Error',
  })
  expect(logged).toHaveLength(1)
  expect(JSON.stringify(logged)).not.toContain('words')
})
