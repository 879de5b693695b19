// Holds what a case led to against what was recorded: the answer, as an ack and as an event, and who was told what. Throws
// at the first thing that differs; planted.test.ts shows that it does.
import { expect } from 'vitest'
import type { Case } from './cases.ts'
import type { Reply } from './client.ts'
import { disagreements, mismatches } from './shape.ts'

/** What one case led to. */
export interface Outcome {
  readonly reply: Reply
  readonly answers: readonly { event: string; data: unknown }[]
  /** Event -> who got it and what, once for each. */
  readonly pushes: readonly { readonly event: string; readonly to: string; readonly data: unknown }[]
  /** Whether the server closed the namespace, where the case asks for it. */
  readonly disconnected: Promise<boolean>
  /** Puts in what the request had in the place of placeholders. */
  readonly fill: (text: unknown) => unknown
  /** Puts in the world's ids alone. */
  readonly ids: (text: unknown) => unknown
}

/** `x` never logs in. The real server tells such sockets of rooms that are made, renamed and removed; ours does not. */
const STRANGER = 'x'

export async function check(one: Case, { reply, answers, pushes, disconnected, fill, ids }: Outcome): Promise<void> {
  const { expect: expected } = one
  if (one.id !== 'connect-1') {
    expect(reply.ack).toHaveLength(expected.ack_args ?? 1)
    expect(reply.code).toBe(expected.status_code)
    expect(mismatches(one.upstream_defect ? withText(expected.shape) : expected.shape, reply.data)).toEqual([])
    if (one.request.event === 'join' && reply.code === 200)
      expect(mismatches(JOINED, reply.data.data.object)).toEqual([])
    expect(answers.map(each => each.event)).toEqual([expected.event])
    expect(answers[0]?.data).toEqual(reply.data)
    if (typeof expected.error === 'string' && !one.upstream_defect) expect(reply.data.error).toBe(fill(expected.error))
    if (reply.code !== 200) expect(typeof reply.data.message).toBe('string')
    if (reply.code === 703 && typeof reply.data.error === 'object') expect(reply.data.data).toEqual(reply.data.error)
  }
  if (expected.disconnected_within_1500ms !== undefined)
    expect(await disconnected).toBe(expected.disconnected_within_1500ms)
  const wanted = (expected.broadcast ?? []).map(({ event, to }) => [event, receiversOf(event, to)] as const)
  const events = [...new Set(pushes.map(push => push.event))]
  const got = events.map(
    event => [event, onceEach(pushes.filter(each => each.event === event).map(({ to }) => to))] as const,
  )
  expect(new Map(got)).toEqual(new Map(wanted))
  for (const { event, shape, example } of expected.broadcast ?? []) {
    const sent = pushes.filter(push => push.event === event).map(({ data }) => data)
    for (const data of sent) expect(mismatches(shape, data)).toEqual([])
    // Of several (one for each room) the recording shows one.
    const faults = sent.map(data => disagreements(withRealNames(ids(example)), data))
    expect(faults.some(({ length }) => length === 0) || faults).toBe(true)
  }
}

/** Of announcements of rooms without who never logs in. */
function receiversOf(event: string, to: readonly string[]): string[] {
  return onceEach(to.filter(name => name !== STRANGER || !event.startsWith('gn_room_')))
}

function onceEach(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}

/** Where the real server says nothing useful there is a text all the same. */
function withText(shape: unknown): unknown {
  return (shape as { error?: unknown }).error === undefined ? shape : { ...(shape as object), error: 'string' }
}

/** Always these four, in this order (dino.md section 4, join). */
const JOINED = {
  objectType: 'string',
  attachments: ['acl', 'history', 'owner', 'user'].map(objectType => ({ objectType, attachments: [] })),
}

/** The real server sends an empty name for those who are auto-joined (dino.md 1.2, a defect). */
function withRealNames(example: unknown): unknown {
  const { actor } = example as { actor?: { id: string; displayName: string } }
  if (actor?.displayName !== '') return example
  return { ...(example as object), actor: { ...actor, displayName: Buffer.from(`user${actor.id}`).toString('base64') } }
}
