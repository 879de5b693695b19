// Who may do what, by the words of dino.md section 4 and the seed: for each act the circle of people, and nobody else.
import type { UserId } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import type { Acl } from './acl.ts'
import { DEFAULT_RULES } from './acl-rules.ts'
import type { Command } from './decide.ts'
import { checkChannelAclChange, checkChannelBan, checkGlobalBan, joinsAtLogin, visitorOf } from './rights.ts'
import {
  type Created,
  channelAdmin,
  channelOwner,
  globalmod,
  member,
  moderator,
  NOW,
  operator,
  owner,
  Scene,
  scene,
  stranger,
} from './scene-testing.ts'

const EVERYBODY = { owner, moderator, member, stranger, superuser: operator, globalmod, channelOwner, channelAdmin }
type Who = keyof typeof EVERYBODY
const PEOPLE = Object.entries(EVERYBODY) as [Who, UserId][]

/** Everybody for whom the act is not refused, each in a room of their own. */
function whoMay(room: Partial<Created>, act: (actor: UserId) => Command): Who[] {
  return PEOPLE.filter(([, actor]) => scene(room).submit(act(actor)) === null).map(([who]) => who)
}

const target = { id: '5' as never, sequence: 5, sender: member }
const acts = {
  rename: actor => ({ command: 'describe-room', actor, name: 'other', claimName: true }),
  remove: actor => ({ command: 'remove-room', actor, reason: '' }),
  'change nothing': actor => ({ command: 'describe-room', actor, claimName: true }),
  describe: actor => ({ command: 'describe-room', actor, topic: 'x', claimName: true }),
  'rename and describe': actor => ({ command: 'describe-room', actor, name: 'other', topic: 'x', claimName: true }),
  mark: actor => ({ command: 'describe-room', actor, name: 'other', isDefault: true, claimName: true }),
  kick: actor => ({ command: 'kick', actor, user: userToMeet(actor), reason: '', banMs: 0 }),
  'ban as an owner': actor => ban(actor, 'owner'),
  'ban as a moderator': actor => ban(actor, 'moderator'),
  'set an ACL': actor => ({
    command: 'set-acls',
    actor,
    changes: [{ action: 'join', type: 'gender', value: 'w' }],
  }),
  'delete another’s message': actor => ({ command: 'delete-messages', actor, targets: [target], senderMay: false }),
} satisfies Record<string, (actor: UserId) => Command>

function userToMeet(actor: UserId): UserId {
  return actor === member ? moderator : member
}

function ban(actor: UserId, rank: 'owner' | 'moderator'): Command {
  return { command: 'sanction', actor, kind: 'ban', user: userToMeet(actor), until: null, reason: '', rank }
}

const OWNERS: Who[] = ['owner', 'channelOwner']
const OPERATORS: Who[] = ['superuser', 'globalmod']
const kinds = {
  static: { kind: 'static' },
  temporary: { kind: 'temporary' },
  encrypted: { kind: 'private', suite: 'rocketchat' },
} satisfies Record<string, Partial<Created>>

describe('in the room', () => {
  test.each<[keyof typeof kinds, keyof typeof acts, Who[]]>([
    ['static', 'rename', [...OWNERS, 'channelAdmin', 'superuser']],
    ['static', 'remove', [...OWNERS, 'channelAdmin', 'superuser']],
    ['temporary', 'rename', [...OWNERS, 'channelAdmin', ...OPERATORS, 'moderator']],
    ['temporary', 'remove', [...OWNERS, 'channelAdmin', ...OPERATORS, 'moderator']],
    ['encrypted', 'rename', ['owner', 'superuser']],
    ['encrypted', 'remove', ['owner', 'superuser']],
    ['temporary', 'change nothing', [...OWNERS, 'channelAdmin', ...OPERATORS]],
    ['temporary', 'describe', [...OWNERS, 'channelAdmin', ...OPERATORS]],
    ['static', 'rename and describe', [...OWNERS, 'channelAdmin', 'superuser']],
    ['temporary', 'rename and describe', [...OWNERS, 'channelAdmin', ...OPERATORS]],
    ['static', 'mark', ['superuser']],
    ['temporary', 'mark', OPERATORS],
    ['static', 'kick', [...OWNERS, 'channelAdmin', ...OPERATORS]],
    ['encrypted', 'kick', ['owner', ...OPERATORS]],
    ['static', 'ban as an owner', [...OWNERS, ...OPERATORS]],
    ['encrypted', 'ban as an owner', ['owner', ...OPERATORS]],
    ['static', 'ban as a moderator', [...OWNERS, 'channelAdmin', 'moderator', ...OPERATORS]],
    ['static', 'set an ACL', [...OWNERS, ...OPERATORS]],
    ['encrypted', 'set an ACL', ['owner', ...OPERATORS]],
    ['static', 'delete another’s message', [...OWNERS, 'channelAdmin', 'moderator', ...OPERATORS]],
    ['encrypted', 'delete another’s message', ['owner', 'moderator']],
  ])('%s: who may %s', (kind, act, expected) => {
    expect(whoMay(kinds[kind], acts[act]).sort()).toEqual([...expected].sort())
  })

  test.each(Object.keys(acts) as (keyof typeof acts)[])('who is banned may not %s, whatever they are', act => {
    for (const [, actor] of PEOPLE) {
      const made = scene({ kind: 'temporary' })
      const sanction = { kind: 'ban', user: actor, from: 0, until: null, reason: '', by: null } as const
      made.state = { ...made.room, sanctions: [sanction] }
      expect(made.submit(acts[act](actor))).toBe('banned')
    }
  })

  test('a refusal reads as the real server writes it', () => {
    const text = (act: keyof typeof acts, actor: UserId) => {
      const said = scene({ kind: 'static' }).run(acts[act](actor))
      return 'text' in said ? said.text : said
    }
    expect(text('rename', moderator)).toBe(`user ${moderator} is not allowed to rename the room`)
    expect(text('remove', globalmod)).toBe(`user ${globalmod} is not allowed to remove the room`)
    expect(text('kick', moderator)).toBe('not allowed to kick')
    expect(text('ban as an owner', channelAdmin)).toBe('only owners can ban')
    expect(text('set an ACL', channelAdmin)).toBe('user is not allowed to change acls on the target')
  })

  test('a sender deletes their own messages where that is allowed, no others, and does not empty the room', () => {
    const delete_ = (more: Partial<Extract<Command, { command: 'delete-messages' }>>): string | null =>
      scene().submit({ command: 'delete-messages', actor: member, targets: [target], senderMay: true, ...more })
    expect(delete_({})).toBe(null)
    expect(delete_({ senderMay: false })).toBe('role.required')
    expect(delete_({ targets: [target, { ...target, sender: owner }] })).toBe('role.required')
    expect(delete_({ targets: [] })).toBe('role.required')
    expect(delete_({ whole: true })).toBe('role.required')
    expect(delete_({ actor: moderator, targets: [], whole: true })).toBe(null)
  })

  test('nobody names the talk of two', () => {
    const direct = { kind: 'direct', pair: [owner, member], members: [owner, member], owners: [], name: null } as const
    expect(scene(direct).submit(acts.rename(operator))).toBe('room.kind')
  })
})

