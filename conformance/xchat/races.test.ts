// Many at once (L1, L2, L3): one wins, everybody else is told what counts now, and the log shows one change.
import { decodeDetailBytes, decodeMessageEvent } from '@conclave/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { startServer } from '../server.ts'
import type { Group, Hand } from './hand.ts'
import {
  additionBody,
  adminsBody,
  deleteBody,
  enroll,
  groupBody,
  invite,
  inviteBody,
  inviteUrl,
  joinBody,
  keysBody,
  leaveBody,
  makeGroup,
  messageBody,
  noInviteBody,
  removalBody,
  retitleBody,
  tokenOfInvite,
  turnAwayBody,
} from './hand.ts'
import type { Answered } from './http.ts'
import { ask } from './http.ts'
import { A, B, CROWD, startXchatServer, tokenOf } from './start.ts'
import { download, sendMedium } from './upload.ts'

const MANY = 25

let server: TestServer
let a: Hand
let b: Hand
let crowd: Hand[]

beforeAll(async () => {
  server = await startXchatServer()
  ;[a, b] = [await enroll(server.url, A), await enroll(server.url, B)]
  crowd = await Promise.all(CROWD.slice(0, MANY).map(id => enroll(server.url, id)))
})
afterAll(() => server?.remove())

function send(method: string, path: string, body: unknown, who = A): Promise<Answered> {
  return ask(server.url, tokenOf(who), method, `/2/chat/conversations/${path}`, { body })
}

function post(path: string, body: unknown, who = A): Promise<Answered> {
  return send('POST', path, body, who)
}

/** Kinds of a conversation's events, oldest first, with the versions of key changes. */
async function log(id: string, who = A): Promise<{ kinds: string[]; versions: string[] }> {
  const answer = await ask(server.url, tokenOf(who), 'GET', `/2/chat/conversations/${id}/events?max_results=100`)
  const kinds: string[] = []
  const versions: string[] = []
  for (const item of answer.body.data.reverse()) {
    const event = decodeMessageEvent(item.encoded_event)
    if (!event.ok) throw new Error(event.error)
    const detail = decodeDetailBytes(event.value.detail)
    if (!detail.ok) throw new Error(detail.error)
    kinds.push(detail.value.kind === 'groupChange' ? detail.value.change.kind : detail.value.kind)
    if (detail.value.kind === 'keyChange') versions.push(detail.value.event.conversationKeyVersion)
  }
  return { kinds, versions }
}

function sameSet(one: Iterable<string>, other: ReadonlySet<string>): boolean {
  const set = new Set(one)
  return set.size === other.size && [...set].every(each => other.has(each))
}

/** One 200; the others 409 or 400, each naming the version that won. */
async function oneWins(group: Pick<Group, 'id'>, answers: readonly Answered[]): Promise<void> {
  const { versions } = await log(group.id)
  const current = versions.at(-1)
  expect(answers.filter(answer => answer.status === 200)).toHaveLength(1)
  for (const answer of answers) {
    if (answer.status === 200) continue
    expect([400, 409]).toContain(answer.status)
    expect(answer.body.detail).toContain(current)
    expect(answer.body.current_key_version).toBe(current)
  }
}

