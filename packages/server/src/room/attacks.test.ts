// What people try who may do a little and want to do more: each test is named for the attempt.
import type { UserId } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import { SANCTIONS } from '../limits.ts'
import type { Command } from './decide.ts'
import { groupCreate, keyChange, ROOM, userId, wrapsFor } from './fixtures.ts'
import { member, moderator, NOW, operator, owner, room, Scene, scene, stranger } from './scene-testing.ts'
import type { RoomState } from './state.ts'

const ban = (actor: UserId | null, user: UserId, until: number | null = null): Command => ({
  command: 'sanction',
  actor,
  kind: 'ban',
  user,
  until,
  reason: '',
  rank: 'moderator',
})
const mute = (actor: UserId | null, user: UserId, until: number | null = null): Command => ({
  ...(ban(actor, user, until) as Extract<Command, { command: 'sanction' }>),
  kind: 'mute',
})
const lift = (actor: UserId, user: UserId, kind: 'ban' | 'mute'): Command => ({
  command: 'sanction',
  actor,
  kind,
  user,
  until: undefined,
  reason: '',
  rank: 'moderator',
})
const remove = (actor: UserId | null, user: UserId): Command => ({
  command: 'remove-members',
  actor,
  users: [user],
  how: actor === user ? 'left' : 'kicked',
  reason: '',
  keepOwner: false,
})
const open = (actor: UserId, version: string, replaces = false): Command => ({
  command: 'open-epoch',
  actor,
  version,
  wraps: [],
  signatures: null,
  replaces,
})
const switched = (actor: UserId, encrypted: boolean): Command => ({ command: 'switch-suite', actor, encrypted })
const sealed = (actor: UserId, keyId: string): Command => ({
  command: 'send-message',
  actor,
  content: {
    suite: 'rocketchat',
    content: { algorithm: 'rc.v2.aes-sha2', kid: keyId, iv: 'A'.repeat(16), ciphertext: 'A'.repeat(44) },
    msg: '',
  },
  messageId: null,
  digest: '',
  inside: false,
  attributes: null,
  origin: null,
})
const KEY = 'a8d93d1e-0000-4000-8000-000000000001'

describe('a key that somebody outside holds (L4, lockstep)', () => {
  function keyed(): Scene {
    const made = scene({ suite: 'rocketchat' })
    made.settings = { lockstep: true }
    expect(made.submit(open(owner, KEY))).toBe(null)
    expect(made.submit(sealed(owner, KEY))).toBe(null)
    return made
  }

  test('is not good again by switching encryption off and on after a kick', () => {
    const made = keyed()
    expect(made.submit(remove(owner, member))).toBe(null)
    expect(made.submit(sealed(owner, KEY))).toBe('room.closed')
    expect(made.submit(switched(owner, false))).toBe(null)
    expect(made.submit(switched(owner, true))).toBe(null)
    expect(made.submit(sealed(owner, KEY))).toBe('room.closed')
  })

  test('is not good again when the kick falls into the time without encryption', () => {
    const made = keyed()
    expect(made.submit(switched(owner, false))).toBe(null)
    expect(made.submit(remove(owner, member))).toBe(null)
    expect(made.submit(switched(owner, true))).toBe(null)
    expect(made.submit(sealed(owner, KEY))).toBe('room.closed')
    expect(made.submit(open(moderator, `${KEY}-2`, true))).toBe(null)
    expect(made.submit(sealed(owner, `${KEY}-2`))).toBe(null)
  })

  test('is not what the next member finds when everybody has left', () => {
    const made = keyed()
    for (const user of [member, moderator, owner]) expect(made.submit(remove(null, user))).toBe(null)
    const add: Command = { command: 'add-members', actor: null, users: [stranger], signed: null }
    expect(made.submit(add)).toBe(null)
    expect(made.submit(sealed(stranger, KEY))).toBe('room.closed')
    expect(made.submit(open(stranger, `${KEY}-2`, true))).toBe(null)
  })

  test('is not made for an X group by somebody who is not in it', () => {
    const made = new Scene()
    const version = String(NOW + 1)
    const members = [owner, member]
    const wraps = wrapsFor(made.people, members)
    const mine = made.people.newest(stranger)
    const named = { member: stranger, version: mine.version, signingKey: mine.signingKey }
    const create: Command = {
      command: 'create-room',
      actor: stranger,
      claimName: false,
      slot: null,
      room: { ...room, suite: 'xchat', name: null, title: 'Team', members, owners: [owner], moderators: [] },
      epoch: {
        version,
        wraps,
        signatures: [
          { ...keyChange(made.people, stranger, version, wraps, `g${ROOM}`), keyInfos: [named] },
          groupCreate(made.people, stranger, members, [owner], 'Team', version),
        ],
      },
    }
    expect(made.submit(create)).toBe('member.required')
  })
})

