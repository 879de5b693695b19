import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frameTexts, textFrame } from './frame.ts'
import { Group } from './group.ts'
import { UNSENT_BYTES } from './limits.ts'
import { Outlet, type OutletOwner } from './outlet.ts'
import type { Transport } from './transport.ts'
import { Turn } from './turn.ts'

class Recorder implements Transport {
  open = true
  unsent = 0
  readonly chunks: Buffer[] = []
  writes = 0
  write(chunk: Buffer): void {
    this.writes++
    this.chunks.push(chunk)
  }
  writeAll(chunks: readonly Buffer[]): void {
    this.writes++
    this.chunks.push(...chunks)
  }
  texts(): string[] {
    return this.chunks.flatMap(frameTexts)
  }
}

const nobody: OutletOwner = { onOverflow: () => {} }

function world(sockets: number, rooms: number) {
  const turn = new Turn()
  const recorders = Array.from({ length: sockets }, () => new Recorder())
  const outlets = recorders.map(recorder => new Outlet(turn, recorder, nobody))
  const groups = Array.from({ length: rooms }, () => new Group(turn))
  return { turn, recorders, outlets, groups }
}

const SOCKETS = 4
const ROOMS = 3
const socket = fc.nat(SOCKETS - 1)
const room = fc.nat(ROOMS - 1)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('join' as const), socket, room }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), socket, room }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('tell' as const), room, size: fc.constantFrom(1, 200, 9_000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), socket }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('flush' as const), socket }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), socket }) },
)

test('every socket gets exactly the frames of the time it was inside, in the order of the calls, one write a turn', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const { turn, recorders, outlets, groups } = world(SOCKETS, ROOMS)
      const expected: string[][] = recorders.map(() => [])
      const inside = groups.map(() => new Set<number>())
      const ended = new Set<number>()
      const pending = new Set<number>()
      const endTurn = () => {
        const before = recorders.map(recorder => recorder.writes)
        turn.flush()
        recorders.forEach((recorder, i) => {
          expect(recorder.writes - before[i]!).toBe(pending.has(i) ? 1 : 0)
        })
        pending.clear()
      }
      steps.forEach((s, n) => {
        const say = (i: number, text: string) => {
          if (ended.has(i)) return
          expected[i]!.push(text)
          pending.add(i)
        }
        switch (s.do) {
          case 'join':
            groups[s.room]!.join(outlets[s.socket]!)
            if (!ended.has(s.socket)) inside[s.room]!.add(s.socket)
            return
          case 'leave':
            groups[s.room]!.leave(outlets[s.socket]!)
            inside[s.room]!.delete(s.socket)
            return
          case 'tell': {
            const text = `${n}:${'r'.repeat(s.size)}`
            groups[s.room]!.write(textFrame(text))
            for (const i of inside[s.room]!) say(i, text)
            return
          }
          case 'answer':
            outlets[s.socket]!.write(textFrame(`${n}:private`))
            say(s.socket, `${n}:private`)
            return
          case 'turn':
            endTurn()
            return
          case 'flush':
            outlets[s.socket]!.flush()
            pending.delete(s.socket)
            return
          case 'end':
            outlets[s.socket]!.end()
            ended.add(s.socket)
            pending.delete(s.socket)
        }
      })
      endTurn()
      recorders.forEach((recorder, i) => {
        expect(recorder.texts()).toEqual(expected[i])
      })
    }),
    { numRuns: 1_500 },
  )
})

test('all members of a room write the very same Buffer, joined once', () => {
  const { turn, recorders, outlets, groups } = world(3, 1)
  for (const outlet of outlets) groups[0]!.join(outlet)
  groups[0]!.write(textFrame('one'))
  groups[0]!.write(textFrame('two'))
  turn.flush()
  expect(recorders[0]!.texts()).toEqual(['one', 'two'])
  for (const recorder of recorders) {
    expect(recorder.chunks).toHaveLength(1)
    expect(recorder.chunks[0]).toBe(recorders[0]!.chunks[0])
  }
  expect(turn.writes).toBe(3)
  expect(turn.flushes).toBe(1)
})