describe('of many at once', () => {
  test(`${MANY} additions of different people, one wins and the log shows one rotation`, async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const bodies = crowd.map(user => additionBody(group, a, [user]))
    const answers = await Promise.all(bodies.map(body => post(`${group.id}/members`, body)))
    await oneWins(group, answers)
    expect((await log(group.id)).kinds).toEqual(['keyChange', 'create', 'keyChange', 'memberAdd'])
    const { body } = await ask(server.url, tokenOf(A), 'GET', `/2/chat/conversations/${group.id}`)
    expect(body.data.member_ids).toHaveLength(3)
  })

  test(`${MANY} additions of the same person, one wins`, async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const bodies = crowd.map(() => additionBody(group, a, [crowd[0]!]))
    await oneWins(group, await Promise.all(bodies.map(body => post(`${group.id}/members`, body))))
    expect((await log(group.id)).kinds).toEqual(['keyChange', 'create', 'keyChange', 'memberAdd'])
  })

  test(`${MANY} removals of different people, one wins and the log shows one rotation`, async () => {
    const group = await makeGroup(server.url, a, [a, b, ...crowd])
    const bodies = crowd.map(user => removalBody(group, a, [user]))
    const answers = await Promise.all(bodies.map(body => send('DELETE', `${group.id}/members`, body)))
    await oneWins(group, answers)
    expect((await log(group.id)).kinds).toEqual(['keyChange', 'create', 'memberRemove', 'keyChange'])
    const { body } = await ask(server.url, tokenOf(A), 'GET', `/2/chat/conversations/${group.id}`)
    expect(body.data.member_ids).toHaveLength(crowd.length + 1)
  })

  test(`${MANY} removals of the same person, one wins`, async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const bodies = crowd.map(() => removalBody(group, a, [b]))
    await oneWins(group, await Promise.all(bodies.map(body => send('DELETE', `${group.id}/members`, body))))
  })

  test(`${MANY} additions and removals mixed, by two admins, one wins`, async () => {
    const staying = crowd.slice(0, 12)
    const group = await makeGroup(server.url, a, [a, b, ...staying])
    await send('POST', `${group.id}/admins`, adminsBody(group, a, 'adminAdd', [B]))
    group.admins = [A, B]
    const answers = await Promise.all(
      crowd.map((user, index) => {
        const by = index % 2 === 0 ? a : b
        return index < staying.length
          ? send('DELETE', `${group.id}/members`, removalBody(group, by, [user]), by.id)
          : send('POST', `${group.id}/members`, additionBody(group, by, [user]), by.id)
      }),
    )
    await oneWins(group, answers)
    expect((await log(group.id)).kinds.filter(kind => kind === 'keyChange')).toHaveLength(2)
    const { body } = await ask(server.url, tokenOf(A), 'GET', `/2/chat/conversations/${group.id}`)
    const size = staying.length + 2
    expect([size - 1, size + 1]).toContain(body.data.member_ids.length)
  })

  test(`${MANY} leaves, all go, and the group is closed for the two who stay`, async () => {
    const group = await makeGroup(server.url, a, [a, b, ...crowd])
    let staying = crowd.map(user => ({ user, body: leaveBody(group, user) }))
    // Whoever lost against five others is told 409, and asks again with what they signed.
    while (staying.length > 0) {
      const answers = await Promise.all(
        staying.map(({ user, body }) => send('POST', `${group.id}/leave`, body, user.id)),
      )
      for (const answer of answers) expect([200, 409]).toContain(answer.status)
      expect(answers.some(answer => answer.status === 200)).toBe(true)
      staying = staying.filter((_, index) => answers[index]?.status === 409)
    }
    const { body } = await ask(server.url, tokenOf(A), 'GET', `/2/chat/conversations/${group.id}`)
    expect(body.data).toMatchObject({ member_ids: [A, B], rotation_required: true })
    expect((await log(group.id)).kinds.filter(kind => kind === 'memberRemove')).toHaveLength(MANY)
  })

  test('a leave while a key is made for whoever leaves, none is left with the newest key outside of an open group', async () => {
    const group = await makeGroup(server.url, a, [a, b, ...crowd])
    const [first, ...others] = crowd as [Hand, ...Hand[]]
    const [left, added] = await Promise.all([
      send('POST', `${group.id}/leave`, leaveBody(group, first), first.id),
      send('DELETE', `${group.id}/members`, removalBody(group, a, [others[0]!])),
    ])
    expect(left.status).toBe(200)
    expect([200, 400, 409]).toContain(added.status)
    const { body } = await ask(server.url, tokenOf(A), 'GET', `/2/chat/conversations/${group.id}`)
    // If the leave came first, the key for the one who left was refused; otherwise the leave closed the group again.
    expect(body.data.rotation_required).toBe(true)
    expect(body.data.member_ids).not.toContain(first.id)
  })

  test('the last two admins who take each other away, one stays', async () => {
    const group = await makeGroup(server.url, a, [a, b])
    await send('POST', `${group.id}/admins`, adminsBody(group, a, 'adminAdd', [B]))
    const answers = await Promise.all([
      send('DELETE', `${group.id}/admins`, adminsBody(group, a, 'adminRemove', [B])),
      send('DELETE', `${group.id}/admins`, adminsBody(group, b, 'adminRemove', [A]), B),
    ])
    expect(answers.map(answer => answer.status).sort((one, other) => one - other)).toEqual([200, 403])
    const { body } = await ask(server.url, tokenOf(A), 'GET', `/2/chat/conversations/${group.id}`)
    expect(body.data.admin_ids).toHaveLength(1)
  })

  test('a deletion and the end of its author’s admin rights, none stands in the log behind that end', async () => {
    for (let round = 0; round < 8; round++) {
      const group = await makeGroup(server.url, a, [a, b])
      await send('POST', `${group.id}/admins`, adminsBody(group, a, 'adminAdd', [B]))
      const message = messageBody(a, group.id, group.version)
      const sent = await post(`${group.id}/messages`, message)
      const event = decodeMessageEvent(sent.body.data.encoded_message_event)
      if (!event.ok) throw new Error(event.error)
      const deletions = Array.from({ length: 4 }, () => deleteBody(b, group.id, [event.value.sequenceId], 'all'))
      const ask = (body: object) => post(`${group.id}/messages/delete`, body, B)
      const end = () => send('DELETE', `${group.id}/admins`, adminsBody(group, a, 'adminRemove', [B]))
      const [first, second, ended, third, fourth] = await Promise.all([
        ask(deletions[0]!),
        ask(deletions[1]!),
        end(),
        ask(deletions[2]!),
        ask(deletions[3]!),
      ])
      expect(ended.status).toBe(200)
      const { kinds } = await log(group.id)
      expect(kinds.lastIndexOf('messageDelete')).toBeLessThan(kinds.indexOf('adminRemove'))
      const answers = [first, second, third, fourth]
      for (const { status } of answers) expect([200, 403]).toContain(status)
      const taken = answers.filter(({ status }) => status === 200).length
      expect(kinds.filter(kind => kind === 'messageDelete')).toHaveLength(taken)
    }
  })

  test('a deletion and its author’s removal, the file stays unless the message went', async () => {
    for (let round = 0; round < 6; round++) {
      const group = await makeGroup(server.url, a, [a, b])
      const sent = await post(`${group.id}/messages`, messageBody(b, group.id, group.version), B)
      const event = decodeMessageEvent(sent.body.data.encoded_message_event)
      if (!event.ok) throw new Error(event.error)
      const media = [await sendMedium(server.url, B, group.id, Buffer.from('a file'))]
      const body = deleteBody(b, group.id, [event.value.sequenceId], 'all', { media })
      const [deleted] = await Promise.all([
        post(`${group.id}/messages/delete`, body, B),
        send('DELETE', `${group.id}/members`, removalBody(group, a, [b])),
      ])
      expect([200, 403]).toContain(deleted.status)
      const { kinds } = await log(group.id)
      expect(kinds.includes('messageDelete')).toBe(deleted.status === 200)
      const { status } = await download(server.url, A, group.id, media[0]!)
      expect(status).toBe(deleted.status === 200 ? 404 : 200)
    }
  })

  test('a deletion for oneself and one’s removal, what was answered is what stays hidden', async () => {
    let hidden = 0
    for (let round = 0; round < 8; round++) {
      const group = await makeGroup(server.url, a, [a, b])
      const sent = await post(`${group.id}/messages`, messageBody(a, group.id, group.version))
      const event = decodeMessageEvent(sent.body.data.encoded_message_event)
      if (!event.ok) throw new Error(event.error)
      const body = deleteBody(b, group.id, [event.value.sequenceId], 'self')
      const removal = removalBody(group, a, [b])
      const both = [
        () => post(`${group.id}/messages/delete`, body, B),
        () => send('DELETE', `${group.id}/members`, removal),
      ]
      // The last one is no race: whatever the store, one deletion comes first.
      const first = round === 7 ? [await both[0]!()] : []
      const ordered = round % 2 === 0 ? both : both.toReversed()
      const answers = round === 7 ? [await both[1]!(), ...first] : await Promise.all(ordered.map(go => go()))
      const deleted = answers[round % 2 === 0 ? 0 : 1]!
      expect([200, 403]).toContain(deleted.status)
      if (deleted.status === 200) hidden += 1
      const back = additionBody({ ...group, members: [a], version: removal.conversation_key_version }, a, [b])
      expect((await post(`${group.id}/members`, back)).status).toBe(200)
      const { kinds } = await log(group.id, B)
      expect(kinds.includes('messageCreate')).toBe(deleted.status !== 200)
    }
    expect(hidden).toBeGreaterThan(0)
  })

  test('titles under the key that is being changed, none is taken under the old one after the new one', async () => {
    const group = await makeGroup(server.url, a, [a, b])
    // Four, since a rotation is decided five times at most.
    const titles = Array.from({ length: 4 }, () => retitleBody(group, a, 'title'))
    const put = (body: object) => send('PUT', `${group.id}/title`, body)
    const [rotated, ...answers] = await Promise.all([
      send('POST', `${group.id}/keys`, keysBody(a, group.id, [a, b])),
      ...titles.map(put),
    ])
    expect(rotated.status).toBe(200)
    const { kinds, versions } = await log(group.id)
    expect(kinds.lastIndexOf('title')).toBeLessThan(kinds.lastIndexOf('keyChange'))
    for (const answer of answers) {
      if (answer.status === 200) continue
      expect([400, 409]).toContain(answer.status)
      expect(answer.body.current_key_version).toBe(versions.at(-1))
    }
  })

  test(`${MANY} rotations, each overtaken one is refused although its version is newer`, async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const bodies = crowd.map(() => keysBody(a, group.id, [a, b]))
    const answers = await Promise.all(bodies.map(body => post(`${group.id}/keys`, body)))
    // One that was only begun after another was committed starts from what that one made, and may win after it.
    const won = answers.filter(answer => answer.status === 200).length
    const { kinds, versions } = await log(group.id)
    expect(kinds.filter(kind => kind === 'keyChange')).toHaveLength(1 + won)
    expect([...versions].sort()).toEqual(versions)
    expect(answers.some(answer => answer.status === 409)).toBe(true)
    for (const answer of answers) {
      if (answer.status === 200) continue
      expect([400, 409]).toContain(answer.status)
      expect(versions).toContain(answer.body.current_key_version)
      expect(answer.body.detail).toContain(answer.body.current_key_version)
    }
  })

  test('beginnings of one one-to-one, from both sides, one wins and is what both find', async () => {
    const [one, two] = [crowd[1]!, crowd[2]!]
    const id = `${one.id}:${two.id}`
    const asks = crowd.map((_, index) => {
      const [by, other] = index % 2 === 0 ? [one, two] : [two, one]
      return post(`${other.id}/keys`, keysBody(by, id, [one, two]), by.id)
    })
    const answers = await Promise.all(asks)
    const won = answers.filter(answer => answer.status === 200)
    const { kinds, versions } = await log(two.id, one.id)
    expect(kinds).toHaveLength(won.length)
    expect(won.length).toBeGreaterThan(0)
    for (const answer of answers) {
      if (answer.status === 200) expect(answer.body.data.conversation_id).toBe(`${one.id}-${two.id}`)
      else expect(versions).toContain(answer.body.current_key_version)
    }
    for (const user of [one, two]) {
      const listed = await ask(server.url, tokenOf(user.id), 'GET', '/2/chat/conversations')
      expect(listed.body.data.filter((item: { type: string }) => item.type === 'direct')).toHaveLength(1)
    }
  })

  test('creations of one group, one wins', async () => {
    const { body, group } = await groupBody(server.url, a, [a, b])
    const answers = await Promise.all(crowd.map(() => post('group', body)))
    expect(answers.filter(answer => answer.status === 201)).toHaveLength(1)
    expect(answers.filter(answer => answer.status === 400)).toHaveLength(MANY - 1)
    expect((await log(group.id)).kinds).toEqual(['keyChange', 'create'])
  })

  test('sendings of one message, all get the identical envelope', async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const body = messageBody(a, group.id, group.version)
    const answers = await Promise.all(crowd.map(() => post(`${group.id}/messages`, body)))
    expect(new Set(answers.map(answer => `${answer.status} ${answer.text}`)).size).toBe(1)
    expect(answers[0]?.status).toBe(201)
    expect((await log(group.id)).kinds).toEqual(['keyChange', 'create', 'messageCreate'])
  })

  test('requests to join, all are taken, and hold up none of the messages', async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const token = await invite(server.url, group, a)
    const requests = crowd.map(hand => ({ who: tokenOf(hand.id), body: joinBody(group, hand) }))
    const messages = Array.from({ length: 30 }, () => messageBody(a, group.id, group.version))
    const answers = await Promise.all([
      ...requests.map(({ who, body }) =>
        ask(server.url, who, 'POST', `/2/chat/invites/${token}/join_requests`, { body }),
      ),
      ...messages.map(body => post(`${group.id}/messages`, body)),
    ])
    for (const { status, text } of answers) expect([status, text]).toEqual([201, text])
    const { kinds } = await log(group.id)
    expect(kinds.filter(kind => kind === 'joinRequest')).toHaveLength(MANY)
  })

  test('messages while a member is added, none is taken under the old key after the new one', async () => {
    const group = await makeGroup(server.url, a, [a, b])
    const addition = additionBody(group, a, [crowd[3]!])
    const messages = Array.from({ length: 60 }, (_, index) => messageBody(index % 2 ? a : b, group.id, group.version))
    const say = (body: object, index: number) => post(`${group.id}/messages`, body, index % 2 ? A : B)
    const answers = await Promise.all([
      ...messages.slice(0, 30).map(say),
      post(`${group.id}/members`, addition),
      ...messages.slice(30).map(say),
    ])
    const taken = answers.filter(answer => answer.status === 201).length
    for (const answer of answers) {
      if (answer.status === 400) expect(answer.body.code).toBe('NON_LATEST_CKEY_VERSION')
      else expect([200, 201]).toContain(answer.status)
    }
    const { kinds } = await log(group.id)
    expect(kinds.filter(kind => kind === 'messageCreate')).toHaveLength(taken)
    expect(kinds.lastIndexOf('messageCreate')).toBeLessThan(kinds.lastIndexOf('keyChange'))
  })
})

