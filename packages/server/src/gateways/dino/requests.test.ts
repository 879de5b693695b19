import { expect, test } from 'vitest'
import { type Job, Requests } from './requests.ts'

/** A job whose steps the test takes. */
function job(log: string[], name: string, pipelined: boolean) {
  let of: Requests | undefined
  const one = {
    pipelined,
    begin: (requests: Requests) => {
      log.push(name)
      of = requests
    },
    end: () => of?.ended(one),
    place: () => of?.placed(one),
  }
  return one
}

/** One that has ended when it has begun. */
function quick(log: string[], name: string): Job {
  const one = {
    pipelined: true,
    begin: (requests: Requests) => {
      log.push(name)
      requests.ended(one)
      // Whoever was answered at once is told all the same that it has its place.
      requests.placed(one)
    },
  }
  return one
}

test('one request after the other', () => {
  const log: string[] = []
  const requests = new Requests({ mayStart: () => true })
  const [first, second] = [job(log, 'first', false), job(log, 'second', false)]
  requests.add(first)
  requests.add(second)
  expect(log).toEqual(['first'])
  expect(requests.waiting).toBe(1)
  first.end()
  expect(log).toEqual(['first', 'second'])
})

test('messages that have their place wait for no commit, and others wait for all of them', () => {
  const log: string[] = []
  const requests = new Requests({ mayStart: () => true })
  const [one, two, join] = [job(log, 'one', true), job(log, 'two', true), job(log, 'join', false)]
  for (const each of [one, two, join]) requests.add(each)
  expect(log).toEqual(['one'])
  one.place()
  expect(log).toEqual(['one', 'two'])
  two.place()
  one.end()
  expect(log).toEqual(['one', 'two'])
  two.end()
  expect(log).toEqual(['one', 'two', 'join'])
})

test('nothing starts while it may not, and all goes on when it may', () => {
  const log: string[] = []
  let may = false
  const requests = new Requests({ mayStart: () => may })
  requests.add(job(log, 'first', false))
  expect(log).toEqual([])
  may = true
  requests.next()
  expect(log).toEqual(['first'])
})

test('what has not begun when the socket goes never begins', () => {
  const log: string[] = []
  const requests = new Requests({ mayStart: () => true })
  const first = job(log, 'first', false)
  requests.add(first)
  requests.add(job(log, 'second', false))
  requests.clear()
  first.end()
  expect(log).toEqual(['first'])
})

test('what ends at once is over before the next begins, however many wait', () => {
  const log: string[] = []
  let may = false
  const requests = new Requests({ mayStart: () => may })
  const names = Array.from({ length: 20_000 }, (_, n) => `${n}`)
  for (const name of names) requests.add(quick(log, name))
  const [message, join] = [job(log, 'message', true), job(log, 'join', false)]
  requests.add(message)
  requests.add(join)
  may = true
  requests.next()
  expect(log).toEqual([...names, 'message'])
  message.place()
  message.end()
  expect(log.at(-1)).toBe('join')
})

test('what those that wait brought is held until they begin', () => {
  const log: string[] = []
  const requests = new Requests({ mayStart: () => true })
  const payload = { object: { content: 'x'.repeat(10_000) } }
  const [first, ...others] = ['first', 'second', 'third'].map(name => Object.assign(job(log, name, false), { payload }))
  requests.add(first!)
  expect(requests.held).toBe(0)
  for (const other of others) requests.add(other)
  expect(requests.held).toBeGreaterThan(20_000)
  expect(requests.held).toBeLessThan(21_000)
  first!.end()
  expect(log).toEqual(['first', 'second'])
  expect(requests.held).toBeLessThan(11_000)
  requests.clear()
  expect(requests.held).toBe(0)
})
