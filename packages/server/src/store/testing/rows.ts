// The sentences about users, tokens, apps, channels, keys and the small tables.
import { expect, test } from 'vitest'
import type { OpenStore } from '../contract.ts'
import type { App, Row } from '../store.ts'
import { account, channel, channelId, committed, NOW, outcomeOf, publicKey, room, rows, token, user } from './items.ts'
import { opened } from './opened.ts'

export function rowSentences(open: () => Promise<OpenStore>): void {
  const store = opened(open)

  test('an account comes back as it was put, with the version that follows', async () => {
    const row = account('7', {
      username: 'Ärger',
      roles: ['superuser'],
      sanctions: [{ kind: 'ban', user: user('7'), from: 1, until: null, reason: 'r', by: null }],
      attributes: { age: '30' },
      excluded: [user('9223372036854775807')],
      email: 'A@Example.org',
    })
    await committed(store(), rows(row))
    const { account: put } = row as Extract<Row, { put: 'account' }>
    expect(await store().account(user('7'))).toEqual({ ...put, version: 1 })
    expect(await store().accountNamed('äRGER')).toEqual({ ...put, version: 1 })
    expect(await store().accountByEmail('a@example.ORG')).toEqual({ ...put, version: 1 })
    expect(await store().email(user('7'))).toBe('A@Example.org')
    // What was read is put again as it is, old version and all.
    await committed(store(), rows({ ...(row as Extract<Row, { put: 'account' }>), account: { ...put, name: 'New' } }))
    expect(await store().account(user('7'))).toEqual({ ...put, name: 'New', version: 2 })
  })

  test('an account keeps the time of its first writing', async () => {
    const row = account('7', {}) as Extract<Row, { put: 'account' }>
    await committed(store(), rows({ ...row, createdAt: NOW }))
    await committed(store(), rows({ ...row, createdAt: NOW + 1 }))
    expect(await store().createdAt(user('7'))).toBe(NOW)
    expect(await store().createdAt(user('8'))).toBeNull()
  })

  test('who is not there is undefined or null', async () => {
    expect(await store().account(user('7'))).toBeUndefined()
    expect(await store().accountNamed('x')).toBeUndefined()
    expect(await store().accountByEmail('x')).toBeUndefined()
    expect(await store().email(user('7'))).toBeNull()
    expect(await store().password(user('7'))).toBeNull()
    expect(await store().token('x')).toBeUndefined()
    expect(await store().app('x')).toBeUndefined()
    expect(await store().channel(channelId('7'))).toBeUndefined()
    expect(await store().keys(user('7'))).toBeUndefined()
    expect(await store().keyPair(user('7'))).toBeUndefined()
    expect(await store().ref('room', 'x')).toBeUndefined()
    expect(await store().cursor(room('1'), user('7'))).toBeUndefined()
    expect(await store().meta('x')).toBeUndefined()
    expect(await store().messageKey('x')).toBeUndefined()
    expect(await store().tokensOf(user('7'))).toEqual([])
    expect(await store().words()).toEqual([])
    expect(await store().channels()).toEqual([])
  })

  test('user names and addresses are unique without regard to case', async () => {
    await committed(store(), rows(account('1', { username: 'Ann', email: 'ann@example.org' })))
    expect(await outcomeOf(store(), rows(account('2', { username: 'ANN' })))).toEqual({
      outcome: 'taken',
      claim: null,
      by: '1',
    })
    const sameAddress = rows(account('2', { username: 'bob', email: 'Ann@Example.org' }))
    expect(await outcomeOf(store(), sameAddress)).toEqual({ outcome: 'taken', claim: null, by: '1' })
    expect(await store().account(user('2'))).toBeUndefined()
    await committed(store(), rows(account('1', { username: 'ann', email: null })))
    expect(await store().accountByEmail('ann@example.org')).toBeUndefined()
    await committed(store(), sameAddress)
  })

  test('rows of one item see the rows before them: two accounts may exchange names, not share one', async () => {
    await committed(store(), rows(account('1', { username: 'ann' }), account('2', { username: 'bob' })))
    const shared = rows(account('3', { username: 'eve' }), account('4', { username: 'Eve' }))
    expect(await outcomeOf(store(), shared)).toEqual({ outcome: 'taken', claim: null, by: '3' })
    expect(await store().account(user('3'))).toBeUndefined()
    await committed(
      store(),
      rows(account('1', { username: 'tmp' }), account('2', { username: 'ann' }), account('1', { username: 'bob' })),
    )
    expect((await store().accountNamed('ann'))?.id).toBe('2')
    expect((await store().accountNamed('bob'))?.id).toBe('1')
    expect(await store().accountNamed('tmp')).toBeUndefined()
  })

  test('accounts come in pages by id', async () => {
    await committed(store(), rows(account('10'), account('9'), account('100')))
    expect((await store().accounts(null, 2)).map(each => each.id)).toEqual(['9', '10'])
    expect((await store().accounts(user('10'), 2)).map(each => each.id)).toEqual(['100'])
  })

  test('a password is put, replaced and taken away', async () => {
    await committed(store(), rows({ put: 'password', user: user('1'), hash: 'a' }))
    await committed(store(), rows({ put: 'password', user: user('1'), hash: 'b' }))
    expect(await store().password(user('1'))).toBe('b')
    await committed(store(), rows({ put: 'password', user: user('1'), hash: null }))
    expect(await store().password(user('1'))).toBeNull()
  })

  test('tokens are put, replaced, listed by hash and dropped', async () => {
    const mine = token('b', { expiresAt: NOW + 1, parent: 'id-a', user: user('9223372036854775807') })
    const service = token('a', { kind: 'service', user: null, app: null, scopes: [] })
    const app = token('c', { kind: 'app', user: null, app: 'app-1' })
    for (const each of [mine, service, app]) await committed(store(), rows({ put: 'token', token: each }))
    expect(await store().token('b')).toEqual(mine)
    expect(await store().tokensOf(user('9223372036854775807'))).toEqual([mine])
    expect(await store().tokens(null, 2)).toEqual([service, mine])
    expect(await store().tokens('b', 2)).toEqual([app])
    await committed(store(), rows({ put: 'token', token: { ...mine, scopes: ['x'] } }))
    expect((await store().token('b'))?.scopes).toEqual(['x'])
    await committed(store(), rows({ drop: 'token', hash: 'b' }, { drop: 'token', hash: 'never' }))
    expect(await store().token('b')).toBeUndefined()
    expect(await store().tokensOf(user('9223372036854775807'))).toEqual([])
  })

  test('the public id of a token is unique', async () => {
    await committed(store(), rows({ put: 'token', token: token('a', { id: 'same' }) }))
    const other = rows({ put: 'token', token: token('b', { id: 'same' }) })
    expect(await outcomeOf(store(), other)).toEqual({ outcome: 'taken', claim: null, by: null })
    expect((await store().token('a'))?.id).toBe('same')
    expect(await store().token('b')).toBeUndefined()
  })

  test('an app comes back as it was put', async () => {
    const app: App = { id: 'app-1', secret: 's', owner: user('0'), redirects: ['https://example.org/back'] }
    await committed(store(), rows({ put: 'app', app }))
    expect(await store().app('app-1')).toEqual(app)
  })

  test('channels come back as they were put, by id', async () => {
    const acls = [{ action: 'join', type: 'age', value: '18:' }]
    await committed(store(), rows(channel('20', { acls, tags: ['t'] }), channel('3')))
    expect(await store().channel(channelId('20'))).toMatchObject({ id: '20', version: 1, acls, tags: ['t'] })
    expect((await store().channels()).map(each => each.id)).toEqual(['3', '20'])
  })

  test("a user's keys are appended, oldest first, and stand in the key log (L9)", async () => {
    const put = (version: string): Row => ({ put: 'publicKey', user: user('1'), key: publicKey(version) })
    await committed(store(), rows(put('20')), rows(put('3')))
    expect(await store().keys(user('1'))).toEqual({ version: 2, keys: [publicKey('20'), publicKey('3')] })
    expect(await outcomeOf(store(), rows(put('20')))).toEqual({ outcome: 'taken', claim: null, by: '1' })
    expect(await outcomeOf(store(), rows(put('4'), put('4')))).toMatchObject({ outcome: 'taken' })
    expect((await store().keys(user('1')))?.version).toBe(2)
    expect(await store().keyLog(user('1'), 0, 10)).toMatchObject([
      { user: '1', number: 1, at: NOW, kind: 'xchat.registered', fingerprint: 'print 20', key: publicKey('20') },
      { user: '1', number: 2, at: NOW, kind: 'xchat.registered', fingerprint: 'print 3', key: publicKey('3') },
    ])
    expect(await store().keys(user('2'))).toBeUndefined()
  })

  test('a key pair is set, replaced and reset, and each change stands in the key log (L9)', async () => {
    const change = (pair: { publicKey: string; privateKey: string } | null, fingerprint: string): Row => {
      return { put: 'keyPair', user: user('1'), pair, at: NOW + Number(fingerprint.slice(1)), fingerprint }
    }
    await committed(store(), rows(change({ publicKey: 'p', privateKey: 'w' }, 'f1')))
    await committed(store(), rows(change({ publicKey: 'q', privateKey: 'x' }, 'f2')))
    // Since the first one.
    expect(await store().keyPair(user('1'))).toEqual({ publicKey: 'q', privateKey: 'x', since: NOW + 1 })
    await committed(store(), rows(change(null, 'f2')))
    expect(await store().keyPair(user('1'))).toBeUndefined()
    const log = await store().keyLog(user('1'), 0, 10)
    expect(log.map(entry => [entry.number, entry.kind, entry.fingerprint])).toEqual([
      [1, 'rocketchat.set', 'f1'],
      [2, 'rocketchat.set', 'f2'],
      [3, 'rocketchat.reset', 'f2'],
    ])
    expect((await store().keyLog(user('1'), 1, 1)).map(entry => entry.number)).toEqual([2])
  })

  test('refs, words, cursors and meta are put and replaced', async () => {
    const big = '9223372036854775807'
    await committed(
      store(),
      rows(
        { put: 'ref', kind: 'room', ref: 'r1', id: big },
        { put: 'ref', kind: 'channel', ref: 'r1', id: '3' },
        { put: 'word', word: 'zebra' },
        { put: 'word', word: 'ant' },
        { put: 'word', word: 'ant' },
        { put: 'cursor', room: room(big), user: user('1'), sequence: 5, at: NOW },
        { put: 'cursor', room: room(big), user: user('1'), sequence: 4, at: NOW + 1 },
        { put: 'meta', key: 'k', value: 'a' },
        { put: 'meta', key: 'k', value: 'b' },
      ),
    )
    expect(await store().ref('room', 'r1')).toBe(big)
    expect(await store().ref('channel', 'r1')).toBe('3')
    expect(await store().words()).toEqual(['ant', 'zebra'])
    await committed(store(), rows({ drop: 'word', word: 'Ant' }, { drop: 'word', word: 'nobody' }))
    expect(await store().words()).toEqual(['zebra'])
    expect(await store().cursor(room(big), user('1'))).toEqual({ sequence: 5, at: NOW })
    expect(await store().cursor(room(big), user('2'))).toBeUndefined()
    expect(await store().meta('k')).toBe('b')
  })
}
