// Processes of a run: started here, asked one thing at a time over the IPC channel, and ended by their own handle, here or with
// their group. Nothing else is ever ended.

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Group } from './group.ts'

const INSPECTOR = /ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+/
export const ANSWER_LIMIT = 120_000
/** ms in which a program has to be up. */
const STARTING = 20_000

export class Child {
  readonly process: ChildProcess
  /** Address of its inspector, when it was started with one. */
  inspector: string | undefined
  #errors = ''

  /** Runs a file of this folder, given relative to it. */
  constructor(file: string, args: readonly string[] = [], options: { env?: NodeJS.ProcessEnv; node?: string[] } = {}) {
    Group.current.goesOn()
    this.process = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: options.node ?? [],
      env: { ...process.env, ...options.env },
    })
    Group.current.ownsProcess(this.process)
    // Of a question to one that has ended: whoever asks is told by its end.
    this.process.on('error', () => {})
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', text => {
        this.#errors = (this.#errors + text).slice(-4_000)
        this.inspector ??= INSPECTOR.exec(this.#errors)?.[0]
      })
    }
  }

  get pid(): number {
    return this.process.pid!
  }

  get runs(): boolean {
    return !hasEnded(this.process)
  }

  /** The end of what it printed, for a reason. */
  get lastWords(): string {
    return this.#errors.trim()
  }

  /** The next message it sends, within so many ms: a started server sends its port. */
  answer<T>(within = ANSWER_LIMIT): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer)
        this.process.off('exit', exited)
        this.process.off('message', got)
      }
      const exited = () => {
        done()
        reject(new Error(`a process ended early: ${this.lastWords || 'it said nothing'}`))
      }
      const got = (message: unknown) => {
        done()
        const { failed } = message as { failed?: string }
        if (failed === undefined) resolve(message as T)
        else reject(new Error(failed))
      }
      const timer = setTimeout(() => {
        done()
        reject(new Error(`a process did not answer in time: ${this.lastWords}`))
      }, within)
      if (hasEnded(this.process)) return exited()
      this.process.once('exit', exited)
      this.process.once('message', got)
    })
  }

  ask<T>(question: object, within = ANSWER_LIMIT): Promise<T> {
    const answer = this.answer<T>(within)
    this.process.send(question)
    return answer
  }

  stop(): Promise<void> {
    return ended(this.process)
  }
}

/** A server that is no Node: an installed one, or one that was compiled for the run. It ends when its standard input does. */
export class Program {
  readonly process: ChildProcess
  #said = ''

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    Group.current.goesOn()
    this.process = spawn(command, args, { cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    Group.current.ownsProcess(this.process)
    this.process.once('error', error => {
      this.#said += error.message
    })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', text => {
        this.#said = (this.#said + text).slice(-4_000)
      })
    }
  }

  get pid(): number {
    return this.process.pid!
  }

  /** Everything that it printed, as far as it is kept. */
  get said(): string {
    return this.#said.trim()
  }

  /** Resolves with what `look` gives, once that is something; rejects when it ends before. */
  async until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
    const limit = performance.now() + STARTING
    for (;;) {
      const found = await look()
      if (found !== undefined) return found
      if (hasEnded(this.process) || performance.now() > limit)
        throw new Error(`${this.process.spawnfile} did not start: ${this.said || 'it said nothing'}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  stop(): Promise<void> {
    return ended(this.process)
  }
}

function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null
}

async function ended(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await gone
  clearTimeout(timer)
}
