// What a member, an outsider or somebody in between might try. Each test is named for the attack; each attack is
// refused for the right reason and leaves the conversation as it was.
import { randomBytes, randomUUID } from 'node:crypto'
import { decodeEventSignature, decodeMessageEvent, encodeEventSignature } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import type { Group, Hand, RemovalFaults } from './hand.ts'
import {
  additionBody,
  addTo,
  adminsBody,
  deleteBody,
  enroll,
  groupAction,
  groupBody,
  keyChangeAction,
  keysBody,
  leaveBody,
  makeGroup,
  makeHand,
  messageBody,
  nextVersion,
  participantKeys,
  removalBody,
  retitleBody,
  sealedText,
} from './hand.ts'
import type { Answered } from './http.ts'
import { ask } from './http.ts'
import { A, B, C, CROWD, D, startXchatServer, tokenOf } from './start.ts'
import { download, sendMedium } from './upload.ts'

let server: TestServer
let a: Hand
let b: Hand
let c: Hand
let group: Group

beforeAll(async () => {
  server = await startXchatServer()
  ;[a, b, c] = [await enroll(server.url, A), await enroll(server.url, B), await enroll(server.url, C)]
})
afterAll(() => server?.remove())

type Snapshot = { readonly members: readonly string[]; readonly events: readonly string[] }
let before: Snapshot

beforeEach(async () => {
  group = await makeGroup(server.url, a, [a, b])
  before = await snapshot()
})

/** Nothing that was tried changed anything. */
afterEach(async () => {
  expect(await snapshot()).toEqual(before)
})

async function snapshot(): Promise<Snapshot> {
  const conversation = await ask(server.url, tokenOf(A), 'GET', path())
  const events = await ask(server.url, tokenOf(A), 'GET', path('/events?max_results=100'))
  return { members: conversation.body.data, events: events.body.data }
}

function path(rest = ''): string {
  return `/2/chat/conversations/${group.id}${rest}`
}

function send(method: string, rest: string, body: unknown, who = A): Promise<Answered> {
  return ask(server.url, tokenOf(who), method, path(rest), { body })
}

function post(rest: string, body: unknown, who = A): Promise<Answered> {
  return send('POST', rest, body, who)
}

function refused(answer: Answered, ...words: readonly string[]): void {
  expect([answer.status, answer.text]).toEqual([400, answer.text])
  expect(answer.body.type).toBe('https://api.x.com/2/problems/invalid-request')
  for (const word of words) expect(answer.body.detail).toContain(word)
}

type Addition = ReturnType<typeof additionBody>
type Removal = ReturnType<typeof removalBody>

