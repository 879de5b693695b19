// What every Presence does. An adapter's test calls presenceContract; the sentences are the contract.
import type { RoomId, UserId } from '@conclave/wire'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Presence, SessionRef, Status } from './presence.ts'

const ROOM = '11' as RoomId
const OTHER = '12' as RoomId

/** `histories`: how many are tried, fewer where each step asks a database. */
export function presenceContract(name: string, open: () => Promise<Presence>, histories = 300): void {
  describe(`presence: ${name}`, () => {
    let presence: Presence
    beforeEach(async () => {
      presence = await open()
    })

    test('a session that opened is found under its user until it closes', async () => {
      expect(await presence.open(session('a', '1'))).toEqual({ first: true })
      expect(await presence.open(session('b', '1'))).toEqual({ first: false })
      expect((await presence.sessionsOf(user('1'))).map(idOf)).toEqual(['a', 'b'])
      await presence.close('a')
      expect((await presence.sessionsOf(user('1'))).map(idOf)).toEqual(['b'])
      expect(await presence.sessionsOf(user('2'))).toEqual([])
    })

    test('users with a session are there, each once, and no more than are asked for', async () => {
      await openAll(presence, session('a', '1'), session('b', '2'), session('c', '1'))
      expect([...(await presence.present(10))].sort()).toEqual(['1', '2'])
      expect(await presence.present(1)).toHaveLength(1)
      await presence.close('b')
      expect(await presence.present(10)).toEqual(['1'])
    })

    test('the first session of a user enters, a further one enters again', async () => {
      await openAll(presence, session('a', '1'), session('b', '1'))
      expect(await presence.enter(ROOM, 'a')).toEqual({ again: false, full: false })
      expect(await presence.enter(ROOM, 'a')).toEqual({ again: true, full: false })
      expect(await presence.enter(ROOM, 'b')).toEqual({ again: true, full: false })
      expect(await presence.enter(OTHER, 'b')).toEqual({ again: false, full: false })
    })

    test('leaving is last when no session of the user remains', async () => {
      await openAll(presence, session('a', '1'), session('b', '1'))
      await presence.enter(ROOM, 'a')
      await presence.enter(ROOM, 'b')
      expect(await presence.leave(ROOM, 'a')).toEqual({ last: false })
      expect(await presence.inside(ROOM, user('1'))).toBe(true)
      expect(await presence.leave(ROOM, 'b')).toEqual({ last: true })
      expect(await presence.inside(ROOM, user('1'))).toBe(false)
      expect(await presence.enter(ROOM, 'a')).toEqual({ again: false, full: false })
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
      expect(await presence.close('a')).toEqual({ rooms: [ROOM], last: null })
      expect(await presence.close('a')).toEqual({ rooms: [], last: null })
      expect((await presence.occupants(OTHER)).map(idOf)).toEqual(['b'])
      expect(await presence.close('b')).toEqual({ rooms: [OTHER], last: 'online' })
    })

    test('a session that is not there does not enter, and nobody is told of it', async () => {
      await presence.open(session('a', '1'))
      await presence.close('a')
      expect(await presence.enter(ROOM, 'a')).toEqual({ again: true, full: false })
      expect(await presence.occupants(ROOM)).toEqual([])
      expect(await presence.inside(ROOM, user('1'))).toBe(false)
    })

    test('counts are of distinct users, without the invisible', async () => {
      await openAll(presence, session('a', '1'), session('b', '1'), session('c', '2'))
      await presence.open(session('d', '3'), 'invisible')
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
      await openAll(presence, session('a', '1'), session('b', '1'), session('c', '2'))
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

    test('a status holds for all sessions of the user, those that come later too, until the last one closes', async () => {
      expect(await presence.statusOf(user('1'))).toBe('offline')
      await openAll(presence, session('a', '1'), session('b', '2'))
      expect(await presence.setStatus(user('1'), 'invisible')).toBe('online')
      expect(await presence.open(session('c', '1'), 'online')).toEqual({ first: false })
      expect(await presence.statusOf(user('1'))).toBe('invisible')
      expect(await presence.statusOf(user('2'))).toBe('online')
      expect((await presence.sessionsOf(user('1'))).map(each => [each.id, each.invisible])).toEqual([
        ['a', true],
        ['c', true],
      ])
      await presence.close('a')
      expect(await presence.statusOf(user('1'))).toBe('invisible')
      expect(await presence.close('c')).toEqual({ rooms: [], last: 'invisible' })
      expect(await presence.statusOf(user('1'))).toBe('offline')
      await presence.open(session('a', '1'))
      expect(await presence.statusOf(user('1'))).toBe('online')
    })

    test('a status of somebody without a session is not kept', async () => {
      expect(await presence.setStatus(user('1'), 'away')).toBe('offline')
      await presence.open(session('a', '1'))
      expect(await presence.statusOf(user('1'))).toBe('online')
    })

    test('who becomes invisible is hidden in the rooms they are in, and shown again when they go online', async () => {
      await openAll(presence, session('a', '1'), session('b', '1'), session('c', '2'))
      for (const id of ['a', 'c', 'b']) await presence.enter(ROOM, id)
      await presence.setStatus(user('1'), 'invisible')
      expect((await presence.counts([ROOM])).get(ROOM)).toBe(1)
      const shown = async () => (await presence.occupants(ROOM)).map(each => [each.id, each.invisible])
      expect(await shown()).toEqual([
        ['a', true],
        ['c', false],
        ['b', true],
      ])
      await presence.leave(ROOM, 'a')
      expect((await presence.counts([ROOM])).get(ROOM)).toBe(1)
      await presence.enter(ROOM, 'a')
      await presence.setStatus(user('1'), 'online')
      expect((await presence.counts([ROOM])).get(ROOM)).toBe(2)
      expect((await shown()).map(([, invisible]) => invisible)).toEqual([false, false, false])
    })

    test('away and offline show nobody who is invisible, and hide nobody', async () => {
      await openAll(presence, session('a', '1'), session('b', '2'))
      for (const id of ['a', 'b']) await presence.enter(ROOM, id)
      await presence.setStatus(user('1'), 'invisible')
      for (const status of ['offline', 'away'] as const) {
        for (const id of ['1', '2']) await presence.setStatus(user(id), status)
        expect((await presence.occupants(ROOM)).map(each => each.invisible)).toEqual([true, false])
        expect((await presence.counts([ROOM])).get(ROOM)).toBe(1)
      }
      await presence.setStatus(user('1'), 'offline')
      expect(await presence.statusOf(user('1'))).toBe('offline')
      expect(await presence.setStatus(user('1'), 'online')).toBe('offline')
      expect((await presence.counts([ROOM])).get(ROOM)).toBe(2)
    })

    test('a session opened again under its id changes nothing, and is not the first', async () => {
      await openAll(presence, session('a', '1'), session('b', '2'))
      await presence.enter(ROOM, 'a')
      expect(await presence.open(session('a', '1'), 'invisible')).toEqual({ first: false })
      expect((await presence.counts([ROOM])).get(ROOM)).toBe(1)
      expect((await presence.sessionsOf(user('1'))).map(idOf)).toEqual(['a'])
    })

    test('a full room takes nobody new, however many come at once, but whoever is inside already', async () => {
      await openAll(presence, ...['1', '2', '3', '4', '5'].map(id => session(`s${id}`, id)), session('again', '1'))
      await presence.open(session('hidden', '6'), 'invisible')
      await presence.enter(ROOM, 'hidden', 2)
      const entered = await Promise.all(['s1', 's2', 's3', 's4', 's5'].map(id => presence.enter(ROOM, id, 2)))
      expect(entered.map(({ full }) => full)).toEqual([false, false, true, true, true])
      expect((await presence.occupants(ROOM)).length).toBe(3)
      expect(await presence.inside(ROOM, user('5'))).toBe(false)
      expect(await presence.enter(ROOM, 'again', 0)).toEqual({ again: true, full: false })
      expect(await presence.enter(ROOM, 's5')).toEqual({ again: false, full: false })
      expect(await presence.enter(OTHER, 's4', 0)).toEqual({ again: false, full: false })
      await presence.leave(ROOM, 's2')
      await presence.leave(ROOM, 's5')
      expect(await presence.enter(ROOM, 's3', 2)).toEqual({ again: false, full: false })
    })

    test('while its node counts no session is swept', async () => {
      await presence.open(session('a', '1'))
      expect(await presence.sweep(10)).toEqual([])
      expect((await presence.sessionsOf(user('1'))).map(idOf)).toEqual(['a'])
    })

    test('a session does not change its user', async () => {
      await presence.open(session('a', '1'))
      await expect(presence.open(session('a', '2'))).rejects.toThrow()
    })

    test('whatever sessions do, everything agrees with a plain list of who is where', async () => {
      const step = fc.record({
        what: fc.constantFrom('open', 'close', 'enter', 'enter', 'leave', 'status'),
        id: fc.nat(5),
        status: fc.constantFrom<Status>('online', 'away', 'invisible', 'offline'),
        most: fc.constantFrom(null, 0, 1),
        room: fc.constantFrom(ROOM, OTHER),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
          const tested = await open()
          const plain = new Plain()
          for (const { what, id: number, status, most, room } of steps) {
            const id = `s${number}`
            const who = user(`${number % 3}`)
            if (what === 'open') {
              const first = status === 'offline' ? 'online' : status
              expect(await tested.open(session(id, who), first)).toEqual(plain.open(session(id, who), first))
            } else if (what === 'close') {
              const { rooms, last } = await tested.close(id)
              expect({ rooms: [...rooms].sort(), last }).toEqual(plain.close(id))
            } else if (what === 'enter') {
              expect(await tested.enter(room, id, most)).toEqual(plain.enter(room, id, most))
            } else if (what === 'leave') {
              expect(await tested.leave(room, id)).toEqual({ last: plain.leave(room, id) })
            } else {
              expect(await tested.setStatus(who, status)).toBe(plain.setStatus(who, status))
            }
          }
          for (const who of ['0', '1', '2'].map(user)) {
            expect([...(await tested.roomsOf(who))].sort()).toEqual(plain.roomsOf(who))
            expect(await tested.statusOf(who)).toBe(plain.statusOf(who))
            expect(await tested.sessionsOf(who)).toEqual(plain.sessionsOf(who))
          }
          for (const room of [ROOM, OTHER]) {
            const there = plain.occupants(room)
            expect(await tested.occupants(room)).toEqual(there)
            const visible = new Set(there.filter(each => !each.invisible).map(each => each.user))
            expect((await tested.counts([room])).get(room)).toBe(visible.size)
          }
        }),
        { numRuns: histories },
      )
    })
  })
}

/** The same as lists, without a thought for speed. */
class Plain {
  #sessions: SessionRef[] = []
  #inside: [RoomId, SessionRef][] = []
  readonly #status = new Map<UserId, { status: Status; hidden: boolean }>()

  open(each: SessionRef, status: Status): { first: boolean } {
    if (this.#sessions.some(({ id }) => id === each.id)) return { first: false }
    const first = !this.#sessions.some(({ user }) => user === each.user)
    if (first) this.#status.set(each.user, { status, hidden: status === 'invisible' })
    this.#sessions.push(each)
    return { first }
  }

  close(id: string): { rooms: RoomId[]; last: Status | null } {
    const gone = this.#sessions.find(each => each.id === id)
    if (!gone) return { rooms: [], last: null }
    const status = this.statusOf(gone.user)
    const rooms = [ROOM, OTHER].filter(room => this.leave(room, id))
    this.#sessions = this.#sessions.filter(each => each !== gone)
    return { rooms, last: this.#sessions.some(({ user }) => user === gone.user) ? null : status }
  }

  enter(room: RoomId, id: string, most: number | null): { again: boolean; full: boolean } {
    const session = this.#sessions.find(each => each.id === id)
    if (!session || this.#has(room, id)) return { again: true, full: false }
    const users = this.#usersIn(room)
    const again = users.has(session.user)
    if (!again && most !== null && users.size > most) return { again: false, full: true }
    this.#inside.push([room, session])
    return { again, full: false }
  }

  leave(room: RoomId, id: string): boolean {
    if (!this.#has(room, id)) return false
    this.#inside = this.#inside.filter(([at, each]) => !(at === room && each.id === id))
    return !this.#usersIn(room).has(this.#sessions.find(each => each.id === id)?.user as UserId)
  }

  setStatus(who: UserId, status: Status): Status {
    const before = this.statusOf(who)
    const known = this.#sessions.some(each => each.user === who) && this.#status.get(who)
    if (!known) return before
    known.status = status
    if (status === 'invisible') known.hidden = true
    if (status === 'online') known.hidden = false
    return before
  }

  statusOf(who: UserId): Status {
    const known = this.#status.get(who)
    if (!known || !this.#sessions.some(each => each.user === who)) return 'offline'
    return known.hidden && known.status !== 'offline' ? 'invisible' : known.status
  }

  roomsOf(who: UserId): RoomId[] {
    const own = this.#inside.filter(([, each]) => each.user === who).map(([room]) => room)
    return [...new Set(own)].sort()
  }

  sessionsOf(who: UserId): object[] {
    return this.#sessions.filter(each => each.user === who).map(each => this.#shown(each))
  }

  occupants(room: RoomId): (SessionRef & { invisible: boolean })[] {
    return this.#inside.filter(([at]) => at === room).map(([, each]) => this.#shown(each))
  }

  #shown(each: SessionRef): SessionRef & { invisible: boolean } {
    return { ...each, invisible: this.#status.get(each.user)?.hidden ?? false }
  }

  #usersIn(room: RoomId): Set<UserId> {
    return new Set(this.#inside.filter(([at]) => at === room).map(([, each]) => each.user))
  }

  #has(room: RoomId, id: string): boolean {
    return this.#inside.some(([at, each]) => at === room && each.id === id)
  }
}

function user(id: string): UserId {
  return id as UserId
}

function session(id: string, of: string): SessionRef {
  return { id, user: user(of), wire: 'dino', token: null }
}

function idOf(each: SessionRef): string {
  return each.id
}

async function openAll(presence: Presence, ...sessions: SessionRef[]): Promise<void> {
  for (const each of sessions) await presence.open(each)
}
