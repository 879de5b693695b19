// A member's own switch for notifications (x-chat.md 5.4, protocol/xchat.md): what they signed is verified by X's engine, and
// nobody else learns of it, on any wire.
import { type MetadataChange, uuidOf } from '@conclave/wire'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DinoClient } from '../dino/client.ts'
import { Ddp } from '../rocketchat/ddp.ts'
import type { TestServer } from '../server.ts'
import type { Group, Hand } from './hand.ts'
import { addTo, enroll, leaveBody, makeGroup, messageBody, muteBody, settingAction, ttlBody } from './hand.ts'
import { ask } from './http.ts'
import { Listener, subscribe, subscribeToAll, type Told } from './listener.ts'
import { Person } from './sdk.ts'
import { A, B, C, startXchatServer, tokenOf } from './start.ts'

let server: TestServer
let a: Hand
let b: Hand
let c: Hand
let group: Group

beforeAll(async () => {
  const sanctions = [{ kind: 'mute', user: C, scope: 'global' }]
  server = await startXchatServer({ world: { sanctions } })
  ;[a, b, c] = [await enroll(server.url, A), await enroll(server.url, B), await enroll(server.url, C)]
})
afterAll(() => server?.remove())
beforeEach(async () => {
  group = await makeGroup(server.url, a, [a, b])
})

const put = (id: string, who: Hand, body: object, at = server) =>
  ask(at.url, tokenOf(who.id), 'PUT', `/2/chat/conversations/${id}/mute`, { body })
const get = (path: string, who: Hand, at = server) =>
  ask(at.url, tokenOf(who.id), 'GET', `/2/chat/conversations${path}`)

async function mute(of: Group, who: Hand, muted: boolean, at = server): Promise<void> {
  const answer = await put(of.id, who, muteBody(of.id, who, muted), at)
  expect([answer.status, answer.body]).toEqual([200, { data: { conversation_id: of.id, is_muted: muted } }])
}

async function isMuted(of: Group, who: Hand, at = server): Promise<boolean> {
  return (await get(`/${of.id}`, who, at)).body.data.is_muted
}

/** Everything that a user reads of their conversations. */
async function allOf(who: Hand): Promise<string> {
  const pages = [
    get('?max_results=100', who),
    get(`/${group.id}`, who),
    get(`/${group.id}/events?max_results=100`, who),
  ]
  return JSON.stringify((await Promise.all(pages)).map(({ body }) => body))
}

async function say(of: Group, by: Hand): Promise<string> {
  const body = messageBody(by, of.id, of.version)
  const answer = await ask(server.url, tokenOf(by.id), 'POST', `/2/chat/conversations/${of.id}/messages`, { body })
  expect(answer.status).toBe(201)
  return body.message_id
}

