// Lies that a server can chain with care and even have signed by somebody: replayed, by outsiders, by ordinary members, out
// of their place. A member who checks the chain (protocol/transparency.md) is not deceived by any.
import type { EventId, UserId } from '@conclave/wire'
import type { FaultKind } from '@conclave/wire/transparency/fault'
import { DELETE_FOR_ALL, DELETE_FOR_SELF } from '@conclave/wire/xchat/detail'
import type { GroupChange } from '@conclave/wire/xchat/events'
import { describe, expect, test } from 'vitest'
import { apply } from './apply.ts'
import { checked } from './chain-testing.ts'
import { blankRoom } from './commands/create-room.ts'
import type { EventBody, RoomEvent, Signed } from './events.ts'
import {
  action,
  freshMessageId,
  groupCreate,
  keyChange,
  memberAdd,
  People,
  ROOM,
  userId,
  wrapsFor,
  xchatContent,
} from './fixtures.ts'
import type { ActionSignature } from './signatures.ts'
import { conversationIdOf } from './signatures.ts'
import type { RoomState } from './state.ts'

const [ann, bob, cat, dan] = [userId(0), userId(1), userId(2), userId(3)]
const signed = ({ messageId, detail, signature, publicKeyVersion, signatureVersion }: ActionSignature): Signed => {
  return { messageId, detail, signature, publicKeyVersion, signatureVersion }
}

/** A group of Ann and Bob, of which Ann is the admin, and what happens to it. */
class Story {
  readonly people = new People()
  readonly events: RoomEvent[] = []
  #version = 1_800_000_000_000
  #state: RoomState | undefined

  /** `direct`: a direct room of Ann and Bob with these members in the place of the group. */
  constructor(direct?: readonly UserId[]) {
    for (const user of [ann, bob, cat, dan, userId(4)]) this.people.add(user, true)
    if (direct) {
      const room = blankRoom({ suite: 'xchat', kind: 'direct', members: direct, pair: [ann, bob] })
      this.tell(ann, { type: 'room.created', channel: this.people.channel.id, ...room })
      this.tell(ann, this.key(ann, direct))
      return
    }
    const room = blankRoom({ suite: 'xchat', kind: 'private', title: 'Team', members: [ann, bob], owners: [ann] })
    this.tell(ann, { type: 'room.created', channel: this.people.channel.id, ...room })
    const version = this.next()
    this.tell(ann, this.key(ann, [ann, bob], version))
    const create = groupCreate(this.people, ann, [ann, bob], [ann], 'Team', version)
    this.tell(ann, { type: 'group.signed', signed: signed(create) })
  }

  get state(): RoomState {
    return this.#state as RoomState
  }

