// What code reaches without asking anybody: timers, clocks, chance and the threads that verify. While a seed runs they are
// the scheduler's. Nothing of the server is changed for it.
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import type { Chance } from './chance.ts'
import type { Planned, Scheduler } from './scheduler.ts'

/** ms that a turn of the event loop takes, and a verification in another thread. */
const TURN = { least: 0.01, most: 1 }
const THREAD = { least: 0.1, most: 4 }

class Timer {
  planned: Planned | null = null

  unref(): this {
    return this
  }

  ref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  refresh(): this {
    return this
  }

  cancel(): void {
    if (this.planned) this.planned.cancelled = true
  }
}

type Callback = (...args: unknown[]) => void

const real = { verify: crypto.verify }

/** Keys sign themselves to be registered, and these are few: what was verified once is remembered, so many of them. */
const VERIFIED = 4_096
const verified = new Map<string, boolean>()

/** From now on everything in this process goes by this scheduler: a process that simulates does nothing else. */
export function install(current: () => { readonly scheduler: Scheduler; readonly chance: Chance }): void {
  const after = (ms: number, run: () => void): Planned => {
    const { scheduler } = current()
    return scheduler.plan(scheduler.life, ms, run)
  }
  const clear = (timer: unknown): void => {
    if (timer instanceof Timer) timer.cancel()
  }
  const setTimeout = (run: Callback, ms = 0, ...args: unknown[]): Timer => {
    const timer = new Timer()
    timer.planned = after(Math.max(1, ms), () => run(...args))
    return timer
  }
  const setInterval = (run: Callback, ms = 0, ...args: unknown[]): Timer => {
    const timer = new Timer()
    const again = (): void => {
      timer.planned = after(Math.max(1, ms), () => {
        again()
        run(...args)
      })
    }
    again()
    return timer
  }
  const setImmediate = (run: Callback, ...args: unknown[]): Timer => {
    const { scheduler, chance } = current()
    const timer = new Timer()
    const { life, now } = scheduler
    // One after the other within a process.
    const at = Math.max(life?.turn ?? 0, now + chance.between(TURN.least, TURN.most))
    if (life) life.turn = at
    timer.planned = after(at - now, () => run(...args))
    return timer
  }
  const replaced = {
    setTimeout,
    setInterval,
    setImmediate,
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  }
  Object.assign(globalThis, replaced)
  performance.now = () => current().scheduler.now
  Date.now = () => Math.floor(current().scheduler.now)
  Math.random = () => current().chance.fraction()
  const filled = (view: ArrayBufferView): void => {
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(current().chance.bytes(view.byteLength))
  }
  Object.assign(crypto, {
    randomFillSync: <T extends ArrayBufferView>(view: T): T => {
      filled(view)
      return view
    },
    randomBytes: (count: number) => Buffer.from(current().chance.bytes(count)),
    randomUUID: () => Buffer.from(current().chance.bytes(16)).toString('hex'),
    verify: (...args: unknown[]) => verify(args, current, after),
  })
  syncBuiltinESMExports()
}

/** With a callback it is verified by another thread, which takes its time. */
function verify(
  args: unknown[],
  current: () => { readonly chance: Chance },
  after: (ms: number, run: () => void) => Planned,
): boolean | undefined {
  const told = args.at(-1)
  if (typeof told !== 'function') return verifyNow(args)
  const holds = verifyNow(args.slice(0, -1))
  after(current().chance.between(THREAD.least, THREAD.most), () => told(null, holds))
  return undefined
}

function verifyNow(args: unknown[]): boolean {
  const call = real.verify as (...args: unknown[]) => boolean
  const [algorithm, data, key, signature] = args as [string, Uint8Array, { key?: unknown }, Uint8Array]
  // Keys that are asked for once and kept are objects; those of registrations come as bytes.
  if (!(key.key instanceof Uint8Array)) return call(...args)
  const asked = [data, key.key, signature].map(bytes => Buffer.from(bytes).toString('latin1')).join('\0')
  let holds = verified.get(`${algorithm} ${asked}`)
  if (holds === undefined) {
    holds = call(...args)
    if (verified.size < VERIFIED) verified.set(`${algorithm} ${asked}`, holds)
  }
  return holds
}
