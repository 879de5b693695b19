// Teams: a main room whose members are the team's, rooms that are in it, and what nobody does to the teams of others.
import { expect, test } from 'vitest'
import { stage } from './stage.ts'
import { IDS, type Name } from './start.ts'

const { as, api } = stage()
let made = 0

const group = async (name: Name, members: string[] = []): Promise<string> =>
  (await (await as(name)).call('createPrivateGroup', `room ${made++}`, members, false, {}, {})).rid
const team = async (name: Name, type: 0 | 1, members: string[] = []) =>
  (await api(name, 'POST', 'teams.create', { name: `team-${made++}`, type, members })).body.team
const roomOf = async (name: Name, rid: string) => (await api(name, 'GET', `rooms.info?roomId=${rid}`)).body.room
const addRooms = (name: Name, teamId: string, ...rooms: string[]) =>
  api(name, 'POST', 'teams.addRooms', { teamId, rooms })

test('a team is its main room: members, name, type and end are the same', async () => {
  const { _id: teamId, roomId, name } = await team('alice', 1, ['bob', IDS.carol])
  const main = await roomOf('alice', roomId)
  expect(main).toMatchObject({ teamId, teamMain: true, t: 'p', name, usersCount: 3 })
  const members = await api('bob', 'GET', `teams.members?teamId=${teamId}`)
  const roles = Object.fromEntries(
    members.body.members.map((one: { user: { username: string }; roles: string[] }) => [one.user.username, one.roles]),
  )
  expect(roles).toEqual({ alice: ['owner'], bob: ['member'], carol: ['member'] })
  // Out of the room by any way is out of the team.
  await (await as('alice')).call('removeUserFromRoom', { rid: roomId, username: 'carol' })
  expect((await api('bob', 'GET', `teams.members?teamName=${name}`)).body.total).toBe(2)
  expect((await api('carol', 'GET', `users.listTeams?userId=${IDS.carol}`)).body.teams).toEqual([])
  const renamed = await api('alice', 'POST', 'teams.update', { teamId, data: { name: `${name}-new`, type: 0 } })
  expect(renamed.status).toBe(200)
  expect(await roomOf('mallory', roomId)).toMatchObject({ fname: `${name}-new`, t: 'c' })
  expect((await api('mallory', 'GET', `teams.info?teamName=${name}-new`)).body.teamInfo).toMatchObject({ type: 0 })
  const own = await group('alice')
  await addRooms('alice', teamId, own)
  expect((await api('alice', 'POST', 'teams.delete', { teamId })).status).toBe(200)
  expect((await api('alice', 'GET', `teams.info?teamId=${teamId}`)).body.error).toBe('Team not found')
  expect(await roomOf('alice', own)).not.toHaveProperty('teamId')
  expect(await roomOf('alice', roomId)).toBe(undefined)
})

test('of many who take a name at the same time one has it', async () => {
  const body = { name: 'the-one', type: 1 }
  const answers = await Promise.all(
    (['alice', 'bob', 'carol', 'mallory'] as const).map(name => api(name, 'POST', 'teams.create', body)),
  )
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  expect((await api('dave', 'POST', 'teams.create', body)).body.error).toBe('team-name-already-exists')
  const taken = await api('dave', 'POST', 'teams.create', { name: 'secret', type: 0 })
  expect(taken.body).toMatchObject({ success: false, error: 'room-name-already-exists' })
  for (const bad of [{}, { name: '' }, { name: 'x', type: 7 }, { name: ['x'], type: 0 }, { name: 'x', type: '0' }])
    expect(await api('dave', 'POST', 'teams.create', bad)).toMatchObject({ status: 400, body: { success: false } })
})

