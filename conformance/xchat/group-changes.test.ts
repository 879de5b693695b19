// What X's API lacks of a group, with X's own software: members are taken away and go, admins change, title and avatar
// change. The requests go through X's SDK, X's engine signs them and verifies what comes of them.
import { uuidOf } from '@conclave/wire'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DinoClient } from '../dino/client.ts'
import { Ddp } from '../rocketchat/ddp.ts'
import type { TestServer } from '../server.ts'
import { ask } from './http.ts'
import { Person } from './sdk.ts'
import { A, B, C, startXchatServer, tokenOf } from './start.ts'

const ALL = [A, B, C]

let server: TestServer
let a: Person
let b: Person
let c: Person
let id: string
let version: string

beforeAll(async () => {
  server = await startXchatServer()
  ;[a, b, c] = ALL.map(user => new Person(server.url, user)) as [Person, Person, Person]
  for (const person of [a, b, c]) await person.register()
})
afterAll(() => server?.remove())

beforeEach(async () => {
  ;({ id, version } = await a.createGroup([B, C]))
  for (const person of [b, c]) await person.read(id, ALL)
})

/** The status and the problem that an SDK call fails with. */
async function refusal(call: Promise<unknown>): Promise<{ status: number; data: Record<string, unknown> }> {
  try {
    await call
  } catch (error) {
    const { status, data } = error as { status: number; data: Record<string, unknown> }
    return { status, data }
  }
  throw new Error('the call was answered')
}

async function conversation(): Promise<Record<string, unknown>> {
  const { body } = await ask(server.url, tokenOf(A), 'GET', `/2/chat/conversations/${id}`)
  return body.data
}

/** Who is still there reads every event without an error and all of them verify; gives the last changes. */
async function readWhole(person: Person): Promise<Awaited<ReturnType<Person['read']>>> {
  const read = await person.read(id, ALL)
  expect([read.errors, read.verified]).toEqual([{}, true])
  return read
}

describe('a removal', () => {
  test('is verified by X’s engine, and the new key is read by those who stay alone', async () => {
    await a.say(id, version, 'with C')
    const removed = await a.remove(id, [C])
    const keyChange = expect.stringMatching(/^[0-9]+$/)
    const members = { conversationKeyChangeSequenceId: keyChange, currentMemberIds: [A, B] }
    expect(removed.answer).toEqual({ data: { conversationId: id, ...members }, ...members })
    await a.say(id, removed.version, 'without C')
    for (const person of [a, b]) {
      const read = await readWhole(person)
      expect(read.types).toEqual(['keyChange', 'groupChange', 'message', 'groupChange', 'keyChange', 'message'])
      expect(read.texts).toEqual(['with C', 'without C'])
      expect(read.changes.at(-1)).toMatchObject({ change_type: 'membersRemoved', member_ids: [C] })
    }
  })

  test('shuts out whoever it removes: no reading, no list, no sending, not even with the old key', async () => {
    const old = c.message(id, version, 'too late')
    await a.remove(id, [C])
    for (const rest of ['', '/events']) {
      const answer = await ask(server.url, tokenOf(C), 'GET', `/2/chat/conversations/${id}${rest}`)
      expect([answer.status, answer.body.type]).toEqual([
        403,
        'https://api.x.com/2/problems/not-authorized-for-resource',
      ])
    }
    expect((await refusal(c.send(id, old))).status).toBe(403)
    const listed = await ask(server.url, tokenOf(C), 'GET', '/2/chat/conversations?max_results=100')
    expect(listed.body.data.map((one: { id: string }) => one.id)).not.toContain(id)
    const stale = await refusal(b.say(id, version, 'under the old key'))
    expect([stale.status, stale.data.code]).toEqual([400, 'NON_LATEST_CKEY_VERSION'])
  })

  test('is undone by adding again, who then reads both times and no key of the time between', async () => {
    await a.say(id, version, 'with C')
    const removed = await a.remove(id, [C])
    await a.say(id, removed.version, 'without C')
    const again = await a.add(id, [C])
    await a.say(id, again.version, 'C is back')
    const read = await readWhole(c)
    expect(read.texts).toEqual(['with C', 'C is back'])
    expect(read.changes.map(change => change.change_type)).toEqual(['created', 'membersRemoved', 'membersAdded'])
    expect(c.keys.has(removed.version)).toBe(false)
  })

  test('brings the title under the new key', async () => {
    const removed = await a.remove(id, [C], 'Without C')
    const { group_name: title } = await conversation()
    await readWhole(b)
    expect(b.engine.decrypt(String(title), b.keys.get(removed.version)!)).toBe('Without C')
  })

  test('is for admins, and not for oneself', async () => {
    const denied = await refusal(b.remove(id, [C]))
    expect([denied.status, denied.data.code]).toEqual([403, 'REQUESTER_NOT_ADMIN'])
    const own = await refusal(a.remove(id, [A, C]))
    expect([own.status, own.data.parameter]).toEqual([400, 'user_ids'])
    expect((await conversation()).member_ids).toEqual(ALL)
  })

  test('of somebody who left before it opens the group again', async () => {
    await c.request('POST', `${id}/leave`, { action_signatures: [c.signed(id, { kind: 'memberRemove', ids: [C] })] })
    expect((await conversation()).rotation_required).toBe(true)
    const { version: next } = await a.remove(id, [B])
    expect((await conversation()).rotation_required).toBeUndefined()
    await a.say(id, next, 'alone')
    expect((await readWhole(a)).texts).toEqual(['alone'])
  })
})

