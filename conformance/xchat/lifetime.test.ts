// Messages that go by themselves (x-chat.md 5.4, protocol/xchat.md): the signature that X's engine verifies, who may set a
// lifetime, and that nobody reads a message after its time, on any wire, in any delivery, whatever ends in between.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { decodeMessageEvent, encodeBase64, encodeDetail, type MetadataChange, uuidOf } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DinoClient } from '../dino/client.ts'
import { Ddp } from '../rocketchat/ddp.ts'
import type { TestServer } from '../server.ts'
import type { Group, Hand, MessageFaults } from './hand.ts'
import { additionBody, durationOf, enroll, leaveBody, makeGroup, messageBody, settingAction, ttlBody } from './hand.ts'
import { ask } from './http.ts'
import { APP, Hook, Listener, SECRET, subscribe, type Told, until } from './listener.ts'
import { Person } from './sdk.ts'
import { A, B, C, startXchatServer, tokenOf } from './start.ts'

const HOUR = 3_600_000
const LAN = { webhooks: { insecure: true, internal: true } }

let server: TestServer
let a: Hand
let b: Hand
let c: Hand
let group: Group

beforeAll(async () => {
  const apps = [{ id: 'app1', secret: SECRET, owner: A, tokens: [APP] }]
  server = await startXchatServer({ world: { apps }, config: { xchat: LAN } })
  ;[a, b, c] = [await enroll(server.url, A), await enroll(server.url, B), await enroll(server.url, C)]
})
afterAll(() => server?.remove())
beforeEach(async () => {
  group = await makeGroup(server.url, a, [a, b])
})

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
const put = (id: string, who: Hand, body: object, at = server) =>
  ask(at.url, tokenOf(who.id), 'PUT', `/2/chat/conversations/${id}/ttl`, { body })
const get = (path: string, who = A, at = server) => ask(at.url, tokenOf(who), 'GET', `/2/chat/conversations/${path}`)

async function setTtl(of: Group, ttlMs: number | null, at = server): Promise<void> {
  const answer = await put(of.id, a, ttlBody(of.id, a, ttlMs), at)
  expect([answer.status, answer.text]).toEqual([200, answer.text])
}

/** Gives its id in the log. */
async function say(of: Group, by: Hand, faults: MessageFaults = {}, at = server): Promise<string> {
  const body = messageBody(by, of.id, of.version, faults)
  const answer = await ask(at.url, tokenOf(by.id), 'POST', `/2/chat/conversations/${of.id}/messages`, { body })
  expect([answer.status, answer.text]).toEqual([201, answer.text])
  const event = decodeMessageEvent(answer.body.data.encoded_message_event)
  if (!event.ok) throw new Error(event.error)
  return event.value.sequenceId
}

async function idsIn(of: Group, who = A, at = server): Promise<string[]> {
  return (await get(`${of.id}/events?max_results=100`, who, at)).body.data.map((event: { id: string }) => event.id)
}

