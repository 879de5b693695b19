// Which messages a client names, and what it may not name.
import { uuidOf } from '@conclave/wire'
import { describe, expect, test } from 'vitest'
import { namedMessages } from './acks.ts'
import { readActivity } from './activity.ts'
import { NAMED_MESSAGES } from './limits.ts'

const own = uuidOf('2070276095283454999')
const foreign = 'c42ebf01-3d50-4f27-a345-4ed213be045d'

function named(object: unknown) {
  const read = readActivity({ verb: 'read', object })
  if (!read.ok) throw new Error(read.fault)
  return namedMessages(read.activity.object)
}

const many = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}` }))

describe('the messages that are named', () => {
  test('each count once, and those that this server made have an id', () => {
    const attachments = [{ id: own.toUpperCase() }, { id: foreign }, { id: own }]
    expect(named({ attachments })).toEqual([
      { uuid: own, id: '2070276095283454999' },
      { uuid: foreign, id: undefined },
    ])
  })

  test.each([null, {}, { attachments: [] }, { attachments: null }])('%j names none', object => {
    expect(named(object)).toEqual({ code: 508, text: 'no attachments found on object' })
  })

  test.each(['abc', '{c42ebf01-3d50-4f27-a345-4ed213be045d}', `${foreign} `, '../../etc', '12345678'])(
    '%j is no UUID',
    id => {
      const text = `"${id}" is not a valid uuid (activity.object.attachments.id)`
      expect(named({ attachments: [{ id: foreign }, { id }] })).toEqual({ code: 706, text })
    },
  )

  test('an attachment without an id names nothing', () => {
    expect(named({ attachments: [{}] })).toMatchObject({ code: 706 })
  })

  test('are as many as the real server takes', () => {
    expect(named({ attachments: [...many(NAMED_MESSAGES), ...many(1)] })).toHaveLength(NAMED_MESSAGES)
    const text = 'max 500 attachments allowed at one time, received 501'
    expect(named({ attachments: many(NAMED_MESSAGES + 1) })).toEqual({ code: 716, text })
  })
})