describe('a mute, with X’s own software', () => {
  let own: TestServer
  let ada: Person
  let bob: Person
  beforeAll(async () => {
    own = await startXchatServer()
    ;[ada, bob] = [new Person(own.url, A), new Person(own.url, B)]
    for (const person of [ada, bob]) await person.register()
  })
  afterAll(() => own?.remove())

  const set = (person: Person, path: string, id: string, muted: boolean) => {
    const change: MetadataChange = { kind: muted ? 'mute' : 'unmute', ids: [id] }
    return person.request('PUT', `${path}/mute`, { muted, action_signatures: [person.signedSetting(id, change)] })
  }
  const shown = async (person: Person, id: string): Promise<Told> =>
    (await person.client.chat.getConversation(id)).data as Told
  const verified = async (person: Person, event: string): Promise<Told[]> =>
    person.engine.decryptEvents([event], await person.signingKeys([A, B])).messages.map(message => message.event)

  test('is shown to its member with what they signed, which X’s engine verifies', async () => {
    const { id } = await ada.createGroup([B])
    expect(await set(bob, id, id, true)).toEqual({ data: { conversationId: id, isMuted: true } })
    const { isMuted, muteEvent } = await shown(bob, id)
    expect(isMuted).toBe(true)
    expect(await verified(bob, muteEvent)).toEqual([
      expect.objectContaining({
        type: 'settingsChange',
        verified: true,
        senderId: B,
        change: expect.objectContaining({ setting: 'muted' }),
      }),
    ])
    await set(bob, id, id, false)
    const after = await shown(bob, id)
    expect(after.isMuted).toBe(false)
    expect(await verified(bob, after.muteEvent)).toMatchObject([{ verified: true, change: { setting: 'unmuted' } }])
    expect(await shown(ada, id)).toMatchObject({ isMuted: false })
    expect(await shown(ada, id)).not.toHaveProperty('muteEvent')
  })

  test('with one byte of it changed is not verified', async () => {
    const { id } = await ada.createGroup([B])
    await set(bob, id, id, true)
    const { muteEvent } = await shown(bob, id)
    const bytes = Buffer.from(muteEvent, 'base64')
    for (const place of [bytes.indexOf(id) + 4, bytes.lastIndexOf(id) + 4, bytes.indexOf(B) + 2]) {
      const changed = Buffer.from(bytes)
      changed[place] = (changed[place] as number) ^ 1
      expect((await verified(bob, changed.toString('base64'))).some(event => event.verified)).toBe(false)
    }
  })

  test('is of a one-to-one under the pair, by whatever name the path calls it', async () => {
    await ada.begin(B)
    const pair = `${A}:${B}`
    for (const [person, path, muted] of [
      [ada, B, true],
      [bob, `${B}-${A}`, true],
      [ada, pair, false],
    ] as const) {
      expect(await set(person, path, pair, muted)).toEqual({ data: { conversationId: `${A}-${B}`, isMuted: muted } })
    }
    expect([(await shown(ada, B)).isMuted, (await shown(bob, A)).isMuted]).toEqual([false, true])
  })
})

describe('nobody else', () => {
  test('sees anything of it, in lists, conversations and events, nor moves the conversation up', async () => {
    const newer = await makeGroup(server.url, a, [a, b])
    const [before, own] = [await allOf(b), (await get(`/${group.id}/events`, a)).text]
    for (const muted of [true, false, true]) await mute(group, a, muted)
    expect(await allOf(b)).toBe(before)
    expect((await get(`/${group.id}/events`, a)).text).toBe(own)
    const listed = (await get('?max_results=2', a)).body.data
    expect(listed.map(({ id, is_muted }: Told) => [id, is_muted])).toEqual([
      [newer.id, false],
      [group.id, true],
    ])
    // The next event follows the one that everybody saw.
    await say(group, b)
    const [next, last] = (await get(`/${group.id}/events?max_results=2`, b)).body.data
    expect(next.previous_id).toBe(last.id)
  })

  test('hears of it, and whoever muted goes on hearing of everything else', async () => {
    for (const user of [A, B]) await subscribeToAll(server.url, user)
    await subscribe(server.url, tokenOf(B), 'mute.mute', B)
    const streams = [await Listener.open(server.url, tokenOf(A)), await Listener.open(server.url, tokenOf(B))]
    const dino = await DinoClient.open(server.url)
    expect((await dino.login(B, `user${B}`, tokenOf(B))).code).toBe(200)
    const pushed = dino.pushes.length
    await mute(group, a, true)
    const id = await say(group, b)
    for (const stream of streams) await stream.has(1)
    expect(streams.map(({ events }) => events.map(({ payload }) => payload.id))).toEqual([[id], [id]])
    await dino.settle()
    expect(dino.pushes.slice(pushed).map(({ event }) => event)).toEqual(['message'])
    dino.close()
    for (const stream of streams) stream.close()
  })

  test('on Rocket.Chat has another subscription: it is the member’s own there, too', async () => {
    const rid = uuidOf(group.id.slice(1))
    const sessions = await Promise.all(
      [A, B].map(async user => {
        const ddp = await Ddp.connect(server.url)
        await ddp.call('login', { resume: tokenOf(user) })
        await ddp.sub('stream-notify-user', `${user}/subscriptions-changed`)
        return ddp
      }),
    )
    const [anna, ben] = sessions as [Ddp, Ddp]
    const held = async (ddp: Ddp) => (await ddp.call('subscriptions/get')).find((one: Told) => one.rid === rid)
    expect(await held(anna)).not.toHaveProperty('disableNotifications')
    const from = ben.frames.length
    await mute(group, a, true)
    const [, changed] = await anna.event('notify-user', ([, doc]) => doc.rid === rid && doc.disableNotifications)
    expect(changed).toMatchObject({ rid, disableNotifications: true })
    expect(await held(anna)).toMatchObject({ disableNotifications: true })
    expect(await held(ben)).not.toHaveProperty('disableNotifications')
    expect(ben.frames.slice(from).some(({ msg }) => msg === 'changed')).toBe(false)
    await mute(group, a, false)
    expect(await held(anna)).toMatchObject({ disableNotifications: false })
    for (const ddp of sessions) ddp.close()
  })
})

