import { expect, test } from 'vitest'
import { INTAKE_EACH, INTAKE_FRESH, INTAKE_SLICE } from '../limits.ts'
import { Intake, type Waiting } from './turns.ts'

/** An intake in which each message takes 1 ms, and what was taken, in that order. */
function world() {
  let now = 0
  const taken: string[] = []
  const intake = new Intake(() => now)
  const socket = (name: string, messages: number): Waiting => {
    let left = messages
    return {
      takeOne: () => {
        left--
        now++
        taken.push(name)
        return left > 0
      },
    }
  }
  return { intake, taken, socket, passes: (ms: number) => (now += ms) }
}

const turn = () => new Promise(resolve => setImmediate(resolve))
async function done(intake: Intake): Promise<void> {
  for (let n = 0; n < 10_000 && intake.waiting > 0; n++) await turn()
  await turn()
}

test('what fits into the slice of a turn is taken at once, and the next turn is another', async () => {
  const { intake, passes } = world()
  expect(intake.admits(0)).toBe(true)
  expect(intake.admits(INTAKE_EACH - 1)).toBe(true)
  expect(intake.admits(INTAKE_EACH)).toBe(false)
  passes(INTAKE_SLICE)
  expect(intake.admits(0)).toBe(false)
  const { turn: before } = intake
  await turn()
  await turn()
  expect(intake.turn).toBeGreaterThan(before)
  expect(intake.admits(0)).toBe(true)
})

test('who comes with one message goes before all but a few of those who pour', async () => {
  const { intake, taken, socket } = world()
  for (let n = 0; n < 200; n++) intake.wait(socket('pours', 50))
  while (taken.length < 1_000) await turn()
  const at = taken.length
  intake.wait(socket('says one thing', 1))
  await done(intake)
  expect(taken.indexOf('says one thing') - at).toBeLessThanOrEqual(2)
  expect(taken.filter(name => name === 'pours')).toHaveLength(200 * 50)
})

test('those who pour are not forgotten over many who come with one message each', async () => {
  const { intake, taken, socket } = world()
  intake.wait(socket('pours', 20))
  for (let n = 0; n < 200; n++) intake.wait(socket('says one thing', 1))
  await done(intake)
  const pouring = taken.flatMap((name, at) => (name === 'pours' ? at : []))
  expect(pouring).toHaveLength(20)
  for (const [n, at] of pouring.entries())
    if (n > 0) expect(at - (pouring[n - 1] as number)).toBeLessThanOrEqual(INTAKE_FRESH + 1)
})

test('between slices the sockets are written to', async () => {
  const { intake, taken, socket } = world()
  intake.wait(socket('pours', 10 * INTAKE_SLICE))
  const seen: number[] = []
  while (intake.waiting > 0 || taken.length === 0) {
    await turn()
    seen.push(taken.length)
  }
  const steps = seen.map((count, at) => count - (seen[at - 1] ?? 0))
  expect(Math.max(...steps)).toBeLessThanOrEqual(INTAKE_SLICE)
})
