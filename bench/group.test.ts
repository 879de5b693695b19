// What a group of rows leaves behind, however it ends: nothing.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Child } from './child.ts'
import { Group } from './group.ts'

const FOREVER = 'setInterval(() => {}, 1e6)'

describe('a group of rows', () => {
  it('gives what it measured', async () => {
    expect(await new Group().run(async () => 3, 1_000)).toBe(3)
  })

  it('kills what it did not stop, and lets nothing begin after', async () => {
    const group = new Group()
    const child = spawn(process.execPath, ['-e', FOREVER])
    const late: { begin?: () => void } = {}
    await group.run(async () => {
      Group.current.ownsProcess(child)
      // Of its own, as what goes on beside a run of the bench does.
      const own = Group.current
      late.begin = () => own.goesOn()
      late.begin()
    }, 1_000)
    const [, signal] = (await once(child, 'exit')) as [number | null, string]
    expect(signal).toBe('SIGKILL')
    expect(late.begin).toThrow('the group is over')
  })

  it('that is ended says why, whatever fails of that', async () => {
    const group = new Group()
    const measured = group.run(async () => {
      const child = spawn(process.execPath, ['-e', FOREVER])
      Group.current.ownsProcess(child)
      await once(child, 'exit')
      throw new Error('a process ended early')
    }, 1_000)
    group.end('not done after 5 s')
    group.end('another reason')
    await expect(measured).rejects.toThrow('not done after 5 s')
  })

  it('that does not even fail then is given up, and starts no process in the next one', async () => {
    const first = new Group()
    let goOn = (): void => {}
    const waiting = new Promise<void>(resolve => {
      goOn = resolve
    })
    let began: unknown = 'nothing yet'
    const measured = first.run(async () => {
      await waiting
      try {
        began = new Child('servers/bare.ts', ['naive'])
      } catch (error) {
        began = (error as Error).message
      }
    }, 10)
    first.end('interrupted')
    await expect(measured).rejects.toThrow('interrupted')
    await new Group().run(async () => {
      goOn()
      await expect.poll(() => began).toBe('interrupted')
    }, 1_000)
  })

  it('that broke where nobody waited has no rows', async () => {
    const group = new Group()
    const measured = group.run(async () => {
      group.end('nobody caught this')
      return 3
    }, 1_000)
    await expect(measured).rejects.toThrow('nobody caught this')
  })

  it('stops an engine that has come up too late', async () => {
    const group = new Group()
    let stopped = 0
    const engine = { stop: async () => void stopped++ }
    const measured = group.run(
      () =>
        Group.current.ownsEngine(
          new Promise<typeof engine>(resolve => setTimeout(() => resolve(engine), 20)),
          'SIGKILL',
          () => [],
        ),
      5_000,
    )
    group.end('interrupted')
    await expect(measured).rejects.toThrow('interrupted')
    expect(stopped).toBe(1)
  })
})

describe('a process of a group', () => {
  it('that has ended answers nothing more, at once', async () => {
    const child = new Child('servers/bare.ts', ['naive'])
    await child.answer()
    await child.stop()
    await expect(child.ask({})).rejects.toThrow('a process ended early')
  })
})
