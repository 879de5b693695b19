// Links into rooms: who may make them, what they open, and what nobody gets out of them.
import { expect, test } from 'vitest'
import { stage } from './stage.ts'
import { IDS, type Name } from './start.ts'

const on = stage()
const { as, api } = on
let made = 0

const group = async (members: string[], encrypted = false): Promise<string> =>
  (await (await as('alice')).call('createPrivateGroup', `invited ${made++}`, members, false, {}, { encrypted })).rid
const invite = (name: Name, rid: unknown, maxUses = 0, days = 1) =>
  api(name, 'POST', 'findOrCreateInvite', { rid, days, maxUses })
const use = (name: Name, token: unknown) => api(name, 'POST', 'useInviteToken', { token })
const isIn = async (name: Name, rid: string): Promise<boolean> =>
  (await api(name, 'GET', `groups.info?roomId=${rid}`)).status === 200

test('a link lets somebody into a private room, once it is known whole', async () => {
  const rid = await group(['bob'])
  const { body } = await invite('alice', rid, 5)
  expect(body).toMatchObject({ success: true, rid, days: 1, maxUses: 5, uses: 0, userId: IDS.alice })
  const { _id, inviteToken, url } = body
  expect(url).toContain(`/invite/${inviteToken}`)
  expect(inviteToken.length - _id.length).toBeGreaterThanOrEqual(22)
  expect((await invite('alice', rid, 5)).body).toMatchObject({ _id, inviteToken })
  expect((await invite('alice', rid, 10)).body._id).not.toBe(_id)
  const forged = [_id, `${_id}${'A'.repeat(24)}`, `${inviteToken}x`, inviteToken.slice(0, -1), '', '../..']
  for (const token of forged) {
    expect((await use('carol', token)).body.errorType).toBe('error-invalid-token')
    expect((await api(null, 'POST', 'validateInviteToken', { token })).body).toEqual({ success: true, valid: false })
  }
  expect((await api(null, 'POST', 'validateInviteToken', { token: inviteToken })).body.valid).toBe(true)
  for (const token of [1, null, { $ne: '' }, ['x'], undefined])
    expect(await use('carol', token)).toMatchObject({ status: 400, body: { errorType: 'invalid-params' } })
  const carol = await as('carol')
  await carol.sub('stream-notify-user', `${IDS.carol}/subscriptions-changed`)
  expect((await use('carol', inviteToken)).body).toMatchObject({ success: true, room: { rid, t: 'p' } })
  await carol.event('notify-user', ([change, { rid: of }]) => change === 'inserted' && of === rid)
  // Using it again, and by who is in already, uses nothing up.
  expect((await use('carol', inviteToken)).status).toBe(200)
  expect((await use('bob', inviteToken)).status).toBe(200)
  const listed = (await api('alice', 'GET', 'listInvites')).body
  expect(listed).toContainEqual(expect.objectContaining({ _id, uses: 1 }))
  expect(JSON.stringify(listed)).not.toContain(inviteToken)
})

test('nobody invites into rooms that are not theirs, and a list shows only what one may invite into', async () => {
  const rid = await group(['bob'])
  const { _id } = (await invite('alice', rid)).body
  expect((await invite('bob', rid)).body.errorType).toBe('not_authorized')
  for (const of of [rid, 'nowhere', on.server.rooms.secret])
    expect((await invite('mallory', of)).body.errorType).toBe('error-invalid-room')
  for (const name of ['mallory', 'bob'] as const) {
    const listed = await api(name, 'GET', 'listInvites')
    expect(listed).toMatchObject({ status: 400, body: { errorType: 'not_authorized' } })
  }
  for (const name of ['mallory', 'bob'] as const)
    expect((await api(name, 'DELETE', `removeInvite/${_id}`)).body.errorType).toBe('invalid-invitation-id')
  const direct = (await (await as('alice')).call('createDirectMessage', 'bob')).rid
  expect((await invite('alice', direct)).body.errorType).toBe('error-room-type-not-allowed')
  expect((await invite('alice', rid, 3)).body.errorType).toBe('invalid-number-of-uses')
  expect((await invite('alice', rid, 0, 2)).body.errorType).toBe('invalid-number-of-days')
  expect((await invite('alice', { $gt: '' })).body.errorType).toBe('invalid-params')
  const removed = await api('alice', 'DELETE', `removeInvite/${_id}`)
  expect(removed).toMatchObject({ status: 200, body: true })
  expect((await api('alice', 'DELETE', `removeInvite/${_id}`)).body.errorType).toBe('invalid-invitation-id')
})

