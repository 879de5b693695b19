import { describe, expect, test } from 'vitest'
import { rangeOf } from './range.ts'

describe('of 10 bytes', () => {
  test.each([
    ['bytes=0-0', { from: 0, to: 1 }],
    ['bytes=0-9', { from: 0, to: 10 }],
    ['bytes=2-', { from: 2, to: 10 }],
    ['bytes=9-', { from: 9, to: 10 }],
    ['bytes=5-999', { from: 5, to: 10 }],
    ['bytes=-3', { from: 7, to: 10 }],
    ['bytes=-99', { from: 0, to: 10 }],
    [' bytes=1-2 ', { from: 1, to: 3 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=10-11', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['', undefined],
    ['bytes=-', undefined],
    ['bytes=3-2', undefined],
    ['bytes=12-11', undefined],
    ['bytes=0-1,4-5', undefined],
    ['bytes=a-b', undefined],
    ['bytes=--1', undefined],
    ['bytes=0-1-2', undefined],
    ['items=0-1', undefined],
    ['bytes=99999999999999999999-', undefined],
  ])('%j is %j', (header, part) => {
    expect(rangeOf(header, 10)).toEqual(part)
  })
})

test('of no bytes there is no part', () => {
  for (const header of ['bytes=0-', 'bytes=0-0', 'bytes=-1']) expect(rangeOf(header, 0)).toBe('unsatisfiable')
})