describe('an addition is refused', () => {
  const add = (faults: Parameters<typeof additionBody>[3], change: (body: Addition) => void = () => {}) => {
    const body = additionBody(group, a, [c], faults)
    change(body)
    return post('/members', body)
  }

  test('whose signature was tampered with', async () => {
    const answer = await add({}, body => {
      const signed = body.action_signatures[1]!.message_event_signature
      const bytes = Buffer.from(String(signed.signature), 'base64')
      bytes[40]! ^= 1
      signed.signature = bytes.toString('base64')
    })
    refused(answer, 'does not verify')
  })

  test('whose signed detail was changed after signing', async () => {
    const honest = additionBody(group, a, [c]).action_signatures[1]!
    const answer = await add({}, body => {
      body.action_signatures[1]!.message_event_signature = honest.message_event_signature
    })
    refused(answer, 'does not verify')
  })

  test('that moves a current member among the new ones (the signature still verifies)', async () => {
    refused(await add({ newIds: [C, A], currentIds: [B] }), 'does not match')
  })

  test('that moves a member among the admins (the signature still verifies)', async () => {
    // C, A, B | A is C, A | B, A: the same text.
    refused(await add({ currentIds: [A], adminIds: [B, A] }), 'does not match')
  })

  test('that carries what is not read here and X’s clients take for something else', async () => {
    const answer = await add({}, body => {
      const action = body.action_signatures[1]!
      const bytes = Buffer.from(action.encoded_message_event_detail, 'base64')
      // Behind the last field of the change: `admin_settings`, which is a struct, as a text.
      const end = bytes.length - Buffer.from([0, 0, 2, 0, 2, 0, 0, 0]).length
      const settings = Buffer.from([11, 0, 12, 0, 0, 0, 1, 120])
      const parts = [bytes.subarray(0, end), settings, bytes.subarray(end)]
      action.encoded_message_event_detail = Buffer.concat(parts).toString('base64')
    })
    refused(answer, 'encoded_message_event_detail', 'field 12 is not known here')
  })

  test('that names an admin who is none', async () => {
    refused(await add({ adminIds: [A, B] }), 'current_admin_ids', 'does not match')
  })

  test('that leaves the admins out', async () => {
    refused(await add({ adminIds: [] }), 'current_admin_ids', 'does not match')
  })

  test('that was signed over a roster that is not the one now', async () => {
    const answer = await add({ currentIds: [A, B, D] })
    refused(answer, 'stale', group.version)
    expect(answer.body.current_key_version).toBe(group.version)
  })

  test('that was made before somebody left, or before somebody else came, by a client that did not hear of it', async () => {
    const outsider = await enroll(server.url, CROWD[0]!)
    const [left, grown] = [await makeGroup(server.url, a, [a, b, c]), await makeGroup(server.url, a, [a, b])]
    const members = (id: string, body: object) =>
      ask(server.url, tokenOf(A), 'POST', `/2/chat/conversations/${id}/members`, { body })
    await ask(server.url, tokenOf(B), 'POST', `/2/chat/conversations/${left.id}/leave`, { body: leaveBody(left, b) })
    refused(await members(left.id, additionBody(left, a, [outsider])), 'stale', left.version)
    const unaware = { ...grown }
    await addTo(server.url, grown, b, [c])
    const late = await members(grown.id, additionBody(unaware, a, [outsider]))
    refused(late, 'stale', grown.version)
    expect(late.body.current_key_version).toBe(grown.version)
    // Wraps that are wrong by themselves are told as such, whatever roster is signed.
    const wrong = additionBody(unaware, a, [outsider], { wrapFor: [a, outsider] })
    refused(await members(grown.id, wrong), 'missing participant key for')
  })

  test('that was begun before another one was done, also where it comes after it under a newer version', async () => {
    const outsider = await enroll(server.url, CROWD[1]!)
    const shared = await makeGroup(server.url, a, [a, b])
    const [first, second] = [additionBody(shared, b, [c]), additionBody(shared, a, [outsider])]
    await new Promise(resolve => setTimeout(resolve, 20))
    const members = `/2/chat/conversations/${shared.id}/members`
    expect((await ask(server.url, tokenOf(B), 'POST', members, { body: first })).status).toBe(200)
    const lost = await ask(server.url, tokenOf(A), 'POST', members, { body: second })
    expect([lost.status, lost.body.current_key_version]).toEqual([409, first.conversation_key_version])
    expect(lost.body.detail).toContain('stale')
  })

  test('that lists one of the members twice', async () => {
    refused(await add({ currentIds: [A, B, B] }), 'does not match')
  })

  test('that gives the key to somebody who would not be a member', async () => {
    refused(await add({ wrapFor: [a, b, c, makeHand(D, nextVersion())] }), `extra participant key for ${D}`)
  })

  test('that keeps the key from a member', async () => {
    refused(await add({ wrapFor: [a, c] }), `missing participant key for ${B}`)
  })

  test('that keeps the key from the new member', async () => {
    refused(await add({ wrapFor: [a, b] }), `missing participant key for ${C}`)
  })

  test('that gives two keys to one member', async () => {
    refused(await add({ wrapFor: [a, b, b, c] }), 'duplicate', B)
  })

  test('that wraps for an outdated key of a member', async () => {
    const old = makeHand(B, String(Number(b.version) - 1))
    refused(await add({ wrapFor: [a, old, c] }), 'public_key_version', 'outdated', b.version)
  })

  test('under the current key version again', async () => {
    const answer = await add({ version: group.version })
    refused(answer, 'stale', group.version)
    expect(answer.body.current_key_version).toBe(group.version)
  })

  test('under a key version so far in the future that nobody could follow', async () => {
    refused(await add({ version: String(Date.now() + 11 * 60 * 1000) }), 'conversation_key_version', 'ahead')
    refused(await add({ version: '9223372036854775807' }), 'conversation_key_version', 'ahead')
  })

  test('signed under a public_key_version of somebody else', async () => {
    const answer = await add({}, body => {
      body.action_signatures[1]!.message_event_signature.public_key_version = b.version
    })
    refused(answer, 'public_key_version')
  })

  test('signed with the key of another member', async () => {
    const body = additionBody(group, b, [c])
    refused(await post('/members', body), 'public_key_version')
  })

  test('with a signing_public_key that is not registered', async () => {
    const stranger = makeHand(A, a.version)
    const answer = await add({}, body => {
      for (const action of body.action_signatures)
        action.message_event_signature.signing_public_key = stranger.signingKey
    })
    refused(answer, 'signing_public_key', 'does not match')
  })

  test('with a key list that claims another key for a member', async () => {
    const answer = await add({}, body => {
      body.action_signatures[0]!.message_event_signature.message_signing_key_info_list = [
        { member_id: B, public_key_version: b.version, signing_public_key: makeHand(B, '1').signingKey },
      ]
    })
    refused(answer, 'signing_public_key', 'does not match')
  })

  test('whose signed title has a comma, which would shift what follows', async () => {
    refused(await add({ title: 'Team,null', text: 'anything' }), 'comma')
  })

  test('whose signed title is another than the one of the group', async () => {
    refused(await add({ title: 'Other' }), 'current_title', 'does not match')
  })

  test('that was signed for another conversation', async () => {
    const other = await makeGroup(server.url, a, [a, b])
    refused(await add({ signedFor: other.id }), 'does not verify')
  })

  test('whose key change tells other wraps than the request', async () => {
    const answer = await add({}, body => {
      body.conversation_participant_keys = participantKeys(randomBytes(32), [a, b, c])
    })
    refused(answer, 'conversation_participant_keys', 'does not match')
  })

  test('whose key change and member add are for different versions', async () => {
    refused(await add({ signedVersion: nextVersion() }), 'conversation_key_version', 'does not match')
  })

  test('that carries a third signature', async () => {
    const answer = await add({}, body => {
      body.action_signatures.push(keyChangeAction(a, group.id, '1', [], randomBytes(32)))
    })
    refused(answer, 'action_signatures')
  })

  test('whose two actions share a message id', async () => {
    const id = randomUUID()
    refused(await add({ messageIds: [id, id] }), 'message_id')
  })

  test('that brings an encrypted title too short to be one', async () => {
    const body = { ...additionBody(group, a, [c]), encrypted_title: randomBytes(39).toString('base64') }
    refused(await post('/members', body), 'encrypted_title')
  })

  test('from somebody who is not a member, whatever it carries', async () => {
    for (const body of [additionBody(group, c, [c]), {}, '[', { user_ids: 5 }]) {
      const answer = await post('/members', body, C)
      expect([answer.status, answer.body.code]).toEqual([403, 'SENDER_NOT_GROUP_MEMBER'])
    }
  })
})

