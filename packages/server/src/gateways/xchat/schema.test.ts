import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Refusal } from './problem.ts'
import { distinct, encryptedText, list, maxResults, messageId, names, object, parse, text, userId } from './schema.ts'

const body = object({
  user_ids: list(userId),
  title: text(5).optional(),
  deep: list(object({ id: messageId })).optional(),
})

function detail(value: unknown, schema: z.ZodType = body, root: '$.' | '' = '$.'): string {
  const parsed = parse(schema, value, root)
  return parsed instanceof Refusal ? parsed.problem.detail : 'taken'
}

describe('what does not fit is named', () => {
  test.each([
    [{}, '$.user_ids: is missing but it is required'],
    [{ user_ids: null }, '$.user_ids: must be an array'],
    [{ user_ids: [5] }, '$.user_ids[0]: must be a string'],
    [{ user_ids: ['1', '01'] }, '$.user_ids[1]: must be a user id: 1 to 19 digits'],
    [{ user_ids: [], title: 'longer' }, '$.title: must have at most 5 characters'],
    [{ title: 'longer' }, '$.title: must have at most 5 characters'],
    [{ user_ids: [], title: null }, '$.title: must be a string'],
    [{ user_ids: [], deep: [{ id: 'a' }, {}] }, '$.deep[1].id: is missing but it is required'],
    [{ user_ids: [], deep: [{ id: 'a,b' }] }, '$.deep[0].id: must not contain a comma'],
    [[], '$: must be an object'],
    ['a', '$: must be an object'],
    [null, '$: must be an object'],
    [{ user_ids: ['0', '9223372036854775807'], more: 1 }, 'taken'],
  ])('%j', (value, wanted) => {
    expect(detail(value)).toBe(wanted)
  })

  test('in a query', () => {
    const query = z.object({ max_results: maxResults, fields: names(['id', 'type']) })
    expect(detail({ max_results: '0' }, query, '')).toBe('max_results: must be a number from 1 to 100')
    expect(detail({ max_results: ['1', '2'] }, query, '')).toBe('max_results: must be given once')
    expect(detail({ fields: 'id,foo' }, query, '')).toBe('fields: must be a comma-separated list of: id, type')
    expect(detail({ fields: '' }, query, '')).toContain('fields')
    expect(parse(query, { fields: 'id,type' }, '')).toEqual({ max_results: 10, fields: ['id', 'type'] })
  })

  test('one of some words that is not there, and what stands there twice', () => {
    const choice = object({ way: z.enum(['up', 'down'], 'must be up or down'), ids: distinct(userId, 5) })
    expect(detail({ ids: [] }, choice)).toBe('$.way: is missing but it is required')
    expect(detail({ way: 'left', ids: [] }, choice)).toBe('$.way: must be up or down')
    expect(detail({ way: 'up', ids: ['5', '5'] }, choice)).toBe('$.ids: must not hold a duplicate')
  })

  test('an encrypted title has nonce and tag at least', () => {
    const of = (bytes: number) => detail(Buffer.alloc(bytes).toString('base64'), encryptedText)
    expect([of(39), of(40)]).toEqual(['$: must be base64 of at least 40 bytes', 'taken'])
  })
})
