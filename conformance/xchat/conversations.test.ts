// The way of a conversation with X's own software on both ends (x-chat.md 11): keys, a one-to-one, a group, a member
// added, and what each of them can read. The server process is the real one; only the base URL is changed.
import { decodeMessageEvent } from '@conclave/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Person } from './sdk.ts'
import { A, B, C, D, startXchatServer } from './start.ts'

/** Below it X's clients take over keys whose signature does not verify (x-chat.md 2). */
const THRESHOLD = 2070276095283454002n

let server: TestServer
let a: Person
let b: Person
let c: Person

beforeAll(async () => {
  server = await startXchatServer()
  ;[a, b, c] = [A, B, C].map(id => new Person(server.url, id)) as [Person, Person, Person]
})

afterAll(() => server?.remove())

/** What an SDK call fails with. */
async function refusal(call: Promise<unknown>): Promise<{ status: number; data: Record<string, unknown> }> {
  try {
    await call
  } catch (error) {
    const { status, data } = error as { status: number; data: Record<string, unknown> }
    return { status, data }
  }
  throw new Error('the call was answered')
}

describe('X SDK users', () => {
  test('know themselves', async () => {
    expect((await a.client.users.getMe()).data).toEqual({ id: A, name: `User ${A}`, username: `user${A}` })
    expect((await a.client.users.getByUsername(`user${B}`)).data?.id).toBe(B)
  })

  test('find a peer without keys as an empty answer', async () => {
    expect(await a.client.users.getPublicKey(B)).toEqual({})
  })

  test('register keys that others find and can verify', async () => {
    for (const person of [a, b, c]) await person.register()
    const [entry] = await b.signingKeys([A])
    expect(entry?.publicKeyVersion).toBe(a.version)
    const { identityPublicKey, publicKey, identityPublicKeySignature } = entry!
    expect(a.engine.verifyKeyBinding(identityPublicKey, publicKey, identityPublicKeySignature)).toBe(true)
  })

  test('get a batch of keys with the owner in each row, and errors for the rest', async () => {
    const answer = await a.client.users.getPublicKeys([A, B, D])
    expect((answer.data as { userId?: string }[]).map(row => row.userId)).toEqual([A, B])
    expect(answer.errors).toEqual([
      expect.objectContaining({ type: 'https://api.x.com/2/problems/resource-not-found', resourceId: D }),
    ])
  })
})

describe('a one-to-one of X SDK users', () => {
  let version: string
  const id = `${A}:${B}`

  test('is not there before its first key', async () => {
    expect((await refusal(a.client.chat.getConversationEvents(B))).status).toBe(404)
    expect((await refusal(a.client.chat.getConversation(`${A}-${B}`))).status).toBe(404)
  })

  test('begins with a key under the canonical id', async () => {
    const begun = await a.begin(B)
    version = begun.version
    expect(begun.id).toBe(id)
    expect(begun.answer).toMatchObject({ data: { conversationId: `${A}-${B}` } })
  })

  test('carries messages both ways, found under every form of its id', async () => {
    await a.say(id, version, 'dm hi')
    for (const form of [A, `${A}-${B}`, `${B}-${A}`, `${A}:${B}`, `${B}:${A}`]) {
      const read = await b.read(form, [A, B])
      expect([read.texts, read.errors, read.verified]).toEqual([['dm hi'], {}, true])
    }
    await b.say(id, version, 'hi back')
    const read = await a.read(B, [A, B])
    expect([read.texts, read.errors]).toEqual([['dm hi', 'hi back'], {}])
  })

  test('is rotated by the other one, and both go on', async () => {
    const next = await b.rotate(id, [A, B])
    await b.say(id, next, 'under the new key')
    const read = await a.read(B, [A, B])
    expect([read.texts, read.errors]).toEqual([['dm hi', 'hi back', 'under the new key'], {}])
    expect((await refusal(a.say(id, version, 'late'))).data.detail).toContain('NON_LATEST_CKEY_VERSION')
    await a.say(id, next, 'in time')
  })

  test('is listed for both and for nobody else', async () => {
    const listed = await a.client.chat.getConversations({ expansions: ['member_ids'] })
    expect(listed.data).toEqual([
      expect.objectContaining({ id: `${A}-${B}`, type: 'direct', participantIds: [A, B], isMuted: false }),
    ])
    expect((listed as { includes?: { users?: { id: string }[] } }).includes?.users?.map(user => user.id)).toEqual([
      A,
      B,
    ])
    expect((await c.client.chat.getConversations()).data).toEqual([])
    expect((await refusal(c.client.chat.getConversationEvents(`${A}-${B}`))).status).toBe(403)
  })
})

