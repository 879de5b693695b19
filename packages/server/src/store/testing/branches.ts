// The sentences about rooms that hang on another: discussions of a room, rooms of a team.
import { expect, test } from 'vitest'
import type { OpenStore } from '../contract.ts'
import { append, committed, created, room } from './items.ts'
import { opened } from './opened.ts'

const [MAIN, PLAN, CHAT, TALK] = ['454999', '455000', '455001', '455002'].map(end => room(`2070276095283${end}`)) as [
  ReturnType<typeof room>,
  ReturnType<typeof room>,
  ReturnType<typeof room>,
  ReturnType<typeof room>,
]

export function branchSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)

  test('rooms of a team are found by its main room, until they leave it or are removed', async () => {
    const team = (isDefault = false) => ({ main: MAIN, isDefault })
    await committed(
      store(),
      append(MAIN, 0, [created(), { type: 'team.changed', team: team() }]),
      append(PLAN, 0, [created({ team: team(true) })]),
      append(CHAT, 0, [created()]),
    )
    const inTeam = async () => (await store().branches(MAIN, 'team', 10)).map(each => each.room)
    expect(new Set(await inTeam())).toEqual(new Set([MAIN, PLAN]))
    await committed(store(), append(CHAT, 1, [{ type: 'team.changed', team: team() }]))
    expect(await inTeam()).toHaveLength(3)
    expect(await store().countBranches(MAIN, 'team')).toBe(3)
    expect(await store().branches(MAIN, 'team', 2)).toHaveLength(2)
    expect(await store().branches(CHAT, 'team', 10)).toEqual([])
    expect(await store().teams(null, 10)).toEqual([MAIN])
    expect(await store().teams(MAIN, 10)).toEqual([])
    await committed(
      store(),
      append(CHAT, 2, [{ type: 'team.changed', team: null }]),
      append(PLAN, 1, [{ type: 'room.removed', reason: '' }]),
    )
    expect(await inTeam()).toEqual([MAIN])
    await committed(store(), append(MAIN, 2, [{ type: 'team.changed', team: null }]))
    expect(await store().teams(null, 10)).toEqual([])
  })

  test('discussions of a room are found by it, the newest first, with the event that tells of each', async () => {
    const started = (discussion: typeof TALK) =>
      ({ type: 'discussion.started', discussion, name: 'a name', message: null }) as const
    const of = { parent: MAIN, message: null }
    await committed(
      store(),
      append(MAIN, 0, [created()]),
      append(TALK, 0, [created({ discussionOf: of })]),
      append(PLAN, 0, [created({ discussionOf: of })]),
    )
    await committed(store(), append(MAIN, 1, [started(TALK), started(PLAN)]))
    expect(await store().branches(MAIN, 'discussion', 10)).toEqual([
      { room: PLAN, at: 3 },
      { room: TALK, at: 2 },
    ])
    expect(await store().branches(MAIN, 'team', 10)).toEqual([])
    expect(await store().branchAt(MAIN, 'discussion', TALK)).toBe(2)
    expect(await store().branchAt(TALK, 'discussion', MAIN)).toBeUndefined()
    await committed(store(), append(PLAN, 1, [{ type: 'room.removed', reason: '' }]))
    expect(await store().branchAt(MAIN, 'discussion', PLAN)).toBe(3)
  })
}