test('nobody who is not in a private team sees who or what is in it', async () => {
  const { _id: teamId, name } = await team('alice', 1, ['bob'])
  const hidden = await group('alice')
  await addRooms('alice', teamId, hidden)
  expect((await api('mallory', 'GET', `teams.members?teamId=${teamId}`)).body).toMatchObject({ members: [], total: 0 })
  expect((await api('mallory', 'GET', `teams.listRooms?teamId=${teamId}`)).body.error).toBe('user-not-on-private-team')
  expect(await api('mallory', 'GET', `teams.info?teamName=${name}`)).toMatchObject({
    status: 403,
    body: { error: 'unauthorized' },
  })
  expect((await api('mallory', 'GET', `teams.autocomplete?name=${name}`)).body.teams).toEqual([])
  expect((await api('mallory', 'GET', 'teams.list')).body.teams).toEqual([])
  expect((await api('mallory', 'GET', 'teams.listAll')).status).toBe(403)
  expect((await api('mallory', 'GET', `users.listTeams?userId=${IDS.alice}`)).body.teams).toEqual([])
  const path = `teams.listRoomsOfUser?teamId=${teamId}&userId=${IDS.alice}`
  expect((await api('mallory', 'GET', path)).body.error).toBe('user-not-on-private-team')
  // A member of the team who is not in one of its hidden rooms does not see that one; an owner sees that it is there.
  expect((await api('bob', 'GET', `teams.listRooms?teamId=${teamId}`)).body.rooms).toEqual([])
  expect((await api('bob', 'GET', path)).status).toBe(403)
  await api('alice', 'POST', 'teams.updateMember', { teamId, member: { userId: IDS.bob, roles: ['owner'] } })
  const [seen] = (await api('bob', 'GET', `teams.listRooms?teamId=${teamId}`)).body.rooms
  expect(seen).toMatchObject({ _id: hidden, teamId })
  for (const told of ['usersCount', 'topic', 'lastMessage', 'u', 'msgs']) expect(seen).not.toHaveProperty(told)
})

test("nobody moves rooms that are not theirs, or rules another's team", async () => {
  const [mine, theirs] = [await team('alice', 0, ['bob']), await team('mallory', 0)]
  const [own, foreign] = [await group('alice', ['mallory']), await group('mallory')]
  expect((await addRooms('mallory', theirs._id, own)).body.error).toBe('error-no-owner-channel')
  expect((await addRooms('alice', mine._id, foreign)).body.error).toBe('invalid-room')
  expect(await addRooms('mallory', mine._id, foreign)).toMatchObject({
    status: 403,
    body: { error: 'error-no-permission-team-channel' },
  })
  // All or nothing: one that may not be moved leaves the others where they are.
  expect((await addRooms('alice', mine._id, own, foreign)).body.error).toBe('invalid-room')
  expect(await roomOf('alice', own)).not.toHaveProperty('teamId')
  expect((await addRooms('alice', mine._id, own)).body.rooms).toMatchObject([{ _id: own, teamId: mine._id }])
  const forbidden: [string, object][] = [
    ['teams.delete', { teamId: mine._id, roomsToRemove: [own] }],
    ['teams.convertToChannel', { teamId: mine._id }],
    ['teams.update', { teamId: mine._id, data: { name: 'stolen' } }],
    ['teams.addMembers', { teamId: mine._id, members: [{ userId: IDS.mallory, roles: ['owner'] }] }],
    ['teams.updateMember', { teamId: mine._id, member: { userId: IDS.mallory, roles: ['owner'] } }],
    ['teams.removeMember', { teamId: mine._id, userId: IDS.bob }],
    ['teams.removeRoom', { teamId: mine._id, roomId: own }],
    ['teams.updateRoom', { roomId: own, isDefault: true }],
  ]
  for (const [path, body] of forbidden)
    for (const name of ['mallory', 'bob'] as const)
      expect([path, (await api(name, 'POST', path, body)).status]).toEqual([path, 403])
  // A room of another team is none of mine to take out.
  const other = await api('mallory', 'POST', 'teams.removeRoom', { teamId: theirs._id, roomId: own })
  expect(other.body.error).toBe('room-not-on-that-team')
  const main = await api('mallory', 'POST', 'teams.removeRoom', { teamId: theirs._id, roomId: mine.roomId })
  expect(main.body.error).toBe('room-not-on-that-team')
  expect(await roomOf('alice', own)).toMatchObject({ teamId: mine._id })
  expect((await api('alice', 'POST', 'teams.leave', { teamId: mine._id })).body.error).toBe(
    'last-owner-can-not-be-removed',
  )
  for (const extraData of [{ teamId: mine._id }, { teamId: 'nothing' }]) {
    const made = await api('mallory', 'POST', 'groups.create', { name: `sneaked ${extraData.teamId}`, extraData })
    expect(made.body.errorType).toBe('error-not-allowed')
  }
  const inside = await api('alice', 'POST', 'groups.create', { name: 'inside', extraData: { teamId: mine._id } })
  expect(inside.body.group).toMatchObject({ teamId: mine._id })
})