describe('a removal is refused', () => {
  const remove = (faults: RemovalFaults, change: (body: Removal) => void = () => {}, removed = [b]) => {
    const body = removalBody(group, a, removed, faults)
    change(body)
    return send('DELETE', '/members', body)
  }

  beforeEach(async () => {
    await addTo(server.url, group, a, [c])
    before = await snapshot()
  })

  test('whose signature was tampered with, made for others, or for another conversation', async () => {
    const tampered = await remove({}, body => {
      const signed = body.action_signatures[1]!.message_event_signature
      const bytes = Buffer.from(String(signed.signature), 'base64')
      bytes[40]! ^= 1
      signed.signature = bytes.toString('base64')
    })
    refused(tampered, 'the signature of the member remove does not verify')
    refused(await remove({ signedIds: [C] }), 'user_ids in the signed member remove', 'does not match')
    refused(await remove({ signedIds: [B, C] }), 'does not match')
    refused(await remove({ signedIds: [B, B] }), 'does not match')
    refused(await remove({ signedIds: [] }), 'does not match')
    const other = await makeGroup(server.url, a, [a, b, c])
    refused(await remove({ signedFor: other.id }), 'does not verify')
  })

  test('that signs two ids as one, which reads the same as a text', async () => {
    const text = ['GroupChangeEvent.GroupMemberRemoveChange', randomUUID(), A, group.id, `${B},${C}`].join(',')
    const answer = await remove({ signedIds: [`${B},${C}`], text }, () => {}, [b, c])
    refused(answer, 'does not match')
  })

  test('that gives the next key to whoever is removed, or keeps it from somebody who stays', async () => {
    refused(await remove({ wrapFor: [a, b, c] }), `extra participant key for ${B}`, group.version)
    refused(await remove({ wrapFor: [a] }), `missing participant key for ${C}`)
    refused(await remove({ wrapFor: [a, a, c] }), 'duplicate participant key')
    const old = makeHand(C, String(Number(c.version) - 1))
    refused(await remove({ wrapFor: [a, old] }), 'public_key_version', 'outdated')
  })

  test('under an old key version, or one so far ahead that nobody could follow', async () => {
    const stale = await remove({ version: group.version })
    refused(stale, 'stale', group.version)
    expect(stale.body.current_key_version).toBe(group.version)
    refused(await remove({ version: String(Date.now() + 11 * 60 * 1000) }), 'ahead')
  })

  test('whose parts are missing, too many or of another kind, in the words of an addition', async () => {
    const drop = (name: keyof Removal) => remove({}, body => void delete (body as Partial<Removal>)[name])
    for (const name of [
      'user_ids',
      'conversation_key_version',
      'conversation_participant_keys',
      'action_signatures',
    ] as const)
      refused(await drop(name), `$.${name}: is missing but it is required`)
    refused(await remove({}, body => void body.action_signatures.pop()), 'missing action signature: member remove')
    refused(await remove({}, body => void body.action_signatures.shift()), 'missing action signature: key change')
    refused(await remove({}, body => void body.action_signatures.push(body.action_signatures[1]!)), 'too many')
    const wrong = additionBody(group, a, [])
    refused(await remove({}, body => Object.assign(body, { action_signatures: wrong.action_signatures })), 'missing')
    for (const action of [0, 1]) {
      const answer = await remove({}, body => {
        body.action_signatures[action]!.message_event_signature.signature_version = '6'
      })
      refused(answer, 'signature_version')
    }
    const malformed = await remove({}, body => {
      body.action_signatures[1]!.message_event_signature.signature = 'AAAA'
    })
    refused(malformed, 'the signature of the member remove does not verify')
  })

  test('of people who are not there, of somebody twice, of nobody, of oneself', async () => {
    const named = (ids: unknown) => remove({}, body => Object.assign(body, { user_ids: ids }))
    refused(await named([D]), `user ${D} is not a member`)
    refused(await named([B, B]), `duplicate user ${B}`)
    refused(await named([]), 'user_ids')
    refused(await named([A]), 'user_ids')
    refused(await named('B'), 'user_ids')
    refused(await named(Array.from({ length: 1_001 }, (_, index) => String(index + 1))), 'Too many')
  })

  test('from an ordinary member, or somebody outside, whatever it carries', async () => {
    for (const body of [removalBody(group, b, [c]), {}, '[', undefined]) {
      const answer = await send('DELETE', '/members', body, B)
      expect([answer.status, answer.body.code]).toEqual([403, 'REQUESTER_NOT_ADMIN'])
      const outside = await send('DELETE', '/members', body, D)
      expect([outside.status, outside.body.code]).toEqual([403, 'SENDER_NOT_GROUP_MEMBER'])
    }
  })

  test('signed by another than the caller', async () => {
    refused(await send('DELETE', '/members', removalBody(group, { ...a, signing: b.signing }, [b])), 'does not verify')
    refused(await send('DELETE', '/members', removalBody(group, b, [c])), 'public_key_version')
  })

  test('replayed: after the one who was removed has come back, and under fresh clothes', async () => {
    const body = removalBody(group, a, [b])
    expect((await send('DELETE', '/members', body)).status).toBe(200)
    before = await snapshot()
    refused(await send('DELETE', '/members', body), `user ${B} is not a member`, body.conversation_key_version)
    group.members = [a, c]
    await addTo(server.url, group, a, [b])
    before = await snapshot()
    refused(await send('DELETE', '/members', body), 'stale')
    const used = body.action_signatures.map(action => action.message_id) as [string, string]
    for (const messageIds of [used, [randomUUID(), used[1]] as const])
      refused(await remove({ messageIds }), 'message_id', used.at(messageIds === used ? 0 : 1)!, 'already')
  })
})