describe('a lifetime, with X’s own software', () => {
  let ada: Person
  let bob: Person
  let own: TestServer
  beforeAll(async () => {
    own = await startXchatServer()
    ;[ada, bob] = [new Person(own.url, A), new Person(own.url, B)]
    for (const person of [ada, bob]) await person.register()
  })
  afterAll(() => own?.remove())

  const set = (person: Person, path: string, signed: string, change: MetadataChange, ttl_msec: string | null) =>
    person.request('PUT', `${path}/ttl`, { ttl_msec, action_signatures: [person.signedSetting(signed, change)] })

  test('is verified by X’s engine in a group, set and taken away', async () => {
    const { id, version } = await ada.createGroup([B])
    const answer = await set(ada, id, id, durationOf('86400000'), '86400000')
    expect(answer).toEqual({ data: { conversationId: id, sequenceId: expect.stringMatching(/^[0-9]+$/) } })
    expect((await ada.client.chat.getConversation(id)).data).toMatchObject({ messageTtlMs: 86_400_000 })
    await ada.say(id, version, 'for a day')
    await set(ada, id, id, { kind: 'durationRemove' }, null)
    expect((await ada.client.chat.getConversation(id)).data).not.toHaveProperty('messageTtlMs')
    const read = await bob.read(id, [A, B])
    expect([read.errors, read.verified]).toEqual([{}, true])
    expect(read.types).toEqual(['keyChange', 'groupChange', 'settingsChange', 'message', 'settingsChange'])
    expect(read.settings).toEqual([
      expect.objectContaining({ setting: 'messageDuration', ttl_msec: 86_400_000 }),
      expect.objectContaining({ setting: 'messageDurationRemoved' }),
    ])
  })

  test('is verified in a one-to-one, where either of the two sets it', async () => {
    await ada.begin(B)
    await set(bob, A, `${A}:${B}`, durationOf('60000'), '60000')
    await set(ada, `${B}-${A}`, `${A}:${B}`, durationOf('70000'), '70000')
    for (const person of [ada, bob]) {
      const read = await person.read(`${A}-${B}`, [A, B])
      expect([read.errors, read.verified, read.types]).toEqual([
        {},
        true,
        ['keyChange', 'settingsChange', 'settingsChange'],
      ])
    }
    expect((await ada.client.chat.getConversation(B)).data).toMatchObject({ messageTtlMs: 70_000 })
  })

  test('with one byte of it changed is not verified by X’s engine', async () => {
    const { id } = await ada.createGroup([B])
    await set(ada, id, id, durationOf('86400000'), '86400000')
    const read = await bob.read(id, [A, B])
    const keys = await bob.signingKeys([A, B])
    const last = Buffer.from(read.events.at(-1) ?? '', 'base64')
    const place = last.indexOf(Buffer.from(encodeDetail({ kind: 'metadataChange', change: durationOf('86400000') })))
    expect(place).toBeGreaterThan(0)
    // The lifetime itself, the id of the conversation, and that of the sender.
    for (const at of [place + 15, last.indexOf(id) + 5, last.indexOf(A) + 3]) {
      const changed = Buffer.from(last)
      changed[at] = (changed[at] as number) ^ 1
      const { messages } = bob.engine.decryptEvents([changed.toString('base64')], keys)
      expect(messages.some(({ event }) => event.verified)).toBe(false)
    }
  })
})

describe('a lifetime is refused', () => {
  const refused = async (answer: Promise<{ status: number; body: Told }>, status: number, text: string) => {
    const { status: got, body } = await answer
    expect([got, JSON.stringify(body)]).toEqual([status, expect.stringContaining(text)])
    expect((await get(group.id)).body.data.message_ttl_ms).toBeUndefined()
  }

  test.each(['0', '-1', '999', '1.5', '1e4', ' 5000', '', 'x', '31536000001', '9'.repeat(19), 5_000, true, {}])(
    'as %j',
    ttl_msec => refused(put(group.id, a, { ...ttlBody(group.id, a, 5_000), ttl_msec }), 400, 'ttl_msec'),
  )

  test('where nothing is said of it, or nothing signed', async () => {
    const { ttl_msec, action_signatures } = ttlBody(group.id, a, HOUR)
    await refused(put(group.id, a, { action_signatures }), 400, 'ttl_msec: is missing')
    await refused(put(group.id, a, { ttl_msec }), 400, 'action_signatures: is missing')
    await refused(put(group.id, a, { ttl_msec, action_signatures: [] }), 400, 'missing action signature: ttl')
  })

  test('where what is signed is another one, another kind, for all messages, or something else', async () => {
    const body = ttlBody(group.id, a, HOUR)
    const signed = (change: MetadataChange, more = {}) => ({
      ...body,
      action_signatures: [settingAction(a, group.id, change, more)],
    })
    await refused(put(group.id, a, signed(durationOf('3600001'))), 400, 'ttl_msec')
    await refused(put(group.id, a, signed({ kind: 'durationRemove' })), 400, 'ttl_msec')
    await refused(put(group.id, a, { ...body, ttl_msec: null }), 400, 'ttl_msec')
    await refused(
      put(group.id, a, signed({ ...durationOf('3600000'), applyToAll: true })),
      400,
      'apply_to_all_messages',
    )
    await refused(put(group.id, a, signed({ kind: 'mute', ids: [group.id] })), 400, 'missing action signature: ttl')
    await refused(put(group.id, a, leaveBody(group, a)), 400, 'ttl_msec')
    const leave = { ...body, ...leaveBody(group, a) }
    await refused(put(group.id, a, leave), 400, 'missing action signature: ttl')
    const both = [...body.action_signatures, settingAction(a, group.id, durationOf('3600000'))]
    await refused(put(group.id, a, { ...body, action_signatures: both }), 400, 'too many')
    const other = { kind: 'metadataChange', change: durationOf('3600001') } as const
    const tampered = body.action_signatures.map(one => ({
      ...one,
      encoded_message_event_detail: encodeBase64(encodeDetail(other)),
    }))
    await refused(put(group.id, a, { ttl_msec: '3600001', action_signatures: tampered }), 400, 'does not verify')
  })

  test('where it was signed for another conversation, by somebody else, or before (a replay)', async () => {
    const elsewhere = await makeGroup(server.url, a, [a, b])
    await refused(put(group.id, a, ttlBody(elsewhere.id, a, HOUR)), 400, 'does not verify')
    const theirs = ttlBody(group.id, b, HOUR)
    await refused(put(group.id, a, theirs), 400, 'public_key_version')
    const body = ttlBody(elsewhere.id, a, HOUR)
    expect((await put(elsewhere.id, a, body)).status).toBe(200)
    await setTtl(elsewhere, null)
    const again = await put(elsewhere.id, a, body)
    expect([again.status, again.body.detail]).toEqual([400, expect.stringContaining('already used')])
    expect((await get(elsewhere.id)).body.data.message_ttl_ms).toBeUndefined()
  })

  test('to members who are no admins, to strangers, and while a new key is needed', async () => {
    await refused(put(group.id, b, ttlBody(group.id, b, HOUR)), 403, 'REQUESTER_NOT_ADMIN')
    await refused(put(group.id, c, ttlBody(group.id, c, HOUR)), 403, 'not a member')
    await refused(put(`${B}-${C}`, a, ttlBody(`${B}:${C}`, a, HOUR)), 403, 'not one of the two')
    await refused(put('g5', a, ttlBody('g5', a, HOUR)), 404, 'conversation')
    const leave = await ask(server.url, tokenOf(B), 'POST', `/2/chat/conversations/${group.id}/leave`, {
      body: leaveBody(group, b),
    })
    expect(leave.status).toBe(200)
    await refused(put(group.id, a, ttlBody(group.id, a, HOUR)), 409, 'conversation-closed')
  })

  test('of a new group and of a message, out of bounds', async () => {
    for (const ttlMsec of ['0', '-5', '999', '31536000001', '9223372036854775807']) {
      const body = messageBody(a, group.id, group.version, { ttlMsec })
      const answer = await ask(server.url, tokenOf(A), 'POST', `/2/chat/conversations/${group.id}/messages`, { body })
      expect([answer.status, answer.body.detail]).toEqual([400, expect.stringContaining('ttl_msec')])
    }
  })
})

