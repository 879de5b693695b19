// conformance/cases/xchat.json, case by case, each under its id. What another issue builds is skipped by name.

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeMessageEvent, encodeBase64, encodeMessageEvent } from '@conclave/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import type { Group, Hand } from './hand.ts'
import {
  additionBody,
  addTo,
  deleteBody,
  enroll,
  groupBody,
  keysBody,
  makeGroup,
  makeHand,
  messageBody,
  nextVersion,
  participantKeys,
  registration,
} from './hand.ts'
import type { Answered } from './http.ts'
import { ask } from './http.ts'
import { APP, Hook, Listener, subscribe, until } from './listener.ts'
import { PINS, pinCases } from './pin-cases.ts'
import { Person } from './sdk.ts'
import { A, B, C, CROWD, D, startXchatServer, tokenOf } from './start.ts'
import { append, begin, download, finalize, initialize, sendMedium } from './upload.ts'

interface Case {
  readonly id: string
  readonly given: string
  readonly expect: {
    readonly status: number
    readonly error: null | {
      readonly type?: string
      readonly title?: string
      readonly status?: number
      readonly detail?: string
      readonly detail_contains?: string
      readonly headers?: readonly string[]
      readonly type_any?: readonly string[]
    }
  }
}

const FILE = new URL('../cases/xchat.json', import.meta.url)
const CASES: readonly Case[] = JSON.parse(readFileSync(FILE, 'utf8'))

/** Why a case is not run here. */
const LATER: Readonly<Record<string, string>> = {}

let server: TestServer
let a: Hand
let b: Hand
let c: Hand

beforeAll(async () => {
  const webhooks = { insecure: true, internal: true }
  server = await startXchatServer({ more: CROWD.map(id => `1${id}`), config: { xchat: { webhooks } } })
  ;[a, b, c] = [await enroll(server.url, A), await enroll(server.url, B), await enroll(server.url, C)]
})

afterAll(() => server?.remove())

function post(path: string, body?: unknown, who: string = tokenOf(A)): Promise<Answered> {
  return ask(server.url, who, 'POST', path, { body })
}

function get(path: string, who: string = tokenOf(A)): Promise<Answered> {
  return ask(server.url, who, 'GET', path)
}

const conversation = (id: string, rest = '') => `/2/chat/conversations/${id}${rest}`

/** The group G of the cases: A, an admin, and B. */
function groupOf(members: readonly Hand[] = [a, b]): Promise<Group> {
  return makeGroup(server.url, a, members)
}

type Addition = ReturnType<typeof additionBody>

/** Posts an addition of C to a fresh group, changed by the case. */
async function addition(
  change: (body: Addition, group: Group) => unknown = body => body,
  faults: Parameters<typeof additionBody>[3] = {},
  who = tokenOf(A),
): Promise<Answered> {
  const group = await groupOf()
  const body = additionBody(group, a, [c], faults)
  return post(conversation(group.id, '/members'), change(body, group) ?? body, who)
}

function without<T extends object>(value: T, ...keys: (keyof T)[]): Partial<T> {
  const copy: Partial<T> = { ...value }
  for (const key of keys) delete copy[key]
  return copy
}

async function newUser(): Promise<Hand> {
  const id = `1${CROWD[used++ % CROWD.length]}`
  return enroll(server.url, id)
}
let used = 0

const SUBSCRIPTIONS = '/2/activity/subscriptions'

/** The user's own stream, with subscriptions to what becomes of groups. */
async function listenTo(user: string): Promise<Listener> {
  for (const type of ['chat.conversation.join', 'chat.conversation.member_added'])
    await subscribe(server.url, tokenOf(user), type, user)
  return Listener.open(server.url, tokenOf(user))
}

function answered({ status, headers }: Listener): Answered {
  return { status, headers, body: undefined, text: '' }
}

async function withHook(run: (hook: Hook) => Promise<Answered>): Promise<Answered> {
  const hook = await Hook.open()
  try {
    return await run(hook)
  } finally {
    await hook.close()
  }
}

const digits = expect.stringMatching(/^[0-9]+$/)

