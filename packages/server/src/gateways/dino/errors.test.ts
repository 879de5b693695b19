import { readFileSync } from 'node:fs'
import { uuidOf } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import type { Sanction } from '../../room/events.ts'
import type { Channel } from '../../room/facts.ts'
import type { Rejection } from '../../room/rejection.ts'
import type { RoomState } from '../../room/state.ts'
import { CODE, codeOf, REJECTION_CODES, refusalOf } from './errors.ts'

const NOW = 1_800_000_000_000
const room = { id: '2070276095283454002', name: 'the room' } as RoomState
const channel = { id: '2070276095283454003', name: 'the channel' } as Channel
const user = '1' as Sanction['user']
const sanction: Sanction = { kind: 'ban', user, from: NOW, until: NOW + 90_500, reason: 'spam', by: null }

describe('the table of refusals', () => {
  test('names every rejection of the room core, and none else', () => {
    const source = readFileSync(new URL('../../room/rejection.ts', import.meta.url), 'utf8')
    const union = [...source.matchAll(/rejected: '([a-z.]+)'/g)].map(([, name]) => name)
    expect(new Set<string | undefined>(REJECTION_CODES)).toEqual(new Set(union))
  })

  test('answers each with a code of the seed that is no success', () => {
    const codes = new Set<number>(Object.values(CODE))
    for (const rejected of REJECTION_CODES) {
      const code = codeOf({ rejected, field: 'type' } as Rejection)
      expect(codes.has(code)).toBe(true)
      expect(code).not.toBe(CODE.OK)
    }
  })

  test('tells a wrong type, action and value of an access rule apart', () => {
    const codes = (['type', 'action', 'value'] as const).map(field =>
      codeOf({ rejected: 'acl.malformed', field, text: '' }),
    )
    expect(codes).toEqual([601, 602, 603])
  })
})

describe('a ban', () => {
  test('carries its seconds, its reason and the room', () => {
    const { code, sanction: activity } = refusalOf(
      { rejected: 'banned', scope: 'room', sanction },
      { now: NOW, room, channel },
    )
    expect(code).toBe(703)
    expect(activity).toEqual({
      verb: 'ban',
      object: { content: 'c3BhbQ==', summary: '91' },
      target: { objectType: 'room', id: uuidOf(room.id), displayName: 'dGhlIHJvb20=' },
    })
  })

  test('of a channel names the channel, a global one nothing', () => {
    const place = { now: NOW, room, channel }
    const inChannel = refusalOf({ rejected: 'muted', scope: 'channel', sanction }, place).sanction
    expect(inChannel).toMatchObject({ verb: 'mute', target: { objectType: 'channel', id: uuidOf(channel.id) } })
    const global = refusalOf({ rejected: 'banned', scope: 'global', sanction }, place).sanction
    expect(global?.target).toEqual({ objectType: 'global' })
  })

  test('without an end lasts longer than anybody waits, one that has run out not below zero', () => {
    const seconds = (until: number | null) =>
      Number(
        refusalOf({ rejected: 'banned', scope: 'global', sanction: { ...sanction, until } }, { now: NOW }).sanction
          ?.object.summary,
      )
    expect(seconds(null)).toBeGreaterThan(1e11)
    expect(seconds(NOW - 5_000)).toBe(0)
  })
})
