// What the replay of the recorded cases is worth: an outcome just as it was recorded passes, and with one fault planted
// into it the same outcome does not.
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Case, RECORDED_CASES } from './cases.ts'
import type { Push, Reply } from './client.ts'
import { check, type Outcome } from './compare.ts'
import { DIFFERENCES } from './differences.ts'
import { ACTORS } from './world.ts'

type Sent = Outcome['pushes'][number]

const WORDS: Readonly<Record<string, () => unknown>> = {
  int: () => 1,
  null: () => null,
  '<uuid>': randomUUID,
  '<ts>': () => '2026-01-01T00:00:00Z',
}

/** A value of a recorded shape or example, apart from what is made anew each time. */
function made(shape: unknown): unknown {
  if (typeof shape === 'string') return (WORDS[shape] ?? (() => shape))()
  if (Array.isArray(shape)) return shape.map(made)
  if (typeof shape !== 'object' || shape === null) return shape
  return Object.fromEntries(Object.entries(shape).map(([key, each]) => [key, made(each)]))
}

/** The lists of `join` after the first, which is all that a shape shows. */
const MORE_LISTS = ['history', 'owner', 'user'].map(objectType => ({ objectType, attachments: [] }))

/** What a server that answers just as recorded would have sent. */
function asRecorded({ expect: expected, request, upstream_defect: isDefect }: Case): Outcome {
  const data = made(expected.shape) as Push['data']
  if (data) {
    data.status_code = expected.status_code
    if (typeof expected.error === 'string' && !isDefect) data.error = expected.error
    else if (data.error === null) data.error = 'a text'
    if (expected.status_code !== 200) data.message = 'a text'
    if (typeof data.error === 'object' && data.error !== null) data.data = structuredClone(data.error)
    if (request.event === 'join' && expected.status_code === 200) {
      const { attachments } = data.data.object
      attachments.splice(0, attachments.length, { ...attachments[0], objectType: 'acl' }, ...MORE_LISTS)
    }
  }
  const pushes = (expected.broadcast ?? []).flatMap(({ event, to, example }) =>
    [...new Set(to)]
      .filter(name => name !== 'x' || !event.startsWith('gn_room_'))
      .map(name => ({ event, to: name, data: named(made(example)) })),
  )
  return {
    reply: { ack: Array.from({ length: expected.ack_args ?? 1 }, () => data), data, code: expected.status_code ?? 0 },
    answers: typeof expected.event === 'string' ? [{ event: expected.event, data }] : [],
    pushes,
    disconnected: Promise.resolve(expected.disconnected_within_1500ms ?? false),
    fill: text => text,
    ids: text => text,
  }
}

/** Ours has the user's name where the real server's is empty. */
function named(data: unknown): unknown {
  const { actor } = data as { actor?: { id: string; displayName: string } }
  if (actor?.displayName === '') actor.displayName = Buffer.from(`user${actor.id}`).toString('base64')
  return data
}

/** Those whose answer is looked at: all but the differing ones and the opening of a connection. */
const ANSWERED = RECORDED_CASES.filter(one => !DIFFERENCES[one.id] && one.id !== 'connect-1')
const TOLD = ANSWERED.filter(one => asRecorded(one).pushes.length > 0)
const WITH_DATA = ANSWERED.filter(({ expect: { shape } }) => hasKeys((shape as { data?: unknown }).data))
const WITH_TEXT = ANSWERED.filter(
  ({ expect: { error }, upstream_defect: isDefect }) => typeof error === 'string' && !isDefect,
)
const ENDED = ANSWERED.filter(({ expect: { disconnected_within_1500ms: ended } }) => ended !== undefined)

