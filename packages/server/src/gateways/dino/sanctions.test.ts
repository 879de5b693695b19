// What is not seen in the conformance tests: sanctions of every scope, without an end, and by nobody.
import type { UserId } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import type { Sanctioned } from '../../bus/bus.ts'
import type { Sanction } from '../../room/events.ts'
import type { Account, Channel } from '../../room/facts.ts'
import { bannedJson, durationText, muteJson } from './sanctions.ts'

const USER = '1001' as UserId
const stamp = { id: 'i', published: '2020-01-01T00:00:00Z' }
const channel = { id: '2070276095283454999', name: 'channel' } as Channel
const sanctioned = (scope: 'channel' | 'global', more: Partial<Sanction> = {}, summary = ''): Sanctioned => ({
  kind: 'sanctioned',
  sanction: { kind: 'ban', user: USER, from: 0, until: 60_000, reason: '', by: null, ...more },
  scope,
  lifted: false,
  room: null,
  channel: scope === 'channel' ? channel : null,
  account: { id: USER, name: 'User', username: 'user', dinoName: '' } as Account,
  actor: null,
  summary,
  rooms: [],
})
const read = (json: string) => JSON.parse(json)

test.each([
  [0, '0s'],
  [1, '0s'],
  [90_000, '90s'],
  [299_998, '5m'],
  [300_000, '5m'],
  [3_600_000, '1h'],
  [36 * 3_600_000, '36h'],
  [365 * 86_400_000, '365d'],
])('%i ms last %s', (ms, text) => {
  expect(durationText({ kind: 'ban', user: USER, from: 5, until: 5 + ms, reason: '', by: null })).toBe(text)
})

describe('a sanction by the server itself', () => {
  test('comes from its administrator, and says where it holds', () => {
    expect(read(bannedJson(sanctioned('global'), stamp))).toEqual({
      actor: { id: '0', displayName: '' },
      verb: 'ban',
      object: { id: USER, displayName: null, summary: '1m', updated: '1970-01-01T00:01:00Z' },
      target: { objectType: 'global', id: null, displayName: null },
      ...stamp,
    })
    expect(read(muteJson(sanctioned('channel', { kind: 'mute' }, '60s'), stamp))).toMatchObject({
      actor: { id: '0', objectType: 'user' },
      verb: 'mute',
      object: { id: USER, objectType: 'user', summary: '60s' },
      target: { objectType: 'channel', displayName: Buffer.from('channel').toString('base64') },
    })
    expect(read(muteJson({ ...sanctioned('global', { kind: 'mute' }), lifted: true }, stamp))).toMatchObject({
      verb: 'unmute',
      object: { id: USER, objectType: 'user' },
      target: { objectType: 'global', id: null, displayName: null },
    })
  })

  test('without an end lasts as long as a client can show', () => {
    const { object } = read(bannedJson(sanctioned('global', { until: null }), stamp))
    expect(object.updated).toBe('9999-12-31T23:59:59Z')
  })
})
