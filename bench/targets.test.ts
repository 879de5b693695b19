import { describe, expect, it } from 'vitest'
import { FULL, QUICK, USUAL } from './pace.ts'
import { lessIsBetter, row } from './rows.ts'
import { missing, targetOf } from './targets.ts'

const GROUPS = ['wires', 'commit', 'append', 'memory', 'history', 'requests', 'xchat']
const none = new Set<string>()

describe('the target table', () => {
  it('says of each row what is accepted and aimed at', () => {
    expect(row('wires/ddp/100', 1, '/s', { reference: 1 })).toMatchObject({ accept: 20, aim: 35 })
    expect(row('wires/dino4/1000/shipped', 1, '/s')).toMatchObject({ accept: 5, aim: 8 })
    expect(row('append/bare-sqlite/64', 1, '/s')).toMatchObject({ accept: null, aim: null })
  })

  it('turns round what may take longer, and what may weigh more', () => {
    // 20 ms are aimed at and 60 accepted; so are 10 KB and 12.
    const times = lessIsBetter('xchat/add-member-1000', 20, 'ms', { reference: 60 })
    expect(times.ratio).toBe(times.aim)
    const memory = lessIsBetter('memory/dino4', 10, 'KB', { reference: 12 })
    expect(memory.ratio).toBe(memory.aim)
    expect(targetOf('append/ddp/64/p99')).toEqual({ accept: 1 / 3, aim: 1 / 1.5 })
  })

  it('is measured whole by a full run, and what a shorter one leaves out is known', () => {
    const left = (pace: typeof FULL) => missing(none, GROUPS, pace).filter(({ expected }) => !expected)
    expect(left(FULL)).toEqual([])
    expect(left(USUAL).flatMap(({ ids }) => ids)).toEqual(['history/store/10M', 'history/store/10M/absolute'])
    expect(left(QUICK).flatMap(({ ids }) => ids)).toContain('xchat/add-member-1000')
    expect(left(QUICK).flatMap(({ ids }) => ids)).not.toContain('wires/ddp/100')
  })

  it('misses what no row answers, of the groups that were asked for', () => {
    const whole = missing(none, GROUPS, FULL).flatMap(({ ids }) => ids)
    expect(missing(new Set(whole), GROUPS, FULL)).toEqual([])
    const one = missing(new Set(whole.filter(id => id !== 'requests/post')), GROUPS, FULL)
    expect(one).toEqual([{ what: 'an authenticated POST', ids: ['requests/post'], expected: true }])
    expect(missing(none, ['load'], FULL)).toEqual([])
  })
})
