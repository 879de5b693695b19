// Nodes that keep files in a folder have to keep them in the same one, or each would have a part of them and answer 404 for
// the rest. The folder bears a name, which stands in the store too: a node that finds another name does not start.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from './config.ts'
import type { Core } from './engine/core.ts'

/** In the folder. No blob has this name's dot. */
const FILE = '.place'
const KEPT = { kind: 'server', key: 'files' } as const

export async function requireSharedFolder(
  core: Pick<Core, 'store' | 'writer' | 'random'>,
  folder: string,
): Promise<void> {
  const here = await nameOf(folder, Buffer.from(core.random.bytes(16)).toString('base64url'))
  const kept = (await core.store.document(KEPT.kind, KEPT.key))?.body ?? (await keep(core, here))
  if (kept === here) return
  throw new ConfigError(
    `The setting "blobs" is "files", and ${folder} is not the folder in which the nodes of this database keep files: ` +
      `share or copy that one (its ${FILE} holds ${kept}), or use s3://….`,
  )
}

/** Its own, else the one that it gets now. */
async function nameOf(folder: string, name: string): Promise<string> {
  const path = join(folder, FILE)
  await mkdir(folder, { recursive: true })
  try {
    await writeFile(path, name, { mode: 0o600, flag: 'wx', flush: true })
    return name
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return (await readFile(path, 'utf8')).trim()
  }
}

/** The first node that asks has named the folder; gives what stands then. */
async function keep({ store, writer }: Pick<Core, 'store' | 'writer'>, name: string): Promise<string> {
  await writer.write({
    guards: [{ of: 'document', id: `${KEPT.kind}/${KEPT.key}`, version: 0 }],
    append: null,
    rows: [{ put: 'document', document: { ...KEPT, owner: '', body: name, dueAt: null } }],
  })
  return (await store.document(KEPT.kind, KEPT.key))?.body ?? name
}