describe('a leave', () => {
  const leave = (person: Person) =>
    person.request('POST', `${id}/leave`, {
      action_signatures: [person.signed(id, { kind: 'memberRemove', ids: [person.id] })],
    })

  test('is verified by X’s engine and closes the group until one of the others rotates', async () => {
    expect(await leave(c)).toEqual({ data: { conversationId: id, left: true } })
    expect(await conversation()).toMatchObject({ member_ids: [A, B], rotation_required: true })
    const closed = await refusal(b.say(id, version, 'too early'))
    expect([closed.status, closed.data.type]).toEqual([409, 'https://api.x.com/2/problems/conversation-closed'])
    const next = await b.rotate(id, [A, B])
    await b.say(id, next, 'among us')
    const read = await readWhole(a)
    expect(read.texts).toEqual(['among us'])
    expect(read.changes.at(-1)).toMatchObject({ change_type: 'membersRemoved', member_ids: [C] })
    expect((await refusal(c.read(id, ALL))).status).toBe(403)
    expect((await refusal(leave(c))).status).toBe(403)
  })

  test('holds not even the last admin, after whom any member makes the next', async () => {
    await leave(a)
    const { body } = await ask(server.url, tokenOf(B), 'GET', `/2/chat/conversations/${id}`)
    expect(body.data).toMatchObject({ member_ids: [B, C], admin_ids: [] })
    const action_signatures = [c.signed(id, { kind: 'adminAdd', ids: [B] })]
    const made = await c.request('POST', `${id}/admins`, { user_ids: [B], action_signatures })
    expect(made).toEqual({ data: { conversationId: id, currentAdminIds: [B] } })
    const next = await c.rotate(id, [B, C])
    await b.read(id, ALL)
    await b.say(id, next, 'go on')
    const read = await readWhole(c)
    expect(read.changes.slice(-2).map(change => change.change_type)).toEqual(['membersRemoved', 'adminsAdded'])
    expect(read.texts).toEqual(['go on'])
  })

  test('of a one-to-one is refused, in every form of its id', async () => {
    await a.begin(B)
    const action_signatures = [a.signed(`${A}:${B}`, { kind: 'memberRemove', ids: [A] })]
    for (const form of [B, `${A}-${B}`, encodeURIComponent(`${B}:${A}`)]) {
      const answer = await refusal(a.request('POST', `${form}/leave`, { action_signatures }))
      expect([answer.status, answer.data.parameter]).toEqual([400, 'id'])
    }
  })
})

describe('admins', () => {
  const change = (person: Person, method: 'POST' | 'DELETE', ids: readonly string[]) =>
    person.request(method, `${id}/admins`, {
      user_ids: ids,
      action_signatures: [person.signed(id, { kind: method === 'POST' ? 'adminAdd' : 'adminRemove', ids })],
    })

  test('come and go several at a time, each change one event that X’s engine verifies', async () => {
    expect(await change(a, 'POST', [B, C])).toEqual({ data: { conversationId: id, currentAdminIds: [A, B, C] } })
    expect(await change(b, 'DELETE', [A, C])).toEqual({ data: { conversationId: id, currentAdminIds: [B] } })
    const read = await readWhole(c)
    expect(read.changes.slice(1)).toEqual([
      expect.objectContaining({ change_type: 'adminsAdded', admin_ids: [B, C] }),
      expect.objectContaining({ change_type: 'adminsRemoved', admin_ids: [A, C] }),
    ])
    expect((await conversation()).admin_ids).toEqual([B])
  })

  test('of now are the ones that an addition is signed with', async () => {
    await change(a, 'POST', [B])
    await a.remove(id, [C])
    await b.read(id, ALL)
    const added = await b.add(id, [C])
    await b.say(id, added.version, 'welcome')
    expect((await readWhole(c)).texts).toEqual(['welcome'])
  })

  test('cannot all be taken away, and only admins make or unmake any', async () => {
    const last = await refusal(change(a, 'DELETE', [A]))
    expect([last.status, last.data.parameter, last.data.detail]).toEqual([
      400,
      'user_ids',
      expect.stringContaining('last admin'),
    ])
    for (const [method, who] of [
      ['POST', B],
      ['DELETE', A],
    ] as const) {
      const denied = await refusal(change(b, method, [who]))
      expect([denied.status, denied.data.code]).toEqual([403, 'REQUESTER_NOT_ADMIN'])
    }
  })
})