describe('a leave is refused', () => {
  test('that is signed by another, for another, for others as well, or for another group', async () => {
    const leave = (by: Hand, ids: readonly string[], conversation = group.id) =>
      send('POST', '/leave', { action_signatures: [groupAction(by, conversation, { kind: 'memberRemove', ids })] })
    refused(await leave({ ...a, signing: b.signing }, [A]), 'does not verify')
    refused(await leave(b, [A]), 'public_key_version')
    for (const ids of [[B], [A, B], [A, A], []])
      refused(await leave(a, ids), 'member_ids in the signed member remove does not match')
    const other = await makeGroup(server.url, a, [a, b])
    refused(await leave(a, [A], other.id), 'does not verify')
  })

  test('that carries something else, or nothing', async () => {
    refused(await send('POST', '/leave', {}), '$.action_signatures: is missing but it is required')
    refused(await send('POST', '/leave', undefined), '$.action_signatures: is missing but it is required')
    refused(await send('POST', '/leave', { action_signatures: [] }), 'missing action signature: member remove')
    const more = { action_signatures: adminsBody(group, a, 'adminAdd', [B]).action_signatures }
    refused(await send('POST', '/leave', more), 'missing action signature: member remove')
  })

  test('from somebody who is not in the group', async () => {
    const answer = await send('POST', '/leave', leaveBody(group, c), C)
    expect([answer.status, answer.body.code]).toEqual([403, 'SENDER_NOT_GROUP_MEMBER'])
  })
})

describe('a change of admins is refused', () => {
  test('whose list is not the one that was signed, or whose kind is not', async () => {
    const make = (ids: readonly string[], signedIds: readonly string[]) =>
      send('POST', '/admins', { ...adminsBody(group, a, 'adminAdd', signedIds), user_ids: ids })
    refused(await make([B], [A, B]), 'user_ids in the signed admin add does not match')
    refused(await make([B], []), 'does not match')
    refused(await make([C], [C]), `user ${C} is not a member`)
    refused(await make([A], [A]), `user ${A} is already an admin`)
    refused(await make([B, B], [B, B]), `duplicate user ${B}`)
    refused(await send('DELETE', '/admins', adminsBody(group, a, 'adminRemove', [B])), `user ${B} is not an admin`)
    refused(await send('POST', '/admins', adminsBody(group, a, 'adminRemove', [B])), 'missing action signature')
    refused(await send('POST', '/admins', undefined), '$.user_ids: is missing but it is required')
  })

  test('from an ordinary member who makes themselves one, whoever signed it', async () => {
    for (const body of [adminsBody(group, b, 'adminAdd', [B]), adminsBody(group, a, 'adminAdd', [B]), {}]) {
      const answer = await send('POST', '/admins', body, B)
      expect([answer.status, answer.body.code]).toEqual([403, 'REQUESTER_NOT_ADMIN'])
    }
  })

  test('that was made for another group, or was taken once', async () => {
    const other = await makeGroup(server.url, a, [a, b])
    refused(await send('POST', '/admins', adminsBody(other, a, 'adminAdd', [B])), 'does not verify')
    const body = adminsBody(group, a, 'adminAdd', [B])
    expect((await send('POST', '/admins', body)).status).toBe(200)
    expect((await send('DELETE', '/admins', adminsBody(group, a, 'adminRemove', [B]))).status).toBe(200)
    before = await snapshot()
    refused(await send('POST', '/admins', body), 'message_id', 'already')
  })
})

describe('a title is refused', () => {
  const put = (body: object, part = 'title', who = A) => send('PUT', `/${part}`, body, who)

  test('that is not the one that was signed, or was signed as an avatar', async () => {
    const body = retitleBody(group, a, 'title')
    refused(await put({ ...body, encrypted_title: sealedText() }), 'encrypted_title in the signed title does not match')
    const avatar = retitleBody(group, a, 'avatar')
    refused(await put({ ...avatar, encrypted_title: avatar.encrypted_avatar_url }), 'missing action signature: title')
    refused(await put(retitleBody({ ...group, id: 'g5' }, a, 'title')), 'does not verify')
    refused(await put(retitleBody(group, { ...a, signing: b.signing }, 'title')), 'does not verify')
  })

  test('under a key that is not the one of now', async () => {
    for (const version of [String(Number(group.version) - 1), String(Number(group.version) + 1), '0']) {
      const answer = await put(retitleBody({ ...group, version }, a, 'title'))
      refused(answer, 'conversation_key_version', 'stale', group.version)
      expect(answer.body.current_key_version).toBe(group.version)
    }
  })

  test('that is too short to be encrypted, no base64, or not there', async () => {
    for (const value of ['Team', randomBytes(39).toString('base64'), 'a,b', '', 5])
      refused(await put({ ...retitleBody(group, a, 'title'), encrypted_title: value }), 'encrypted_title')
    refused(await put({}), '$.encrypted_title: is missing but it is required')
    refused(await put({}, 'avatar'), '$.encrypted_avatar_url: is missing but it is required')
    const { action_signatures: _, ...bare } = retitleBody(group, a, 'title')
    refused(await put(bare), '$.action_signatures: is missing but it is required')
  })

  test('from an ordinary member, or taken once', async () => {
    const denied = await put(retitleBody(group, b, 'title'), 'title', B)
    expect([denied.status, denied.body.code]).toEqual([403, 'REQUESTER_NOT_ADMIN'])
    const [old, next] = [retitleBody(group, a, 'title'), retitleBody(group, a, 'title')]
    for (const body of [old, next]) expect((await put(body)).status).toBe(200)
    before = await snapshot()
    refused(await put(old), 'message_id', 'already')
  })
})

