// Every action that rooms and channels have rules for (dino.md section 6) is decided by them, wherever it is decided: with
// `disallow` somebody is refused who may otherwise, and whom the rules let pass is not.
import type { UserId } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import type { Acl } from './acl.ts'
import { evaluate } from './acl-evaluate.ts'
import { type AclRules, DEFAULT_RULES } from './acl-rules.ts'
import { blankRoom } from './commands/create-room.ts'
import type { SendMessage } from './commands/send-message.ts'
import type { Command } from './decide.ts'
import { ROOM } from './fixtures.ts'
import {
  checkChannelAclChange,
  checkChannelAcls,
  checkChannelBan,
  checkHistory,
  checkJoin,
  checkList,
  joinsAtLogin,
  type Origin,
  visitorOf,
} from './rights.ts'
import {
  channelAdmin,
  channelOwner,
  globalmod,
  member,
  moderator,
  NOW,
  operator,
  owner,
  type Scene,
  scene,
  stranger,
} from './scene-testing.ts'

/** What is asked of a room in a channel, by whom. null: done. */
type Attempt = (made: Scene, actor: UserId) => string | null

const asked =
  (check: (parts: Parameters<typeof checkJoin>) => { readonly rejected: string } | null): Attempt =>
  (made, actor) => {
    const account = made.people.accounts.get(actor)
    if (!account) throw new Error(`no account ${actor}`)
    const { channel } = made.people
    const visitor = visitorOf(rulesOf(made), made.room, channel, account)
    return check([made.room, channel, account, visitor, NOW])?.rejected ?? null
  }
const ofChannel = (action: string): Attempt =>
  asked(([, channel, account, { rules }]) =>
    checkChannelAcls(channel, action, visitorOf(rules, null, channel, account)),
  )
const command =
  (make: (actor: UserId) => Command): Attempt =>
  (made, actor) =>
    made.submit(make(actor))

function rulesOf(made: Scene): AclRules {
  return made.settings.acl ?? DEFAULT_RULES
}

const message = (actor: UserId, more: Partial<SendMessage> = {}): SendMessage => ({
  command: 'send-message',
  actor,
  content: { suite: 'none', text: 'hello' },
  messageId: null,
  digest: '',
  inside: true,
  attributes: null,
  origin: null,
  ...more,
})
const nextDoor = (made: Scene): Origin => ({ room: '77' as typeof ROOM, channel: made.room.channel, inside: true })
const ban = (actor: UserId): Command => {
  const user = actor === stranger ? member : stranger
  return { command: 'sanction', actor, kind: 'ban', user, until: null, reason: '', rank: 'moderator' }
}

const inRoom: Record<string, { attempt: Attempt; who: UserId }> = {
  join: { attempt: asked(parts => checkJoin(...parts)), who: stranger },
  'join as a member': {
    attempt: command(actor => ({ command: 'add-members', actor, users: [actor], signed: null })),
    who: stranger,
  },
  autojoin: {
    attempt: asked(([state, , , visitor]) => (joinsAtLogin(state, visitor) ? null : { rejected: 'acl' })),
    who: stranger,
  },
  list: {
    attempt: asked(([state, channel, account, visitor]) => checkList(state, channel, account, visitor)),
    who: member,
  },
  history: {
    attempt: asked(([state, channel, account, visitor, now]) => checkHistory(state, channel, account, visitor, now)),
    who: member,
  },
  message: { attempt: command(actor => message(actor)), who: member },
  crossroom: {
    attempt: (made, actor) => made.submit(message(actor, { inside: false, origin: nextDoor(made) })),
    who: stranger,
  },
  kick: {
    attempt: command(actor => ({
      command: 'remove-members',
      actor,
      users: [member],
      how: 'kicked',
      reason: '',
      keepOwner: false,
    })),
    who: moderator,
  },
  ban: { attempt: command(ban), who: moderator },
}

const inChannel: Record<string, { attempt: Attempt; who: UserId }> = {
  list: { attempt: ofChannel('list'), who: member },
  create: {
    attempt: (made, actor) => {
      made.state = undefined
      const room = blankRoom({ suite: 'none', kind: 'temporary', name: 'new', owners: [actor] })
      return made.submit({ command: 'create-room', actor, room, claimName: true, slot: null, epoch: null })
    },
    who: stranger,
  },
  message: { attempt: command(actor => message(actor)), who: member },
  crossroom: {
    attempt: (made, actor) => made.submit(message(actor, { inside: false, origin: nextDoor(made) })),
    who: stranger,
  },
  whisper: { attempt: command(actor => message(actor, { to: [owner] })), who: member },
  'a whisper of its own': { attempt: ofChannel('whisper'), who: member },
  ban: { attempt: command(ban), who: owner },
}

