// Whom a text whispers to: the cases of the real server's parser, and names that somebody else would like to have.
import { readFileSync } from 'node:fs'
import type { UserId } from '@conclave/wire'
import { afterEach, describe, expect, test } from 'vitest'
import type { Core } from '../../engine/core.ts'
import { openTestCore, roomOf } from '../../engine/testing.ts'
import { WHISPERED } from '../../limits.ts'
import { importWorld } from '../../operator/import-world.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import { spokenText, type Whisper, whisperIn, whisperNames } from './whispers.ts'

interface ParseCase {
  readonly id: string
  readonly area: string
  readonly request: { readonly data: string }
  readonly expect: { readonly users: readonly string[] }
}

const FILE = new URL('../../../../../conformance/cases/dino.json', import.meta.url)
const CASES = (JSON.parse(readFileSync(FILE, 'utf8')) as readonly ParseCase[]).filter(
  ({ area }) => area === 'whisper_parse',
)

describe('the names in a text', () => {
  test('there are recorded cases', () => {
    expect(CASES.length).toBeGreaterThan(3)
  })

  test.each(CASES)('$id: $request.data', ({ request, expect: { users } }) => {
    expect([...whisperNames(request.data)].sort()).toEqual([...users].sort())
  })

  test('one dash is taken away, and a name counts once', () => {
    expect([...whisperNames('--bat\t-rob\n-rob hi')]).toEqual(['-bat', 'rob'])
  })

  test('a text is that of JSON with a text, and of nothing else', () => {
    expect(spokenText('{"text":"-bob hi","color":"red"}')).toBe('-bob hi')
    for (const content of ['-bob hi', '{"text":5}', '{"t":"-bob"}', '["-bob"]', '{"text":"-bob"', 'null', '{}', ''])
      expect(spokenText(content)).toBe(undefined)
  })
})

const [anna, ben, carl, dora, eve, gone] = ['1001', '1002', '1003', '1004', '1005', '1006'] as UserId[]
const WORLD = {
  users: [
    { id: anna, username: 'anna' },
    { id: ben, username: 'ben.jo', name: 'Benjamin' },
    { id: carl, username: 'carl', name: 'Shorty' },
    { id: dora, username: 'dora', name: 'Dodo' },
    { id: eve, username: 'eve', name: 'Dodo' },
    { id: gone, username: 'gone', active: false },
  ],
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [{ ref: 'r', channel: 'c', name: 'the room', owners: [anna] }],
}

describe('whom a text whispers to', () => {
  let core: Core
  let room: RoomState
  afterEach(() => core.close())

  async function start(...inside: readonly (UserId | undefined)[]): Promise<void> {
    core = (await openTestCore()).core
    await importWorld(core, WORLD)
    room = (await core.rooms.load(await roomOf(core, 'r'))) as RoomState
    for (const user of inside) {
      const opening = { user: user as UserId, wire: 'dino', token: null, expiresAt: null, address: '' } as const
      const session = await core.sessions.open({ ...opening, end: () => {} })
      await core.occupancy.enter(session, room.id, null)
    }
  }

  const named = (text: string) =>
    whisperIn(core as unknown as GatewayParts, room, JSON.stringify({ text })) as Promise<Whisper | null>

  test('a text without names, or with names that nobody has, is no whisper', async () => {
    await start()
    for (const text of ['hello', 'a-b', '-', '- anna', 'minus -5 degrees', '-nobody', '', '-,.!'])
      expect(await named(text)).toBe(null)
    expect(await whisperIn(core as unknown as GatewayParts, room, '-anna no JSON')).toBe(null)
  })

  test('a user name is enough, wherever its user is, whatever its case and the signs around it', async () => {
    await start()
    expect(await named('psst -CARL, and (-eve!) -carl -eve!')).toEqual({ to: [carl, eve], names: ['carl', 'eve'] })
    expect(await named('-ben.jo, hi')).toEqual({ to: [ben], names: ['ben.jo'] })
  })

  test('a name that somebody shows counts where they are in the room', async () => {
    await start(ben)
    expect(await named('-benjamin hi')).toEqual({ to: [ben], names: ['Benjamin'] })
    expect(await named('-Shorty hi')).toBe(null)
  })

  test('nobody gets another’s whispers by showing the same name, and the text stays a whisper', async () => {
    await start(dora, eve)
    expect(await named('-Dodo hi')).toEqual({ to: [], names: ['Dodo'] })
    await core.identity.users.change(eve as UserId, { dinoName: 'carl' })
    expect(await named('-carl hi')).toEqual({ to: [carl], names: ['carl'] })
  })

  test('a whisper to somebody who was shut out is shown to nobody', async () => {
    await start()
    expect(await named('-gone hi')).toEqual({ to: [], names: ['gone'] })
  })

  test('the number of names has an end', async () => {
    await start()
    const words = Array.from({ length: WHISPERED + 1 }, (_, index) => `-nobody${index}`)
    expect(await named(words.slice(1).join(' '))).toBe(null)
    expect(await named(words.join(' '))).toBe('too many')
  })
})
