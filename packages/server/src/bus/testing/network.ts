// For tests: the transports of several nodes in one process, which lose, repeat, delay and so reorder what a seed says; and
// time that goes on only when it is told to.
import { setImmediate } from 'node:timers/promises'
import type { Clock, Timers } from '../../clock.ts'
import type { Subject, Transport } from '../transport.ts'

export class TestTime implements Clock, Timers {
  #now = 1_800_000_000_000
  #due: { readonly at: number; readonly number: number; readonly run: () => void }[] = []
  #number = 0

  now(): number {
    return this.#now
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.#now + milliseconds, number: this.#number++, run }
    this.#due.push(timer)
    return () => {
      this.#due = this.#due.filter(one => one !== timer)
    }
  }

  /** Whatever is due within that time runs in its order, and everything that follows from it without time. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    await quiet()
    for (;;) {
      const [next] = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.number - b.number)
      if (!next) break
      this.#due = this.#due.filter(one => one !== next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await quiet()
    }
    this.#now = end
  }
}

/** Some turns of the event loop: a store in memory answers within one, and a commit takes a few. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await setImmediate()
}

export interface Faults {
  /** Shares of the messages, 0 to 1. */
  readonly lost: number
  readonly repeated: number
  /** ms that a message takes at most; each takes its own time. */
  readonly delay: number
}

export const PERFECT: Faults = { lost: 0, repeated: 0, delay: 0 }

interface Member {
  readonly receivers: Map<Subject, Set<(bytes: Uint8Array) => void>>
  cut: boolean
  reconnected: () => void
}

export class TestNetwork {
  faults: Faults
  /** Messages that reached a node. */
  carried = 0
  readonly #time: TestTime
  readonly #random: () => number
  readonly #members = new Set<Member>()

  constructor(time: TestTime, faults: Faults = PERFECT, random: () => number = () => 1) {
    this.#time = time
    this.faults = faults
    this.#random = random
  }

  open(): Transport & { cut(): void; mend(): void } {
    const member: Member = { receivers: new Map(), cut: false, reconnected: () => {} }
    this.#members.add(member)
    return {
      most: 1_000_000,
      get connected() {
        return !member.cut
      },
      publish: (subject, bytes) => {
        if (!member.cut) for (const other of this.#members) if (other !== member) this.#carry(other, subject, bytes)
      },
      subscribe: (subject, receive) => {
        const receivers = member.receivers.get(subject) ?? new Set()
        member.receivers.set(subject, receivers.add(receive))
        const ready = new Promise<void>(resolve => this.#time.after(0, resolve))
        return { ready, stop: () => void receivers.delete(receive) }
      },
      onReconnected: listener => {
        member.reconnected = listener
      },
      close: async () => void this.#members.delete(member),
      cut: () => {
        member.cut = true
      },
      mend: () => {
        member.cut = false
        member.reconnected()
      },
    }
  }

  #carry(to: Member, subject: Subject, bytes: Uint8Array): void {
    const { lost, repeated, delay } = this.faults
    if (this.#random() < lost) return
    const times = this.#random() < repeated ? 2 : 1
    for (let time = 0; time < times; time++)
      this.#time.after(Math.floor(this.#random() * delay), () => {
        if (to.cut || !this.#members.has(to)) return
        const receivers = to.receivers.get(subject)
        if (receivers && receivers.size > 0) this.carried += 1
        for (const receive of receivers ?? []) receive(bytes)
      })
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