function hasKeys(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

/** The same with another answer, in the ack and in the event. */
function answering(outcome: Outcome, change: (data: Push['data']) => void): Outcome {
  const data = structuredClone(outcome.reply.data)
  change(data)
  const reply: Reply = { ack: outcome.reply.ack?.map(() => data) ?? null, data, code: data.status_code ?? 0 }
  return { ...outcome, reply, answers: outcome.answers.map(({ event }) => ({ event, data })) }
}

/** The same with other pushes. */
function telling(outcome: Outcome, change: (pushes: readonly Sent[]) => readonly Sent[]): Outcome {
  return { ...outcome, pushes: change(structuredClone(outcome.pushes)) }
}

const isFound = (one: Case, outcome: Outcome) => expect(check(one, outcome), one.id).rejects.toThrow()

test('what is looked at is nearly everything that was recorded', () => {
  expect(ANSWERED.length).toBeGreaterThan(200)
  for (const some of [TOLD, WITH_DATA, WITH_TEXT]) expect(some.length).toBeGreaterThan(40)
  expect(ENDED.length).toBeGreaterThan(5)
})

test('an outcome as it was recorded passes', async () => {
  for (const one of ANSWERED) await expect(check(one, asRecorded(one)), one.id).resolves.toBeUndefined()
})

describe('in the answer', () => {
  test('a wrong code is found', async () => {
    for (const one of ANSWERED) {
      const other = one.expect.status_code === 250 ? 705 : 250
      await isFound(
        one,
        answering(asRecorded(one), data => {
          data.status_code = other
        }),
      )
    }
  })

  test('a missing key is found', async () => {
    for (const one of WITH_DATA)
      for (const key of Object.keys((one.expect.shape as { data: object }).data))
        await isFound(
          one,
          answering(asRecorded(one), data => {
            delete data.data[key]
          }),
        )
  })

  test('a key that nobody recorded is found', async () => {
    for (const one of WITH_DATA)
      await isFound(
        one,
        answering(asRecorded(one), data => {
          data.data.secret = 'x'
        }),
      )
  })

  test('another text is found', async () => {
    for (const one of WITH_TEXT)
      await isFound(
        one,
        answering(asRecorded(one), data => {
          data.error = `${data.error}!`
        }),
      )
  })

  test('a refusal without the seed’s `message` is found', async () => {
    for (const one of ANSWERED.filter(({ expect: { status_code: code } }) => code !== 200))
      await isFound(
        one,
        answering(asRecorded(one), data => {
          delete data.message
        }),
      )
  })

  test('one that comes as an ack alone, twice, or under another name is found', async () => {
    for (const one of ANSWERED.filter(({ expect: { event } }) => typeof event === 'string')) {
      const outcome = asRecorded(one)
      await isFound(one, { ...outcome, answers: [] })
      await isFound(one, { ...outcome, answers: [...outcome.answers, ...outcome.answers] })
      await isFound(one, { ...outcome, answers: outcome.answers.map(each => ({ ...each, event: 'gn_other' })) })
    }
  })

  test('an event that says something else than the ack is found', async () => {
    for (const one of ANSWERED.filter(({ expect: { event } }) => typeof event === 'string')) {
      const outcome = asRecorded(one)
      const answers = outcome.answers.map(({ event, data }) => ({ event, data: { ...(data as object), more: 1 } }))
      await isFound(one, { ...outcome, answers })
    }
  })

  test('an ack that was never called, or with two arguments, is found', async () => {
    for (const one of ANSWERED) {
      const outcome = asRecorded(one)
      const { data } = outcome.reply
      await isFound(one, { ...outcome, reply: { ...outcome.reply, ack: null } })
      await isFound(one, { ...outcome, reply: { ...outcome.reply, ack: [data, data] } })
    }
  })

  test('a socket that stays open, or is closed, against what was recorded is found', async () => {
    for (const one of ENDED)
      await isFound(one, {
        ...asRecorded(one),
        disconnected: Promise.resolve(!one.expect.disconnected_within_1500ms),
      })
  })
})

describe('in what others are told', () => {
  test('a push that did not come to one of its receivers is found', async () => {
    for (const one of TOLD) {
      const outcome = asRecorded(one)
      for (const missing of outcome.pushes)
        await isFound(one, { ...outcome, pushes: outcome.pushes.filter(push => push !== missing) })
    }
  })

  test('a push to a stranger is found', async () => {
    for (const one of TOLD)
      await isFound(
        one,
        telling(asRecorded(one), pushes => [...pushes, { ...(pushes[0] as Sent), to: strangerTo(pushes) }]),
      )
  })

  test('a push where none was recorded is found', async () => {
    for (const one of ANSWERED)
      await isFound(
        one,
        telling(asRecorded(one), pushes => [...pushes, { event: 'gn_other', to: 'a', data: {} }]),
      )
  })

  test('a missing key is found', async () => {
    for (const one of TOLD)
      for (const [at, { event, data }] of lastOfEach(asRecorded(one).pushes)) {
        const { shape } = (one.expect.broadcast ?? []).find(each => each.event === event) as { shape: object }
        for (const key of Object.keys(data as object).filter(each => each in shape))
          await isFound(
            one,
            telling(asRecorded(one), pushes => {
              delete ((pushes[at] as Sent).data as Record<string, unknown>)[key]
              return pushes
            }),
          )
      }
  })

  test('what says another verb to everybody is found', async () => {
    for (const one of TOLD.filter(each => asRecorded(each).pushes.some(({ data }) => 'verb' in (data as object))))
      await isFound(
        one,
        telling(asRecorded(one), pushes =>
          pushes.map(push => ({ ...push, data: { ...(push.data as object), verb: 'other' } })),
        ),
      )
  })
})

/** Of every event what its last receiver got, with its place. */
function lastOfEach(pushes: readonly Sent[]): readonly (readonly [number, Sent])[] {
  const last = new Map(pushes.map((push, at) => [push.event, [at, push] as const]))
  return [...last.values()]
}

/** Somebody who was sent none of this; `x` never logs in. */
function strangerTo(pushes: readonly Sent[]): string {
  return [...Object.keys(ACTORS), 'l', 'x'].find(name => pushes.every(({ to }) => to !== name)) as string
}