describe('a mute is refused', () => {
  const refused = async (answer: Promise<{ status: number; body: Told }>, status: number, text: string) => {
    const { status: got, body } = await answer
    expect([got, JSON.stringify(body)]).toEqual([status, expect.stringContaining(text)])
    expect([await isMuted(group, a), await isMuted(group, b)]).toEqual([false, false])
  }

  test.each([undefined, null, 'true', 1, {}])('where `muted` is %j', muted =>
    refused(put(group.id, a, { ...muteBody(group.id, a, true), muted }), 400, 'muted'),
  )

  test('for anything but this conversation: another one, two, none, or people', async () => {
    const other = await makeGroup(server.url, a, [a, b])
    for (const ids of [[other.id], [group.id, other.id], [group.id, group.id], [], [A], [B], [group.id.slice(1)]])
      await refused(put(group.id, a, muteBody(group.id, a, true, ids)), 400, 'muted_conversation_ids')
    await refused(put(group.id, a, muteBody(other.id, a, true)), 400, 'muted_conversation_ids')
    const elsewhere = settingAction(a, other.id, { kind: 'mute', ids: [group.id] })
    await refused(put(group.id, a, { muted: true, action_signatures: [elsewhere] }), 400, 'does not verify')
  })

  test('the other way round, as another change, twice, or not at all', async () => {
    const body = muteBody(group.id, a, true)
    await refused(put(group.id, a, { ...muteBody(group.id, a, false), muted: true }), 400, 'muted')
    const ttl = ttlBody(group.id, a, 60_000).action_signatures
    await refused(put(group.id, a, { muted: true, action_signatures: ttl }), 400, 'missing action signature: mute')
    const twice = [...body.action_signatures, ...muteBody(group.id, a, true).action_signatures]
    await refused(put(group.id, a, { muted: true, action_signatures: twice }), 400, 'too many')
    await refused(put(group.id, a, { muted: true, action_signatures: [] }), 400, 'missing action signature: mute')
    await refused(put(group.id, a, { muted: true }), 400, 'action_signatures: is missing')
  })

  test('for somebody else: under their signature, or in their name', async () => {
    await refused(put(group.id, a, muteBody(group.id, b, true)), 400, 'public_key_version')
    const [theirs] = muteBody(group.id, b, true).action_signatures
    const message_event_signature = { ...theirs?.message_event_signature, public_key_version: a.version }
    const { signing_public_key: _, ...bare } = message_event_signature as Record<string, unknown>
    const forged = { ...theirs, message_event_signature: bare }
    await refused(put(group.id, a, { muted: true, action_signatures: [forged] }), 400, 'does not verify')
  })

  test('to who is no member, where there is nothing, and in others’ one-to-one', async () => {
    await refused(put(group.id, c, muteBody(group.id, c, true)), 403, 'not a member')
    await refused(put('g5', a, muteBody('g5', a, true)), 404, 'conversation')
    await refused(put(`${B}-${C}`, a, muteBody(`${B}:${C}`, a, true)), 403, 'not one of the two')
  })

  test('when it is said again later (a replay)', async () => {
    const body = muteBody(group.id, a, true)
    expect((await put(group.id, a, body)).status).toBe(200)
    await mute(group, a, false)
    await refused(put(group.id, a, body), 400, 'already used')
    // Nor is its id good for a message, or of a message for it.
    const [{ message_id } = { message_id: '' }] = body.action_signatures
    const message = messageBody(a, group.id, group.version, { messageId: message_id })
    const path = `/2/chat/conversations/${group.id}/messages`
    const answer = await ask(server.url, tokenOf(A), 'POST', path, { body: message })
    expect([answer.status, answer.body.detail]).toEqual([400, expect.stringContaining('already used')])
  })
})

