// Names of rooms as clients give them.
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Core } from '../../engine/core.ts'
import { openTestCore } from '../../engine/testing.ts'
import { importWorld } from '../../operator/import-world.ts'
import type { GatewayParts } from '../gateway.ts'
import type { Gate } from './gate.ts'
import { checkFree, checkLength, givenName } from './room-name.ts'
import { Words } from './words.ts'

let core: Core
let gate: Gate

beforeEach(async () => {
  core = (await openTestCore()).core
  await importWorld(core, {
    channels: [{ ref: 'c', name: 'channel' }],
    rooms: [{ ref: 'r', channel: 'c', name: 'Lobby' }],
    blacklist: ['Spam'],
  })
  const parts = core as unknown as GatewayParts
  gate = { parts, words: new Words(parts) } as unknown as Gate
})
afterEach(() => core.close())

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const codeFor = async (displayName: string | undefined): Promise<number | string> => {
  const name = await givenName(gate, displayName)
  return typeof name === 'string' ? name : name.code
}

test('is a text in base64 that is not blank', async () => {
  expect(await codeFor(undefined)).toBe(504)
  expect(await codeFor(base64(' \t\n'))).toBe(504)
  expect(await codeFor('a b!')).toBe(701)
  expect(await codeFor('/w==')).toBe(701)
  expect(await codeFor(base64('Küche'))).toBe('Küche')
})

test('is no name of the server’s own, however it is dressed up, and holds no word that is not let through', async () => {
  for (const name of ['admin', 'Admins', ' ADMIN ', 'ad\u200bmins', 'ａｄｍｉｎ', 'a d m i n', 'my sPaM room'])
    expect([name, await codeFor(base64(name))]).toEqual([name, 718])
  for (const name of ['administration', 'admins of old', 'sp am']) expect(await codeFor(base64(name))).toBe(name)
})

test('is free where no other room has it, without regard to case', async () => {
  const [room] = await core.reading.named('lobby')
  expect((await checkFree(gate, 'LOBBY'))?.code).toBe(704)
  expect(await checkFree(gate, 'LOBBY', room?.id)).toBe(null)
  expect(await checkFree(gate, 'lobby 2')).toBe(null)
})

test('is as long as people count its characters', () => {
  const code = (name: string) => checkLength(gate, name)?.code ?? null
  expect([code('zz'), code('😀😀'), code('zzz'), code('😀😀😀')]).toEqual([711, 711, null, null])
  expect([code('😀'.repeat(120)), code('😀'.repeat(121)), code('z'.repeat(121))]).toEqual([null, 710, 710])
})

test('whatever text it is made of, it comes out as it went in or is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 40 }), async text => {
      const name = await codeFor(base64(text))
      expect(name === text || name === 504 || name === 718 || name === 701).toBe(true)
      expect(name === 701).toBe(text === '')
    }),
    { verbose: true },
  )
})