test('of many who use a link at the same time no more come in than it is for', async () => {
  const rid = await group([])
  const { inviteToken } = (await invite('alice', rid, 1)).body
  const names = ['bob', 'carol', 'mallory', 'dave', 'erin', 'frank'] as const
  const answers = await Promise.all(names.flatMap(name => [use(name, inviteToken), use(name, inviteToken)]))
  const inside = (await Promise.all(names.map(name => isIn(name, rid)))).filter(Boolean)
  expect(inside).toHaveLength(1)
  const refused = answers.filter(({ status }) => status !== 200)
  expect(refused).toHaveLength(10)
  for (const { body } of refused) expect(body.errorType).toBe('error-invite-expired')
  expect((await api(null, 'POST', 'validateInviteToken', { token: inviteToken })).body.valid).toBe(false)
  // A link for all lets all in, at the same time too.
  const open = await group([])
  const all = (await invite('alice', open)).body
  const let_ = await Promise.all(names.map(name => use(name, all.inviteToken)))
  expect(let_.map(({ status }) => status)).toEqual(names.map(() => 200))
  const listed: { _id: string; uses: number }[] = (await api('alice', 'GET', 'listInvites')).body
  expect(listed.find(({ _id }) => _id === all._id)?.uses).toBe(names.length)
})

test('a link is worth what its maker may do at that moment', async () => {
  const rid = await group(['bob'])
  const alice = await as('alice')
  await alice.call('addRoomModerator', rid, IDS.bob)
  const { inviteToken } = (await invite('bob', rid)).body
  expect((await use('carol', inviteToken)).status).toBe(200)
  await alice.call('removeRoomModerator', rid, IDS.bob)
  expect((await use('dave', inviteToken)).body.errorType).toBe('error-invalid-token')
  await alice.call('addRoomModerator', rid, IDS.bob)
  await alice.call('removeUserFromRoom', { rid, username: 'bob' })
  // Whoever was put out does not come back through a link of their own.
  expect((await use('bob', inviteToken)).body.errorType).toBe('error-invalid-token')
  expect(await isIn('bob', rid)).toBe(false)
})

test('a ban holds against a link, and a room takes its links along', async () => {
  const rid = await group(['bob'])
  const { inviteToken, _id } = (await invite('alice', rid)).body
  const banned = await api('alice', 'POST', 'rooms.banUser', { roomId: rid, userId: IDS.bob })
  expect(banned.status).toBe(200)
  expect((await use('bob', inviteToken)).body.errorType).toBe('error-user-is-banned')
  await api('alice', 'POST', 'rooms.unbanUser', { roomId: rid, userId: IDS.bob })
  expect((await use('bob', inviteToken)).status).toBe(200)
  await api('alice', 'POST', 'groups.delete', { roomId: rid })
  expect((await use('carol', inviteToken)).body.errorType).toBe('error-invalid-token')
  expect((await api('alice', 'DELETE', `removeInvite/${_id}`)).body.errorType).toBe('invalid-invitation-id')
})

test('a link into an encrypted room gives a place and no key: whoever comes waits for one', async () => {
  const rid = await group([], true)
  const [alice, erin] = [await as('alice'), await as('erin')]
  await alice.call('e2e.setRoomKeyID', rid, 'abcdefghijkl')
  const pair = { public_key: '{"kty":"RSA","n":"e","e":"AQAB"}', private_key: '{"$binary":"AAAA"}' }
  await erin.call('e2e.setUserPublicAndPrivateKeys', pair)
  await alice.sub('stream-notify-room', `${rid}/e2e.keyRequest`)
  const { inviteToken } = (await invite('alice', rid)).body
  expect((await use('erin', inviteToken)).status).toBe(200)
  expect(await alice.event('notify-room')).toEqual(['abcdefghijkl'])
  const { room } = (await api('alice', 'GET', `rooms.info?roomId=${rid}`)).body
  expect(room.usersWaitingForE2EKeys).toContainEqual(expect.objectContaining({ userId: IDS.erin }))
  const mine: { rid: string }[] = await erin.call('subscriptions/get')
  expect(mine.find(one => one.rid === rid)).not.toHaveProperty('E2EKey')
})
