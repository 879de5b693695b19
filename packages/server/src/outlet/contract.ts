// What every Outlet does, whatever takes its events. An adapter's test calls outletContract with destinations `one` and
// `two`, whose behaviour the test sets.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ExternalEvent, Outlet } from './outlet.ts'

/** What a destination does with the next events. `silent`: it takes the call and never answers. */
export type Behaviour = 'takes' | 'refuses' | 'unwell' | 'gone' | 'silent'

type Arrived = readonly Omit<ExternalEvent, 'verb'>[]

export interface OpenOutlet {
  /** With a bound of at most a second for an answer. */
  readonly outlet: Outlet
  behave(destination: 'one' | 'two', behaviour: Behaviour): Promise<void> | void
  /** What has arrived there, in order, whatever became of it. */
  arrived(destination: 'one' | 'two'): Arrived | Promise<Arrived>
  close(): Promise<void>
}

export function outletContract(name: string, open: () => Promise<OpenOutlet>): void {
  describe(`outlet: ${name}`, () => {
    let opened: OpenOutlet
    let outlet: Outlet
    beforeEach(async () => {
      opened = await open()
      outlet = opened.outlet
    })
    afterEach(() => opened.close())

    test('has its destinations by name, each with room for at least one event', () => {
      expect(outlet.destinations.map(({ name }) => name).sort()).toEqual(['one', 'two'])
      for (const { width, wants } of outlet.destinations) expect([width >= 1, wants('login')]).toEqual([true, true])
    })

    test('brings an event with its id, byte for byte, to the one that it is for', async () => {
      const event = eventOf('a', '{"verb":"login",  "actor":{"displayName":"Zoë 💬"}}')
      expect(await outlet.deliver(event, 'one')).toEqual({ delivered: 'taken' })
      expect(await opened.arrived('one')).toEqual([{ id: event.id, body: event.body }])
      expect(await opened.arrived('two')).toEqual([])
    })

    test('brings it again under the same id', async () => {
      await opened.behave('one', 'unwell')
      const event = eventOf('b')
      expect(await outlet.deliver(event, 'one')).toMatchObject({ delivered: 'unwell' })
      await opened.behave('one', 'takes')
      expect(await outlet.deliver(event, 'one')).toEqual({ delivered: 'taken' })
      expect((await opened.arrived('one')).map(({ id }) => id)).toEqual([event.id, event.id])
    })

    test.each<[Behaviour, string]>([
      ['refuses', 'refused'],
      ['unwell', 'unwell'],
      ['gone', 'gone'],
      ['silent', 'unwell'],
    ])('says what becomes of an event when the destination %s', async (behaviour, delivered) => {
      await opened.behave('one', behaviour)
      const result = await outlet.deliver(eventOf('c'), 'one')
      expect(result).toMatchObject({ delivered, error: expect.stringMatching(/^.{1,200}$/) })
    })

    test('a silent destination holds nobody else up', async () => {
      await opened.behave('one', 'silent')
      let answered = false
      const waiting = outlet.deliver(eventOf('d'), 'one').then(() => {
        answered = true
      })
      expect(await outlet.deliver(eventOf('e'), 'two')).toEqual({ delivered: 'taken' })
      expect(answered).toBe(false)
      await waiting
    })

    test('gives up at its close what is under way, and takes nothing more', async () => {
      await opened.behave('one', 'silent')
      const waiting = outlet.deliver(eventOf('f'), 'one')
      await outlet.close()
      expect(await waiting).toMatchObject({ delivered: 'unwell' })
      expect(await outlet.deliver(eventOf('g'), 'two')).toMatchObject({ delivered: 'unwell' })
      expect(await opened.arrived('two')).toEqual([])
    })

    test('a destination that there is not is a bug', async () => {
      await expect(outlet.deliver(eventOf('h'), 'three')).rejects.toThrow()
    })
  })
}

function eventOf(id: string, body = `{"id":"${id}"}`): ExternalEvent {
  return { id, verb: 'login', body }
}
