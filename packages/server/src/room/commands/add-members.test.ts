import { describe, expect, test } from 'vitest'
import { apply } from '../apply.ts'
import type { Command } from '../decide.ts'
import { decide } from '../decide.ts'
import type { RoomEvent } from '../events.ts'
import { action, contextAt, keyChange, People, ROOM, userId, wrapsFor } from '../fixtures.ts'
import type { RoomState } from '../state.ts'

const NOW = 1_795_311_596_000

function groupOf(people: People): RoomState {
  const body = {
    type: 'room.created',
    channel: people.facts.channel.id,
    suite: 'xchat',
    kind: 'private',
    name: null,
    title: 'Team',
    avatar: null,
    ttlMs: null,
    topic: '',
    sort: 0,
    tags: [],
    members: [userId(0)],
    owners: [userId(0)],
    moderators: [],
    acls: [],
    pair: null,
    isDefault: false,
    isAdmin: false,
  } as const
  const event = { room: ROOM, sequence: 1, id: ROOM, at: NOW, actor: userId(0), body }
  return apply(undefined, event as unknown as RoomEvent)
}

describe('adding members to a room of suite xchat', () => {
  test('a signed title with a comma is refused as such, before it is compared with anything', () => {
    const people = new People()
    for (const user of [userId(0), userId(1)]) people.add(user, true)
    const state = groupOf(people)
    const version = String(NOW + 1)
    const wraps = wrapsFor(people, [userId(0), userId(1)])
    // Made for a title that can be signed; what is decoded has the comma.
    const honest = action(
      people,
      userId(0),
      {
        kind: 'groupChange',
        change: {
          kind: 'memberAdd',
          memberIds: [userId(1)],
          currentMemberIds: [userId(0)],
          currentAdminIds: [userId(0)],
          currentTitle: 'Team;null',
          conversationKeyVersion: version,
        },
      },
      `g${ROOM}`,
    )
    const bytes = Buffer.from(honest.detail, 'base64')
    bytes[bytes.indexOf('Team;null') + 4] = ','.charCodeAt(0)
    const command: Command = {
      command: 'add-members',
      actor: userId(0),
      users: [userId(1)],
      signed: {
        version,
        wraps,
        signatures: [
          keyChange(people, userId(0), version, wraps, `g${ROOM}`),
          { ...honest, detail: bytes.toString('base64') },
        ],
        title: null,
        avatar: null,
      },
    }
    expect(decide(state, command, people.facts, contextAt(NOW))).toEqual({
      rejected: 'signature.comma',
      part: 'member add',
    })
  })

  test.each([
    [{ currentPendingMemberIds: [userId(7)] }, 'current_pending_member_ids'],
    [{ screenCaptureBlockingEnabled: true }, 'screen_capture_blocking_enabled'],
    [{ groupInviteEnable: { inviteUrl: 'https://elsewhere.example/i' } }, 'group_invite_enable'],
  ])('says nothing else of the group than what is so here: %o', (more, field) => {
    const people = new People()
    for (const user of [userId(0), userId(1)]) people.add(user, true)
    const version = String(NOW + 1)
    const wraps = wrapsFor(people, [userId(0), userId(1)])
    const change = {
      kind: 'memberAdd',
      memberIds: [userId(1)],
      currentMemberIds: [userId(0)],
      currentAdminIds: [userId(0)],
      conversationKeyVersion: version,
    } as const
    const told = (claim: object): unknown => {
      const detail = { kind: 'groupChange', change: { ...change, ...claim } } as const
      const signatures = [
        keyChange(people, userId(0), version, wraps, `g${ROOM}`),
        action(people, userId(0), detail, `g${ROOM}`),
      ]
      const signed = { version, wraps, signatures, title: null, avatar: null }
      const command = { command: 'add-members', actor: userId(0), users: [userId(1)], signed } as const
      return decide(groupOf(people), command, people.facts, contextAt(NOW))
    }
    expect(told(more)).toEqual({ rejected: 'signature.mismatch', part: 'member add', field })
    expect(told({})).toHaveProperty('events')
  })
})
