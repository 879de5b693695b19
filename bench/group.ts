// What a group of rows starts is its own, and ends with it, however that comes: what has begun is killed, and what it would begin
// still is refused. Of a group that was given up nothing reaches into the next.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { ChildProcess } from 'node:child_process'

const current = new AsyncLocalStorage<Group>()

export class Group {
  readonly #over = new AbortController()
  /** How each that runs is killed. */
  readonly #running = new Set<() => void>()

  /** The one that the caller belongs to; one of its own for whatever measures without `npm run bench`. */
  static get current(): Group {
    return current.getStore() ?? ALONE
  }

  /** Why it was ended. */
  get reason(): string | undefined {
    return this.#over.signal.aborted ? (this.#over.signal.reason as Error).message : undefined
  }

  /** What `doing` gives; the reason when it was ended meanwhile; and when it does not even fail by then, so many ms later that too. */
  async run<T>(doing: () => Promise<T>, ending: number): Promise<T> {
    let late: NodeJS.Timeout | undefined
    const ended = new Promise<never>((_, reject) => {
      this.#over.signal.addEventListener('abort', () => {
        late = setTimeout(() => reject(new Error(this.reason)), ending)
      })
    })
    try {
      const done = await Promise.race([current.run(this, doing), ended])
      this.goesOn()
      return done
    } catch (error) {
      this.goesOn()
      throw error
    } finally {
      clearTimeout(late)
      this.end('the group is over')
    }
  }

  /** Kills what it started. The first reason counts. */
  end(reason: string): void {
    this.#over.abort(new Error(reason))
    for (const kill of this.#running) kill()
  }

  /** Throws when it was ended. Whatever goes on for long without a process asks now and then. */
  goesOn(): void {
    this.#over.signal.throwIfAborted()
  }

  /** Something that runs, to be killed with the group. Gives what to call when it has ended by itself. */
  owns(kill: () => void): () => void {
    this.#running.add(kill)
    return () => this.#running.delete(kill)
  }

  /** A process that was started for the group. */
  ownsProcess(child: ChildProcess): void {
    child.once(
      'exit',
      this.owns(() => void child.kill('SIGKILL')),
    )
  }

  /** An engine of the tests. `pids`: of its processes, 0 for what does not run. */
  async ownsEngine<T extends { stop(): Promise<void> }>(
    starting: Promise<T>,
    signal: 'SIGQUIT' | 'SIGKILL',
    pids: (engine: T) => readonly number[],
  ): Promise<T> {
    const engine = await starting
    const forget = this.owns(() => {
      for (const pid of pids(engine)) if (pid > 0) kill(pid, signal)
    })
    const stop = engine.stop.bind(engine)
    Object.assign(engine, { stop: () => stop().finally(forget) })
    if (this.reason !== undefined) await engine.stop()
    this.goesOn()
    return engine
  }
}

const ALONE = new Group()

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}
