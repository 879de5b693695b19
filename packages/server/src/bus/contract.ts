// What every Bus does, whatever carries it. An adapter's test calls busContract; the sentences are the contract.
import type { RoomId } from '@conclave/wire'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Bus, BusMessage } from './bus.ts'

export interface OpenBus {
  readonly bus: Bus
  /** What receivers threw so far. */
  readonly errors: readonly unknown[]
  /** Resolves when everything published so far has been received. */
  settled(): Promise<void>
}

export function busContract(name: string, open: () => Promise<OpenBus>): void {
  describe(`bus: ${name}`, () => {
    let opened: OpenBus
    let bus: Bus
    beforeEach(async () => {
      opened = await open()
      bus = opened.bus
    })
    afterEach(() => bus.close())

    test('a message reaches every subscriber of its topic and no other', async () => {
      const here = collect(bus, 'room:1')
      const too = collect(bus, 'room:1')
      const other = collect(bus, 'room:2')
      const user = collect(bus, 'user:1')
      bus.publish('room:1', signal('a'))
      await opened.settled()
      expect([here, too, other, user]).toEqual([['a'], ['a'], [], []])
    })

    test('what goes to all reaches the subscribers of all', async () => {
      const all = collect(bus, 'all')
      bus.publish('all', signal('a'))
      bus.publish('room:1', signal('b'))
      await opened.settled()
      expect(all).toEqual(['a'])
    })

    test('messages of a topic arrive in the order in which they were published', async () => {
      const here = collect(bus, 'room:1')
      const names = Array.from({ length: 500 }, (_, index) => `${index}`)
      for (const each of names) bus.publish('room:1', signal(each))
      await opened.settled()
      expect(here).toEqual(names)
    })

    test('what a receiver publishes comes after the message at hand, for every receiver', async () => {
      const first: string[] = []
      bus.subscribe('room:1', message => {
        first.push(nameOf(message))
        if (nameOf(message) === 'a') bus.publish('room:1', signal('b'))
      })
      const second = collect(bus, 'room:1')
      bus.publish('room:1', signal('a'))
      await opened.settled()
      expect([first, second]).toEqual([
        ['a', 'b'],
        ['a', 'b'],
      ])
    })

    test('a receiver that throws is reported and takes nothing from the others', async () => {
      const bug = new Error('a bug in a receiver')
      bus.subscribe('room:1', () => {
        throw bug
      })
      const other = collect(bus, 'room:1')
      bus.publish('room:1', signal('a'))
      bus.publish('room:1', signal('b'))
      await opened.settled()
      expect(other).toEqual(['a', 'b'])
      expect(opened.errors).toEqual([bug, bug])
    })

    test('nothing arrives after unsubscribing, and unsubscribing twice is harmless', async () => {
      const received: string[] = []
      const stop = bus.subscribe('room:1', message => received.push(nameOf(message)))
      const other = collect(bus, 'room:1')
      bus.publish('room:1', signal('a'))
      await opened.settled()
      stop()
      stop()
      bus.publish('room:1', signal('b'))
      await opened.settled()
      expect([received, other]).toEqual([['a'], ['a', 'b']])
    })

    test('one function subscribed twice receives twice, and each subscription ends alone', async () => {
      const received: string[] = []
      const receive = (message: BusMessage) => void received.push(nameOf(message))
      const stop = bus.subscribe('room:1', receive)
      bus.subscribe('room:1', receive)
      bus.publish('room:1', signal('a'))
      await opened.settled()
      stop()
      bus.publish('room:1', signal('b'))
      await opened.settled()
      expect(received).toEqual(['a', 'a', 'b'])
    })

    test('unsubscribing oneself or another while a message is delivered is safe', async () => {
      const received: string[] = []
      const stopFirst = bus.subscribe('room:1', message => {
        received.push(`first ${nameOf(message)}`)
        stopFirst()
        stopSecond()
      })
      const stopSecond = bus.subscribe('room:1', message => received.push(`second ${nameOf(message)}`))
      bus.subscribe('room:1', message => received.push(`third ${nameOf(message)}`))
      bus.publish('room:1', signal('a'))
      bus.publish('room:1', signal('b'))
      await opened.settled()
      expect(received).toEqual(['first a', 'third a', 'third b'])
    })

    test('who subscribes while a message is delivered gets the next one, not this one', async () => {
      const late: string[] = []
      let subscribed = false
      bus.subscribe('room:1', () => {
        if (subscribed) return
        subscribed = true
        bus.subscribe('room:1', message => late.push(nameOf(message)))
      })
      bus.publish('room:1', signal('a'))
      await opened.settled()
      bus.publish('room:1', signal('b'))
      await opened.settled()
      expect(late).toEqual(['b'])
    })

    test('who subscribes again after the last one left receives', async () => {
      bus.subscribe('room:1', () => {})()
      const again = collect(bus, 'room:1')
      bus.publish('room:1', signal('a'))
      await opened.settled()
      expect(again).toEqual(['a'])
    })

    test('nothing arrives after closing', async () => {
      const here = collect(bus, 'room:1')
      await bus.close()
      bus.publish('room:1', signal('a'))
      await opened.settled()
      expect(here).toEqual([])
    })
  })
}

function signal(name: string): BusMessage {
  return { kind: 'signal', name, room: '1' as RoomId, from: null, args: [] }
}

function nameOf(message: BusMessage): string {
  return message.kind === 'signal' ? message.name : message.kind
}

function collect(bus: Bus, topic: Parameters<Bus['subscribe']>[0]): string[] {
  const names: string[] = []
  bus.subscribe(topic, message => names.push(nameOf(message)))
  return names
}