  next(): string {
    this.#version += 1
    return String(this.#version)
  }

  tell(actor: UserId | null, ...bodies: readonly EventBody[]): void {
    for (const body of bodies) {
      const sequence = (this.events.at(-1)?.sequence ?? 0) + 1
      const event: RoomEvent = { room: ROOM, sequence, id: String(sequence) as EventId, at: 1, actor, body }
      this.events.push(event)
      this.#state = apply(this.#state, event)
    }
  }

  key(by: UserId, members: readonly UserId[], version = this.next()): Extract<EventBody, { type: 'epoch.opened' }> {
    const wraps = wrapsFor(this.people, members)
    const change = keyChange(this.people, by, version, wraps, `g${ROOM}`)
    return { type: 'epoch.opened', version, wraps, signed: signed(change) }
  }

  addition(by: UserId, user: UserId, shape: { current?: UserId[]; admins?: UserId[] } = {}): EventBody[] {
    const version = this.next()
    const add = memberAdd(this.people, by, this.state, { users: [user], version, ...shape })
    const key = this.key(by, [...this.state.members.keys(), user], version)
    return [
      key,
      { type: 'members.added', users: [user], reads: 'rotation', signed: signed(add), title: null, avatar: null },
    ]
  }

  removal(by: UserId, user: UserId): EventBody[] {
    const removed = this.change(by, { kind: 'memberRemove', ids: [user] })
    const rest = [...this.state.members.keys()].filter(one => one !== user)
    return [
      { type: 'members.removed', users: [user], how: 'kicked', reason: '', closes: false, signed: removed },
      this.key(by, rest),
    ]
  }

  admins(by: UserId, users: readonly UserId[], granted: boolean): EventBody[] {
    const change = this.change(by, { kind: granted ? 'adminAdd' : 'adminRemove', ids: users })
    return users.map((user, index) => {
      return { type: 'roles.changed', user, role: 'owner', granted, signed: index === 0 ? change : null }
    })
  }

  message(by: UserId): EventBody {
    const messageId = freshMessageId()
    const content = xchatContent(this.people, by, this.state, this.state.epoch?.version ?? '', messageId)
    return { type: 'message', messageId, content }
  }

  deletion(by: UserId, kind: number, ids: readonly string[], targets: readonly string[]): EventBody {
    const event = { action: kind, sequenceIds: ids }
    const detail = action(this.people, by, { kind: 'messageDelete', event }, conversationIdOf(this.state))
    return { type: 'messages.deleted', targets: targets as EventId[], sequences: [1], signed: signed(detail) }
  }

  change(by: UserId, change: GroupChange): Signed {
    return signed(action(this.people, by, { kind: 'groupChange', change }, conversationIdOf(this.state)))
  }

  async faults(from = 0, reader?: UserId): Promise<FaultKind[]> {
    return [...new Set((await checked(this.people, this.events, from, reader)).faults.map(({ fault }) => fault))]
  }
}

test('what happens honestly is in order, also for who came in the middle', async () => {
  const story = new Story()
  story.tell(ann, ...story.addition(ann, cat))
  story.tell(ann, ...story.admins(ann, [bob, cat], true))
  story.tell(bob, ...story.removal(bob, ann))
  story.tell(cat, ...story.addition(cat, dan))
  story.tell(cat, ...story.admins(cat, [bob, cat], false))
  story.tell(dan, ...story.admins(dan, [dan], true))
  expect(await story.faults()).toEqual([])
  expect(await story.faults(4, cat)).toEqual([])
  expect(await story.faults(10, dan)).toEqual([])
  const { check } = await checked(story.people, story.events, 10, dan)
  expect([...(check.roster.members ?? [])]).toEqual([bob, cat, dan])
})

describe('noticed is', () => {
  const lies: readonly (readonly [string, FaultKind, (story: Story) => void])[] = [
    ['an addition by somebody who is no member', 'actor', story => story.tell(dan, ...story.addition(dan, dan))],
    ['a key by somebody who is no member', 'actor', story => story.tell(dan, story.key(dan, [ann, bob]))],
    ['an admin made by an ordinary member', 'actor', story => story.tell(bob, ...story.admins(bob, [bob], true))],
    ['a removal by an ordinary member', 'actor', story => story.tell(bob, ...story.removal(bob, ann))],
    [
      'a title by an ordinary member',
      'actor',
      story => {
        const change = { kind: 'title', value: 'x', conversationKeyVersion: story.state.epoch?.version ?? '' } as const
        story.tell(bob, { type: 'room.retitled', title: 'x', avatar: null, signed: story.change(bob, change) })
      },
    ],
    [
      'an addition to another roster than there is',
      'signature',
      story => story.tell(ann, ...story.addition(ann, cat, { current: [ann] })),
    ],
    [
      'an addition under other admins than there are',
      'signature',
      story => story.tell(ann, ...story.addition(ann, cat, { admins: [ann, bob] })),
    ],
    [
      'an addition whose key came earlier',
      'wraps',
      story => {
        const [key, added] = story.addition(ann, cat) as [EventBody, EventBody]
        story.tell(ann, key)
        story.events.push({ ...(story.events.at(-1) as RoomEvent), sequence: 6, id: '6' as EventId, body: added })
      },
    ],
    [
      'a promotion that is said again',
      'signature',
      story => {
        const made = story.admins(ann, [bob], true)
        story.tell(ann, ...made, ...story.admins(ann, [bob], false), ...made)
      },
    ],
    [
      'an addition that is said again',
      'epoch.order',
      story => {
        const added = story.addition(ann, cat)
        story.tell(ann, ...added, ...story.removal(ann, cat), ...added)
      },
    ],
    [
      'an admin of an earlier list',
      'unsigned',
      story => {
        story.tell(ann, ...story.addition(ann, cat), ...story.admins(ann, [bob, cat], true))
        // Her place among the admins went with her membership.
        story.tell(ann, ...story.removal(ann, cat))
        story.tell(ann, ...story.addition(ann, cat))
        story.tell(ann, { type: 'roles.changed', user: cat, role: 'owner', granted: true, signed: null })
      },
    ],
    [
      'a room that is called a plain one',
      'unsigned',
      story => {
        story.tell(null, { type: 'suite.switched', suite: 'none' })
        story.tell(null, { type: 'members.added', users: [dan], reads: 'all', signed: null, title: null, avatar: null })
      },
    ],
    [
      'a lifetime that nobody signed',
      'unsigned',
      story => story.tell(ann, { type: 'ttl.changed', ttlMs: 5, signed: null as unknown as Signed }),
    ],
    [
      'an admin who is no member',
      'unsigned',
      story => story.tell(ann, { type: 'roles.changed', user: dan, role: 'owner', granted: true, signed: null }),
    ],
    [
      'a title that nobody signed',
      'unsigned',
      story => story.tell(ann, { type: 'room.retitled', title: 'old', avatar: null, signed: null }),
    ],
    [
      'a title that somebody else brings with the key of a removal',
      'unsigned',
      story => {
        story.tell(ann, ...story.addition(ann, cat), ...story.removal(ann, cat))
        story.tell(bob, { type: 'room.retitled', title: 'old', avatar: null, signed: null })
      },
    ],
    [
      'a deletion of other messages than signed',
      'signature',
      story => story.tell(ann, story.deletion(ann, DELETE_FOR_ALL, ['7'], ['8'])),
    ],
    [
      'a deletion for everybody that was signed as one for oneself',
      'signature',
      story => story.tell(ann, story.deletion(ann, DELETE_FOR_SELF, ['7'], ['7'])),
    ],
    [
      'a message that is sent again',
      'message',
      story => {
        const message = story.message(ann)
        story.tell(ann, message, message)
      },
    ],
  ]
  test.each(lies)('%s (%s)', async (_name, kind, tell) => {
    const story = new Story()
    expect(await story.faults()).toEqual([])
    tell(story)
    expect(await story.faults()).toContain(kind)
  })

  test('who let a reader in and was no member by their own words (actor)', async () => {
    const story = new Story()
    story.tell(dan, ...story.addition(dan, cat))
    expect(await story.faults(4, cat)).toEqual(['actor'])
  })

  test('a direct room with a third member (member.ghost)', async () => {
    for (const [members, kind] of [
      [[ann, bob], []],
      [[ann, bob, dan], ['member.ghost']],
    ] as const) {
      const story = new Story(members)
      expect(await story.faults()).toEqual(kind)
    }
    const story = new Story([ann, bob])
    story.tell(ann, ...story.addition(ann, dan))
    expect(await story.faults()).toContain('member.ghost')
  })

  test('past that is closed to who was there, and told by another one (closed)', async () => {
    const story = new Story()
    story.tell(ann, ...story.addition(ann, cat))
    story.tell(dan, ...story.addition(dan, userId(4), { current: [ann, bob, cat, dan] }))
    const { check, faults } = await checked(story.people, story.events, 6, ann)
    expect(faults).toEqual([])
    const served = { suite: 'xchat', members: [ann, bob, cat, dan, userId(4)] }
    expect(check.compare(served).map(({ fault }) => fault)).toEqual(['closed'])
  })

  test('lists of an addition that are divided anew for who comes (signature)', async () => {
    const divisions: readonly { current: UserId[]; admins: UserId[] }[] = [
      { current: [ann], admins: [bob, ann] },
      { current: [ann, bob, ann], admins: [] },
    ]
    for (const shape of divisions) {
      const story = new Story()
      story.tell(ann, ...story.addition(ann, cat, shape))
      expect(await story.faults(4, cat)).toContain('signature')
    }
  })
})
