// The sentences about the small records of gateways and jobs: by key, by owner, by when they are due; and that a guard
// tells every writing from every other.
import { expect, test } from 'vitest'
import type { OpenStore } from '../contract.ts'
import type { Document, Guard, Row } from '../store.ts'
import { committed, outcomeOf, rows } from './items.ts'
import { opened } from './opened.ts'

export function documentSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)
  const put = (key: string, fields: Partial<Document> = {}): Row => ({
    put: 'document',
    document: { kind: 'upload', key, owner: '', body: '{}', dueAt: null, ...fields },
  })
  const under = (key: string, version: number, ...written: Row[]) => {
    const guard: Guard = { of: 'document', id: `upload/${key}`, version }
    return { guards: [guard], append: null, rows: written }
  }
  const keys = (found: readonly Document[]) => found.map(({ key }) => key)

  test('a document comes back as it was put, and is gone when it is dropped', async () => {
    await committed(store(), rows(put('a', { owner: '7', body: '{"x":"é"}', dueAt: 5 })))
    const found = await store().document('upload', 'a')
    expect(found).toEqual({
      kind: 'upload',
      key: 'a',
      owner: '7',
      body: '{"x":"é"}',
      dueAt: 5,
      version: expect.any(Number),
    })
    expect(await store().document('other', 'a')).toBeUndefined()
    await committed(store(), rows({ drop: 'document', kind: 'upload', key: 'a' }))
    expect(await store().document('upload', 'a')).toBeUndefined()
  })

  test('lists are by kind and owner, in the order of the keys, after one', async () => {
    const other = put('c', { kind: 'other' })
    await committed(store(), rows(put('b', { owner: '7' }), put('a', { owner: '8' }), other, put('c', { owner: '7' })))
    expect(keys(await store().documents('upload', { limit: 10 }))).toEqual(['a', 'b', 'c'])
    expect(keys(await store().documents('upload', { limit: 2, after: 'a' }))).toEqual(['b', 'c'])
    expect(keys(await store().documents('upload', { owner: '7', limit: 1 }))).toEqual(['b'])
    expect(keys(await store().documents('upload', { owner: '7', after: 'b', limit: 9 }))).toEqual(['c'])
    expect(await store().countDocuments('upload', '7')).toBe(2)
    expect(await store().countDocuments('upload', '9')).toBe(0)
  })

  test('what is due comes longest due first; what is never due does not', async () => {
    await committed(store(), rows(put('a', { dueAt: 3 }), put('b', { dueAt: 1 }), put('c'), put('d', { dueAt: 4 })))
    expect(keys(await store().dueDocuments('upload', 3, 10))).toEqual(['b', 'a'])
    expect(keys(await store().dueDocuments('upload', 9, 1))).toEqual(['b'])
  })

  test('a guard holds for one writing alone: not for the next, not after a drop, not for one put anew', async () => {
    expect(await outcomeOf(store(), under('a', 1, put('a')))).toMatchObject({ outcome: 'stale' })
    await committed(store(), under('a', 0, put('a')))
    const first = (await store().document('upload', 'a'))?.version ?? 0
    expect(await outcomeOf(store(), under('a', 0, put('a')))).toMatchObject({ outcome: 'stale' })
    await committed(store(), under('a', first, put('a')))
    expect(await outcomeOf(store(), under('a', first, put('a')))).toMatchObject({ outcome: 'stale' })
    await committed(store(), rows({ drop: 'document', kind: 'upload', key: 'a' }))
    await committed(store(), under('a', 0, put('a')))
    const again = (await store().document('upload', 'a'))?.version ?? 0
    expect(again).toBeGreaterThan(first + 1)
  })

  test('of two writers in one transaction that saw the same version, one wins', async () => {
    await committed(store(), rows(put('a')))
    const version = (await store().document('upload', 'a'))?.version ?? 0
    const outcomes = await store().commit([
      under('a', version, put('a', { body: '1' })),
      under('a', version, put('a', { body: '2' })),
    ])
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['committed', 'stale'])
    expect((await store().document('upload', 'a'))?.body).toBe('1')
  })
}