describe('a group of X SDK users', () => {
  let id: string
  let first: string
  let second: string
  let before: string

  test('is created and read by its members alone', async () => {
    const created = await a.createGroup([B])
    ;({ id, version: first } = created)
    expect(created.answer).toMatchObject({ data: { conversationId: id } })
    before = await a.say(id, first, 'before C')
    const read = await b.read(id, [A, B])
    expect(read.texts).toEqual(['before C'])
    expect(read.types).toEqual(['keyChange', 'groupChange', 'message'])
    expect([read.errors, read.verified]).toEqual([{}, true])
    expect((await refusal(c.client.chat.getConversationEvents(id))).status).toBe(403)
    expect((await refusal(c.client.chat.getConversation(id))).data.type).toContain('not-authorized-for-resource')
  })

  test('takes replies and reactions like messages', async () => {
    const keys = { conversationKey: a.keys.get(first)!, conversationKeyVersion: first }
    b.keys.set(first, a.keys.get(first)!)
    const reply = b.engine.encryptReply({ conversationId: id, text: 'reply', replyToEvent: before, ...keys })
    await b.send(id, reply)
    await a.send(id, a.engine.encryptAddReaction({ emoji: '👍', targetEvent: before, ...keys }))
    const read = await b.read(id, [A, B])
    expect([read.types.slice(2), read.errors]).toEqual([['message', 'message', 'message'], {}])
  })

  test('gives the identical envelope for a message that is sent again', async () => {
    const payload = a.message(id, first, 'once')
    const envelope = await a.send(id, payload)
    await b.say(id, first, 'between')
    expect(await a.send(id, payload)).toBe(envelope)
    const read = await b.read(id, [A, B])
    expect(read.texts.filter(text => text === 'once')).toEqual(['once'])
    expect(read.events).toContain(envelope)
  })

  test('takes a new member with a key that only the new roster holds', async () => {
    const added = await a.add(id, [C], 'Team with C')
    second = added.version
    const answer = added.answer as unknown as Record<string, unknown>
    expect(answer).toMatchObject({
      data: { conversationId: id, currentMemberIds: [A, B, C] },
      currentMemberIds: [A, B, C],
      conversationKeyChangeSequenceId: expect.stringMatching(/^[0-9]{19}$/),
    })
    await a.say(id, second, 'after C')
  })

  test('shows the new member nothing older than the key that let them in, without one SDK error', async () => {
    const read = await c.read(id, [A, B, C])
    expect(read.types).toEqual(['keyChange', 'groupChange', 'message'])
    expect([read.texts, read.errors, read.verified]).toEqual([['after C'], {}, true])
    expect([...c.keys.keys()]).toEqual([second])
    expect(JSON.stringify(read.raw)).not.toContain(first)
  })

  test('shows old members both sides of the rotation', async () => {
    const read = await b.read(id, [A, B, C])
    expect([read.texts[0], read.texts.at(-1), read.errors]).toEqual(['before C', 'after C', {}])
  })

  test('lets the new member speak, and read the title under the new key', async () => {
    await c.say(id, second, 'hello from C')
    expect((await a.read(id, [A, B, C])).texts.at(-1)).toBe('hello from C')
    const { data } = await c.client.chat.getConversation(id)
    const title = String((data as { groupName?: string }).groupName)
    expect(c.engine.decrypt(title, c.keys.get(second)!)).toBe('Team with C')
  })

  test('refuses a message under the key that a non-member might hold', async () => {
    const { status, data } = await refusal(b.say(id, first, 'old key'))
    expect(status).toBe(400)
    expect(data).toMatchObject({ code: 'NON_LATEST_CKEY_VERSION', current_key_version: second })
    expect(data.detail).toContain('NON_LATEST_CKEY_VERSION')
    expect(data.detail).toContain(second)
  })

  test('refuses the same addition again, and leaves the group as it is', async () => {
    const { status, data } = await refusal(a.add(id, [C]))
    expect([status, data.type]).toEqual([400, 'https://api.x.com/2/problems/invalid-request'])
    expect(data.detail).toContain('already')
    expect((await b.read(id, [A, B, C])).texts.at(-1)).toBe('hello from C')
  })

  test('gives each page the keys that its messages need', async () => {
    const read = await c.read(id, [A, B, C], 1)
    expect([read.texts, read.errors]).toEqual([['hello from C'], {}])
    expect(read.raw.meta.conversationKeyEvents).toHaveLength(1)
  })

  test('is polled forwards from a remembered place, and paged back from there', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: the SDK's types know no token of newer events
    const page = async (paginationToken?: string): Promise<any> =>
      b.client.chat.getConversationEvents(id, { maxResults: 2, ...(paginationToken && { paginationToken }) } as never)
    const idsOf = ({ data }: { data: { id: string }[] }) => data.map(event => event.id)
    const start = await page()
    let place = start.meta.previousToken
    const none = await page(place)
    expect(none).toEqual({
      data: [],
      meta: {
        resultCount: 0,
        hasMore: false,
        nextToken: expect.any(String),
        previousToken: place,
        conversationKeyEvents: [],
      },
    })
    for (const text of ['one', 'two', 'three']) await a.say(id, second, text)
    const read: string[] = []
    for (const more of [true, false, false]) {
      const newer = await page(place)
      expect(newer.meta.hasMore).toBe(more)
      read.push(...idsOf(newer).reverse())
      place = newer.meta.previousToken
    }
    const whole = (await b.read(id, [A, B, C])).raw
    expect(read).toEqual(idsOf(whole).slice(0, 3).reverse())
    const back = await page((await page(none.meta.nextToken)).meta.nextToken)
    expect(idsOf(back)).toEqual(idsOf(whole).slice(5, 7))
    // A token is good for this list alone, in its own form.
    for (const wrong of [Buffer.from('newer:x').toString('base64url'), Buffer.from('older:5').toString('base64url')])
      expect((await refusal(page(wrong))).data.parameter).toBe('pagination_token')
  })

  test('numbers events above what X clients take unverified, each naming the one before', async () => {
    const read = await b.read(id, [A, B, C])
    let previous: string | undefined
    for (const base64 of read.events) {
      const event = decodeMessageEvent(base64)
      if (!event.ok) throw new Error(event.error)
      expect(BigInt(event.value.sequenceId)).toBeGreaterThanOrEqual(THRESHOLD)
      expect(event.value.conversationId).toBe(id)
      expect(event.value.previousSequenceId).toBe(previous)
      previous = event.value.sequenceId
    }
  })

  test('is told apart from the server that X clients distrust: a changed conversation does not verify', async () => {
    const read = await b.read(id, [A, B, C])
    const last = read.events.at(-1)!
    const forged = Buffer.from(last, 'base64')
      .toString('latin1')
      .replace(id, `g${'9'.repeat(id.length - 1)}`)
    const keys = await b.signingKeys([A, B, C])
    const result = b.engine.decryptEvents(
      [...read.events.slice(0, -1), Buffer.from(forged, 'latin1').toString('base64')],
      keys,
    )
    expect(Object.values(result.errors).join()).toContain('ECDSA mismatch')
  })
})