describe('the paths of a group’s changes', () => {
  test('are those of groups that are there, in every spelling', async () => {
    const of = (id: string, rest: string, method: string, body: object) =>
      ask(server.url, tokenOf(A), method, `/2/chat/conversations/${id}/${rest}`, { body })
    const encoded = `%67${group.id.slice(1)}`
    const changes = [
      ['members', 'DELETE', removalBody(group, a, [b])],
      ['leave', 'POST', leaveBody(group, a)],
      ['admins', 'POST', adminsBody(group, a, 'adminAdd', [B])],
      ['admins', 'DELETE', adminsBody(group, a, 'adminRemove', [A])],
      ['title', 'PUT', retitleBody(group, a, 'title')],
      ['avatar', 'PUT', retitleBody(group, a, 'avatar')],
    ] as const
    for (const [rest, method, body] of changes) {
      const headers = { authorization: `Bearer ${tokenOf(A)}` }
      const bare = await fetch(server.url + path(`/${rest}`), { method, headers })
      expect([bare.status, await bare.text()]).toEqual([400, expect.stringContaining('is missing but it is required')])
      refused(await of(B, rest, method, body), 'group')
      refused(await of(`${A}%3A${B}`, rest, method, body), 'group')
      refused(await of('abc', rest, method, body), 'id')
      expect((await of('g5', rest, method, body)).status).toBe(404)
      refused(await of(encoded, rest, method, {}), 'is missing but it is required')
      const unread = await of(encoded, rest, method, 'x' as unknown as object)
      refused(unread, 'body')
    }
    const retitled = await of(encoded, 'title', 'PUT', retitleBody(group, a, 'title'))
    expect([retitled.status, retitled.body.data.conversation_id]).toEqual([200, group.id])
    before = await snapshot()
  })

  test('take no token of an app and no unknown one', async () => {
    for (const [rest, method] of [
      ['/members', 'DELETE'],
      ['/leave', 'POST'],
      ['/admins', 'POST'],
      ['/admins', 'DELETE'],
      ['/title', 'PUT'],
      ['/avatar', 'PUT'],
    ] as const) {
      const app = await ask(server.url, 'app-token', method, path(rest))
      expect([app.status, app.body.title]).toEqual([403, 'Unsupported Authentication or Forbidden'])
      expect((await ask(server.url, 'nobody', method, path(rest))).status).toBe(401)
    }
  })
})

describe('what was accepted once is not accepted again', () => {
  test('an addition, replayed', async () => {
    const body = additionBody(group, a, [c])
    expect((await post('/members', body)).status).toBe(200)
    before = await snapshot()
    refused(await post('/members', body), 'already', body.conversation_key_version)
    // Nor under fresh clothes: the ids of its signatures are used up.
    group.members = [a, b, c]
    group.version = body.conversation_key_version
    const used = body.action_signatures.map(action => action.message_id) as [string, string]
    const fresh = await enroll(server.url, D)
    refused(await post('/members', additionBody(group, a, [fresh], { messageIds: used })), 'message_id')
  })

  test("a key change, replayed over a newer one, or in another conversation's place", async () => {
    const body = keysBody(a, group.id, [a, b])
    expect((await post('/keys', body)).status).toBe(200)
    before = await snapshot()
    const answer = await post('/keys', body)
    refused(answer, 'stale', body.conversation_key_version)
    const other = await makeGroup(server.url, a, [a, b], String(Number(body.conversation_key_version) - 1))
    const elsewhere = await ask(server.url, tokenOf(A), 'POST', `/2/chat/conversations/${other.id}/keys`, { body })
    refused(elsewhere, 'message_id')
  })

  test('a group, created again or under an id that somebody else initialised', async () => {
    const made = await groupBody(server.url, a, [a, b])
    const create = (body: object, who = A) =>
      ask(server.url, tokenOf(who), 'POST', '/2/chat/conversations/group', { body })
    const stolen = { ...(await groupBody(server.url, b, [b, a])).body, conversation_id: made.group.id }
    refused(await create(stolen, B), 'conversation_id')
    expect((await create(made.body)).status).toBe(201)
    refused(await create(made.body), 'conversation_id', 'already')
    refused(await create({ ...made.body, conversation_id: 'g2080761390344937796' }), 'conversation_id')
    const fresh = await groupBody(server.url, a, [a, b])
    refused(await create({ ...fresh.body, group_admins: [A, A] }), `group_admins: duplicate user ${A}`)
    refused(await create({ ...fresh.body, group_admins: [A, C] }), `group_admins: ${C} is not in group_members`)
    refused(await create({ ...fresh.body, group_members: [A, B, B] }), `group_members: duplicate user ${B}`)
    const apart = await groupBody(server.url, a, [b, c])
    refused(await create({ ...apart.body, group_admins: [B] }), 'group_members')
  })
})