describe('in the channel and everywhere', () => {
  const made = new Scene()
  const account = (user: UserId) => made.people.facts.account(user) ?? fail(user)
  const fail = (user: UserId): never => {
    throw new Error(`no account ${user}`)
  }
  const may = (check: (actor: UserId) => object | null): Who[] =>
    PEOPLE.filter(([, actor]) => check(actor) === null).map(([who]) => who)
  const { channel } = made.people

  test('who may ban from a channel, from everywhere, and change a channel’s ACLs', () => {
    const ofChannel: Who[] = ['superuser', 'globalmod', 'channelOwner', 'channelAdmin']
    expect(may(actor => checkChannelBan(channel, account(actor), account(member), NOW))).toEqual(ofChannel)
    expect(may(actor => checkGlobalBan(account(actor), account(member), NOW))).toEqual(OPERATORS)
    expect(may(actor => checkChannelAclChange(channel, account(actor), NOW))).toEqual(ofChannel)
    expect(may(actor => checkChannelBan(channel, account(actor), undefined, NOW))).toEqual(ofChannel)
    expect(may(actor => checkGlobalBan(account(actor), undefined, NOW))).toEqual(OPERATORS)
    expect(checkGlobalBan(account(channelAdmin), account(member), NOW)).toEqual({
      rejected: 'role.required',
      text: 'only admins, super users and global mods can do global bans',
    })
  })

  test('nobody bans operators, and only owners ban a channel’s owners', () => {
    for (const spared of [operator, globalmod]) {
      expect(may(actor => checkChannelBan(channel, account(actor), account(spared), NOW))).toEqual([])
      expect(may(actor => checkGlobalBan(account(actor), account(spared), NOW))).toEqual([])
    }
    const owners: Who[] = ['superuser', 'globalmod', 'channelOwner']
    expect(may(actor => checkChannelBan(channel, account(actor), account(channelOwner), NOW))).toEqual(owners)
  })

  test('who is banned or disabled rules no more', () => {
    const ban = (user: UserId, until: number | null) =>
      ({ kind: 'ban', user, from: 0, until, reason: '', by: null }) as const
    for (const actor of [operator, globalmod, channelOwner, channelAdmin]) {
      const shut = { ...channel, sanctions: [ban(actor, NOW + 1)] }
      expect(checkChannelBan(shut, account(actor), account(member), NOW)).toMatchObject({ rejected: 'banned' })
      expect(checkChannelAclChange(shut, account(actor), NOW)).toMatchObject({ rejected: 'banned' })
      expect(checkChannelAclChange(shut, account(actor), NOW + 1)).toBe(null)
      for (const [gone, rejected] of [
        [{ ...account(actor), sanctions: [ban(actor, null)] }, 'banned'],
        [{ ...account(actor), active: false }, 'account.inactive'],
      ] as const) {
        expect(checkGlobalBan(gone, account(member), NOW)).toMatchObject({ rejected })
        expect(checkChannelBan(channel, gone, account(member), NOW)).toMatchObject({ rejected })
        expect(checkChannelAclChange(channel, gone, NOW)).toMatchObject({ rejected })
      }
    }
  })
})

describe('at log-in', () => {
  test('somebody is put into the rooms whose autojoin rules they meet, and into no room without any', () => {
    const joins = (acls: Acl[], user: UserId): boolean => {
      const made = scene({ kind: 'static', acls })
      made.people.add(stranger, false, { attributes: { user_type: '9' } })
      const account = made.people.facts.account(user)
      if (!account) throw new Error('no account')
      return joinsAtLogin(made.room, visitorOf(DEFAULT_RULES, made.room, made.people.channel, account))
    }
    const rule: Acl = { action: 'autojoin', type: 'user_type', value: '9' }
    const met = PEOPLE.filter(([, user]) => joins([rule], user)).map(([who]) => who)
    expect(met.sort()).toEqual(['channelAdmin', 'channelOwner', 'globalmod', 'owner', 'stranger', 'superuser'])
    expect(joins([rule, { action: 'autojoin', type: 'gender', value: 'w' }], stranger)).toBe(false)
    expect(PEOPLE.filter(([, user]) => joins([], user))).toEqual([])
    expect(joins([{ ...rule, action: 'join' }], stranger)).toBe(false)
  })
})