/** By id: does what the case says, looks at what is particular about the answer, and gives it. */
const RUN: Readonly<Record<string, () => Promise<Answered | null>>> = {
  ...pinCases(() => server.url),
  'members-001': async () => {
    const answer = await addition(body => ({ ...body, encrypted_title: randomBytes(50).toString('base64') }))
    const both = { conversation_key_change_sequence_id: digits, current_member_ids: [A, B, C] }
    expect(answer.body).toEqual({ ...both, data: { ...both, conversation_id: expect.stringMatching(/^g[0-9]+$/) } })
    return answer
  },
  'members-003': async () => {
    const group = await groupOf()
    await post(conversation(group.id, '/messages'), messageBody(a, group.id, group.version))
    const added = await addTo(server.url, group, a, [c])
    await post(conversation(group.id, '/messages'), messageBody(a, group.id, group.version))
    const answer = await get(conversation(group.id, '/events'), tokenOf(C))
    expect(answer.body.data).toHaveLength(3)
    expect(answer.body.data.at(-1).id).toBe(added.body.conversation_key_change_sequence_id)
    expect(answer.body.meta.conversation_key_events).toEqual([])
    return answer
  },
  'members-004': async () => {
    const group = await groupOf()
    await post(conversation(group.id, '/messages'), messageBody(a, group.id, group.version))
    await addTo(server.url, group, a, [c])
    const answer = await get(conversation(group.id, '/events'), tokenOf(B))
    expect(answer.body.data).toHaveLength(5)
    return answer
  },
  'members-005': async () => {
    const answer = await addition()
    expect(answer.body.data.current_member_ids).toEqual([A, B, C])
    return answer
  },
  'members-007': async () => {
    const { body, group } = await groupBody(server.url, a, [a, b])
    const made = await post(conversation('group'), { ...body, ttl_msec: '60000' })
    expect(made.status).toBe(201)
    return post(conversation(group.id, '/members'), additionBody(group, a, [c]))
  },
  'members-008': () => addition(body => body, { currentIds: [B, A] }),
  'members-011': async () => {
    await expect(addition(undefined, {}, 'expired')).resolves.toMatchObject({ status: 401 })
    return addition(undefined, {}, 'unknown')
  },
  'members-012': () => addition(undefined, {}, 'app-token'),
  'members-013': async () => {
    const scopes = ['--scope', 'dm.read', '--scope', 'users.read', '--scope', 'tweet.read']
    const made = await server.command('token', 'create', '--user', A, ...scopes)
    const { token } = JSON.parse(made.out)
    expect((await get('/2/users/me', token)).status).toBe(200)
    return addition(undefined, {}, token)
  },
  'members-014': () => addition(undefined, {}, tokenOf(C)),
  'members-016': async () => {
    const body = additionBody(await groupOf(), a, [c])
    const pair = await post(conversation(`${A}-${B}`, '/members'), body)
    expect(pair).toMatchObject({ status: 400, body: { detail: expect.stringContaining('group') } })
    return post(conversation(B, '/members'), body)
  },
  'members-017': async () => {
    const body = additionBody(await groupOf(), a, [c])
    for (const id of ['g', `g${'1'.repeat(20)}`, '', 'g-1', '1-', '1-2-3', 'G12', '%F0%9F%98%80']) {
      expect(await post(conversation(id, '/members'), body)).toMatchObject({ status: 400, body: { parameter: 'id' } })
    }
    return post(conversation('abc', '/members'), body)
  },
  'members-018': async () => post(conversation('g5', '/members'), additionBody(await groupOf(), a, [c])),
  'members-019': async () => {
    const initialized = await post(conversation('group/initialize'))
    const id = initialized.body.data.conversation_id
    return post(conversation(id, '/members'), additionBody(await groupOf(), a, [c]))
  },
  'members-020': () => addition(body => without(body, 'user_ids')),
  'members-021': () => addition(() => ({ user_ids: [] })),
  'members-024': () => addition(() => ({ user_ids: [B] })),
  'members-026': () => addition(() => ({ user_ids: [D] })),
  'members-027': async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => String(900_000 + index))
    return addition(() => ({ user_ids: many }))
  },
  'members-030': () => addition(body => without(body, 'conversation_key_version')),
  'members-033': async () => {
    const group = await groupOf()
    const others = await Promise.all([newUser(), newUser(), newUser(), newUser()])
    const bodies = others.map((user, index) => additionBody(group, index % 2 === 0 ? a : b, [user]))
    const answers = await Promise.all(
      bodies.map((body, index) => post(conversation(group.id, '/members'), body, tokenOf(index % 2 === 0 ? A : B))),
    )
    expect(answers.filter(answer => answer.status === 200)).toHaveLength(1)
    const lost = answers.filter(answer => answer.status !== 200)
    for (const answer of lost) {
      expect([400, 409]).toContain(answer.status)
      const winner = bodies[answers.findIndex(({ status }) => status === 200)]?.conversation_key_version
      expect(answer.body.current_key_version).toBe(winner)
      expect(answer.body.detail).toContain(winner)
    }
    return lost.find(answer => answer.status === 409) ?? null
  },
  'members-034': () => addition(undefined, { wrapFor: [a, b] }),
  'members-035': () => addition(undefined, { wrapFor: [a, c] }),
  'members-036': () => addition(undefined, { wrapFor: [a, b, c, makeHand(D, nextVersion())] }),
  'members-037': async () => {
    const user = await newUser()
    const newer = await enroll(server.url, user.id)
    const group = await groupOf()
    expect(newer.version).not.toBe(user.version)
    return post(conversation(group.id, '/members'), additionBody(group, a, [user]))
  },
  'members-038': async () => {
    const broken = (change: (key: Buffer) => Buffer) =>
      addition(body => {
        const keys = body.conversation_participant_keys
        const key = Buffer.from(keys[0]!.encrypted_conversation_key, 'base64')
        keys[0]!.encrypted_conversation_key = change(key).toString('base64')
      })
    const offCurve = await broken(key => Buffer.from(key).fill(7, 40, 60))
    const compressed = await broken(key => Buffer.concat([Buffer.from([2]), key.subarray(1)]))
    for (const answer of [offCurve, compressed]) {
      expect(answer).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining('encrypted_conversation_key') },
      })
    }
    return broken(key => key.subarray(0, 112))
  },
  'members-040': () => addition(body => without(body, 'action_signatures')),
  'members-042': () =>
    addition(body => ({ ...body, action_signatures: [body.action_signatures[0], body.action_signatures[0]] })),
  'members-043': async () => {
    const lacking = (field: string) =>
      addition(body => {
        delete (body.action_signatures[1] as unknown as Record<string, unknown>)[field]
      })
    for (const field of ['message_id', 'encoded_message_event_detail']) {
      const { body } = await lacking(field)
      expect(body.detail).toBe(`$.action_signatures[1].${field}: is missing but it is required`)
    }
    return lacking('message_event_signature')
  },
  'members-044': () =>
    addition(body => {
      delete body.action_signatures[1]!.message_event_signature.signature_version
    }),
  'members-045': async () => {
    const versioned = (version: string) =>
      addition(body => {
        body.action_signatures[1]!.message_event_signature.signature_version = version
      })
    expect((await versioned('abc')).body.detail).toContain('signature_version')
    return versioned('6')
  },
  'members-046': () =>
    addition(body => {
      body.action_signatures[1]!.message_event_signature.public_key_version = c.version
    }),
  'members-049': async () => {
    const detailed = (detail: string) =>
      addition(body => {
        body.action_signatures[1]!.encoded_message_event_detail = detail
      })
    for (const detail of ['!!', '', 'DAAA', randomBytes(40).toString('base64')]) {
      expect(await detailed(detail)).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining('encoded_message_event_detail') },
      })
    }
    return detailed('AAAA')
  },
  'members-051': async () => {
    const group = await groupOf([a, b, await newUser()])
    const answer = await post(conversation(group.id, '/members'), additionBody(group, a, [c], { currentIds: [A, B] }))
    expect(answer.body.current_key_version).toBe(group.version)
    return answer
  },
  'members-052': () => addition(undefined, { currentIds: [A], adminIds: [B, A] }).then(noRoster),
  'members-053': () => addition(undefined, { newIds: [C, A], currentIds: [B] }),
  'members-054': () => addition(undefined, { signedVersion: nextVersion() }),
  'members-055': () =>
    addition(body => {
      const fresh = participantKeys(randomBytes(32), [a, b, c])
      body.conversation_participant_keys = fresh
    }),
  'members-058': async () => {
    const group = await groupOf()
    const message = messageBody(a, group.id, group.version)
    expect((await post(conversation(group.id, '/messages'), message)).status).toBe(201)
    const body = additionBody(group, a, [c], { messageIds: [message.message_id, 'fresh-id'] })
    return post(conversation(group.id, '/members'), body)
  },
  'members-059': async () => {
    const title = 'Team,null'
    const group = await groupOf()
    const body = additionBody(group, a, [c], { title, text: 'what a client that does not look would sign' })
    return post(conversation(group.id, '/members'), { ...body })
  },
  'members-061': async () => {
    const limited = await startXchatServer({ config: { limits: { rates: 'wire' } } })
    try {
      let answer: Answered | null = null
      for (let sent = 0; sent <= 60; sent++) {
        answer = await ask(limited.url, tokenOf(A), 'POST', conversation('g5', '/members'), { body: {} })
        expect(answer.headers.get('x-rate-limit-remaining')).toBe(String(Math.max(0, 59 - sent)))
      }
      return answer
    } finally {
      await limited.remove()
    }
  },
  'members-062': async () => {
    const group = await groupOf()
    const old = group.version
    await addTo(server.url, group, a, [c])
    const answer = await post(conversation(group.id, '/messages'), messageBody(b, group.id, old), tokenOf(B))
    expect(answer.body).toMatchObject({ code: 'NON_LATEST_CKEY_VERSION', current_key_version: group.version })
    return answer
  },
  'members-063': async () => {
    const told = await Promise.all([A, B, C].map(user => listenTo(user)))
    const [as, bs, cs] = told as [Listener, Listener, Listener]
    const group = await groupOf()
    await addTo(server.url, group, a, [c])
    await Promise.all([as.has(1), bs.has(2), cs.has(1)])
    expect(told.map(listener => listener.types())).toEqual([
      ['chat.conversation.member_added'],
      ['chat.conversation.join', 'chat.conversation.member_added'],
      ['chat.conversation.join'],
    ])
    for (const listener of told) listener.close()
    return answered(cs)
  },

  'keys-001': async () => {
    const user = CROWD[0]!
    const answer = await post(
      `/2/users/${user}/public_keys`,
      registration(makeHand(user, nextVersion())),
      tokenOf(user),
    )
    const juicebox_config = {
      key_store_token_map_json: expect.any(String),
      max_guess_count: 20,
      token_map: expect.any(Array),
    }
    expect(answer.body).toEqual({ data: { public_key_version: digits, juicebox_config } })
    return answer
  },
  'keys-002': async () => {
    const answer = await get(`/2/users/${A}/public_keys`)
    const [key] = answer.body.data
    expect(key).toMatchObject({
      public_key_version: a.version,
      public_key: a.identityKey,
      signing_public_key: a.signingKey,
    })
    expect(Buffer.from(key.identity_public_key_signature, 'base64')).toHaveLength(64)
    return answer
  },
  'keys-005': async () => {
    const answer = await get(`/2/users/public_keys?ids=${A}%2C${B}%2C${D}`)
    expect(answer.body.data.map((row: { user_id: string }) => row.user_id)).toEqual([A, B])
    expect(answer.body.errors).toEqual([
      expect.objectContaining({ type: 'https://api.x.com/2/problems/resource-not-found', resource_id: D }),
    ])
    return answer
  },
  'keys-006': () => get(`/2/users/public_keys?ids=${Array.from({ length: 101 }, (_, index) => index + 1).join(',')}`),
  'keys-008': () => post(`/2/users/${B}/public_keys`, registration(makeHand(B, nextVersion()))),
  'keys-009': () => {
    const body = registration(makeHand(A, nextVersion()))
    body.public_key.identity_public_key_signature = registration(
      makeHand(A, '1'),
    ).public_key.identity_public_key_signature
    return post(`/2/users/${A}/public_keys`, body)
  },
  'keys-010': () => {
    const body = registration(makeHand(A, nextVersion()))
    body.public_key.signing_public_key_signature = registration(
      makeHand(A, '1'),
    ).public_key.signing_public_key_signature
    return post(`/2/users/${A}/public_keys`, body)
  },
  'keys-012': () => {
    const hand = makeHand(A, nextVersion())
    const body = registration(hand)
    body.public_key.public_key = hand.point.toString('base64')
    return post(`/2/users/${A}/public_keys`, body)
  },
  'keys-014': async () => {
    const first = await newUser()
    const second = await enroll(server.url, first.id)
    const answer = await get(`/2/users/${first.id}/public_keys`)
    expect(answer.body.data.map((key: { public_key_version: string }) => key.public_key_version)).toEqual([
      first.version,
      second.version,
    ])
    return answer
  },
  'keys-015': () => get(`/2/users/${A}/public_keys?public_key.fields=foo`),
  'keys-016': async () => {
    const answer = await get(`/2/users/${A}/public_keys?public_key.fields=public_key_version%2Cpublic_key`)
    expect(answer.body.data).toEqual([{ public_key_version: a.version, public_key: a.identityKey }])
    return answer
  },

  'group-001': async () => {
    const answer = await post(conversation('group/initialize'))
    expect(answer.body).toEqual({ data: { conversation_id: expect.stringMatching(/^g[0-9]{1,19}$/) } })
    return answer
  },
  'group-002': async () => {
    const { body, group } = await groupBody(server.url, a, [a, b])
    const answer = await post(conversation('group'), body)
    expect(answer.body).toEqual({
      data: { conversation_id: group.id, conversation_key_change_sequence_id: digits },
    })
    return answer
  },
  'group-004': async () => {
    const { body } = await groupBody(server.url, a, [a, b])
    expect((await post(conversation('group'), body)).status).toBe(201)
    return post(conversation('group'), body)
  },
  'group-006': async () => {
    const { body } = await groupBody(server.url, a, [a, b])
    return post(conversation('group'), without(body, 'group_admins'))
  },
  'group-008': async () => post(conversation('group'), (await groupBody(server.url, a, [a])).body),
  'group-009': async () => {
    const { body } = await groupBody(server.url, a, [a, b])
    return post(conversation('group'), without(body, 'group_members'))
  },
  'group-010': async () => {
    const { body } = await groupBody(server.url, a, [a, b])
    return post(conversation('group'), { ...body, action_signatures: body.action_signatures.slice(0, 1) })
  },
  'group-011': async () => {
    const person = new Person(server.url, CROWD[1]!)
    await person.register()
    const { id } = await person.createGroup([], 'Team', { ttlMsec: 60_000 })
    const answer = await get(conversation(id), tokenOf(person.id))
    expect(answer.body.data.message_ttl_ms).toBe(60_000)
    return { ...answer, status: 201 }
  },

  'ckey-001': async () => {
    const answer = await post(conversation(B, '/keys'), keysBody(a, `${A}:${B}`, [a, b]))
    expect(answer.body).toEqual({ data: { conversation_id: `${A}-${B}`, sequence_id: digits } })
    return answer
  },
  'ckey-003': async () => {
    const group = await groupOf()
    const answer = await post(conversation(group.id, '/keys'), keysBody(b, group.id, [a, b]), tokenOf(B))
    expect(answer.body).toEqual({ data: { conversation_id: group.id, sequence_id: digits } })
    return answer
  },
  'ckey-004': () => post(conversation(`${B}-${C}`, '/keys'), keysBody(a, `${B}:${C}`, [b, c])),
  'ckey-006': async () => {
    const group = await groupOf()
    const answer = await post(conversation(group.id, '/keys'), keysBody(a, group.id, [a, b], group.version))
    expect(answer.body.current_key_version).toBe(group.version)
    expect(answer.body.detail).toContain(group.version)
    return answer
  },
  'ckey-008': async () => {
    const group = await groupOf()
    const body = keysBody(a, group.id, [a, b])
    const [, memberAdd] = additionBody(group, a, [c]).action_signatures
    return post(conversation(group.id, '/keys'), { ...body, action_signatures: [memberAdd] })
  },
  'ckey-009': () => post(conversation(A, '/keys'), keysBody(a, `${A}:${A}`, [a])),

  'msg-001': async () => {
    const group = await groupOf()
    const answer = await post(conversation(group.id, '/messages'), messageBody(a, group.id, group.version))
    expect(decodeMessageEvent(answer.body.data.encoded_message_event)).toMatchObject({ ok: true })
    return answer
  },
  'msg-002': async () => {
    const group = await groupOf()
    const body = messageBody(a, group.id, group.version)
    const first = await post(conversation(group.id, '/messages'), body)
    const second = await post(conversation(group.id, '/messages'), body)
    expect(second.text).toBe(first.text)
    return second
  },
  'msg-006': async () => {
    const group = await groupOf()
    return post(conversation(group.id, '/messages'), messageBody(a, group.id, group.version, { version: undefined }))
  },
  'msg-009': async () => {
    const user = await newUser()
    return post(conversation(user.id, '/messages'), messageBody(a, `${A}:${user.id}`, nextVersion()))
  },
  'msg-010': () => post(conversation('g5', '/messages'), messageBody(a, 'g5', nextVersion())),
  'msg-011': async () => {
    const group = await groupOf()
    const body = messageBody(a, group.id, group.version)
    return post(conversation(group.id, '/messages'), { ...body, encoded_message_create_event: 'AAAA' })
  },
  'msg-012': async () => {
    const group = await groupOf()
    const contents = Buffer.alloc(256 * 1024)
    const fits = await post(conversation(group.id, '/messages'), messageBody(a, group.id, group.version, { contents }))
    expect(fits.status).toBe(201)
    const more = Buffer.alloc(256 * 1024 + 1)
    return post(conversation(group.id, '/messages'), messageBody(a, group.id, group.version, { contents: more }))
  },
  'msg-013': async () => {
    const group = await groupOf()
    const sent = messageBody(a, group.id, group.version)
    await post(conversation(group.id, '/messages'), sent)
    const answer = await get(conversation(group.id, '/events'))
    const event = decodeMessageEvent(answer.body.data[0].encoded_event)
    if (!event.ok) throw new Error(event.error)
    expect(event.value).toMatchObject({
      sequenceId: answer.body.data[0].id,
      messageId: sent.message_id,
      senderId: A,
      conversationId: group.id,
      createdAtMsec: String(Date.parse(answer.body.data[0].created_at)),
      previousSequenceId: answer.body.data[1].id,
      signature: { publicKeyVersion: a.version, signatureVersion: '7' },
    })
    // Field 1 of the union, then the event as it came, then the union's end.
    const create = Buffer.from(sent.encoded_message_create_event, 'base64')
    expect(Buffer.from(event.value.detail)).toEqual(Buffer.concat([Buffer.from([12, 0, 1]), create, Buffer.from([0])]))
    return answer
  },
  'msg-014': async () => {
    const answer = await get(conversation((await groupOf()).id, '/events'))
    for (const { id } of answer.body.data) expect(BigInt(id)).toBeGreaterThanOrEqual(2070276095283454002n)
    return answer
  },
  'msg-015': async () => {
    const person = new Person(server.url, CROWD[2]!)
    await person.register()
    const { id, version } = await person.createGroup([])
    const event = await person.say(id, version, 'first')
    const key = { conversationKey: person.keys.get(version), conversationKeyVersion: version }
    await person.send(id, person.engine.encryptAddReaction({ emoji: '👍', targetEvent: event, ...key }))
    const answer = await get(conversation(id, '/events'), tokenOf(person.id))
    expect(answer.body.data).toHaveLength(4)
    return { ...answer, status: 201 }
  },
  'msg-016': async () => {
    const group = await groupOf()
    const body = messageBody(a, group.id, group.version)
    const answer = await post(conversation(group.id, '/messages'), { ...body, conversation_token: 'a token' })
    const events = await get(conversation(group.id, '/events'))
    expect(events.body.data[0].conversation_token).toBe('a token')
    expect(answer.status).toBe(201)
    return post(conversation(group.id, '/messages'), messageBody(a, group.id, group.version))
  },

  'del-001': async () => {
    const group = await groupOf()
    const id = await say(group, a)
    const answer = await deletion(group, deleteBody(a, group.id, [id], 'all'))
    expect(answer.body).toEqual({ data: { deleted: true } })
    const ids = (await get(conversation(group.id, '/events'), tokenOf(B))).body.data.map(
      (one: { id: string }) => one.id,
    )
    expect(ids).not.toContain(id)
    return answer
  },
  'del-003': async () => {
    const group = await groupOf()
    const id = await say(group, b)
    return deletion(group, deleteBody(a, group.id, [id], 'all'))
  },
  'del-004': async () => {
    const group = await groupOf()
    const id = await say(group, a)
    const answer = await deletion(group, deleteBody(b, group.id, [id], 'self'), tokenOf(B))
    const first = async (who: string) => (await get(conversation(group.id, '/events'), who)).body.data[0].id
    expect([(await first(tokenOf(A))) === id, (await first(tokenOf(B))) === id]).toEqual([true, false])
    return answer
  },
  'del-005': async () => {
    const group = await groupOf()
    const body = deleteBody(a, group.id, [await say(group, a)], 'all')
    const unknown = await deletion(group, { ...body, delete_message_action: 'delete_for_some' })
    expect([unknown.status, unknown.body.detail]).toEqual([400, expect.stringContaining('delete_message_action')])
    return deletion(group, { ...body, sequence_ids: [] })
  },
  'del-007': async () => {
    const group = await groupOf()
    const id = await say(group, a)
    return deletion(group, deleteBody(a, group.id, [id], 'all', { signedAction: 1 }))
  },

  'read-001': async () => {
    const group = await groupOf()
    const id = await say(group, b)
    const answer = await post(conversation(group.id, '/read'), { seen_until_sequence_id: id })
    expect(answer.body).toEqual({ data: { success: true } })
    return answer
  },
  'typing-001': async () => {
    const answer = await post(conversation((await groupOf()).id, '/typing'))
    expect(answer.body).toEqual({ data: { success: true } })
    return answer
  },

  'ev-001': async () => {
    const { id } = await twelve()
    const answer = await get(conversation(id, '/events?max_results=3'))
    const all = await get(conversation(id, '/events?max_results=100'))
    expect(answer.body.data).toEqual(all.body.data.slice(0, 3))
    expect(answer.body.meta).toEqual({
      result_count: 3,
      has_more: true,
      next_token: expect.any(String),
      previous_token: expect.any(String),
      // The key of the three lies on an older page.
      conversation_key_events: [expect.any(String)],
    })
    return answer
  },
  'ev-002': async () => {
    const { id } = await twelve()
    const seen: string[] = []
    let token = ''
    for (;;) {
      const page = await get(conversation(id, `/events?max_results=5${token}`))
      seen.push(...page.body.data.map((event: { id: string }) => event.id))
      if (page.body.meta.next_token === undefined) {
        expect(page.body.meta.has_more).toBe(false)
        expect(seen).toHaveLength(12)
        expect(new Set(seen).size).toBe(12)
        expect([...seen].sort().reverse()).toEqual(seen)
        return page
      }
      token = `&pagination_token=${page.body.meta.next_token}`
    }
  },
  'ev-003': async () => {
    const { id, version } = await twelve()
    const answer = await get(conversation(id, '/events?max_results=1'))
    const [keyChange] = answer.body.meta.conversation_key_events
    const event = decodeMessageEvent(keyChange)
    expect(event.ok && Buffer.from(event.value.detail).toString('latin1')).toContain(version)
    return answer
  },
  'ev-005': async () => get(conversation((await groupOf()).id, '/events?chat_message_event.fields=sequence_id')),
  'ev-007': async () => get(conversation((await newUser()).id, '/events')),
  'ev-009': async () => {
    const group = await groupOf()
    await post(conversation(group.id, '/messages'), messageBody(a, group.id, group.version))
    const answer = await get(conversation(group.id, '/events'))
    expect(answer.body.data[0]).toEqual({
      id: digits,
      conversation_id: group.id,
      sender_id: A,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      encoded_event: expect.any(String),
      previous_id: digits,
      is_trusted: true,
      message_event_signature: { signature: expect.any(String), public_key_version: a.version, signature_version: '7' },
    })
    return answer
  },

  'act-001': async () => {
    const stream = await Listener.open(server.url, APP)
    expect(stream.headers.get('transfer-encoding')).toBe('chunked')
    await until(() => stream.beats > 0)
    stream.close()
    return answered(stream)
  },
  'act-003': async () => {
    const body = { event_type: 'chat.received', filter: { user_id: A } }
    const answer = await post(SUBSCRIPTIONS, body)
    const dates = { created_at: expect.any(String), updated_at: expect.any(String) }
    expect(answer.body).toEqual({ data: { subscription: { subscription_id: digits, ...body, ...dates } } })
    return answer
  },
  'act-004': async () => {
    const answer = await post(SUBSCRIPTIONS, { event_type: 'chat.conversation_join', filter: { user_id: A } })
    expect(answer.body.data.subscription.event_type).toBe('chat.conversation.join')
    return answer
  },
  'act-006': () => post(SUBSCRIPTIONS, { event_type: 'chat.typing', filter: {} }),
  'act-007': () => get('/2/activity/stream?backfill_minutes=6', APP),

  'wh-001': () =>
    withHook(async hook => {
      const answer = await post('/2/webhooks', { url: hook.url }, APP)
      expect(answer.body).toEqual({
        data: { id: digits, url: hook.url, valid: true, created_at: expect.any(String) },
      })
      return answer
    }),
  'wh-002': () =>
    withHook(hook => {
      hook.secret = 'another one'
      return post('/2/webhooks', { url: hook.url }, APP)
    }),
  'wh-003': () =>
    withHook(async hook => {
      expect((await post('/2/webhooks', { url: hook.url }, APP)).status).toBe(200)
      return post('/2/webhooks', { url: hook.url }, APP)
    }),

  'list-001': async () => {
    const [one, two] = await Promise.all([newUser(), newUser()])
    const group = await makeGroup(server.url, one, [one, two])
    await post(conversation(two.id, '/keys'), keysBody(one, `${one.id}:${two.id}`, [one, two]), tokenOf(one.id))
    const answer = await get('/2/chat/conversations', tokenOf(one.id))
    const both = [one.id, two.id].sort()
    expect(answer.body.data).toEqual([
      expect.objectContaining({
        id: both.join('-'),
        type: 'direct',
        participant_ids: both,
        member_ids: both,
        admin_ids: [],
      }),
      expect.objectContaining({ id: group.id, type: 'group', group_name: 'Team', admin_ids: [one.id] }),
    ])
    expect(answer.body.meta).toEqual({ result_count: 2, has_more: false, has_message_requests: false })
    return answer
  },
  'list-003': () => get('/2/chat/conversations?expansions=foo'),
  'list-004': async () => get(conversation((await groupOf()).id), tokenOf(C)),

  'cx-002': async () => {
    const { person, keys, change, message } = await sdkGroup()
    const forged = encodeMessageEvent({ ...message, conversationId: 'g2080761390344937796' })
    expect(sdkErrors(person, [change, forged], keys)).toContain('ECDSA mismatch')
    return null
  },
  'cx-003': async () => {
    const { person, keys, change, message } = await sdkGroup()
    const moved = encodeMessageEvent({ ...message, sequenceId: '2080761390344937796', createdAtMsec: '1700000000000' })
    const read = person.engine.decryptEvents([change, moved], keys)
    expect(read.errors).toEqual({})
    expect(read.messages.at(-1)?.event.verified).toBe(true)
    return null
  },
  'cx-004': async () => {
    const { person, keys, change, message } = await sdkGroup()
    const old = encodeMessageEvent({ ...message, signature: { ...message.signature!, signatureVersion: '1' } })
    expect(sdkErrors(person, [change, old], keys)).toContain('no longer accepted')
    return null
  },
  'cx-005': async () => {
    const { person, keys, change } = await sdkGroup()
    const event = decoded(change)
    const forgedSignature = { ...event.signature!, signature: encodeBase64(randomBytes(64)) }
    const forged = (sequenceId: string) =>
      person.engine.decryptEvents([encodeMessageEvent({ ...event, sequenceId, signature: forgedSignature })], keys)
    expect(Object.keys(forged('5').conversationKeys.keys)).toHaveLength(1)
    expect(Object.keys(forged('2070276095283454002').conversationKeys.keys)).toHaveLength(0)
    return null
  },
  'cx-007': async () => {
    const { person, keys, change, id } = await sdkGroup()
    const next = await person.rotate(id, [person.id])
    const read = await person.read(id, [person.id])
    const replayed = person.engine.decryptEvents([...read.events, change], keys)
    expect(replayed.conversationKeys.latestVersion).toBe(next)
    return null
  },
  'cx-008': async () => {
    const { person } = await sdkGroup()
    const [victim, forger] = [makeHand(B, '1'), makeHand(B, '1')]
    const endorsed = registration({ ...forger, identityKey: victim.identityKey }).public_key
    const { public_key: identity, signing_public_key: signing, identity_public_key_signature: signature } = endorsed
    // X's SDK takes it. The server does not: the identity key does not sign the forger's signing key.
    expect(person.engine.verifyKeyBinding(identity, signing, signature)).toBe(true)
    const answer = await post(`/2/users/${B}/public_keys`, { public_key: endorsed, version: nextVersion() }, tokenOf(B))
    expect(answer).toMatchObject({ status: 400, body: { parameter: 'signing_public_key_signature' } })
    return null
  },
  'media-001': async () => {
    await pairAB()
    const answer = await initialize(server.url, A, `${A}:${B}`, 10)
    const media_hash_key = expect.stringMatching(/^[A-Za-z0-9]{1,50}$/)
    expect(answer.body).toEqual({ data: { session_id: digits, media_hash_key, conversation_id: `${A}:${B}` } })
    return answer
  },
  'media-004': async () => {
    const group = await groupOf()
    const upload = await begin(server.url, A, group.id, 10)
    await append(server.url, A, upload, 0, randomBytes(9))
    const bytes = await finalize(server.url, A, upload, '1')
    expect(bytes).toMatchObject({ status: 400, body: { parameter: 'total_bytes' } })
    return finalize(server.url, A, upload, '9')
  },
  'media-005': () => post('/2/chat/media/upload/initialize', { x: 1 }),
  'media-006': async () => {
    const group = await groupOf()
    const bytes = randomBytes(3_000)
    const answer = await download(server.url, B, group.id, await sendMedium(server.url, A, group.id, bytes))
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/octet-stream'])
    expect(answer.bytes.equals(bytes)).toBe(true)
    return null
  },
  'media-007': async () => {
    const [group, other] = [await groupOf(), await groupOf()]
    return get(`/2/chat/media/${other.id}/${await sendMedium(server.url, A, group.id, randomBytes(10))}`)
  },
  'media-008': async () => {
    const group = await groupOf()
    const key = await sendMedium(server.url, A, group.id, randomBytes(10))
    const made = await server.command('token', 'create', '--user', A, '--scope', 'dm.read', '--scope', 'users.read')
    return get(`/2/chat/media/${group.id}/${key}`, JSON.parse(made.out).token)
  },
  'cl-002': async () => {
    const limited = await startXchatServer({ config: { limits: { flood: 2 } } })
    try {
      const { client } = new Person(limited.url, A)
      const calls = await Promise.allSettled(Array.from({ length: 9 }, () => client.users.getPublicKey(A)))
      const refused = calls.filter(call => call.status === 'rejected').map(call => call.reason)
      expect(refused.length).toBeGreaterThan(0)
      for (const error of refused) {
        expect([error.status, error.data.title]).toEqual([429, 'Too Many Requests'])
        expect(error.headers.get('x-rate-limit-limit')).toBe('2')
      }
      return null
    } finally {
      await limited.remove()
    }
  },
  'cl-003': async () => {
    const other = createServer((_, response) => {
      response.writeHead(403, { 'content-type': 'application/json' }).end('{"message":"custom text","code":7}')
    })
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    try {
      const { client } = new Person(`http://127.0.0.1:${(other.address() as AddressInfo).port}`, A)
      await expect(client.users.getPublicKey(A)).rejects.toThrow('custom text')
      return null
    } finally {
      other.close()
    }
  },
}

