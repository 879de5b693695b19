// The sentences about chains: a link for each control event and each change of somebody's keys, written with it, that
// nobody can leave out, and open only to who may read the event (L9, L10).
import { hash } from 'node:crypto'
import type { RoomId, UserId } from '@conclave/wire'
import { type Link, linkOf, NO_HEAD, startHash, toHex } from '@conclave/wire/transparency/chain'
import { expect, test } from 'vitest'
import { isControl } from '../../room/events.ts'
import { keyEntryOf } from '../chains.ts'
import type { OpenStore } from '../contract.ts'
import type { ChainPage, Row, Store } from '../store.ts'
import {
  added,
  append,
  committed,
  created,
  deleted,
  logOf,
  message,
  NOW,
  outcomeOf,
  publicKey,
  removed,
  room,
  rotated,
  rows,
  user,
} from './items.ts'
import { opened } from './opened.ts'

const ROOM = room('2070276095283454999')
const OTHER = room('2070276095283455000')
const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer')

export function chainSentences(open: () => Promise<OpenStore>, durable: boolean): void {
  const store = opened(open)
  const chain = (of: RoomId, by: string | null = null, after = 0, limit = 100): Promise<ChainPage | undefined> =>
    store().chain(of, by === null ? { by: 'server' } : { by: 'member', user: user(by) }, after, limit)

  test('every control event is a link, messages and deletions are none', async () => {
    const [events] = await committed(
      store(),
      append(ROOM, 0, [created({ suite: 'xchat', members: [user('1')] }), rotated('1'), message('3')]),
    )
    await committed(store(), append(ROOM, 2, [deleted(events![2]!), message('5')]), append(ROOM, 2, [removed(['1'])]))
    await chained(store(), ROOM)
    expect((await chain(ROOM))?.links.map(link => link.opened?.event.sequence)).toEqual([1, 2, 6])
  })

  test('rooms that are written in one batch have a chain each, and no two equal digests', async () => {
    const begin = (of: RoomId) => append(of, 0, [created(), added(['1'])])
    await committed(store(), begin(ROOM), begin(OTHER), append(ROOM, 2, [removed(['1'])]))
    await chained(store(), ROOM)
    await chained(store(), OTHER)
    const all = [...(await chain(ROOM))!.links, ...(await chain(OTHER))!.links]
    expect(all.length).toBe(5)
    expect(new Set(all.map(link => link.digest)).size).toBe(5)
    expect(new Set(all.map(link => link.opened?.salt)).size).toBe(5)
  })

  test('what was refused is in no chain', async () => {
    await committed(store(), append(ROOM, 0, [created()]))
    const before = await chain(ROOM)
    expect(await outcomeOf(store(), append(ROOM, 7, [added(['1'])]))).toMatchObject({ outcome: 'moved' })
    expect(await chain(ROOM)).toEqual(before)
  })

  test('a member sees every link, and the events of their own spans in it; nobody else sees any (L10)', async () => {
    await committed(
      store(),
      append(ROOM, 0, [created({ suite: 'xchat', members: [user('1')] }), rotated('1')]),
      append(ROOM, 2, [rotated('2'), added(['2'], 'rotation')]),
      append(ROOM, 4, [removed(['2']), rotated('3')]),
      append(ROOM, 6, [rotated('4'), added(['2'], 'rotation')]),
    )
    const [whole, theirs] = [(await chain(ROOM, '1'))!, (await chain(ROOM, '2'))!]
    expect(theirs.head).toEqual(whole.head)
    expect(theirs.links.map(link => [link.number, link.digest, link.hash])).toEqual(
      whole.links.map(link => [link.number, link.digest, link.hash]),
    )
    expect(whole.links.every(link => link.opened !== null)).toBe(true)
    expect(theirs.links.map(link => link.opened?.event.sequence ?? null)).toEqual([null, null, 3, 4, 5, null, 7, 8])
    await committed(store(), append(ROOM, 8, [removed(['2'])]))
    expect(await chain(ROOM, '2')).toBeUndefined()
    expect(await chain(ROOM, '2', 100)).toBeUndefined()
    expect(await chain(ROOM, '9')).toBeUndefined()
  })

  test('a grant shows it while the room stands as it did', async () => {
    await committed(store(), append(ROOM, 0, [created(), added(['1'])]))
    const grant = (control: number, after = 0) =>
      store().chain(ROOM, { by: 'grant', user: user('9'), control }, after, 10)
    expect((await grant(2))?.links.map(link => link.opened !== null)).toEqual([true, true])
    expect((await grant(2, 2))?.links).toEqual([])
    expect([await grant(1), await grant(1, 2)]).toEqual([undefined, undefined])
  })

  test('it comes in pages, each with the head', async () => {
    await committed(store(), append(ROOM, 0, [created(), added(['1']), added(['2']), added(['3'])]))
    const whole = await chain(ROOM)
    expect(whole?.head).toEqual({ number: 4, hash: whole?.links.at(-1)?.hash })
    const page = await chain(ROOM, null, 1, 2)
    expect([page?.head, page?.links]).toEqual([whole?.head, whole?.links.slice(1, 3)])
    expect(await chain(ROOM, null, 4)).toEqual({ head: whole?.head, links: [] })
    expect(await chain(OTHER)).toEqual({ head: NO_HEAD, links: [] })
  })

  test('each change of keys is chained to the one before (L9)', async () => {
    const put = (who: string, version: string): Row => ({ put: 'publicKey', user: user(who), key: publicKey(version) })
    const pair = (set: boolean): Row => {
      const keys = set ? { publicKey: 'p', privateKey: 'w' } : null
      return { put: 'keyPair', user: user('1'), pair: keys, at: NOW, fingerprint: 'f' }
    }
    await committed(store(), rows(put('1', '20'), pair(true)), rows(put('2', '20')), rows(pair(false), put('1', '3')))
    const log = await loggedOf(store(), user('1'))
    expect(log.map(entry => [entry.kind, entry.key?.version])).toEqual([
      ['xchat.registered', '20'],
      ['rocketchat.set', undefined],
      ['rocketchat.reset', undefined],
      ['xchat.registered', '3'],
    ])
    expect((await loggedOf(store(), user('2')))[0]?.hash).not.toBe(log[0]?.hash)
    expect(await store().keyLogHead(user('9'))).toEqual(NO_HEAD)
  })

  if (!durable) return
  test('both go on after a crash where they were (L6)', async () => {
    await committed(store(), append(ROOM, 0, [created(), added(['1'])]))
    await committed(store(), rows({ put: 'publicKey', user: user('1'), key: publicKey('1') }))
    const before = [await chain(ROOM), await store().keyLogHead(user('1'))]
    const again = await store.crash()
    if (again === undefined) throw new Error('a durable store can crash')
    expect([await again.chain(ROOM, { by: 'server' }, 0, 10), await again.keyLogHead(user('1'))]).toEqual(before)
    await committed(again, append(ROOM, 2, [removed(['1'])]))
    await committed(again, rows({ put: 'publicKey', user: user('1'), key: publicKey('2') }))
    await chained(again, ROOM)
    await loggedOf(again, user('1'))
  })
}

