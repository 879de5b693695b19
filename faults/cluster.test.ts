// What happens when parts fail: three nodes, one PostgreSQL, three NATS servers; one fault at a time, under load with real
// clients, and after each the same proof (proof.ts).
import { afterAll, afterEach, beforeAll } from 'vitest'
import { suite } from '../engines/suite.ts'
import { parts } from './parts.ts'
import { races } from './races.ts'
import { Run } from './run.ts'

suite('postgres', 'nats')('three nodes', () => {
  let run: Run | undefined
  beforeAll(async () => {
    run = await Run.begin()
  })
  afterEach(() => run?.cluster.restore())
  afterAll(() => run?.end())

  const running = (): Run => {
    if (!run) throw new Error('the cluster did not start')
    return run
  }
  parts(running)
  races(running)
})