describe('a role in an encrypted room', () => {
  test('is not given to who is no member when the room is made', () => {
    const made = new Scene()
    const create: Command = {
      command: 'create-room',
      actor: owner,
      claimName: false,
      slot: null,
      room: { ...room, suite: 'rocketchat', members: [owner], owners: [owner, stranger], moderators: [] },
      epoch: null,
    }
    expect(made.submit(create)).toBe('members.absent')
  })

  test('of the channel does not let who is no member ban, describe, switch or set rules', () => {
    const made = scene({ suite: 'rocketchat' })
    made.people.channel = { ...made.people.channel, owners: [stranger] }
    expect(made.submit(ban(stranger, member))).toBe('role.required')
    expect(made.submit(switched(stranger, false))).toBe('member.required')
    expect(made.submit({ command: 'set-acls', actor: stranger, changes: [] })).toBe('role.required')
    expect(made.submit(describeRoom(stranger, { topic: 'x' }))).toBe('role.required')
  })

  test('does not let an operator who is no member switch encryption off', () => {
    expect(scene({ suite: 'rocketchat' }).submit(switched(operator, false))).toBe('member.required')
  })
})

describe('a moderator', () => {
  test('bans or mutes no owner', () => {
    const made = scene()
    expect(made.submit(ban(moderator, owner))).toBe('role.required')
    expect(made.submit(mute(moderator, owner))).toBe('role.required')
    expect(made.submit(ban(moderator, member))).toBe(null)
  })

  test('lifts no sanction from themselves', () => {
    const made = scene()
    expect(made.submit(mute(owner, moderator))).toBe(null)
    expect(made.submit(lift(moderator, moderator, 'mute'))).toBe('role.required')
    expect(made.submit(lift(owner, moderator, 'mute'))).toBe(null)
  })

  test('who is banned rules no more', () => {
    const made = scene()
    expect(made.submit(ban(owner, moderator))).toBe(null)
    expect(made.submit(lift(moderator, moderator, 'ban'))).toBe('banned')
    expect(made.submit(ban(moderator, member))).toBe('banned')
    expect(made.submit(remove(moderator, member))).toBe('banned')
  })

  test('whose account is disabled rules no more', () => {
    const made = scene()
    made.people.add(moderator, true, { active: false })
    made.people.add(owner, true, { active: false })
    expect(made.submit(ban(moderator, member))).toBe('account.inactive')
    expect(made.submit(remove(moderator, member))).toBe('account.inactive')
    expect(made.submit({ command: 'set-acls', actor: owner, changes: [] })).toBe('account.inactive')
    expect(made.submit(describeRoom(owner, { topic: 'x' }))).toBe('account.inactive')
    expect(made.submit({ command: 'remove-room', actor: owner, reason: '' })).toBe('account.inactive')
    const promote: Command = { command: 'change-role', actor: owner, user: member, role: 'owner', granted: true }
    expect(made.submit(promote)).toBe('account.inactive')
  })
})

describe('a private plain room', () => {
  test("takes neither its channel's owner nor an operator in by adding a friend as well", () => {
    const made = scene()
    made.people.channel = { ...made.people.channel, owners: [stranger] }
    const add = (actor: UserId, users: UserId[]): Command => ({ command: 'add-members', actor, users, signed: null })
    expect(made.submit(add(stranger, [stranger]))).toBe('member.required')
    expect(made.submit(add(stranger, [stranger, operator]))).toBe('member.required')
    expect(made.submit(add(operator, [stranger, operator]))).toBe('member.required')
    expect(made.submit(add(moderator, [stranger]))).toBe(null)
  })

  test('becomes no admin room, to which reports go, by its owner’s word', () => {
    const made = scene()
    expect(made.submit(describeRoom(owner, { isAdmin: true }))).toBe('role.required')
    expect(made.submit(describeRoom(owner, { isDefault: true }))).toBe('role.required')
    expect(made.submit(describeRoom(owner, { topic: 'x' }))).toBe(null)
    expect(made.submit(describeRoom(operator, { isAdmin: true }))).toBe(null)
    const create: Command = {
      command: 'create-room',
      actor: owner,
      claimName: false,
      slot: null,
      room: { ...room, isAdmin: true },
      epoch: null,
    }
    expect(new Scene().submit(create)).toBe('role.required')
  })
})

describe('a direct room', () => {
  test('is not spoilt for its pair by a leave or a ban, since nobody can be added to it', () => {
    const made = scene({ kind: 'direct', pair: [owner, member], members: [owner, member], owners: [], moderators: [] })
    expect(made.submit(remove(owner, owner))).toBe('room.kind')
    expect(made.submit(ban(operator, owner))).toBe('room.kind')
    expect(made.submit(remove(null, owner))).toBe(null)
  })
})

describe('sanctions', () => {
  test('that have run out do not use up the room for new ones', () => {
    const made = scene()
    const old = (n: number) =>
      ({ kind: 'mute', user: userId(100 + n), from: NOW, until: NOW + 1, reason: '', by: owner }) as const
    made.state = { ...(made.state as RoomState), sanctions: Array.from({ length: SANCTIONS }, (_, n) => old(n)) }
    expect(made.submit(mute(owner, member))).toBe('limit')
    made.now = NOW + 2
    expect(made.submit(mute(owner, member))).toBe(null)
  })
})

function describeRoom(
  actor: UserId,
  change: { readonly topic?: string; readonly isAdmin?: boolean; readonly isDefault?: boolean },
): Command {
  return { command: 'describe-room', actor, claimName: true, ...change }
}
