import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { announced, Bodies } from './bodies.ts'
import { BODIES_IN_ALL, BODIES_OF_ONE, BODY_SMALL } from './limits.ts'

const LARGE = BODIES_OF_ONE / 4

test('one caller holds so many bytes, all together so many, and what is let go makes room once', () => {
  const bodies = new Bodies()
  const held = Array.from({ length: 4 }, () => bodies.take('one', LARGE)) as (() => void)[]
  expect(bodies.take('one', LARGE)).toBe('own')
  const callers = BODIES_IN_ALL / BODIES_OF_ONE
  for (let at = 1; at < callers; at++) expect(bodies.take(`caller ${at}`, BODIES_OF_ONE)).toBeTypeOf('function')
  expect(bodies.take('late', BODY_SMALL + 1)).toBe('all')
  expect(bodies.take('late', BODY_SMALL)).toBeNull()
  for (let again = 0; again < 3; again++) held[0]?.()
  expect(bodies.take('late', LARGE + 1)).toBe('all')
  expect(bodies.take('one', LARGE)).toBeTypeOf('function')
  expect(bodies.take('one', BODY_SMALL + 1)).toBe('own')
})

test('a request counts for what it says, and for all that the route takes where it says nothing', () => {
  const of = (headers: Record<string, string>) => announced({ headers } as unknown as IncomingMessage, 1_000)
  expect(of({})).toBe(0)
  expect(of({ 'content-length': '10' })).toBe(10)
  expect(of({ 'content-length': '10000' })).toBe(1_000)
  expect(of({ 'transfer-encoding': 'chunked' })).toBe(1_000)
  expect(of({ 'transfer-encoding': 'chunked', 'content-length': '1' })).toBe(1_000)
})
