// Links and requests to join, which X's API has no routes for: with X's own engine as the judge of what comes of them, and
// by hand for what nobody with X's software would send.
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { uuidOf } from '@conclave/wire'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DinoClient } from '../dino/client.ts'
import { Ddp } from '../rocketchat/ddp.ts'
import type { TestServer } from '../server.ts'
import { startServer } from '../server.ts'
import type { Group, Hand } from './hand.ts'
import {
  additionBody,
  adminsBody,
  askToJoin,
  enroll,
  groupAction,
  invite,
  inviteBody,
  inviteUrl,
  joinBody,
  leaveBody,
  makeGroup,
  makeHand,
  noInviteBody,
  removalBody,
  tokenOfInvite,
  turnAwayBody,
} from './hand.ts'
import type { Answered } from './http.ts'
import { ask } from './http.ts'
import { Listener, subscribe, until } from './listener.ts'
import { Person } from './sdk.ts'
import { A, B, C, CROWD, D, startXchatServer, tokenOf } from './start.ts'

/** Asking, for requests that wait at the same time. */
const ASKING = Array.from({ length: 101 }, (_, n) => String(8001 + n))

let server: TestServer

beforeAll(async () => {
  server = await startXchatServer({ more: ASKING })
})
afterAll(() => server?.remove())

function send(who: string, method: string, path: string, body?: unknown): Promise<Answered> {
  return ask(server.url, tokenOf(who), method, `/2/chat/${path}`, body === undefined ? {} : { body })
}

function refused(answer: Answered, ...words: readonly string[]): void {
  expect([answer.status, answer.text]).toEqual([400, answer.text])
  expect(answer.body.type).toBe('https://api.x.com/2/problems/invalid-request')
  for (const word of words) expect(answer.body.detail).toContain(word)
}