test('who is added signs the lifetime that holds, or none', async () => {
  await setTtl(group, HOUR)
  const add = (ttl: string) =>
    ask(server.url, tokenOf(A), 'POST', `/2/chat/conversations/${group.id}/members`, {
      body: additionBody(group, a, [c], { ttl }),
    })
  expect((await add('60000')).body.detail).toContain('current_ttl_msec')
  expect((await add(String(HOUR))).status).toBe(200)
})

describe('a message whose time has ended', () => {
  const open: { close(): void }[] = []
  afterEach(() => {
    for (const one of open.splice(0)) one.close()
  })

  test('is gone from every wire, whose clients hear that it goes; what lasts longer stays', async () => {
    const dino = await DinoClient.open(server.url)
    const ddp = await Ddp.connect(server.url)
    open.push(dino, { close: () => ddp.close() })
    expect((await dino.login(B, `user${B}`, tokenOf(B))).code).toBe(200)
    await ddp.call('login', { resume: tokenOf(B) })
    const rid = uuidOf(group.id.slice(1))
    await ddp.sub('stream-notify-room', `${rid}/deleteMessage`)

    const before = await say(group, a)
    await setTtl(group, 1_500)
    const messageId = crypto.randomUUID()
    const gone = await say(group, a, { messageId })
    const sooner = await say(group, a, { ttlMsec: '1000' })
    await setTtl(group, null)
    const own = await say(group, a, { ttlMsec: '1000' })
    const stays = await say(group, a, { ttlMsec: String(HOUR) })
    expect((await idsIn(group)).slice(0, 1)).toEqual([stays])

    const ended = [gone, sooner, own].map(id => uuidOf(id))
    await until(() => dino.named('gn_message_deleted').length >= 3)
    const told = dino.named('gn_message_deleted')
    expect(new Set(told.map(({ object }) => object.id))).toEqual(new Set(ended))
    // The server did it.
    expect(told[0]).toMatchObject({ verb: 'delete', target: { id: rid }, actor: { id: '0' } })
    const deletions = () => ddp.frames.filter(frame => frame.fields?.eventName === `${rid}/deleteMessage`)
    await until(() => deletions().length >= 3)
    expect(deletions().map(({ fields }) => fields.args[0]._id)).toContain(messageId)

    for (const who of [A, B]) {
      const ids = await idsIn(group, who)
      expect(ids).toEqual(expect.arrayContaining([before, stays]))
      for (const id of [gone, sooner, own]) expect(ids).not.toContain(id)
    }
    const history = await dino.request('history', { verb: 'list', target: { id: rid } })
    const shown = JSON.stringify(history.data)
    expect(shown).toContain(uuidOf(stays))
    for (const id of ended) expect(shown).not.toContain(id)
    const { messages } = await ddp.call('loadHistory', rid, null, 50)
    expect(messages.filter(({ t }: Told) => t === 'e2e')).toHaveLength(2)
  })

  test('sent again under its id gives nothing away (L7)', async () => {
    const body = messageBody(a, group.id, group.version, { ttlMsec: '1000' })
    const send = () => ask(server.url, tokenOf(A), 'POST', `/2/chat/conversations/${group.id}/messages`, { body })
    expect((await send()).status).toBe(201)
    expect((await send()).status).toBe(201)
    await wait(1_100)
    const again = await send()
    expect([again.status, again.body.detail]).toEqual([400, expect.stringContaining('already used')])
  })

  test('goes to no webhook that it still waits for, and into no backfill', async () => {
    const hook = await Hook.open()
    open.push({ close: () => void hook.close() })
    const { body } = await ask(server.url, APP, 'POST', '/2/webhooks', { body: { url: hook.url } })
    await subscribe(server.url, APP, 'chat.sent', A, { webhook_id: body.data.id })
    await subscribe(server.url, tokenOf(A), 'chat.sent', A)
    const idOf = (told: Told) => told.payload.sequence_id
    // It is down while the messages come, and for longer than the first one lasts.
    hook.answer = () => 503
    const ended = await say(group, a, { ttlMsec: '1000' })
    const lasts = await say(group, a, { ttlMsec: String(HOUR) })
    await hook.has(1)
    await wait(1_200)
    const tried = hook.told.splice(0)
    expect(tried.map(idOf)).toContain(ended)
    hook.answer = () => 200
    await until(() => hook.told.some(told => idOf(told) === lasts))
    await wait(300)
    expect(hook.told.map(idOf)).not.toContain(ended)

    const stream = await Listener.open(server.url, tokenOf(A), '?backfill_minutes=5')
    open.push(stream)
    await until(() => stream.events.some(told => idOf(told) === lasts))
    expect(stream.events.map(idOf)).not.toContain(ended)

    const minute = (time: number) =>
      new Date(time)
        .toISOString()
        .replace(/[^0-9]/g, '')
        .slice(0, 12)
    hook.told.length = 0
    const [from_date, to_date] = [minute(Date.now() - 120_000), minute(Date.now() + 60_000)]
    const replay = { webhook_id: body.data.id, from_date, to_date }
    expect((await ask(server.url, APP, 'POST', '/2/webhooks/replay', { body: replay })).status).toBe(200)
    await until(() => hook.told.some(told => idOf(told) === lasts))
    expect(hook.told.map(idOf)).not.toContain(ended)
    await ask(server.url, APP, 'DELETE', `/2/webhooks/${body.data.id}`)
  })
})