test('a lone frame of a turn is written as it is', () => {
  const { turn, recorders, outlets, groups } = world(2, 1)
  for (const outlet of outlets) groups[0]!.join(outlet)
  const frame = textFrame('one')
  groups[0]!.write(frame)
  turn.flush()
  for (const recorder of recorders) expect(recorder.chunks).toEqual([frame])
  for (const recorder of recorders) expect(recorder.chunks[0]).toBe(frame)
})

test('large shared frames around an answer are not copied but gathered as slices of the shared Buffer', () => {
  const { turn, recorders, outlets, groups } = world(2, 1)
  for (const outlet of outlets) groups[0]!.join(outlet)
  groups[0]!.write(textFrame('a'.repeat(50_000)))
  outlets[0]!.write(textFrame('mine'))
  groups[0]!.write(textFrame('b'.repeat(50_000)))
  turn.flush()
  expect(recorders[0]!.chunks).toHaveLength(3)
  expect(recorders[0]!.writes).toBe(1)
  expect(recorders[0]!.chunks[0]!.buffer).toBe(recorders[1]!.chunks[0]!.buffer)
  expect(recorders[0]!.texts()[1]).toBe('mine')
})

test('the flush comes by itself at the end of the turn', async () => {
  const { recorders, outlets, groups } = world(1, 1)
  groups[0]!.join(outlets[0]!)
  groups[0]!.write(textFrame('one'))
  await Promise.resolve()
  expect(recorders[0]!.writes).toBe(0)
  outlets[0]!.write(textFrame('two'))
  await new Promise(setImmediate)
  expect(recorders[0]!.texts()).toEqual(['one', 'two'])
  expect(recorders[0]!.writes).toBe(1)
})

test('settle flushes after the promise continuations that are ready', async () => {
  const { turn, recorders, outlets } = world(1, 1)
  const later = (async () => {
    for (let i = 0; i < 5; i++) await Promise.resolve()
    outlets[0]!.write(textFrame('late'))
  })()
  turn.settle()
  await new Promise<void>(resolve => process.nextTick(() => process.nextTick(resolve)))
  await later
  expect(recorders[0]!.texts()).toEqual(['late'])
})

test('who does not read is told once, closed, and costs the others nothing', () => {
  const turn = new Turn()
  const slow = new Recorder()
  const fast = new Recorder()
  const closed: Outlet[] = []
  const group = new Group(turn)
  const owner: OutletOwner = {
    onOverflow: outlet => {
      closed.push(outlet)
      group.leave(outlet)
      group.write(textFrame('left'))
    },
  }
  const lost = new Outlet(turn, slow, owner)
  group.join(lost)
  group.join(new Outlet(turn, fast, owner))
  slow.unsent = UNSENT_BYTES + 1
  group.write(textFrame('one'))
  turn.flush()
  group.write(textFrame('two'))
  turn.flush()
  lost.write(textFrame('three'))
  turn.flush()
  expect(closed).toEqual([lost])
  expect(slow.writes).toBe(0)
  expect(fast.texts()).toEqual(['one', 'left', 'two'])
  expect(group.size).toBe(1)
})

test('what is written after the connection closed is dropped quietly, and the group forgets the socket', () => {
  const { turn, recorders, outlets, groups } = world(2, 1)
  for (const outlet of outlets) groups[0]!.join(outlet)
  recorders[0]!.open = false
  for (let i = 0; i < 2; i++) {
    groups[0]!.write(textFrame('one'))
    turn.flush()
  }
  expect(recorders[0]!.writes).toBe(0)
  expect(outlets[0]!.closed).toBe(true)
  expect(groups[0]!.size).toBe(1)
  expect(recorders[1]!.texts()).toEqual(['one', 'one'])
})

test('a group without members keeps nothing', () => {
  const { turn, recorders, outlets, groups } = world(1, 1)
  groups[0]!.join(outlets[0]!)
  outlets[0]!.end()
  groups[0]!.write(textFrame('lost'))
  groups[0]!.write(textFrame('lost'))
  turn.flush()
  expect(turn.flushes).toBe(0)
  expect(recorders[0]!.writes).toBe(0)
})
