import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Core } from './engine/core.ts'
import { openTestCore } from './engine/testing.ts'
import { requireSharedFolder } from './shared-files.ts'

let root: string
let core: Core
beforeEach(async () => {
  core = (await openTestCore()).core
  root = await mkdtemp(join(tmpdir(), 'conclave-files-'))
})
afterEach(async () => {
  await core.close()
  await rm(root, { recursive: true, force: true })
})

test('the first folder is the one, and whoever brings another one is told so in one line', async () => {
  const [one, two] = [join(root, 'one'), join(root, 'two')]
  await requireSharedFolder(core, one)
  await requireSharedFolder(core, one)
  const refusal = await requireSharedFolder(core, two).catch((error: unknown) => error as Error)
  expect(refusal).toMatchObject({
    name: 'ConfigError',
    message: expect.stringMatching(/^The setting "blobs" .*two.*\.$/),
  })
  // A folder that was copied with everything in it is the same.
  await rm(two, { recursive: true })
  await cp(one, two, { recursive: true })
  await requireSharedFolder(core, two)
})

test('nodes that start at once agree on one', async () => {
  const folders = Array.from({ length: 8 }, (_, n) => join(root, n < 4 ? 'shared' : `own ${n}`))
  const results = await Promise.allSettled(folders.map(folder => requireSharedFolder(core, folder)))
  const taken = results.filter(({ status }) => status === 'fulfilled').length
  expect([1, 4]).toContain(taken)
})

test('a name that was written by hand is taken as it is', async () => {
  await writeFile(join(root, '.place'), 'by hand\n')
  await requireSharedFolder(core, root)
  expect((await core.store.document('server', 'files'))?.body).toBe('by hand')
})