describe('title and avatar', () => {
  const retitle = (person: Person, part: 'title' | 'avatar', value: string, conversationKeyVersion = version) =>
    person.request('PUT', `${id}/${part}`, {
      [part === 'title' ? 'encrypted_title' : 'encrypted_avatar_url']: value,
      action_signatures: [person.signed(id, { kind: part, value, conversationKeyVersion })],
    })

  test('change under the group’s key, and X’s engine verifies and decrypts them', async () => {
    const key = a.keys.get(version)!
    const title = a.engine.encrypt('New title', key)
    const answer = await retitle(a, 'title', title)
    expect(answer).toEqual({ data: { conversationId: id, sequenceId: expect.stringMatching(/^[0-9]+$/) } })
    const avatar = a.engine.encrypt('https://example.org/a.png', key)
    await retitle(a, 'avatar', avatar)
    expect(await conversation()).toMatchObject({ group_name: title, group_avatar_url: avatar })
    const read = await readWhole(b)
    expect(read.changes.slice(1)).toEqual([
      expect.objectContaining({ change_type: 'titleChanged', new_title: title }),
      expect.objectContaining({ change_type: 'avatarChanged', new_avatar_url: avatar }),
    ])
    expect(b.engine.decrypt(title, b.keys.get(version)!)).toBe('New title')
  })

  test('are not changed by others than admins, under an old key, or while the group is closed', async () => {
    const sealed = a.engine.encrypt('New title', a.keys.get(version)!)
    expect((await refusal(retitle(b, 'title', sealed))).data.code).toBe('REQUESTER_NOT_ADMIN')
    const next = await a.rotate(id, ALL)
    const stale = await refusal(retitle(a, 'title', sealed))
    expect([stale.status, stale.data.current_key_version]).toEqual([400, next])
    await c.request('POST', `${id}/leave`, { action_signatures: [c.signed(id, { kind: 'memberRemove', ids: [C] })] })
    const closed = await refusal(retitle(a, 'avatar', sealed, next))
    expect([closed.status, closed.data.type]).toEqual([409, 'https://api.x.com/2/problems/conversation-closed'])
  })
})

describe('members on the other wires', () => {
  test('hear of a removal, of new admins, of a title, and are asked for a key when somebody leaves', async () => {
    const dino = await DinoClient.open(server.url)
    expect((await dino.login(B, `user${B}`, tokenOf(B))).code).toBe(200)
    const ddp = await Ddp.connect(server.url)
    await ddp.call('login', { resume: tokenOf(C) })
    await ddp.sub('stream-notify-user', `${C}/subscriptions-changed`)
    const rid = uuidOf(id.slice(1))
    const about = (what: string) => ddp.event('notify-user', ([change, doc]) => change === what && doc.rid === rid)
    const wanted = () => dino.named('gn_rotation_wanted').filter(({ target }) => target.id === rid)

    const roles = { user_ids: [C], action_signatures: [a.signed(id, { kind: 'adminAdd', ids: [C] })] }
    await a.request('POST', `${id}/admins`, roles)
    expect((await about('updated'))[1]).toMatchObject({ roles: ['owner'] })
    const value = a.engine.encrypt('New title', a.keys.get(version)!)
    const action_signatures = [a.signed(id, { kind: 'title', value, conversationKeyVersion: version })]
    await a.request('PUT', `${id}/title`, { encrypted_title: value, action_signatures })

    await a.remove(id, [C])
    expect((await about('removed'))[1]).toMatchObject({ u: { _id: C } })
    expect(await ddp.call('subscriptions/get')).toEqual(expect.not.arrayContaining([expect.objectContaining({ rid })]))
    await dino.settle()
    // The key came with the removal: nobody is asked for another one.
    expect(wanted()).toEqual([])

    await a.request('POST', `${id}/leave`, { action_signatures: [a.signed(id, { kind: 'memberRemove', ids: [A] })] })
    await dino.next('gn_rotation_wanted', ({ target }) => target.id === rid)
    expect(wanted()).toHaveLength(1)
    dino.close()
    ddp.close()
  })

  test('put somebody out, who comes to a signed removal too late', async () => {
    const dino = await DinoClient.open(server.url)
    expect((await dino.login(A, `user${A}`, tokenOf(A))).code).toBe(200)
    const kick = { verb: 'kick', target: { id: uuidOf(id.slice(1)) }, object: { id: C } }
    expect((await dino.request('kick', kick)).code).toBe(200)
    expect(await conversation()).toMatchObject({ member_ids: [A, B], rotation_required: true })
    const late = await refusal(a.remove(id, [C]))
    expect([late.status, late.data.detail]).toEqual([400, expect.stringContaining(`user ${C} is not a member`)])
    await a.remove(id, [B])
    expect((await conversation()).rotation_required).toBeUndefined()
    dino.close()
  })
})