/** As some encoders spell it and X's clients do not read it: the URL alphabet, or a bit set in what is left over. */
function respelt(signature: string): string {
  const last = String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1)
  return (signature.slice(0, -1) + last).replaceAll('+', '-').replaceAll('/', '_')
}

describe('a signature that is spelt otherwise is served as X’s clients read it', () => {
  afterEach(async () => {
    before = await snapshot()
  })

  const newest = async (): Promise<string> => {
    const { body } = await ask(server.url, tokenOf(B), 'GET', path('/events?max_results=1'))
    const event = decodeMessageEvent(body.data[0].encoded_event)
    expect(event.ok && event.value.signature?.signature).toBe(body.data[0].message_event_signature.signature)
    return body.data[0].message_event_signature.signature
  }

  test('of a message', async () => {
    const body = messageBody(a, group.id, group.version)
    const honest = decodeEventSignature(body.encoded_message_event_signature)
    if (!honest.ok) throw new Error(honest.error)
    const { signature } = honest.value
    body.encoded_message_event_signature = encodeEventSignature({ ...honest.value, signature: respelt(signature) })
    expect((await post('/messages', body)).status).toBe(201)
    expect(await newest()).toBe(signature)
  })

  test('of a change', async () => {
    const body = retitleBody(group, a, 'title') as { action_signatures: ReturnType<typeof groupAction>[] }
    const signed = body.action_signatures[0]!.message_event_signature
    const honest = String(signed.signature)
    signed.signature = respelt(honest)
    expect((await send('PUT', '/title', body)).status).toBe(200)
    expect(await newest()).toBe(honest)
  })
})

