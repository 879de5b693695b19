// What every Presence does. An adapter's test calls presenceContract; the sentences are the contract.
import type { RoomId, UserId } from '@conclave/wire'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Presence, SessionRef } from './presence.ts'

const ROOM = '11' as RoomId
const OTHER = '12' as RoomId

export function presenceContract(name: string, open: () => Promise<Presence>): void {
  describe(`presence: ${name}`, () => {
    let presence: Presence
    beforeEach(async () => {
      presence = await open()
    })

    test('a session that opened is found under its user until it closes', async () => {
      await presence.open(session('a', '1'))
      await presence.open(session('b', '1'))
      expect((await presence.sessionsOf(user('1'))).map(idOf)).toEqual(['a', 'b'])
      await presence.close('a')
      expect((await presence.sessionsOf(user('1'))).map(idOf)).toEqual(['b'])
      expect(await presence.sessionsOf(user('2'))).toEqual([])
    })

    test('the first session of a user enters, a further one enters again', async () => {
      await openAll(presence, session('a', '1'), session('b', '1'))
      expect(await presence.enter(ROOM, 'a')).toEqual({ again: false })
      expect(await presence.enter(ROOM, 'a')).toEqual({ again: true })
      expect(await presence.enter(ROOM, 'b')).toEqual({ again: true })
      expect(await presence.enter(OTHER, 'b')).toEqual({ again: false })
    })

    test('leaving is last when no session of the user remains', async () => {
      await openAll(presence, session('a', '1'), session('b', '1'))
      await presence.enter(ROOM, 'a')
      await presence.enter(ROOM, 'b')
      expect(await presence.leave(ROOM, 'a')).toEqual({ last: false })
      expect(await presence.inside(ROOM, user('1'))).toBe(true)
      expect(await presence.leave(ROOM, 'b')).toEqual({ last: true })
      expect(await presence.inside(ROOM, user('1'))).toBe(false)
      expect(await presence.enter(ROOM, 'a')).toEqual({ again: false })
    })

    test('a session that was not inside leaves nothing', async () => {
      await openAll(presence, session('a', '1'), session('b', '1'))
      await presence.enter(ROOM, 'a')
      expect(await presence.leave(ROOM, 'b')).toEqual({ last: false })
      expect(await presence.leave(ROOM, 'unknown')).toEqual({ last: false })
      expect(await presence.leave(OTHER, 'a')).toEqual({ last: false })
    })

    test('occupants stand in the order of entering, each session once', async () => {
      await openAll(presence, session('a', '1'), session('b', '2'), session('c', '1'))
      for (const id of ['b', 'c', 'a', 'b']) await presence.enter(ROOM, id)
      expect((await presence.occupants(ROOM)).map(idOf)).toEqual(['b', 'c', 'a'])
      await presence.leave(ROOM, 'b')
      await presence.enter(ROOM, 'b')
      expect((await presence.occupants(ROOM)).map(idOf)).toEqual(['c', 'a', 'b'])
      expect(await presence.occupants(OTHER)).toEqual([])
    })

    test('a list of occupants stays as it was when sessions leave', async () => {
      await openAll(presence, session('a', '1'), session('b', '2'))
      await presence.enter(ROOM, 'a')
      await presence.enter(ROOM, 'b')
      const before = await presence.occupants(ROOM)
      await presence.leave(ROOM, 'a')
      expect(before.map(idOf)).toEqual(['a', 'b'])
    })

    test('closing gives the rooms that the user has left by it, and no other', async () => {
      await openAll(presence, session('a', '1'), session('b', '1'))
      await presence.enter(ROOM, 'a')
      await presence.enter(OTHER, 'a')
      await presence.enter(OTHER, 'b')
      expect(await presence.close('a')).toEqual([ROOM])
      expect(await presence.close('a')).toEqual([])
      expect((await presence.occupants(OTHER)).map(idOf)).toEqual(['b'])
      expect(await presence.close('b')).toEqual([OTHER])
    })

    test('a session that is not there does not enter, and nobody is told of it', async () => {
      await presence.open(session('a', '1'))
      await presence.close('a')
      expect(await presence.enter(ROOM, 'a')).toEqual({ again: true })
      expect(await presence.occupants(ROOM)).toEqual([])
      expect(await presence.inside(ROOM, user('1'))).toBe(false)
    })

    test('counts are of distinct users, without the invisible', async () => {
      await openAll(presence, session('a', '1'), session('b', '1'), session('c', '2'), session('d', '3', true))
      for (const id of ['a', 'b', 'c', 'd']) await presence.enter(ROOM, id)
      expect(await presence.counts([ROOM, OTHER])).toEqual(
        new Map([
          [ROOM, 2],
          [OTHER, 0],
        ]),
      )
      expect(await presence.inside(ROOM, user('3'))).toBe(true)
    })

    test('the rooms of a user are those of all their sessions, each once', async () => {
      await openAll(presence, session('a', '1'), session('b', '1', true), session('c', '2'))
      expect(await presence.roomsOf(user('1'))).toEqual([])
      for (const id of ['a', 'b', 'c']) await presence.enter(ROOM, id)
      await presence.enter(OTHER, 'b')
      expect([...(await presence.roomsOf(user('1')))].sort()).toEqual([ROOM, OTHER])
      expect(await presence.roomsOf(user('2'))).toEqual([ROOM])
      await presence.close('b')
      expect(await presence.roomsOf(user('1'))).toEqual([ROOM])
      await presence.leave(ROOM, 'a')
      expect(await presence.roomsOf(user('1'))).toEqual([])
    })

    test('a user with a visible and an invisible session is counted until the visible one leaves', async () => {
      await openAll(presence, session('a', '1'), session('b', '1', true))
      await presence.enter(ROOM, 'a')
      await presence.enter(ROOM, 'b')
      expect((await presence.counts([ROOM])).get(ROOM)).toBe(1)
      await presence.leave(ROOM, 'a')
      expect((await presence.counts([ROOM])).get(ROOM)).toBe(0)
    })

    test('a session opened again takes its new form, in its rooms too', async () => {
      await openAll(presence, session('a', '1'), session('b', '2'))
      await presence.enter(ROOM, 'a')
      await presence.enter(ROOM, 'b')
      await presence.open(session('a', '1', true))
      expect((await presence.counts([ROOM])).get(ROOM)).toBe(1)
      expect((await presence.occupants(ROOM)).map(each => [each.id, each.invisible])).toEqual([
        ['a', true],
        ['b', false],
      ])
      await presence.open(session('a', '1'))
      expect((await presence.counts([ROOM])).get(ROOM)).toBe(2)
    })

    test('a session does not change its user', async () => {
      await presence.open(session('a', '1'))
      await expect(presence.open(session('a', '2'))).rejects.toThrow()
    })

    test('whatever sessions do, everything agrees with a plain list of who is where', async () => {
      const step = fc.record({
        what: fc.constantFrom('open', 'close', 'enter', 'enter', 'leave'),
        id: fc.nat(5),
        invisible: fc.boolean(),
        room: fc.constantFrom(ROOM, OTHER),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
          const tested = await open()
          const sessions = new Map<string, SessionRef>()
          let inside: [RoomId, string][] = []
          const usersIn = (room: RoomId) => inside.filter(([at]) => at === room).map(([, id]) => sessions.get(id)?.user)
          for (const { what, id: number, invisible, room } of steps) {
            const id = `s${number}`
            const who = user(`${number % 3}`)
            if (what === 'open') {
              sessions.set(id, session(id, who, invisible))
              await tested.open(session(id, who, invisible))
            } else if (what === 'close') {
              const rooms = inside.filter(([, each]) => each === id).map(([at]) => at)
              inside = inside.filter(([, each]) => each !== id)
              const left = rooms.filter(at => !usersIn(at).includes(who))
              expect([...(await tested.close(id))].sort()).toEqual(left.sort())
              sessions.delete(id)
            } else if (what === 'enter') {
              const again = !sessions.has(id) || usersIn(room).includes(who)
              expect(await tested.enter(room, id)).toEqual({ again })
              if (sessions.has(id) && !inside.some(([at, each]) => at === room && each === id)) inside.push([room, id])
            } else {
              const was = inside.some(([at, each]) => at === room && each === id)
              inside = inside.filter(([at, each]) => !(at === room && each === id))
              expect(await tested.leave(room, id)).toEqual({ last: was && !usersIn(room).includes(who) })
            }
          }
          for (const number of [0, 1, 2]) {
            const own = inside.filter(([, id]) => sessions.get(id)?.user === user(`${number}`)).map(([room]) => room)
            expect([...(await tested.roomsOf(user(`${number}`)))].sort()).toEqual([...new Set(own)].sort())
          }
          for (const room of [ROOM, OTHER]) {
            const there = inside.filter(([at]) => at === room).map(([, id]) => sessions.get(id) as SessionRef)
            expect(await tested.occupants(room)).toEqual(there)
            const visible = new Set(there.filter(each => !each.invisible).map(each => each.user))
            expect((await tested.counts([room])).get(room)).toBe(visible.size)
          }
        }),
        { numRuns: 200 },
      )
    })
  })
}

function user(id: string): UserId {
  return id as UserId
}

function session(id: string, of: string, invisible = false): SessionRef {
  return { id, user: user(of), wire: 'dino', token: null, invisible }
}

function idOf(each: SessionRef): string {
  return each.id
}

async function openAll(presence: Presence, ...sessions: SessionRef[]): Promise<void> {
  for (const each of sessions) await presence.open(each)
}