/** The boundary shift: who is no member any more stands among the admins instead. */
function noRoster(answer: Answered): Answered {
  expect(answer.body.detail).not.toContain('does not verify')
  return answer
}

/** The conversation of A and B, begun once. */
async function pairAB(): Promise<void> {
  const path = conversation(`${A}-${B}`)
  if ((await get(path)).status === 404) await post(`${path}/keys`, keysBody(a, `${A}:${B}`, [a, b]))
}

/** A message's sequence id. */
async function say(group: Group, by: Hand): Promise<string> {
  const body = messageBody(by, group.id, group.version)
  const sent = await post(conversation(group.id, '/messages'), body, tokenOf(by.id))
  return decoded(sent.body.data.encoded_message_event).sequenceId
}

function deletion(group: Group, body: object, who?: string): Promise<Answered> {
  return post(conversation(group.id, '/messages/delete'), body, who)
}

/** A group with twelve events: its key, its making, ten messages. */
async function twelve(): Promise<Group> {
  const group = await groupOf()
  for (let sent = 0; sent < 10; sent++) {
    await post(conversation(group.id, '/messages'), messageBody(a, group.id, group.version))
  }
  return group
}

let registered: Person | null = null

/** A group of one X SDK user with one message, its envelopes and what is needed to read them. */
async function sdkGroup() {
  if (!registered) {
    registered = new Person(server.url, CROWD[3]!)
    await registered.register()
  }
  const person = registered
  const { id, version } = await person.createGroup([])
  const message = decoded(await person.say(id, version, 'a message'))
  const { events } = await person.read(id, [person.id])
  return { person, id, version, message, change: events[0]!, keys: await person.signingKeys([person.id]) }
}