test('whoever comes into a team comes into the rooms that take everybody in, and goes from those that are named', async () => {
  const { _id: teamId, roomId } = await team('alice', 0)
  const [all, some] = [await group('alice'), await group('alice')]
  await addRooms('alice', teamId, all, some)
  const updated = await api('alice', 'POST', 'teams.updateRoom', { roomId: all, isDefault: true })
  expect(updated.body.room).toMatchObject({ teamDefault: true, usersCount: 1 })
  const [bob, carol] = [await as('bob'), await as('carol')]
  await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
  await carol.sub('stream-notify-user', `${IDS.carol}/subscriptions-changed`)
  await api('alice', 'POST', 'teams.addMembers', { teamId, members: [{ userId: IDS.bob }] })
  await bob.event('notify-user', ([change, { rid }]) => change === 'inserted' && rid === all)
  // By any way: whoever joins the main room by themselves is a member of the team.
  expect(await carol.call('joinRoom', roomId)).toBe(true)
  await carol.event('notify-user', ([change, { rid }]) => change === 'inserted' && rid === all)
  expect(bob.texts.some(text => text.includes(some))).toBe(false)
  const left = await api('bob', 'POST', 'teams.leave', { teamId, rooms: [all, some, 'nowhere'] })
  expect(left.status).toBe(200)
  expect(await roomOf('bob', all)).toBe(undefined)
  const removed = await api('alice', 'POST', 'teams.removeMember', { teamId, userId: IDS.carol, rooms: [all] })
  expect(removed.status).toBe(200)
  expect(await roomOf('alice', all)).toMatchObject({ usersCount: 1 })
  const gone = await api('alice', 'POST', 'teams.removeMember', { teamId, userId: IDS.carol })
  expect(gone.body.error).toBe('member-does-not-exist')
})

test('a room becomes a team with everybody in it, and a room again', async () => {
  const rid = await group('alice', ['bob'])
  expect((await api('bob', 'POST', 'groups.convertToTeam', { roomId: rid })).status).toBe(403)
  expect((await api('mallory', 'POST', 'groups.convertToTeam', { roomId: rid })).status).toBe(400)
  const both = { roomId: rid, roomName: 'x' }
  expect((await api('alice', 'POST', 'groups.convertToTeam', both)).body.errorType).toBe('invalid-params')
  const { team: begun } = (await api('alice', 'POST', 'groups.convertToTeam', { roomId: rid })).body
  expect(begun).toMatchObject({ roomId: rid, type: 1, createdBy: { username: 'alice' } })
  const bob = await as('bob')
  const told = async (): Promise<string[]> =>
    (await bob.call('loadHistory', rid, null, 50)).messages.map(({ t }: { t: string }) => t)
  expect(await told()).toContain('user-converted-to-team')
  await api('alice', 'POST', 'teams.addMembers', { teamId: begun._id, members: [{ userId: IDS.dave }] })
  expect(await told()).toContain('added-user-to-team')
  await api('alice', 'POST', 'teams.removeMember', { teamId: begun._id, userId: IDS.dave })
  expect(await told()).toContain('removed-user-from-team')
  expect((await api('bob', 'GET', 'teams.list')).body.teams).toContainEqual(
    expect.objectContaining({ _id: begun._id, numberOfUsers: 2, rooms: 0 }),
  )
  const again = await api('alice', 'POST', 'groups.convertToTeam', { roomId: rid })
  expect(again.body.error).toBe('team-name-already-exists')
  const back = await api('alice', 'POST', 'teams.convertToChannel', { teamId: begun._id })
  expect(back.status).toBe(200)
  const room = await roomOf('bob', rid)
  expect(room).not.toHaveProperty('teamMain')
  expect(room).not.toHaveProperty('teamId')
})
