// The recorded cases (conformance/cases/rocketchat.json) by their ids, with a raw client. Those that the design
// contradicts are skipped by name, so that every case is accounted for.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DDP } from './cases/ddp.ts'
import { FILES } from './cases/files.ts'
import { KEYS } from './cases/keys.ts'
import { MESSAGES } from './cases/messages.ts'
import { ROOMS } from './cases/rooms.ts'
import { SUBSCRIPTIONS } from './cases/subscriptions.ts'
import { begin, type Cases, closeClients, connected, server } from './cases/tools.ts'
import { USERS } from './cases/users.ts'
import { passwordOf } from './start.ts'

interface Case {
  readonly id: string
  readonly area: string
  readonly given: string
}

const CASES = JSON.parse(readFileSync(new URL('../cases/rocketchat.json', import.meta.url), 'utf8')) as Case[]
const RUN: Cases = { ...DDP, ...FILES, ...KEYS, ...MESSAGES, ...ROOMS, ...SUBSCRIPTIONS, ...USERS }

beforeAll(begin)
beforeEach(closeClients)
afterAll(() => server?.remove())

/** The same sentences are proved, in more ways, in seed.test.ts and lockstep.test.ts; RC-016 in dispatch.test.ts of the gateway. */
const ELSEWHERE = new Set(['RC-016', 'RC-087', 'RC-102', 'RC-104', 'RC-105', 'RC-108', 'RC-109', 'RC-112'])

/** Cases that the design contradicts, each with its sentence; what is so instead is tested in their place. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'RC-130': 'a member learns nothing about rooms and keys that are not theirs',
  'RC-166': 'An encrypted room takes no plaintext, on any wire (L3)',
}

describe('recorded cases', () => {
  test('are all run, or said to differ', () => {
    expect(CASES.filter(({ id }) => !RUN[id] && !ELSEWHERE.has(id))).toEqual([])
  })

  for (const { id, area, given } of CASES) {
    const run = RUN[id]
    const sentence = DIFFERENT[id]
    if (sentence) test.skip(`${id} ${area}: ${given} # differs: "${sentence}"`, () => {})
    if (run) test(`${sentence ? 'instead of ' : ''}${id} ${area}: ${given}`, run)
  }
})

test('a log-out is void, ends the token, and the socket is closed shortly after the answer', async () => {
  const client = await connected()
  const digest = createHash('sha256').update(passwordOf('alice')).digest('hex')
  const password = { digest, algorithm: 'sha-256' }
  const { token } = await client.call('login', { user: { username: 'alice' }, password })
  const answer = await client.ask('logout')
  expect(answer).toEqual({ msg: 'result', id: answer.id })
  expect(await client.untilClosed()).toBe(1000)
  expect((await (await connected()).ask('login', { resume: token })).error.error).toBe(403)
})

test('wrong passwords and unknown users are answered alike', async () => {
  const client = await connected()
  const errors = []
  for (const username of ['alice', 'nobody-at-all'])
    errors.push((await client.ask('login', { user: { username }, password: 'wrong' })).error)
  expect(errors[0]).toEqual(errors[1])
  expect(errors[0]).toMatchObject({ error: 403 })
})