describe('with X’s own software', () => {
  let ada: Person
  let bob: Person
  let cleo: Person

  beforeAll(async () => {
    ;[ada, bob, cleo] = [CROWD[0]!, CROWD[1]!, CROWD[2]!].map(id => new Person(server.url, id)) as [
      Person,
      Person,
      Person,
    ]
    for (const person of [ada, bob, cleo]) await person.register()
  })

  const people = () => [ada.id, bob.id, cleo.id]

  test('Ada makes a link, Bob asks, Ada’s engine verifies that he did, lets him in, and he reads nothing older', async () => {
    const { id, version } = await ada.createGroup([cleo.id])
    await ada.say(id, version, 'before Bob')
    const url = inviteUrl(server.url)
    const end = String(Date.now() + 60_000)
    const enabled = await ada.request('PUT', `${id}/invite`, {
      invite_url: url,
      expires_at_msec: end,
      action_signatures: [ada.signed(id, { kind: 'inviteEnable', inviteUrl: url, expiresAtMsec: end })],
    })
    expect(enabled).toEqual({ data: { conversationId: id, sequenceId: expect.stringMatching(/^[0-9]+$/) } })

    const token = tokenOfInvite(url)
    const led = await send(bob.id, 'GET', `invites/${token}`)
    expect([led.status, led.body]).toEqual([200, { data: { conversation_id: id } }])
    const asked = await send(bob.id, 'POST', `invites/${token}/join_requests`, {
      action_signatures: [bob.signed(led.body.data.conversation_id, { kind: 'joinRequest', userId: bob.id })],
    })
    expect([asked.status, asked.body]).toEqual([201, { data: { conversation_id: id, pending: true } }])

    const read = await ada.read(id, people())
    expect([read.errors, read.verified]).toEqual([{}, true])
    expect(read.changes.slice(1)).toEqual([
      { change_type: 'inviteEnabled', invite_url: url, expires_at_msec: Number(end) },
      { change_type: 'joinRequested', user_id: bob.id },
    ])

    await expect(bob.read(id, people())).rejects.toMatchObject({ status: 403 })
    const { version: next } = await ada.add(id, [bob.id])
    await ada.say(id, next, 'welcome, Bob')
    const seen = await bob.read(id, people())
    expect([seen.errors, seen.verified, seen.texts]).toEqual([{}, true, ['welcome, Bob']])
    expect(seen.types).toEqual(['keyChange', 'groupChange', 'message'])
    const waiting = await send(ada.id, 'GET', `conversations/${id}/join_requests`)
    expect(waiting.body).toEqual({ data: [], meta: { result_count: 0 } })
  })

  test('a link that ends and a request that is turned away are verified as well', async () => {
    const { id } = await ada.createGroup([cleo.id])
    const url = inviteUrl(server.url)
    const action_signatures = [ada.signed(id, { kind: 'inviteEnable', inviteUrl: url })]
    await ada.request('PUT', `${id}/invite`, { invite_url: url, action_signatures })
    await send(bob.id, 'POST', `invites/${tokenOfInvite(url)}/join_requests`, {
      action_signatures: [bob.signed(id, { kind: 'joinRequest', userId: bob.id })],
    })
    await ada.request('DELETE', `${id}/join_requests`, {
      user_ids: [bob.id],
      action_signatures: [ada.signed(id, { kind: 'joinReject', ids: [bob.id] })],
    })
    await ada.request('DELETE', `${id}/invite`, {
      action_signatures: [ada.signed(id, { kind: 'inviteDisable', disabledBy: ada.id })],
    })
    const read = await cleo.read(id, people())
    expect([read.errors, read.verified]).toEqual([{}, true])
    expect(read.changes.slice(1)).toEqual([
      { change_type: 'inviteEnabled', invite_url: url, expires_at_msec: null },
      { change_type: 'joinRequested', user_id: bob.id },
      { change_type: 'joinRejected', user_ids: [bob.id] },
      { change_type: 'inviteDisabled', disabled_by: ada.id },
    ])
  })

  test('an envelope of a request with any one byte of what was signed changed is not verified', async () => {
    const { id } = await ada.createGroup([cleo.id])
    const url = inviteUrl(server.url)
    const action_signatures = [ada.signed(id, { kind: 'inviteEnable', inviteUrl: url })]
    await ada.request('PUT', `${id}/invite`, { invite_url: url, action_signatures })
    await send(bob.id, 'POST', `invites/${tokenOfInvite(url)}/join_requests`, {
      action_signatures: [bob.signed(id, { kind: 'joinRequest', userId: bob.id })],
    })
    const { events } = await ada.read(id, people())
    const keys = await ada.signingKeys(people())
    const verifies = (envelope: Buffer) =>
      ada.engine.decryptEvents([envelope.toString('base64')], keys).messages[0]?.event.verified === true
    const request = Buffer.from(events.at(-1)!, 'base64')
    expect(verifies(request)).toBe(true)
    // The text of each id that stands in it: the sender's, the group's, and who is named.
    for (const text of [bob.id, id]) {
      for (let at = request.indexOf(text); at >= 0; at = request.indexOf(text, at + 1)) {
        const changed = Buffer.from(request)
        changed[at + text.length - 1] = changed[at + text.length - 1]! ^ 1
        expect(verifies(changed)).toBe(false)
      }
    }
  })

  test('an addition that names the link is verified, one that names another is refused', async () => {
    const { id } = await ada.createGroup([cleo.id], null)
    const url = inviteUrl(server.url)
    const action_signatures = [ada.signed(id, { kind: 'inviteEnable', inviteUrl: url })]
    await ada.request('PUT', `${id}/invite`, { invite_url: url, action_signatures })
    const named = (invited: string) => ada.addNaming(id, [bob.id], { inviteUrl: invited })
    await expect(named(inviteUrl(server.url))).rejects.toMatchObject({
      status: 400,
      data: { detail: expect.stringContaining('group_invite_enable') },
    })
    await named(url)
    const read = await bob.read(id, people())
    expect([read.errors, read.verified]).toEqual([{}, true])
  })
})