describe('of any two changes at once', () => {
  /** A change of a group of A and B, its admins, and three others; what it is a change of. */
  const CHANGES: Readonly<Record<string, (group: Group) => Promise<Answered>>> = {
    addition: group => post(`${group.id}/members`, additionBody(group, a, [crowd[9]!])),
    'removal of a member': group => send('DELETE', `${group.id}/members`, removalBody(group, a, [crowd[0]!])),
    'removal of an admin': group => send('DELETE', `${group.id}/members`, removalBody(group, b, [a]), B),
    'leave of a member': group => post(`${group.id}/leave`, leaveBody(group, crowd[0]!), crowd[0]!.id),
    'leave of an admin': group => post(`${group.id}/leave`, leaveBody(group, b), B),
    'new admin': group => post(`${group.id}/admins`, adminsBody(group, a, 'adminAdd', [crowd[0]!.id])),
    'admin no more': group => send('DELETE', `${group.id}/admins`, adminsBody(group, b, 'adminRemove', [A]), B),
    title: group => send('PUT', `${group.id}/title`, retitleBody(group, a, 'title')),
    avatar: group => send('PUT', `${group.id}/avatar`, retitleBody(group, b, 'avatar'), B),
    'next key': group => post(`${group.id}/keys`, keysBody(crowd[1]!, group.id, group.members), crowd[1]!.id),
    message: group => post(`${group.id}/messages`, messageBody(crowd[0]!, group.id, group.version), crowd[0]!.id),
    'new link': group => send('PUT', `${group.id}/invite`, inviteBody(group, a, inviteUrl(server.url))),
    'end of the link': group => send('DELETE', `${group.id}/invite`, noInviteBody(group, b), B),
    request: group => join(group, crowd[9]!),
    rejection: group => send('DELETE', `${group.id}/join_requests`, turnAwayBody(group, a, [crowd[10]!.id])),
  }
  /** Of the team, before the two: the second admin, the link, and the request of somebody who waits. */
  const PREPARED = 3
  const links = new Map<string, string>()

  function join(group: Group, who: Hand): Promise<Answered> {
    const path = `/2/chat/invites/${links.get(group.id)}/join_requests`
    return ask(server.url, tokenOf(who.id), 'POST', path, { body: joinBody(group, who) })
  }

  async function teamOfTwoAdmins(): Promise<Group> {
    const group = await makeGroup(server.url, a, [a, b, ...crowd.slice(0, 3)])
    const made = await post(`${group.id}/admins`, adminsBody(group, a, 'adminAdd', [B]))
    expect(made.status).toBe(200)
    group.admins = [A, B]
    links.set(group.id, await invite(server.url, group, a))
    expect((await join(group, crowd[10]!)).status).toBe(201)
    return group
  }

  /** What the log says happened, one after another, each allowed where it stands; read by who takes part in nothing. */
  async function replayed(group: Group): Promise<{
    members: Set<string>
    admins: Set<string>
    waiting: Set<string>
    open: boolean
    changes: number
  }> {
    const { id: reader } = crowd[2]!
    const { body } = await ask(
      server.url,
      tokenOf(reader),
      'GET',
      `/2/chat/conversations/${group.id}/events?max_results=100`,
    )
    const [members, admins, covered] = [new Set<string>(), new Set<string>(), new Set<string>()]
    const waiting = new Set<string>()
    let version = ''
    let link = ''
    let changes = 0
    for (const item of body.data.reverse()) {
      const event = decodeMessageEvent(item.encoded_event)
      const detail = event.ok ? decodeDetailBytes(event.value.detail) : event
      if (!event.ok || !detail.ok) throw new Error('the log cannot be read')
      const { senderId } = event.value
      const open = sameSet(covered, members)
      const { value } = detail
      if (value.kind === 'keyChange') {
        version = value.event.conversationKeyVersion
        covered.clear()
        for (const { userId } of value.event.participantKeys) covered.add(userId)
        // One that is for others as well begins an addition, or the group.
        if (!sameSet(covered, members)) continue
        expect(members.has(senderId)).toBe(true)
        changes += 1
        continue
      }
      changes += 1
      if (value.kind === 'messageCreate') {
        expect([open, members.has(senderId), value.event.conversationKeyVersion]).toEqual([true, true, version])
        continue
      }
      if (value.kind !== 'groupChange') throw new Error(`an unexpected ${value.kind}`)
      const { change } = value
      if (change.kind === 'create') {
        for (const user of change.memberIds) members.add(user)
        for (const user of change.adminIds) admins.add(user)
        changes = 0
      } else if (change.kind === 'memberAdd') {
        expect([members.has(senderId), sameSet(change.currentMemberIds, members)]).toEqual([true, true])
        expect(sameSet(change.currentAdminIds, admins)).toBe(true)
        for (const user of change.memberIds) {
          members.add(user)
          waiting.delete(user)
        }
        expect(sameSet(covered, members)).toBe(true)
      } else if (change.kind === 'memberRemove') {
        const own = change.ids.length === 1 && change.ids[0] === senderId
        expect([own || admins.has(senderId), change.ids.every(user => members.has(user))]).toEqual([true, true])
        for (const user of change.ids) for (const set of [members, admins]) set.delete(user)
        // The key that comes with a removal is counted as a change of its own.
        if (!own) changes -= 1
      } else if (change.kind === 'adminAdd' || change.kind === 'adminRemove') {
        expect([admins.has(senderId), change.ids.every(user => members.has(user))]).toEqual([true, true])
        for (const user of change.ids) {
          if (change.kind === 'adminAdd') admins.add(user)
          else admins.delete(user)
        }
      } else if (change.kind === 'title' || change.kind === 'avatar') {
        expect([open, admins.has(senderId), change.conversationKeyVersion]).toEqual([true, true, version])
      } else if (change.kind === 'inviteEnable') {
        expect([open, admins.has(senderId)]).toEqual([true, true])
        link = tokenOfInvite(change.inviteUrl)
      } else if (change.kind === 'inviteDisable') {
        expect([admins.has(senderId), link]).toEqual([true, expect.stringMatching(/./)])
        link = ''
      } else if (change.kind === 'joinRequest') {
        expect([change.userId, link]).toEqual([senderId, links.get(group.id)])
        expect([members.has(senderId), waiting.has(senderId)]).toEqual([false, false])
        waiting.add(senderId)
      } else if (change.kind === 'joinReject') {
        expect([admins.has(senderId), change.ids.every(user => waiting.delete(user))]).toEqual([true, true])
      }
    }
    return { members, admins, waiting, open: sameSet(covered, members), changes }
  }

  const names = Object.keys(CHANGES)
  const pairs = names.flatMap((one, at) => names.slice(at).map(other => [one, other] as const))
  test.each(pairs)(
    '%s and %s: what was answered well is in the log, in an order in which each was right',
    async (one, other) => {
      await Promise.all([both(one, other), both(other, one)])
    },
  )

  async function both(one: string, other: string): Promise<void> {
    const group = await teamOfTwoAdmins()
    const answers = await Promise.all([CHANGES[one]!(group), CHANGES[other]!(group)])
    for (const { status, text } of answers) expect([200, 201, 400, 403, 404, 409, text]).toContain(status)
    const { body } = await ask(server.url, tokenOf(crowd[2]!.id), 'GET', `/2/chat/conversations/${group.id}`)
    const { members, admins, waiting, open, changes } = await replayed(group)
    expect(new Set(body.data.member_ids)).toEqual(members)
    expect(new Set(body.data.admin_ids)).toEqual(admins)
    expect(body.data.rotation_required ?? false).toBe(!open)
    const list = await Promise.all([A, B].map(who => send('GET', `${group.id}/join_requests`, undefined, who)))
    const served = list.find(({ status }) => status === 200)?.body.data as { user_id: string }[] | undefined
    if (served) expect(new Set(served.map(({ user_id }) => user_id))).toEqual(waiting)
    expect(changes).toBe(PREPARED + answers.filter(({ status }) => status < 300).length)
  }
})

describe('a restart', () => {
  test('forgets neither who initialised a group nor what was said in it', async () => {
    let first = await startXchatServer()
    const { data } = first
    const one = await enroll(first.url, A)
    const prepared = await groupBody(first.url, one, [one])
    await first.stop()
    first = await startServer({ data })
    const created = await ask(first.url, tokenOf(A), 'POST', '/2/chat/conversations/group', { body: prepared.body })
    expect(created.status).toBe(201)
    const { id, version } = prepared.group
    const path = `/2/chat/conversations/${id}`
    const message = messageBody(one, id, version)
    const sent = await ask(first.url, tokenOf(A), 'POST', `${path}/messages`, { body: message })
    const before = await ask(first.url, tokenOf(A), 'GET', `${path}/events`)
    await first.kill()
    first = await startServer({ data })
    try {
      expect((await ask(first.url, tokenOf(A), 'GET', `${path}/events`)).text).toBe(before.text)
      const again = await ask(first.url, tokenOf(A), 'POST', `${path}/messages`, { body: message })
      expect(again.text).toBe(sent.text)
    } finally {
      await first.remove()
    }
  })
})