/** The links of a room are those of its log's control events, each made of the one before. */
export async function chained(store: Store, of: RoomId): Promise<readonly Link[]> {
  const page = await store.chain(of, { by: 'server' }, 0, 10_000)
  const control = (await logOf(store, of)).filter(event => isControl(event.body))
  let last = startHash('room chain', of, sha256)
  const wanted = control.map(({ sequence, id, at, actor, body }, index) => {
    const number = index + 1
    const salt = page?.links[index]?.opened?.salt ?? ''
    expect(salt).toMatch(/^[0-9a-f]{32}$/)
    const link = linkOf('room chain', last, { number, sequence, id, at, actor, salt, body }, sha256)
    last = link.hash
    return { number, digest: toHex(link.digest), hash: toHex(link.hash) }
  })
  expect(page?.links.map(({ number, digest, hash }) => ({ number, digest, hash }))).toEqual(wanted)
  expect(page?.links.map(link => link.opened?.event)).toEqual(control)
  expect(page?.head).toEqual(wanted.length === 0 ? NO_HEAD : { number: wanted.length, hash: wanted.at(-1)?.hash })
  return wanted
}

/** A user's key log, whose links were made one of another. */
export async function loggedOf(store: Store, of: UserId) {
  const log = await store.keyLog(of, 0, 1_000)
  let last = startHash('key log', of, sha256)
  for (const entry of log) {
    last = linkOf('key log', last, keyEntryOf(entry, entry.key), sha256).hash
    expect(entry.hash).toBe(toHex(last))
  }
  expect(await store.keyLogHead(of)).toEqual({ number: log.length, hash: toHex(last) })
  return log
}