describe('by hand', () => {
  let a: Hand
  let b: Hand
  let c: Hand
  let group: Group
  let token: string

  beforeAll(async () => {
    ;[a, b, c] = [await enroll(server.url, A), await enroll(server.url, B), await enroll(server.url, C)]
  })
  beforeEach(async () => {
    group = await makeGroup(server.url, a, [a, b])
    token = await invite(server.url, group, a)
  })

  const of = (rest: string) => `conversations/${group.id}${rest}`
  const asking = (who: Hand, body: unknown = joinBody(group, who), by = token) =>
    send(who.id, 'POST', `invites/${by}/join_requests`, body)
  const waiting = async (): Promise<string[]> =>
    (await send(A, 'GET', of('/join_requests'))).body.data.map((one: { user_id: string }) => one.user_id)

  /** The same for whatever leads nowhere. */
  function nowhere(answer: Answered, asked: string): void {
    expect([answer.status, answer.body]).toEqual([
      404,
      {
        type: 'https://api.x.com/2/problems/resource-not-found',
        title: 'Not Found Error',
        status: 404,
        detail: `invite ${asked} not found: it does not exist`,
        resource_type: 'invite',
        resource_id: asked,
        parameter: 'token',
        value: asked,
      },
    ])
  }

  describe('a link', () => {
    test('is shown to admins while it leads somewhere, and to no other member', async () => {
      const shown = async (who: string) => {
        const one = await send(who, 'GET', of(''))
        const list = await send(who, 'GET', 'conversations?max_results=100')
        const same = list.body.data.find((each: { id: string }) => each.id === group.id)
        expect(same).toEqual(one.body.data)
        return [one.body.data.invite_url, one.body.data.invite_expires_at_msec]
      }
      expect(await shown(A)).toEqual([`${server.url}/i/${token}`, undefined])
      expect(await shown(B)).toEqual([undefined, undefined])
      const end = Date.now() + 60_000
      const next = await invite(server.url, group, a, end)
      expect(await shown(A)).toEqual([`${server.url}/i/${next}`, String(end)])
      await send(A, 'DELETE', of('/invite'), noInviteBody(group, a))
      expect(await shown(A)).toEqual([undefined, undefined])
    })

    test('that was never, has ended, was replaced or whose group everybody left is one and the same 404', async () => {
      const unknown = randomBytes(16).toString('base64url')
      const ended = token
      const short = await invite(server.url, group, a, Date.now() + 300)
      await until(async () => (await send(C, 'GET', `invites/${short}`)).status === 404)
      const left = await makeGroup(server.url, a, [a])
      const abandoned = await invite(server.url, left, a)
      await send(A, 'POST', `conversations/${left.id}/leave`, leaveBody(left, a))
      const disabled = await invite(server.url, group, a)
      await send(A, 'DELETE', of('/invite'), noInviteBody(group, a))
      for (const one of [unknown, ended, short, abandoned, disabled, 'x', `${unknown}=`, `${unknown}/`, group.id]) {
        const path = `invites/${encodeURIComponent(one)}`
        nowhere(await send(C, 'GET', path), one)
        nowhere(await send(C, 'POST', `${path}/join_requests`, joinBody(group, c)), one)
        // Before what was sent is looked at.
        nowhere(await send(C, 'POST', `${path}/join_requests`, 'no JSON'), one)
      }
      refused(await send(A, 'DELETE', of('/invite'), noInviteBody(group, a)), 'no invite')
    })

    test('is this server’s, with a token of at least 128 bits that is spelled in one way', async () => {
      const right = randomBytes(16)
      const wrong = [
        `https://elsewhere.example/i/${right.toString('base64url')}`,
        `${server.url}/I/${right.toString('base64url')}`,
        `${server.url}/i/${randomBytes(15).toString('base64url')}`,
        `${server.url}/i/${randomBytes(65).toString('base64url')}`,
        `${server.url}/i/${right.toString('base64')}`,
        `${server.url}/i/${right.toString('base64url')}/x`,
        `${server.url}/i/${right.toString('base64url')}?x`,
        `${server.url}/i/`,
        `${server.url}/i/${right.toString('base64url').slice(0, -1)}${'B'}`,
        '',
      ]
      for (const url of wrong) refused(await send(A, 'PUT', of('/invite'), inviteBody(group, a, url)), 'invite_url')
      expect((await send(A, 'GET', of(''))).body.data.invite_url).toBe(`${server.url}/i/${token}`)
    })

    test('belongs to one group, and its token is free again when that one has another', async () => {
      const other = await makeGroup(server.url, b, [b])
      const body = () => inviteBody(other, b, `${server.url}/i/${token}`)
      refused(await send(B, 'PUT', `conversations/${other.id}/invite`, body()), 'invite_url', 'another conversation')
      await invite(server.url, group, a)
      expect((await send(B, 'PUT', `conversations/${other.id}/invite`, body())).status).toBe(200)
      expect((await send(C, 'GET', `invites/${token}`)).body.data.conversation_id).toBe(other.id)
    })

    test('is of groups, ends in time that is to come, and says what was signed', async () => {
      refused(await send(A, 'PUT', `conversations/${B}/invite`, inviteBody(group, a, inviteUrl(server.url))), 'a group')
      const url = inviteUrl(server.url)
      refused(await send(A, 'PUT', of('/invite'), inviteBody(group, a, url, 1)), 'expires_at_msec')
      for (const end of ['0', '-1', '01', '1e15', '9'.repeat(17), 5, {}])
        refused(
          await send(A, 'PUT', of('/invite'), { ...inviteBody(group, a, url), expires_at_msec: end }),
          'expires_at',
        )
      const later = String(Date.now() + 60_000)
      const unsigned = { ...inviteBody(group, a, url), expires_at_msec: later }
      refused(await send(A, 'PUT', of('/invite'), unsigned), 'expires_at_msec', 'does not match')
      const other = { ...inviteBody(group, a, inviteUrl(server.url)), invite_url: url }
      refused(await send(A, 'PUT', of('/invite'), other), 'invite_url', 'does not match')
      const change = { kind: 'inviteEnable', inviteUrl: url, affiliateId: A } as const
      const affiliate = { invite_url: url, action_signatures: [groupAction(a, group.id, change)] }
      refused(await send(A, 'PUT', of('/invite'), affiliate), 'affiliate_id')
    })

    test('has no page: the address itself is unknown here', async () => {
      const page = await ask(server.url, '', 'GET', `/i/${token}`, { authorization: null })
      expect(page.status).toBe(404)
    })

    test('is tried so often and no more, whether right or wrong then', async () => {
      const guesser = CROWD[9]!
      const guess = () => send(guesser, 'GET', `invites/${randomBytes(16).toString('base64url')}`)
      const answers = await Promise.all(Array.from({ length: 60 }, guess))
      expect(answers.every(({ status }) => status === 404)).toBe(true)
      for (const path of [`invites/${token}`, `invites/${randomBytes(16).toString('base64url')}`]) {
        const late = await send(guesser, 'GET', path)
        expect([late.status, late.body.title]).toEqual([429, 'Too Many Requests'])
        expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
        expect((await send(guesser, 'POST', `${path}/join_requests`, joinBody(group, c))).status).toBe(429)
      }
      // Nobody else pays for it.
      expect((await send(C, 'GET', `invites/${token}`)).status).toBe(200)
    })
  })

  describe('a request', () => {
    test('lets nobody read, send, hear or see anything of the group (L1, L10)', async () => {
      await send(A, 'POST', of('/admins'), adminsBody(group, a, 'adminAdd', [B]))
      const stream = await Listener.open(server.url, tokenOf(C))
      for (const type of ['chat.received', 'chat.conversation.join', 'chat.conversation.join_requested', 'chat.sent'])
        await subscribe(server.url, tokenOf(C), type, C)
      await askToJoin(server.url, group, c, token)
      const reads = ['', '/events', '/chain', '/join_requests']
      for (const rest of reads) expect([rest, (await send(C, 'GET', of(rest))).status]).toEqual([rest, 403])
      const media = await ask(server.url, tokenOf(C), 'GET', `/2/chat/media/${group.id}/abcdefghij`)
      const upload = await send(C, 'POST', 'media/upload/initialize', { conversation_id: group.id, total_bytes: 10 })
      expect([media.status, upload.status]).toEqual([403, 403])
      const listed = await send(C, 'GET', 'conversations?max_results=100')
      expect(listed.body.data.map((one: { id: string }) => one.id)).not.toContain(group.id)
      for (const [method, rest, body] of [
        ['POST', '/members', additionBody(group, c, [c])],
        ['PUT', '/invite', inviteBody(group, c, inviteUrl(server.url))],
        ['DELETE', '/invite', noInviteBody(group, c)],
        ['DELETE', '/join_requests', turnAwayBody(group, c, [C])],
        ['POST', '/admins', adminsBody(group, c, 'adminAdd', [C])],
        ['POST', '/typing', {}],
      ] as const)
        expect([rest, (await send(C, method, of(rest), body)).status]).toEqual([rest, 403])
      const roster = (await send(A, 'GET', of(''))).body.data
      expect([roster.member_ids, roster.participant_ids, roster.admin_ids]).toEqual([
        [A, B],
        [A, B],
        [A, B],
      ])
      expect(stream.types()).toEqual([])
      stream.close()
    })

    test('is heard by the members at once', async () => {
      const type = 'chat.conversation.join_requested'
      const stream = await Listener.open(server.url, tokenOf(B))
      await subscribe(server.url, tokenOf(B), type, B)
      await askToJoin(server.url, group, c, token)
      await stream.has(1)
      expect(stream.events[0]).toMatchObject({
        event_type: type,
        payload: { conversation_id: group.id, sender_id: C, encoded_event: expect.any(String) },
      })
      stream.close()
    })

    test('is nothing on the other wires', async () => {
      const dino = await DinoClient.open(server.url)
      expect((await dino.login(B, `user${B}`, tokenOf(B))).code).toBe(200)
      const ddp = await Ddp.connect(server.url)
      await ddp.call('login', { resume: tokenOf(A) })
      const rid = uuidOf(group.id.slice(1))
      await ddp.sub('stream-room-messages', rid)
      await ddp.sub('stream-notify-user', `${A}/subscriptions-changed`)
      await askToJoin(server.url, group, c, token)
      await invite(server.url, group, a)
      await send(A, 'DELETE', of('/join_requests'), turnAwayBody(group, a, [C]))
      await Promise.all([dino.settle(), ddp.call('subscriptions/get')])
      expect(dino.pushes.filter(push => JSON.stringify(push).includes(rid))).toEqual([])
      expect(ddp.texts.filter(text => text.includes(C))).toEqual([])
      dino.close()
      ddp.close()
    })

    test('waits with its time, the first first, until somebody answers', async () => {
      const before = Date.now()
      await askToJoin(server.url, group, c, token)
      const list = await send(A, 'GET', of('/join_requests'))
      expect(list.body).toEqual({ data: [{ user_id: C, created_at: expect.any(String) }], meta: { result_count: 1 } })
      expect(Math.abs(Date.parse(list.body.data[0].created_at) - before)).toBeLessThan(10_000)
      refused(await asking(c), 'token', 'already')
      refused(await asking(b), 'token', 'already a member')
      await send(A, 'DELETE', of('/join_requests'), turnAwayBody(group, a, [C]))
      expect(await waiting()).toEqual([])
      expect((await asking(c)).status).toBe(201)
    })

    test('is for oneself: not for another, not by another’s key, not for another group', async () => {
      const forOther = groupAction(c, group.id, { kind: 'joinRequest', userId: D })
      refused(await asking(c, { action_signatures: [forOther] }), 'requesting_user_id')
      // D’s own request, sent by C; and C’s, made with a key that is not C’s.
      const d = CROWD[4]!
      const dHand = await enroll(server.url, d)
      refused(await asking(c, joinBody(group, dHand)), 'public_key_version')
      const forged = joinBody(group, makeHand(C, c.version))
      refused(await asking(c, forged), 'public_key_version')
      const [action] = forged.action_signatures
      const { signing_public_key: _, ...signature } = action!.message_event_signature
      refused(await asking(c, { action_signatures: [{ ...action, message_event_signature: signature }] }), 'verify')
      const elsewhere = await makeGroup(server.url, a, [a])
      refused(await asking(c, joinBody(elsewhere, c)), 'does not verify')
      expect(await waiting()).toEqual([])
    })

    test('is a request to join and nothing else, alone', async () => {
      const others = [
        groupAction(c, group.id, { kind: 'memberRemove', ids: [C] }),
        groupAction(c, group.id, { kind: 'joinReject', ids: [C] }),
        groupAction(c, group.id, { kind: 'inviteDisable', disabledBy: C }),
      ]
      for (const other of others) refused(await asking(c, { action_signatures: [other] }), 'missing action signature')
      const [right] = joinBody(group, c).action_signatures
      refused(await asking(c, { action_signatures: [right, others[0]] }), 'too many')
      refused(await asking(c, { action_signatures: [] }), 'missing action signature')
      refused(await asking(c, {}), 'action_signatures')
      // Somebody who is no member writes into the log: nothing large.
      const large = await asking(c, { ...joinBody(group, c), padding: 'x'.repeat(20_000) })
      expect(large.status).toBe(413)
      expect(await waiting()).toEqual([])
    })

    test('is not one that was made before, here or by another way in', async () => {
      const body = joinBody(group, c)
      expect((await asking(c, body)).status).toBe(201)
      await send(A, 'DELETE', of('/join_requests'), turnAwayBody(group, a, [C]))
      refused(await asking(c, body), 'already used')
      const next = await invite(server.url, group, a)
      refused(await asking(c, body, next), 'already used')
      expect(await waiting()).toEqual([])
    })

    test('needs a key of one’s own', async () => {
      refused(await asking({ ...c, id: D }, joinBody(group, { ...c, id: D })), 'public_key_version')
    })

    test('ends with the addition of who asked, which alone makes a member', async () => {
      await askToJoin(server.url, group, c, token)
      const added = await send(A, 'POST', of('/members'), additionBody(group, a, [c]))
      expect(added.body.current_member_ids).toEqual([A, B, C])
      expect(await waiting()).toEqual([])
      refused(await asking(c), 'already a member')
    })

    test('ends with the account, and with a ban', async () => {
      const [gone, banned] = [await enroll(server.url, CROWD[5]!), await enroll(server.url, CROWD[6]!)]
      for (const who of [gone, banned, c]) await askToJoin(server.url, group, who, token)
      expect(await waiting()).toEqual([gone.id, banned.id, C])
      expect((await server.command('user', 'remove', gone.id)).code).toBe(0)
      const file = `${server.data}/ban.json`
      const ban = { kind: 'ban', user: banned.id, scope: 'global', reason: 'x' }
      await writeFile(file, JSON.stringify({ sanctions: [ban] }))
      expect((await server.command('import', file)).code).toBe(0)
      expect(await waiting()).toEqual([C])
      const read = await send(A, 'GET', of('/events?max_results=100'))
      expect(read.status).toBe(200)
    })

    test('is one of at most a hundred that wait', async () => {
      const hands = await Promise.all(ASKING.map(id => enroll(server.url, id)))
      const last = hands.pop()!
      for (const hand of hands) await askToJoin(server.url, group, hand, token)
      const full = await asking(last)
      expect([full.status, full.body.detail]).toEqual([409, expect.stringContaining('100')])
      expect(JSON.stringify(full.body)).not.toContain(group.version)
      // What was there goes on: members change, and one who is answered makes room.
      await send(A, 'DELETE', of('/join_requests'), turnAwayBody(group, a, [hands[0]!.id]))
      expect((await asking(last)).status).toBe(201)
      expect((await waiting()).length).toBe(100)
    })
  })

  describe('others than admins', () => {
    test('neither make nor end a link, nor look at who waits, nor turn anybody away', async () => {
      await askToJoin(server.url, group, c, token)
      for (const [method, rest, body] of [
        ['PUT', '/invite', inviteBody(group, b, inviteUrl(server.url))],
        ['DELETE', '/invite', noInviteBody(group, b)],
        ['GET', '/join_requests', undefined],
        ['DELETE', '/join_requests', turnAwayBody(group, b, [C])],
      ] as const) {
        const answer = await send(B, method, of(rest), body)
        expect([rest, answer.status, answer.body.code]).toEqual([rest, 403, 'REQUESTER_NOT_ADMIN'])
      }
      expect(await waiting()).toEqual([C])
      expect((await send(C, 'GET', `invites/${token}`)).status).toBe(200)
    })

    test('are not believed when they send what an admin signed', async () => {
      await askToJoin(server.url, group, c, token)
      await send(A, 'POST', of('/admins'), adminsBody(group, a, 'adminAdd', [B]))
      refused(await send(B, 'DELETE', of('/join_requests'), turnAwayBody(group, a, [C])), 'public_key_version')
      refused(await send(B, 'DELETE', of('/invite'), noInviteBody(group, a)), 'public_key_version')
      const named = groupAction(b, group.id, { kind: 'inviteDisable', disabledBy: A })
      refused(await send(B, 'DELETE', of('/invite'), { action_signatures: [named] }), 'disabled_by')
      expect((await send(B, 'DELETE', of('/invite'), noInviteBody(group, b))).status).toBe(200)
    })

    test('and admins turn away who has asked, as it was signed', async () => {
      await askToJoin(server.url, group, c, token)
      refused(await send(A, 'DELETE', of('/join_requests'), turnAwayBody(group, a, [D])), 'user_ids', 'not asked')
      refused(await send(A, 'DELETE', of('/join_requests'), turnAwayBody(group, a, [C, C])), 'duplicate')
      const body = { ...turnAwayBody(group, a, [D]), user_ids: [C] }
      refused(await send(A, 'DELETE', of('/join_requests'), body), 'user_ids', 'does not match')
      expect(await waiting()).toEqual([C])
    })
  })

  describe('a race', () => {
    test('of a request with the end of its link has the request first, or not at all', async () => {
      for (let round = 0; round < 8; round++) {
        const raced = await makeGroup(server.url, a, [a])
        const by = await invite(server.url, raced, a)
        const [asked, ended] = await Promise.all([
          asking(c, joinBody(raced, c), by),
          send(A, 'DELETE', `conversations/${raced.id}/invite`, noInviteBody(raced, a)),
        ])
        expect(ended.status).toBe(200)
        expect([201, 404]).toContain(asked.status)
        const list = await send(A, 'GET', `conversations/${raced.id}/join_requests`)
        expect(list.body.data.length).toBe(asked.status === 201 ? 1 : 0)
        // In the log a request never follows the end of the link that it came by.
        expect((await asking(c, joinBody(raced, c), by)).status).toBe(404)
      }
    })

    test('of one person with themselves is won once', async () => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => asking(c)))
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
      for (const answer of answers) if (answer.status !== 201) refused(answer, 'already')
      expect(await waiting()).toEqual([C])
    })

    test('of one person with themselves keeps nobody else out of the line', async () => {
      const d = await enroll(server.url, CROWD[8]!)
      const body = joinBody(group, c)
      const crowding = Array.from({ length: 400 }, () => asking(c, body))
      // Until the first is told that there is no more room.
      await Promise.any(
        crowding.map(async sent => {
          if (![201, 400].includes((await sent).status)) return
          throw new Error('there was room')
        }),
      )
      const others = await Promise.all(Array.from({ length: 10 }, () => asking(d)))
      expect(others.filter(({ status }) => status === 201)).toHaveLength(1)
      for (const answer of others) if (answer.status !== 201) refused(answer, 'already')
      await Promise.all(crowding)
    })

    test('of an addition with a rejection lets somebody in, or turns them away, or lets them in after it', async () => {
      for (let round = 0; round < 5; round++) {
        const raced = await makeGroup(server.url, a, [a])
        await askToJoin(server.url, raced, c, await invite(server.url, raced, a))
        const path = `conversations/${raced.id}`
        const [added, rejected] = await Promise.all([
          send(A, 'POST', `${path}/members`, additionBody(raced, a, [c])),
          send(A, 'DELETE', `${path}/join_requests`, turnAwayBody(raced, a, [C])),
        ])
        expect(added.status).toBe(200)
        if (rejected.status !== 200) refused(rejected, 'not asked')
        expect((await send(A, 'GET', `${path}/join_requests`)).body.data).toEqual([])
      }
    })

    test('of many requests with a change of members ends with all of them answered rightly', async () => {
      const crowd = await Promise.all(CROWD.slice(10, 25).map(id => enroll(server.url, id)))
      const removal = removalBody(group, a, [b])
      const [removed, ...asked] = await Promise.all([
        send(A, 'DELETE', of('/members'), removal),
        ...crowd.map(hand => asking(hand)),
      ])
      for (const { status } of asked) expect([201, 409]).toContain(status)
      const taken = asked.filter(({ status }) => status === 201).length
      expect((await waiting()).length).toBe(taken)
      expect([200, 409]).toContain(removed!.status)
    })

    test('of two groups for one token is won by one', async () => {
      const other = await makeGroup(server.url, b, [b])
      const url = inviteUrl(server.url)
      const answers = await Promise.all([
        send(A, 'PUT', of('/invite'), inviteBody(group, a, url)),
        send(B, 'PUT', `conversations/${other.id}/invite`, inviteBody(other, b, url)),
      ])
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 400]))
      const led = await send(C, 'GET', `invites/${tokenOfInvite(url)}`)
      expect(led.body.data.conversation_id).toBe(answers[0]!.status === 200 ? group.id : other.id)
    })
  })

  test('a link, who waits and who was turned away outlive a crash (L6)', async () => {
    const d = await enroll(server.url, CROWD[7]!)
    for (const who of [c, d]) await askToJoin(server.url, group, who, token)
    await send(A, 'DELETE', of('/join_requests'), turnAwayBody(group, a, [C]))
    await server.kill()
    server = await startServer({ data: server.data })
    expect(await waiting()).toEqual([d.id])
    expect((await send(C, 'GET', `invites/${token}`)).body.data.conversation_id).toBe(group.id)
  })
})