describe('a mute', () => {
  test('is there for who may not speak, and while a new key is needed', async () => {
    const team = await makeGroup(server.url, a, [a, c])
    const message = { body: messageBody(c, team.id, team.version) }
    const path = `/2/chat/conversations/${group.id}`
    const sent = await ask(server.url, tokenOf(C), 'POST', `/2/chat/conversations/${team.id}/messages`, message)
    expect([sent.status, sent.body.detail]).toEqual([403, 'the caller is muted'])
    await mute(team, c, true)
    expect(await isMuted(team, c)).toBe(true)
    expect((await ask(server.url, tokenOf(B), 'POST', `${path}/leave`, { body: leaveBody(group, b) })).status).toBe(200)
    expect((await get(`/${group.id}`, a)).body.data.rotation_required).toBe(true)
    await mute(group, a, true)
  })

  test('goes with the membership: who comes again hears again', async () => {
    await mute(group, b, true)
    const leave = { body: leaveBody(group, b) }
    const path = `/2/chat/conversations/${group.id}/leave`
    expect((await ask(server.url, tokenOf(B), 'POST', path, leave)).status).toBe(200)
    group.members = group.members.filter(({ id }) => id !== B)
    await addTo(server.url, group, a, [b])
    expect((await get(`/${group.id}`, b)).body.data).toMatchObject({ is_muted: false })
    expect((await get(`/${group.id}`, b)).body.data).not.toHaveProperty('mute_event')
  })

  test('is a field among others: shown where it is asked for', async () => {
    await mute(group, a, true)
    const fields = async (names: string) =>
      Object.keys((await get(`/${group.id}?chat_conversation.fields=${names}`, a)).body.data)
    expect(await fields('is_muted')).toEqual(expect.arrayContaining(['is_muted', 'mute_event']))
    const others = await fields('type')
    expect(others).not.toContain('is_muted')
    expect(others).not.toContain('mute_event')
  })

  test('said from many devices at once is what was said last, and stops no message', async () => {
    const said = Array.from({ length: 24 }, (_, n) => put(group.id, a, muteBody(group.id, a, n % 2 === 0)))
    const sent = Array.from({ length: 24 }, () => say(group, b))
    const answers = await Promise.all(said)
    await Promise.all(sent)
    expect(answers.map(({ status }) => status)).toEqual(Array(24).fill(200))
    await mute(group, a, true)
    expect(await isMuted(group, a)).toBe(true)
  })

  test('that was answered is there after a crash (L6)', async () => {
    let own = await startXchatServer()
    const ada = await enroll(own.url, A)
    const team = await makeGroup(own.url, ada, [ada])
    const body = muteBody(team.id, ada, true)
    expect((await put(team.id, ada, body, own)).status).toBe(200)
    await own.kill()
    own = await startXchatServer({ data: own.data })
    expect(await isMuted(team, ada, own)).toBe(true)
    expect((await put(team.id, ada, body, own)).body.detail).toContain('already used')
    await own.remove()
  })
})