function decoded(envelope: string) {
  const event = decodeMessageEvent(envelope)
  if (!event.ok) throw new Error(event.error)
  return event.value
}

function sdkErrors(person: Person, events: string[], keys: Parameters<Person['engine']['decryptEvents']>[1]): string {
  return Object.values(person.engine.decryptEvents(events, keys).errors).join()
}

function check({ status, error }: Case['expect'], answer: Answered): void {
  expect([answer.status, answer.text]).toEqual([status, answer.text])
  if (!error) return
  expect(answer.headers.get('content-type')).toContain('application/problem+json')
  for (const key of ['type', 'title', 'status', 'detail'] as const) {
    if (error[key] !== undefined) expect(answer.body[key]).toBe(error[key])
  }
  if (error.detail_contains !== undefined) expect(answer.body.detail).toContain(error.detail_contains)
  if (error.type_any) expect(error.type_any).toContain(answer.body.type)
  for (const header of error.headers ?? []) expect(answer.headers.get(header)).toMatch(/^[0-9]+$/)
}

describe('the cases of the X wire', () => {
  for (const one of CASES) {
    const later = LATER[one.id]
    const run = RUN[one.id]
    if (later) test.skip(`${one.id} # ${later}`, () => {})
    else {
      const story = async () => {
        if (!run) throw new Error('this case is not written')
        const answer = await run()
        if (answer) check(one.expect, answer)
      }
      test(`${one.id} ${one.given}`, story, one.id.startsWith('jb-') ? PINS : undefined)
    }
  }
})