describe('a deletion is refused', () => {
  /** Sequence ids of a message of A's and of one of B's. */
  let own: string
  let theirs: string

  const say = async (by: Hand, to = group): Promise<string> => {
    const body = messageBody(by, to.id, to.version)
    const sent = await ask(server.url, tokenOf(by.id), 'POST', `/2/chat/conversations/${to.id}/messages`, { body })
    const event = decodeMessageEvent(sent.body.data.encoded_message_event)
    if (!event.ok) throw new Error(event.error)
    return event.value.sequenceId
  }
  const remove = (body: object, who = A) => post('/messages/delete', body, who)
  type Whom = 'all' | 'self'
  const both = ['all', 'self'] as const

  beforeEach(async () => {
    ;[own, theirs] = [await say(a), await say(b)]
    before = await snapshot()
  })

  test.each(both)('for %s that was signed for other messages, fewer or more', async whom => {
    const signed = (ids: readonly string[], signedIds: readonly string[]) =>
      remove(deleteBody(a, group.id, ids, whom, { signedIds }))
    refused(await signed([own, theirs], [own]), 'sequence_ids', 'does not match')
    refused(await signed([own], [own, theirs]), 'sequence_ids', 'does not match')
    refused(await signed([own], [theirs]), 'sequence_ids', 'does not match')
    refused(await signed([own], [own, own]), 'sequence_ids', 'does not match')
    refused(await signed([own], []), 'sequence_ids', 'does not match')
  })

  test.each(both)('for %s that was signed for the other audience, or for none', async whom => {
    for (const signedAction of [whom === 'all' ? 1 : 2, 0, 3])
      refused(await remove(deleteBody(a, group.id, [own], whom, { signedAction })), 'does not match')
  })

  test.each(both)('for %s that was signed for another conversation', async whom => {
    const other = await makeGroup(server.url, a, [a, b])
    for (const signedFor of [other.id, `${A}:${B}`])
      refused(await remove(deleteBody(a, group.id, [own], whom, { signedFor })), 'does not verify')
  })

  test.each(both)('for %s that somebody else signed', async whom => {
    refused(await remove(deleteBody(a, group.id, [theirs], whom), B), 'public_key_version')
    const forged = deleteBody({ ...b, version: a.version }, group.id, [own], whom)
    refused(await remove({ ...forged, action_signatures: [without(forged.action_signatures[0]!)] }), 'does not verify')
  })

  test.each(both)('for %s that was tampered with, is unsigned, or signed twice', async whom => {
    const honest = deleteBody(a, group.id, [own], whom)
    const [action] = honest.action_signatures
    const signature = randomBytes(64).toString('base64')
    const tampered = { ...action!, message_event_signature: { ...action!.message_event_signature, signature } }
    refused(await remove({ ...honest, action_signatures: [tampered] }), 'does not verify')
    refused(await remove({ ...honest, action_signatures: [] }), 'missing action signature')
    refused(await remove({ ...honest, action_signatures: [action, action] }), 'too many')
    const other = leaveBody(group, a).action_signatures
    refused(await remove({ ...honest, action_signatures: other }), 'missing action signature: delete')
  })

  test('of what somebody else sent, but for oneself or by an admin', async () => {
    const answer = await remove(deleteBody(b, group.id, [theirs, own], 'all'), B)
    expect([answer.status, answer.body.code]).toEqual([403, 'REQUESTER_NOT_ADMIN'])
    expect((await remove(deleteBody(c, group.id, [own], 'self'), C)).status).toBe(403)
  })

  test.each(both)('for %s of what is no message here, which is named, with nothing deleted', async whom => {
    const other = await makeGroup(server.url, a, [a, b])
    const [event] = before.events.slice(-1) as unknown as [{ id: string }]
    for (const id of [await say(a, other), '5', event.id]) {
      const answer = await remove(deleteBody(a, group.id, [own, id], whom))
      const problem = { parameter: 'sequence_ids', value: id, resource_type: 'message' }
      expect([answer.status, answer.body]).toEqual([404, expect.objectContaining(problem)])
    }
  })

  test.each(both)('for %s by a newcomer of what was there before them', async whom => {
    const body = additionBody(group, a, [c])
    expect((await post('/members', body)).status).toBe(200)
    await post('/admins', adminsBody(group, a, 'adminAdd', [C]))
    before = await snapshot()
    const answer = await remove(deleteBody(c, group.id, [own], whom), C)
    expect([answer.status, answer.body.value]).toEqual([404, own])
  })

  test.each([
    ['no ids', { sequence_ids: [] }, 'sequence_ids'],
    ['an id twice', { sequence_ids: ['5', '5'] }, 'sequence_ids'],
    ['what is no id', { sequence_ids: ['05'] }, 'sequence_ids[0]'],
    ['a number', { sequence_ids: [5] }, 'sequence_ids[0]'],
    ['too many ids', { sequence_ids: Array.from({ length: 501 }, (_, n) => String(n + 1)) }, 'sequence_ids'],
    ['no action', { delete_message_action: undefined }, 'delete_message_action'],
    ['another action', { delete_message_action: 'delete_for_some' }, 'delete_message_action'],
    ['no signatures', { action_signatures: undefined }, 'action_signatures'],
    ['files for oneself', { delete_message_action: 'delete_for_self', media_hash_keys: ['a'] }, 'media_hash_keys'],
    ['a file twice', { media_hash_keys: ['a', 'a'] }, 'media_hash_keys'],
    ['what is no file', { media_hash_keys: ['a-b'] }, 'media_hash_keys[0]'],
    ['too many files', { media_hash_keys: Array.from({ length: 501 }, (_, n) => `k${n}`) }, 'media_hash_keys'],
  ])('that has %s', async (_, change, parameter) => {
    const answer = await remove({ ...deleteBody(a, group.id, [own], 'all'), ...change })
    expect([answer.status, answer.body.parameter, answer.text]).toEqual([400, parameter, answer.text])
  })

  test('with a file of another conversation, or of another member’s', async () => {
    const other = await makeGroup(server.url, a, [a, b])
    const media = [await sendMedium(server.url, A, other.id, randomBytes(3))]
    const foreign = await remove(deleteBody(a, group.id, [own], 'all', { media }))
    expect([foreign.status, foreign.body.value]).toEqual([404, media[0]])
    const hers = [await sendMedium(server.url, A, group.id, randomBytes(3))]
    expect((await remove(deleteBody(b, group.id, [theirs], 'all', { media: hers }), B)).status).toBe(403)
    for (const [key, at] of [
      [media[0], other],
      [hers[0], group],
    ] as const)
      expect((await download(server.url, A, at.id, String(key))).status).toBe(200)
  })

  test('under an id that a message, another action or another deletion has used (L7)', async () => {
    const other = await makeGroup(server.url, a, [a, b])
    const message = messageBody(a, other.id, other.version)
    await ask(server.url, tokenOf(A), 'POST', `/2/chat/conversations/${other.id}/messages`, { body: message })
    const elsewhere = deleteBody(a, other.id, [await say(a, other)], 'self')
    await ask(server.url, tokenOf(A), 'POST', `/2/chat/conversations/${other.id}/messages/delete`, { body: elsewhere })
    const added = keysBody(a, other.id, [a, b])
    await ask(server.url, tokenOf(A), 'POST', `/2/chat/conversations/${other.id}/keys`, { body: added })
    for (const { message_id: messageId } of [message, elsewhere.action_signatures[0]!, added.action_signatures[0]!])
      for (const whom of both as readonly Whom[])
        refused(await remove(deleteBody(a, group.id, [own], whom, { messageId })), 'already')
  })
})

/** Without the key that the server compares before it looks at the signature. */
function without(action: ReturnType<typeof deleteBody>['action_signatures'][number]) {
  const { signing_public_key: _, ...signature } = action.message_event_signature
  return { ...action, message_event_signature: signature }
}

