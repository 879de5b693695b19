import { expect, test } from 'vitest'
import { Requests } from './requests.ts'

/** A job whose steps the test takes. */
function job(log: string[], name: string, pipelined: boolean) {
  let end = (): void => {}
  let place = (): void => {}
  return {
    pipelined,
    run: (placed: () => void) => {
      log.push(name)
      place = placed
      return new Promise<void>(resolve => {
        end = resolve
      })
    },
    end: async () => {
      end()
      await new Promise(resolve => setImmediate(resolve))
    },
    place: () => place(),
  }
}

test('one request after the other', async () => {
  const log: string[] = []
  const requests = new Requests({ mayStart: () => true })
  const [first, second] = [job(log, 'first', false), job(log, 'second', false)]
  requests.add(first)
  requests.add(second)
  expect(log).toEqual(['first'])
  expect(requests.waiting).toBe(1)
  await first.end()
  expect(log).toEqual(['first', 'second'])
})

test('messages that have their place wait for no commit, and others wait for all of them', async () => {
  const log: string[] = []
  const requests = new Requests({ mayStart: () => true })
  const [one, two, join] = [job(log, 'one', true), job(log, 'two', true), job(log, 'join', false)]
  for (const each of [one, two, join]) requests.add(each)
  expect(log).toEqual(['one'])
  one.place()
  expect(log).toEqual(['one', 'two'])
  two.place()
  await one.end()
  expect(log).toEqual(['one', 'two'])
  await two.end()
  expect(log).toEqual(['one', 'two', 'join'])
})

test('nothing starts while it may not, and all goes on when it may', async () => {
  const log: string[] = []
  let may = false
  const requests = new Requests({ mayStart: () => may })
  requests.add(job(log, 'first', false))
  expect(log).toEqual([])
  may = true
  requests.next()
  expect(log).toEqual(['first'])
})

test('what has not begun when the socket goes never begins', async () => {
  const log: string[] = []
  const requests = new Requests({ mayStart: () => true })
  const first = job(log, 'first', false)
  requests.add(first)
  requests.add(job(log, 'second', false))
  requests.clear()
  await first.end()
  expect(log).toEqual(['first'])
})
