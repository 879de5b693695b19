// The sentences about what stands in no log but at a place in one: who may see what came right after an event (L10).
import { expect, test } from 'vitest'
import type { OpenStore } from '../contract.ts'
import { added, append, committed, created, message, removed, room, rotated, user } from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')

export function coverageSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)
  const covered = async (of: string, upTo = 9): Promise<(boolean | undefined)[]> => {
    const found: (boolean | undefined)[] = []
    for (let sequence = 1; sequence <= upTo; sequence++)
      found.push(await store().covers(ROOM, sequence, { by: 'member', user: user(of) }))
    return found
  }

  test('a member sees what came after an event of their spans, but not after the one that they went with (L10)', async () => {
    await committed(
      store(),
      append(ROOM, 0, [created({ suite: 'xchat', members: [user('1')] }), message('2')]),
      append(ROOM, 1, [rotated('1'), added(['2'], 'rotation'), message('5')]),
      append(ROOM, 4, [removed(['2']), message('7')]),
    )
    expect(await covered('1')).toEqual(Array(9).fill(true))
    expect(await covered('2')).toEqual(Array(9).fill(undefined))
    expect(await covered('3')).toEqual(Array(9).fill(undefined))
    await committed(store(), append(ROOM, 6, [rotated('2'), added(['2'], 'rotation')]))
    expect(await covered('2')).toEqual([false, false, true, true, true, false, false, true, true])
  })

  test('a grant covers everything while the room stands as it did, the server everything at any time', async () => {
    await committed(store(), append(ROOM, 0, [created({ members: [user('1')] }), message('2')]))
    const grant = (control: number) => store().covers(ROOM, 2, { by: 'grant', user: user('9'), control })
    expect([await grant(1), await grant(2)]).toEqual([true, undefined])
    await committed(store(), append(ROOM, 1, [added(['2'])]))
    expect([await grant(1), await grant(3)]).toEqual([undefined, true])
    expect(await store().covers(ROOM, 2, { by: 'server' })).toBe(true)
    expect(await store().covers(room('77'), 1, { by: 'grant', user: user('9'), control: 1 })).toBeUndefined()
  })
}