const actionOf = (name: string): string =>
  ({ 'join as a member': 'join', 'a whisper of its own': 'whisper' })[name] ?? name
const locked = (action: string, type = 'disallow'): Acl => ({ action, type, value: '' })

function locking(on: 'room' | 'channel', acls: Acl[]): Scene {
  const made = scene({ kind: 'static', acls: on === 'room' ? acls : [] })
  if (on === 'channel') made.people.channel = { ...made.people.channel, acls }
  return made
}

describe.each([
  ['room', inRoom],
  ['channel', inChannel],
] as const)('on a %s', (on, attempts) => {
  test.each(Object.keys(attempts))('%s is decided by its rules', name => {
    const { attempt, who } = attempts[name] as { attempt: Attempt; who: UserId }
    const action = actionOf(name)
    if (name !== 'autojoin') expect(attempt(locking(on, []), who)).toBe(null)
    expect(attempt(locking(on, [locked(action)]), who)).toBe('acl')
    // Those of another action do not count, nor those of the other kind of place.
    const other = action === 'list' ? 'message' : 'list'
    if (name !== 'autojoin') expect(attempt(locking(on, [locked(other)]), who)).toBe(null)
    for (const passes of [channelOwner, channelAdmin, operator, globalmod, ...(on === 'room' ? [owner] : [])])
      expect(attempt(locking(on, [locked(action)]), passes)).not.toBe('acl')
  })

  test('there is an attempt for every action that has rules, but for those whose actors all pass', () => {
    const tried = new Set(Object.keys(attempts).map(actionOf))
    const all = new Set([...DEFAULT_RULES[on].keys()])
    all.delete('setacl')
    expect([...tried].sort()).toEqual([...all].sort())
  })
})

test('whoever may set ACLs at all, kick over Dino or ban from a channel passes the rules for that', () => {
  for (const actor of [owner, channelOwner, operator, globalmod]) {
    const made = locking('room', [locked('setacl'), locked('kick'), locked('ban')])
    expect(made.submit({ command: 'set-acls', actor, changes: [{ ...locked('join'), value: null }] })).toBe(null)
    expect(made.submit({ command: 'kick', actor, user: member, reason: '', banMs: 0 })).toBe(null)
  }
  const made = locking('channel', [locked('setacl'), locked('ban')])
  const { channel, accounts } = made.people
  for (const actor of [channelOwner, channelAdmin, operator, globalmod]) {
    const account = accounts.get(actor)
    if (!account) throw new Error('no account')
    for (const action of ['setacl', 'ban'])
      expect(evaluate(channel.acls, action, visitorOf(DEFAULT_RULES, null, channel, account))).toBe(null)
    expect(checkChannelAclChange(channel, account, NOW)).toBe(null)
    expect(checkChannelBan(channel, account, undefined, NOW)).toBe(null)
  }
})

describe('the rules of this server', () => {
  test('that leave an action out do not rule it, and those that have another type do', () => {
    const made = locking('room', [locked('message'), { action: 'join', type: 'level', value: '3' }])
    const validators = new Map(DEFAULT_RULES.validators).set('level', { kind: 'str_in_csv', values: null })
    made.settings = { acl: { ...DEFAULT_RULES, validators, room: new Map([['join', ['level']]]) } }
    expect(inRoom.message?.attempt(made, member)).toBe(null)
    expect(inRoom.join?.attempt(made, stranger)).toBe('acl')
    made.people.add(stranger, true, { attributes: { level: '3' } })
    expect(inRoom.join?.attempt(made, stranger)).toBe(null)
  })
})

describe('a message from another room', () => {
  const from = (made: Scene, more: Partial<Origin>) =>
    made.submit(message(stranger, { inside: false, origin: { ...nextDoor(made), ...more } }))
  test('needs to come from inside it, and from the same channel whatever the rules say', () => {
    const made = locking('room', [])
    expect(from(made, {})).toBe(null)
    expect(from(made, { inside: false })).toBe('occupant.required')
    expect(from(made, { channel: '9' as Origin['channel'] })).toBe('acl')
  })
  test('is judged by sameroom and samechannel as the origin that the server holds', () => {
    const sameChannel = locking('channel', [locked('crossroom', 'samechannel')])
    expect(from(sameChannel, {})).toBe(null)
    const sameRoom = locking('room', [locked('crossroom', 'sameroom')])
    expect(from(sameRoom, {})).toBe('acl')
    expect(from(sameRoom, { room: ROOM })).toBe(null)
  })
  test('is not judged by the rules for other rooms when its sender is inside', () => {
    const made = locking('room', [locked('crossroom')])
    expect(made.submit(message(stranger, { inside: true, origin: nextDoor(made) }))).toBe(null)
  })
})