describe('a message is refused', () => {
  const send = (body: ReturnType<typeof messageBody>, who = A) => post('/messages', body, who)

  test('that somebody else signed, among many that are right and come at the same time', async () => {
    const crowd = await makeGroup(server.url, a, [a, b])
    const bodies = Array.from({ length: 90 }, (_, index) =>
      messageBody(a, crowd.id, crowd.version, index % 3 === 0 ? { signer: { ...b, version: a.version } } : {}),
    )
    const to = `/2/chat/conversations/${crowd.id}`
    const answers = await Promise.all(
      bodies.map(body => ask(server.url, tokenOf(A), 'POST', `${to}/messages`, { body })),
    )
    for (const [index, answer] of answers.entries()) {
      expect([index, answer.status]).toEqual([index, index % 3 === 0 ? 400 : 201])
      if (index % 3 === 0) expect(answer.body.code).toBe('INVALID_SENDER_SIGNATURE')
    }
    const { body } = await ask(server.url, tokenOf(B), 'GET', `${to}/events?max_results=100`)
    const stored = body.data.map(({ encoded_event }: { encoded_event: string }) => {
      const event = decodeMessageEvent(encoded_event)
      return event.ok && event.value.messageId
    })
    for (const [index, { message_id: id }] of bodies.entries()) expect(stored.includes(id)).toBe(index % 3 !== 0)
  })

  test('that is empty, or whose fields X’s clients take for others', async () => {
    const empty = await send(messageBody(a, group.id, group.version, { contents: new Uint8Array() }))
    refused(empty, 'encoded_message_create_event')
    expect(empty.body.code).toBe('EMPTY_DETAIL')
    const body = messageBody(a, group.id, group.version)
    const bytes = Buffer.from(body.encoded_message_create_event, 'base64')
    const franking = Buffer.from([11, 0, 108, 0, 0, 0, 1, 120, 0])
    body.encoded_message_create_event = Buffer.concat([bytes.subarray(0, -1), franking]).toString('base64')
    refused(await send(body), 'encoded_message_create_event', 'field 108')
  })

  test('under an id that is no text, so that two ids would be one', async () => {
    for (const messageId of ['\ud800', 'x\udfff'])
      refused(await send(messageBody(a, group.id, group.version, { messageId })), 'message_id', 'surrogate')
  })

  test("whose signature is another member's (a forged sender)", async () => {
    const body = messageBody(a, group.id, group.version)
    refused(await send(body, B), 'public_key_version')
    refused(
      await send(messageBody(a, group.id, group.version, { signer: { ...b, version: a.version } })),
      'does not verify',
    )
  })

  test('that was signed for another conversation', async () => {
    const other = await makeGroup(server.url, a, [a, b], group.version)
    refused(await send(messageBody(a, other.id, group.version)), 'does not verify')
  })

  test('whose contents were exchanged', async () => {
    const body = messageBody(a, group.id, group.version)
    const other = messageBody(a, group.id, group.version)
    const mixed = { ...body, encoded_message_create_event: other.encoded_message_create_event }
    refused(await send(mixed), 'does not verify')
  })

  test('whose id was exchanged', async () => {
    refused(await send({ ...messageBody(a, group.id, group.version), message_id: randomUUID() }), 'does not verify')
  })

  test("under somebody else's message id, or its own with other contents", async () => {
    const mine = messageBody(a, group.id, group.version)
    expect((await send(mine)).status).toBe(201)
    before = await snapshot()
    const { message_id: messageId } = mine
    refused(await send(messageBody(b, group.id, group.version, { messageId }), B), 'message_id')
    refused(await send(messageBody(a, group.id, group.version, { messageId })), 'message_id')
    expect((await send(mine)).status).toBe(201)
  })

  test('under a key that came after it, or one that nobody has', async () => {
    const answer = await send(messageBody(a, group.id, String(Number(group.version) + 1)))
    refused(answer, 'NON_LATEST_CKEY_VERSION', group.version)
  })

  test('in plain text', async () => {
    const body = messageBody(a, group.id, group.version, { version: undefined })
    refused(await send(body), 'ONLY_ENCRYPTED_MESSAGES_ALLOWED')
  })

  test('without a signature', async () => {
    const { encoded_message_event_signature: _, ...body } = messageBody(a, group.id, group.version)
    refused(await post('/messages', body), '$.encoded_message_event_signature: is missing but it is required')
  })

  test('from a non-member who knows the key', async () => {
    const answer = await send(messageBody(c, group.id, group.version), C)
    expect([answer.status, answer.body.type]).toEqual([403, 'https://api.x.com/2/problems/not-authorized-for-resource'])
  })
})

describe('nobody looks in', () => {
  test('a non-member gets no event, no roster and no key, and cannot tell a pair from none', async () => {
    for (const rest of ['', '/events', '/events?max_results=1']) {
      const answer = await ask(server.url, tokenOf(C), 'GET', path(rest))
      expect([answer.status, answer.text.includes(A)]).toEqual([403, false])
    }
    const pair = await ask(server.url, tokenOf(C), 'GET', `/2/chat/conversations/${A}-${B}`)
    expect(pair.status).toBe(403)
  })

  test("a group's pagination token does not open what lies before the caller's horizon", async () => {
    await post('/messages', messageBody(a, group.id, group.version))
    await addTo(server.url, group, a, [c])
    before = await snapshot()
    const old = await ask(server.url, tokenOf(A), 'GET', path('/events?max_results=3'))
    const token = old.body.meta.next_token
    const answer = await ask(server.url, tokenOf(C), 'GET', path(`/events?pagination_token=${token}`))
    expect(answer.body).toEqual({
      data: [],
      meta: { result_count: 0, has_more: false, conversation_key_events: [] },
    })
  })

  test('a hidden group looks like none', async () => {
    const hidden = await startXchatServer({ config: { xchat: { hideGroups: true } } })
    try {
      const [one, two] = [await enroll(hidden.url, A), await enroll(hidden.url, B)]
      const { id } = await makeGroup(hidden.url, one, [one, two])
      const there = await ask(hidden.url, tokenOf(C), 'GET', `/2/chat/conversations/${id}`)
      const none = await ask(hidden.url, tokenOf(C), 'GET', '/2/chat/conversations/g5')
      expect(there.status).toBe(404)
      expect(there.text.replaceAll(id, 'g5')).toBe(none.text)
    } finally {
      await hidden.remove()
    }
  })
})