describe('whatever ends in between', () => {
  /** Sequences of messages with and without content, as they lie in the file. */
  function stored(data: string): { whole: number; erased: number; due: number } {
    const database = new DatabaseSync(join(data, 'conclave.sqlite'))
    const count = (where: string) =>
      database.prepare(`SELECT count(*) AS n FROM events WHERE ${where}`).get()?.n as number
    const found = { whole: count("class = 'm'"), erased: count("class = 'x'"), due: count('expires_at IS NOT NULL') }
    database.close()
    return found
  }

  test('a server that is killed after the end and before the erasing erases when it starts again', async () => {
    let own = await startXchatServer()
    const ada = await enroll(own.url, A)
    const team = await makeGroup(own.url, ada, [ada])
    await say(team, ada, {}, own)
    const ended = await say(team, ada, { ttlMsec: '1000' }, own)
    // It sleeps while the time ends, and never wakes up.
    process.kill(own.pid, 'SIGSTOP')
    await wait(1_200)
    await own.kill()
    expect(stored(own.data)).toEqual({ whole: 2, erased: 0, due: 1 })
    own = await startXchatServer({ data: own.data })
    expect(await idsIn(team, A, own)).not.toContain(ended)
    await own.stop()
    expect(stored(own.data)).toEqual({ whole: 1, erased: 1, due: 0 })
    await own.remove()
  })

  test('a message lasts as the change that stands before it in the log says, whatever races (L3)', async () => {
    const own = await startXchatServer()
    const [ada, bob] = [await enroll(own.url, A), await enroll(own.url, B)]
    const team = await makeGroup(own.url, ada, [ada, bob])
    const lifetimes = [HOUR, null, 2 * HOUR, null, 3 * HOUR]
    const change = async (): Promise<void> => {
      for (const ttl of lifetimes) {
        await wait(20)
        expect((await put(team.id, ada, ttlBody(team.id, ada, ttl), own)).status).toBe(200)
      }
    }
    const talk = async (): Promise<void> => {
      for (let n = 0; n < 30; n++) await say(team, bob, {}, own)
    }
    await Promise.all([change(), talk(), talk(), talk(), talk()])
    await own.stop()
    const database = new DatabaseSync(join(own.data, 'conclave.sqlite'))
    const log = database.prepare('SELECT at, body, expires_at AS ends FROM events WHERE room = ? ORDER BY sequence')
    let ttl: number | null = null
    const seen = new Set<number | null>()
    for (const { at, body, ends } of log.all(BigInt(team.id.slice(1)))) {
      const { type, ttlMs } = JSON.parse(String(body))
      if (type === 'ttl.changed') ttl = ttlMs
      if (type !== 'message') continue
      // A room's times never go back, so what came later may bear the time of what came before.
      expect(Math.abs(Number(ends ?? 0) - (ttl === null ? 0 : Number(at) + ttl))).toBeLessThan(1_000)
      seen.add(ttl)
    }
    expect(seen.size).toBeGreaterThan(2)
    database.close()
    await own.remove()
  })

  test('five thousand that end at once hold nobody up', async () => {
    // One user sends them all as fast as the server takes them.
    const own = await startXchatServer({ config: { limits: { flood: 1_000_000 } } })
    const [ada, bob] = [await enroll(own.url, A), await enroll(own.url, B)]
    const team = await makeGroup(own.url, ada, [ada, bob])
    const path = `/2/chat/conversations/${team.id}/messages`
    const page = async (): Promise<Told[]> => (await get(`${team.id}/events?max_results=100`, A, own)).body.data
    const made = (await page()).map(({ id }) => id)
    /** Messages a second of another member until then. */
    const rateUntil = async (time: number): Promise<number> => {
      const began = Date.now()
      let sent = 0
      for (; Date.now() < time; sent++) {
        const body = messageBody(bob, team.id, team.version)
        expect((await ask(own.url, tokenOf(B), 'POST', path, { body })).status).toBe(201)
      }
      return (sent * 1_000) / (Date.now() - began)
    }
    const before = await rateUntil(Date.now() + 2_000)
    const count = 5_000
    // All sent in time, and all of them to end at the same moment, but for the time that each is on its way.
    const end = Date.now() + 15_000
    let ended = end
    let waiting = count
    const sendAll = async (): Promise<void> => {
      while (waiting > 0) {
        waiting--
        const ttl = Math.max(1_000, end - Date.now())
        const body = messageBody(ada, team.id, team.version, { ttlMsec: String(ttl) })
        expect((await ask(own.url, tokenOf(A), 'POST', path, { body })).status).toBe(201)
        ended = Math.max(ended, Date.now() + ttl)
      }
    }
    await Promise.all(Array.from({ length: 16 }, sendAll))
    await wait(Math.max(0, ended - 1_000 - Date.now()))
    await rateUntil(ended + 1)
    // On a slow machine the page goes back to where the group was made.
    expect((await page()).filter(({ id, sender_id }) => sender_id === A && !made.includes(id))).toEqual([])
    const meanwhile = await rateUntil(Date.now() + 2_000)
    // Whatever else the machine does: nobody waits for the job.
    expect(meanwhile).toBeGreaterThan(before / 5)
    // Erased as well, in a while.
    await until(() => stored(own.data).due === 0)
    await own.stop()
    expect(stored(own.data)).toMatchObject({ erased: count, due: 0 })
    await own.remove()
  }, 180_000)
})
