// L8: whatever code hands over to be logged by mistake, the lines hold ids, codes and places.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openLog } from './log.ts'

function logged(write: (log: ReturnType<typeof openLog>) => void, level = 'trace'): string {
  const lines: string[] = []
  write(openLog(level, { write: line => void lines.push(line) }))
  return lines.join('')
}

const SECRET = 'attack at dawn'

describe('a log line', () => {
  test('holds its level, its time, its fields and its sentence, as JSON', () => {
    const line = JSON.parse(logged(log => log.warn({ wire: 'dino', room: '7', count: 3 }, 'too many sockets')))
    expect(line).toMatchObject({ level: 40, wire: 'dino', room: '7', count: 3, msg: 'too many sockets' })
    expect(Number.isNaN(Date.parse(line.time))).toBe(false)
    expect(Object.keys(line).sort()).toEqual(['count', 'level', 'msg', 'room', 'time', 'wire'])
  })

  test('of an error holds its name, code and place, not its message', () => {
    const line = logged(log => log.error({ err: Object.assign(new TypeError(SECRET), { code: 'EIO' }) }, 'bug'))
    expect(JSON.parse(line).err).toMatchObject({ type: 'TypeError', code: 'EIO' })
    expect(JSON.parse(line).err.stack[0]).toContain('log.test.ts')
    expect(line).not.toContain(SECRET)
  })

  test.each<[string, (log: ReturnType<typeof openLog>) => void]>([
    ['an error alone', log => log.error(new Error(SECRET))],
    ['an error with a cause', log => log.error({ err: new Error('x', { cause: new Error(SECRET) }) }, 'bug')],
    ['an error whose message looks like frames', log => log.error(new Error(`x\n    at ${SECRET} (a.ts:1:1)`))],
    ['an error in another field', log => log.error({ error: new Error(SECRET) }, 'bug')],
    ['a field that is not known', log => log.info({ content: SECRET }, 'sent')],
    ['an object in a known field', log => log.info({ user: { name: SECRET } }, 'sent')],
    ['a list in a known field', log => log.info({ reason: [SECRET] }, 'sent')],
    [
      'what a parser says of its input',
      log => {
        try {
          JSON.parse(`{"text":${SECRET}}`)
        } catch (error) {
          log.error({ err: error }, 'bug')
        }
      },
    ],
  ])('does not hold the content of %s', (_what, write) => {
    expect(logged(write)).not.toContain(SECRET)
  })

  test('is one line and never throws, whatever is in its fields', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), fields => {
        expect(
          logged(log => log.info(fields, 'x'))
            .trimEnd()
            .split('\n'),
        ).toHaveLength(1)
      }),
    )
  })

  test('is cut where a field is longer than any of ours', () => {
    expect(logged(log => log.info({ reason: 'x'.repeat(10_000) }, 'x')).length).toBeLessThan(500)
  })

  test('below the level is not written', () => {
    expect(logged(log => log.info({}, 'x'), 'warn')).toBe('')
    expect(logged(log => log.error({}, 'x'), 'silent')).toBe('')
  })
})
